from .artists import (
    artist_effect as artist_effect,
    recall_by_genre as recall_by_genre,
)
from .audit import (
    METHODS as METHODS,
    UNITS as UNITS,
    Answers as Answers,
    alike as alike,
    coverage as coverage,
    coverage_by_correlation as coverage_by_correlation,
    intervals_of as intervals_of,
    simulate as simulate,
)
from .calibration import (
    BINS as BINS,
    calibration_error as calibration_error,
    calibration_summary as calibration_summary,
    chance_error as chance_error,
    fit_temperature as fit_temperature,
    reliability as reliability,
)
from .curves import (
    data_curve as data_curve,
    some_tracks as some_tracks,
)
from .effect import (
    eta_squared as eta_squared,
)
from .importance import (
    family_importance as family_importance,
)
from .information import (
    mutual_information as mutual_information,
)
from .intervals import (
    BOUNDS as BOUNDS,
    CONFIDENCE as CONFIDENCE,
    FEW as FEW,
    IMAGINED as IMAGINED,
    Kind as Kind,
    ends as ends,
    resample as resample,
    units_of as units_of,
)
from .neighbours import (
    has_company as has_company,
    like_nearest as like_nearest,
    nearest_elsewhere as nearest_elsewhere,
)
from .protocols import (
    ASKED as ASKED,
    CONTROLS as CONTROLS,
    EXAMS as EXAMS,
    PROTOCOLS as PROTOCOLS,
    Plan as Plan,
    Protocol as Protocol,
    cross_validate as cross_validate,
    held_out as held_out,
    plan as plan,
    predict_split as predict_split,
    whole_groups as whole_groups,
)
from .scores import (
    LEVELS as LEVELS,
    METRICS as METRICS,
    by_track as by_track,
    confusion as confusion,
    gap as gap,
    gaps as gaps,
    hits as hits,
    mean_with_interval as mean_with_interval,
    score as score,
    with_interval as with_interval,
)
from .tempo import (
    tempo_by_genre as tempo_by_genre,
    tempo_errors as tempo_errors,
    tempo_gain as tempo_gain,
    tempo_readings as tempo_readings,
    tempo_scores as tempo_scores,
)
