from .artist_folds import (
    ARTIST_TEST as ARTIST_TEST,
    PUBLISHED_FOLDS as PUBLISHED_FOLDS,
    artist_by_genre as artist_by_genre,
    artist_effects as artist_effects,
    artist_scores as artist_scores,
    artists_in_several_folds as artists_in_several_folds,
    predict_published_folds as predict_published_folds,
    published_fold as published_fold,
    steps_down as steps_down,
    take_artist_test as take_artist_test,
)
from .artists import (
    LADDER as LADDER,
    artist_ladders as artist_ladders,
    ladder_scores as ladder_scores,
)
from .bench import (
    run_bench as run_bench,
)
from .benchtables import (
    BENCH as BENCH,
    bench_by_family as bench_by_family,
    bench_ms as bench_ms,
    bench_overview as bench_overview,
    bench_summary as bench_summary,
    goals as goals,
    load_bench as load_bench,
)
from .broad import (
    BroadThenNarrow as BroadThenNarrow,
)
from .contestants import (
    CONTESTANTS as CONTESTANTS,
    BenchError as BenchError,
)
from .cultures import (
    CONDITIONS as CONDITIONS,
    REPORTED as REPORTED,
    SONG_MODELS as SONG_MODELS,
    SONG_PROTOCOLS as SONG_PROTOCOLS,
    as_rows as as_rows,
    by_lot as by_lot,
    describe_song as describe_song,
    examine_songs as examine_songs,
    guess_by_region as guess_by_region,
    label_slices as label_slices,
    mean_apart as mean_apart,
    recording_conditions as recording_conditions,
    region_from_conditions as region_from_conditions,
    song_scores as song_scores,
    song_table as song_table,
    tempo_agrees as tempo_agrees,
)
from .experiments import (
    EXPERIMENTS as EXPERIMENTS,
    FOLD_SEEDS as FOLD_SEEDS,
    KINDS_OF_CHANGE as KINDS_OF_CHANGE,
    ORDERS as ORDERS,
    REPETITIONS as REPETITIONS,
    StudyError as StudyError,
    shuffle_seconds as shuffle_seconds,
)
from .findings import (
    compare as compare,
    hits as hits,
    load_study as load_study,
    record_study as record_study,
    repetitions_in as repetitions_in,
    summarise_study as summarise_study,
)
from .folds import (
    SHUFFLED as SHUFFLED,
    load_fold_seeds as load_fold_seeds,
    measure_fold_seeds as measure_fold_seeds,
    predictions_of as predictions_of,
)
from .genres import (
    DRAWS as DRAWS,
    NEW_TAGS as NEW_TAGS,
    SHARED_TAGS as SHARED_TAGS,
    answer_by_tags as answer_by_tags,
    ask_fewer_genres as ask_fewer_genres,
    by_number_of_genres as by_number_of_genres,
    doubling as doubling,
    family_tree as family_tree,
    heard_tracks as heard_tracks,
    sets_of_genres as sets_of_genres,
    tag_precision as tag_precision,
    tagged_tracks as tagged_tracks,
    tags_of_genres as tags_of_genres,
    told_apart as told_apart,
)
from .hubs import (
    greatest_by_lot as greatest_by_lot,
)
from .judging import (
    answers_by as answers_by,
    judge_songs as judge_songs,
    refuse_songs as refuse_songs,
)
from .lstm import (
    run_study as run_study,
)
from .makam import (
    FORMS as FORMS,
    MAKAM_GROUPS as MAKAM_GROUPS,
    MAKAM_MODELS as MAKAM_MODELS,
    STEPS as STEPS,
    choose_makam as choose_makam,
    examine_makam as examine_makam,
    in_form as in_form,
    linked as linked,
    load_makam as load_makam,
    load_melodies as load_melodies,
    makam_scores as makam_scores,
    twelve_steps as twelve_steps,
)
from .melody import (
    HELD as HELD,
    MELODY_HOP as MELODY_HOP,
    follow_melody as follow_melody,
    held_pitches as held_pitches,
    off_semitones as off_semitones,
    pitch_classes as pitch_classes,
)
from .original import (
    NETWORK_SHARES as NETWORK_SHARES,
    TablesError as TablesError,
    answer_scores as answer_scores,
    check_first_frames as check_first_frames,
    draw_forests as draw_forests,
    grow_trees as grow_trees,
    load_original_study as load_original_study,
    published_split as published_split,
    recordings as recordings,
    tables_on_disk as tables_on_disk,
    train_network as train_network,
    tree_answers as tree_answers,
)
from .playlists import (
    BASELINES as BASELINES,
    artist_halves as artist_halves,
    artists_of as artists_of,
    lists_of as lists_of,
    precision as precision,
    predicted_genres as predicted_genres,
    spread as spread,
    steps_between as steps_between,
    switched_on as switched_on,
    ten_lists as ten_lists,
    tried_diversity as tried_diversity,
    tried_scales as tried_scales,
)
from .published import (
    TAKERS as TAKERS,
    leakage_of_overlap as leakage_of_overlap,
    published_scores as published_scores,
    published_tags as published_tags,
    reported_systems as reported_systems,
    tags_by_track as tags_by_track,
    take_artist_test_on_tags as take_artist_test_on_tags,
    take_published_test as take_published_test,
)
from .questions import (
    by_group as by_group,
    by_input as by_input,
    by_length as by_length,
    by_order as by_order,
    choose_on_half as choose_on_half,
    fold_seed_scores as fold_seed_scores,
    networks_of as networks_of,
    study_source as study_source,
)
from .reanalysis import (
    argmax_counts as argmax_counts,
    compare_columns as compare_columns,
    compare_namesakes as compare_namesakes,
    copied_rows as copied_rows,
    fall_after_one as fall_after_one,
    forest_readings as forest_readings,
    how_rare as how_rare,
    leading_shares as leading_shares,
    neighbour_sweep as neighbour_sweep,
    next_door as next_door,
    number_distances as number_distances,
    runs_of_ten as runs_of_ten,
    score_abroad as score_abroad,
    siblings as siblings,
    source_scores as source_scores,
)
from .scale import (
    SCALE as SCALE,
    load_scale as load_scale,
    run_scale as run_scale,
    scale_goals as scale_goals,
)
from .trained_ear import (
    score_trained_ear as score_trained_ear,
    trained_ear as trained_ear,
)
