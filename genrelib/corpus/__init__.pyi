from .apart import (
    start_decoder as start_decoder,
)
from .audio import (
    AUDIO_SUFFIXES as AUDIO_SUFFIXES,
    SAMPLE_RATE as SAMPLE_RATE,
    AudioError as AudioError,
    AudioHeader as AudioHeader,
    as_text as as_text,
    decode as decode,
    on_disk as on_disk,
    read_blocks as read_blocks,
    read_header as read_header,
    read_rate as read_rate,
)
from .below import (
    audio_below as audio_below,
)
from .check import (
    FEW_TRACKS as FEW_TRACKS,
    check_corpus as check_corpus,
)
from .decoders import (
    mix as mix,
)
from .download import (
    DownloadError as DownloadError,
    Mirror as Mirror,
    UnsafeArchiveError as UnsafeArchiveError,
    extra_mirrors as extra_mirrors,
)
from .fma import (
    fma_file as fma_file,
    fma_genres as fma_genres,
    fma_labels as fma_labels,
)
from .folder import (
    genre_name as genre_name,
)
from .free import (
    free_recordings as free_recordings,
)
from .gtzan import (
    GENRES as GENRES,
    GTZAN_MINI as GTZAN_MINI,
    gtzan_annotations as gtzan_annotations,
    gtzan_tempo as gtzan_tempo,
)
from .nhs import (
    nhs_songs as nhs_songs,
)
from .places import (
    FAULTS as FAULTS,
    IN_THE_WAY as IN_THE_WAY,
    PACKAGE_DATA as PACKAGE_DATA,
    RECORDED as RECORDED,
    UNFINISHED as UNFINISHED,
    cache_root as cache_root,
    check_writable as check_writable,
    corpus_slug as corpus_slug,
    data_root as data_root,
    read_recorded as read_recorded,
    unwritable as unwritable,
    versions as versions,
    write_whole as write_whole,
)
from .sketch import (
    SKETCHES as SKETCHES,
    STYLES as STYLES,
    render_sketch as render_sketch,
    sketch_version as sketch_version,
)
from .store import (
    ERRORS_FILE as ERRORS_FILE,
    LOCK_FILE as LOCK_FILE,
    MANIFEST_FILE as MANIFEST_FILE,
    TRACKS_FILE as TRACKS_FILE,
    Broken as Broken,
    Manifest as Manifest,
    StoreError as StoreError,
    cannot_write as cannot_write,
    metadata as metadata,
    open_features as open_features,
    open_parts as open_parts,
    part_file as part_file,
    read_manifest as read_manifest,
    read_parts as read_parts,
    read_tracks as read_tracks,
    write_parquet as write_parquet,
)
from .table import (
    TRACK_COLUMNS as TRACK_COLUMNS,
    CorpusError as CorpusError,
)
from .tracks import (
    Corpus as Corpus,
    absolute_name as absolute_name,
    download_corpus as download_corpus,
    list_corpora as list_corpora,
    load_corpus as load_corpus,
)
