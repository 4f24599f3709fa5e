"""Record which songs of other cultures a model refuses that has not learned from their culture.

    python tools/record_songs.py

Half a minute. What is found goes to ``genrelib/data/results/songs.json``.
"""

from __future__ import annotations

import json
from datetime import date

from genrelib.corpus import RECORDED, versions, write_whole
from genrelib.studies import refuse_songs

if __name__ == "__main__":
    refused = refuse_songs()
    kept = {"recorded": date.today().isoformat(), "versions": versions()}
    kept["refused"] = refused.to_dict()
    write_whole(RECORDED / "songs.json", json.dumps(kept, indent=1) + "\n")
    print(refused.value_counts())
