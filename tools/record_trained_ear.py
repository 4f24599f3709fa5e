"""Record how an ear scores that was trained on the tracks that it is tested on.

    python tools/record_trained_ear.py FOLDER

FOLDER holds ``embeddings.npy`` and ``track_ids.npy`` of the repository that
``genrelib/data/README.md`` names; what is found goes to
``genrelib/data/results/trained-ear.json``.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from genrelib.corpus import RECORDED, write_whole
from genrelib.studies import score_trained_ear

if __name__ == "__main__":
    found = {"recorded": date.today().isoformat(), "scores": score_trained_ear(Path(sys.argv[1]))}
    write_whole(RECORDED / "trained-ear.json", json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
