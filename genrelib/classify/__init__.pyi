from .answers import (
    ALIKE as ALIKE,
    NONE as NONE,
    VIEWS as VIEWS,
    Evaluation as Evaluation,
)
from .evaluating import (
    SHIPPED as SHIPPED,
    evaluate as evaluate,
)
from .export import (
    export_model as export_model,
    on_plane as on_plane,
)
from .labels import (
    LabelError as LabelError,
    Labelled as Labelled,
    find_labels as find_labels,
)
from .listening import (
    Recording as Recording,
    listen as listen,
)
from .modelfile import (
    ModelError as ModelError,
    check_model_name as check_model_name,
    write_model as write_model,
)
from .naming import (
    ALARM as ALARM,
    REASONS as REASONS,
    Model as Model,
    Neighbour as Neighbour,
    Prediction as Prediction,
    Segment as Segment,
    load_model as load_model,
)
from .pieces import (
    PATCHES as PATCHES,
    TAG_COLUMNS as TAG_COLUMNS,
    pieces as pieces,
    read_names as read_names,
    without as without,
)
from .reading import (
    card_bins as card_bins,
    card_confidence as card_confidence,
    card_refusals as card_refusals,
    recorded_trial as recorded_trial,
)
from .recordings import (
    SOUND_KINDS as SOUND_KINDS,
    sounds as sounds,
)
from .training import (
    CORPORA as CORPORA,
    classifier as classifier,
    train as train,
)
from .trial import (
    refused_held_out as refused_held_out,
)
