from .estimators import (
    BOOSTING as BOOSTING,
    MODELS as MODELS,
    RECURRENT as RECURRENT,
    OneVote as OneVote,
    make_model as make_model,
)
from .listening import (
    listen as listen,
    occlusion as occlusion,
)
from .networks import (
    NetworkError as NetworkError,
    recurrent_layers as recurrent_layers,
    recurrent_network as recurrent_network,
)
from .recurrent import (
    RecurrentClassifier as RecurrentClassifier,
)
