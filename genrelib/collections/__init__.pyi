from .extraction import (
    Summary as Summary,
    extract as extract,
)
from .plan import (
    ExtractError as ExtractError,
    Stamp as Stamp,
    locked as locked,
    stamp as stamp,
)
from .running import (
    run_batches as run_batches,
)
from .sizes import (
    column_sizes as column_sizes,
)
from .worker import (
    Report as Report,
)
