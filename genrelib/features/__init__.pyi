from .ear import (
    EAR_COLUMNS as EAR_COLUMNS,
    EAR_HOP as EAR_HOP,
    EAR_MODEL as EAR_MODEL,
    EAR_RATE as EAR_RATE,
    HEARD as HEARD,
    LOWEST_RATE as LOWEST_RATE,
    PATCH_FRAMES as PATCH_FRAMES,
    TAGS as TAGS,
    Heard as Heard,
    hear as hear,
    tag_logits as tag_logits,
)
from .families import (
    FAMILIES as FAMILIES,
    FEATURES as FEATURES,
    FRAME_BANDS as FRAME_BANDS,
    FRAME_STEP as FRAME_STEP,
    STATS as STATS,
    STUDY as STUDY,
    STUDY_COLUMNS as STUDY_COLUMNS,
    TONNETZ as TONNETZ,
    Feature as Feature,
    Spectra as Spectra,
    columns as columns,
    family_of as family_of,
    sequence as sequence,
)
from .fingerprints import (
    ear_definitions as ear_definitions,
    feature_definitions as feature_definitions,
)
from .fma_features import (
    fma_features as fma_features,
)
from .kept import (
    SNAPSHOTS as SNAPSHOTS,
)
from .maps import (
    neighbour_map as neighbour_map,
)
from .measuring import (
    hear_slices as hear_slices,
    matrix as matrix,
    measure_slices as measure_slices,
)
from .memory import (
    keep_freed_memory as keep_freed_memory,
)
from .slicing import (
    SLICE_LENGTH as SLICE_LENGTH,
    SLICE_TOLERANCE as SLICE_TOLERANCE,
    Slices as Slices,
    slice_tracks as slice_tracks,
)
from .tables import (
    ear_table as ear_table,
    feature_table as feature_table,
    frames as frames,
    load_music as load_music,
    study_table as study_table,
    tag_table as tag_table,
    usable as usable,
    write_snapshot as write_snapshot,
)
from .tempo import (
    FACTORS as FACTORS,
    TEMPO_TOLERANCE as TEMPO_TOLERANCE,
    annotated_tempo as annotated_tempo,
    tempo_accuracy as tempo_accuracy,
    tempo_factor as tempo_factor,
    track_tempo as track_tempo,
)
from .transforms import (
    HOP_LENGTH as HOP_LENGTH,
    N_FFT as N_FFT,
)
