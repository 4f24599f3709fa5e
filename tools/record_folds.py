"""Record how the scores of the classic models move with the layout of the folds.

    python tools/record_folds.py

Five layouts per model; a few minutes. What is found goes to
``genrelib/data/results/fold-seeds.json``.
"""

from __future__ import annotations

import json
from datetime import date

from genrelib.corpus import RECORDED, versions, write_whole
from genrelib.studies import measure_fold_seeds

if __name__ == "__main__":
    table = measure_fold_seeds(range(5))
    kept = {"recorded": date.today().isoformat(), "versions": versions()}
    kept["rows"] = table.to_dict("records")
    write_whole(RECORDED / "fold-seeds.json", json.dumps(kept, indent=1) + "\n")
    print(table.groupby("model")["value"].describe().round(3))
