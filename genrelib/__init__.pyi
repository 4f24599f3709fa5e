# The names of the face, in the order of the data's way: at most 40, the ten rooms included.
from . import (
    book as book,
    classify as classify,
    cli as cli,
    collections as collections,
    corpus as corpus,
    evaluation as evaluation,
    features as features,
    models as models,
    playlists as playlists,
    studies as studies,
)
from .book import (
    clip as clip,
    listing as listing,
    load_results as load_results,
    overview as overview,
    players as players,
    record as record,
    show as show,
    source as source,
    span as span,
    table as table,
)
from .classify import load_model as load_model
from .collections import extract as extract
from .corpus import (
    check_corpus as check_corpus,
    load_corpus as load_corpus,
)
from .evaluation import (
    PROTOCOLS as PROTOCOLS,
    by_track as by_track,
    confusion as confusion,
    cross_validate as cross_validate,
    family_importance as family_importance,
    gap as gap,
    plan as plan,
    score as score,
)
from .features import (
    FAMILIES as FAMILIES,
    ear_table as ear_table,
    family_of as family_of,
    feature_table as feature_table,
    frames as frames,
    load_music as load_music,
    slice_tracks as slice_tracks,
)
from .models import make_model as make_model

__version__: str
