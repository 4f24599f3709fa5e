from .extraction import (
    Summary as Summary,
    extract as extract,
)
from .plan import (
    ExtractError as ExtractError,
)
from .sizes import (
    column_sizes as column_sizes,
)
from .worker import (
    Report as Report,
)
