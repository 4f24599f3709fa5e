from .chapters import (
    BookError as BookError,
    built_site as built_site,
    find_root as find_root,
    stored_outputs as stored_outputs,
)
from .check import (
    check_site as check_site,
)
from .colab import (
    colab_faults as colab_faults,
)
from .lab import (
    lab_command as lab_command,
    lab_environment as lab_environment,
)
from .ledger import (
    Ledger as Ledger,
    recorded_study_part as recorded_study_part,
    recorded_study_scores as recorded_study_scores,
)
from .lesson import (
    lesson_faults as lesson_faults,
    lesson_lacks as lesson_lacks,
)
from .page import (
    Clip as Clip,
    clip as clip,
    excerpt as excerpt,
    is_public as is_public,
    players as players,
    show as show,
    source as source,
    table as table,
)
from .pdf import (
    write_pdf as write_pdf,
)
from .press import (
    Build as Build,
    build as build,
    results_folder as results_folder,
)
from .readme import (
    record_results as record_results,
)
from .results import (
    COLUMNS as COLUMNS,
    STEPS as STEPS,
    ResultsError as ResultsError,
    by_protocol as by_protocol,
    disagreements as disagreements,
    load_gaps as load_gaps,
    load_results as load_results,
    overview as overview,
    record as record,
    right_by_genre as right_by_genre,
    too_few as too_few,
)
from .scratch import (
    scratch as scratch,
)
from .slides import (
    slides_apart as slides_apart,
)
from .speed import (
    record_bench as record_bench,
)
from .student import (
    student_edition as student_edition,
)
from .words import (
    brief as brief,
    clear_of_zero as clear_of_zero,
    counted as counted,
    extent as extent,
    interval_table as interval_table,
    listing as listing,
    number as number,
    percent as percent,
    span as span,
    spans as spans,
    verdict as verdict,
)
