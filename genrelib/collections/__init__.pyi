from .extraction import (
    ExtractError as ExtractError,
    Report as Report,
    Summary as Summary,
    extract as extract,
)
