"""Cut the free recordings that the book plays, and that its pages offer to be heard.

    python tools/make_free.py FOLDER

FOLDER holds the recordings as librosa's collection of examples has them (Ogg Vorbis; beside each
a text with its source and licence). Writes ``genrelib/data/free``: excerpts as MP3, mono, 64
kbit/s, faded at both ends, and ``free.json``, which names title, maker, source and licence of
each. Cutting, mixing down, fading and compressing are the only changes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import av
import librosa
import numpy as np

FOLDER = Path(__file__).parents[1] / "genrelib" / "data" / "free"
RATE, SECONDS, BITS = 44100, 15.0, 64_000
BY_3, BY_4 = (f"CC BY {n}.0" for n in (3, 4))
# Name, recording, where the excerpt begins (seconds), title, maker, source, licence.
CHOSEN = (
    ("hungarian-dance", "Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra)",
     0.0, "Hungarian Dance no. 5", "Johannes Brahms, played by the US Army Strings",
     "https://musopen.org/music/"
     "43805-hungarian-dance-no-5-in-f-sharp-minor-woo-1-string-orchestra-arr/",
     "public domain"),
    ("vibe-ace", "Kevin_MacLeod_-_Vibe_Ace", 20.0, "Vibe Ace", "Kevin MacLeod",
     "https://freemusicarchive.org/music/Kevin_MacLeod/Jazz_Sampler/Vibe_Ace", BY_3),
    ("lets-go-fishin", "Karissa_Hobbs_-_Lets_Go_Fishin", 20.0, "Let's Go Fishin'", "Karissa Hobbs",
     "https://freemusicarchive.org/music/Karissa_Hobbs/Age_of_Flowers/09_Lets_Go_Fishin", BY_3),
    ("sugar-plum", "Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy", 8.0,
     "Dance of the Sugar Plum Fairy", "Pyotr Tchaikovsky, played by Kevin MacLeod",
     "https://freemusicarchive.org/music/Kevin_MacLeod/Classical_Sampler/"
     "Dance_of_the_Sugar_Plum_Fairy", BY_3),
    ("reading", "198-209-0000", 0.0, "Somebody reading", "Heather Barnett, reading Jane Austen",
     "https://www.openslr.org/12/", BY_4),
)  # fmt: skip


def excerpt(path: Path, start: float) -> np.ndarray:
    """Cut, mix down and fade a recording."""
    samples, _ = librosa.load(path, sr=RATE, offset=start, duration=SECONDS)
    fade = np.linspace(0, 1, RATE // 20, dtype=np.float32)
    samples[: len(fade)] *= fade
    samples[-len(fade) :] *= fade[::-1]
    return samples


def write_mp3(path: Path, samples: np.ndarray) -> None:
    """Write mono samples as MP3 of constant rate."""
    with av.open(str(path), "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = BITS
        whole = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16p", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)


def main() -> None:
    """Write the excerpts and what is known of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of the recordings, .ogg")
    folder = parser.parse_args().folder
    FOLDER.mkdir(exist_ok=True)
    known = {}
    for name, recording, start, title, by, source, licence in CHOSEN:
        target = FOLDER / f"{name}.mp3"
        write_mp3(target, excerpt(folder / f"{recording}.ogg", start))
        about = {"title": title, "by": by, "source": source, "licence": licence}
        known[name] = about
        print(f"{target}: {target.stat().st_size:,} bytes")
    text = json.dumps(known, indent=1, ensure_ascii=False)
    (FOLDER / "free.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
