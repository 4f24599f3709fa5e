from .extraction import (
    ExtractError as ExtractError,
    Report as Report,
    Summary as Summary,
    extract as extract,
)
from .sizes import (
    column_sizes as column_sizes,
)
