from .bench import (
    BENCH as BENCH,
    CONTESTANTS as CONTESTANTS,
    BenchError as BenchError,
    bench_by_family as bench_by_family,
    bench_ms as bench_ms,
    bench_overview as bench_overview,
    bench_summary as bench_summary,
    load_bench as load_bench,
    run_bench as run_bench,
    show_bench as show_bench,
)
from .lstm import (
    EXPERIMENTS as EXPERIMENTS,
    ORDERS as ORDERS,
    REPETITIONS as REPETITIONS,
    StudyError as StudyError,
    compare as compare,
    hits as hits,
    load_study as load_study,
    record_study as record_study,
    run_study as run_study,
    summarise_study as summarise_study,
)
from .original import (
    TablesError as TablesError,
    answer_scores as answer_scores,
    draw_forests as draw_forests,
    load_original_study as load_original_study,
    published_split as published_split,
    recordings as recordings,
    tables_on_disk as tables_on_disk,
    tree_answers as tree_answers,
)
