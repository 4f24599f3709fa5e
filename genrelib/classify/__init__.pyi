from .modelfile import (
    ModelError as ModelError,
    check_model_name as check_model_name,
    write_model as write_model,
)
from .naming import (
    REASONS as REASONS,
    Model as Model,
    Neighbour as Neighbour,
    Prediction as Prediction,
    Segment as Segment,
    load_model as load_model,
)
from .reading import (
    card_scores as card_scores,
    recorded_trial as recorded_trial,
)
from .recordings import (
    SOUND_KINDS as SOUND_KINDS,
    sounds as sounds,
)
from .training import (
    classifier as classifier,
    train as train,
)
