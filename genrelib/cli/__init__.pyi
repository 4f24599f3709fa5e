from .app import (
    INTERRUPTED as INTERRUPTED,
    app as app,
    main as main,
)
