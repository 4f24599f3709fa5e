"""The rehearsal room: ten styles of synthetic music in a few lines of NumPy each.

A sketch is twelve seconds in the manner of a genre, played by a drum kit, a bass, an
accompaniment and a lead that are all computed. Sketches stand in for music in tests, in
exercises, and where a chapter wants sound but no music is on disk. They are not music, and no
result on them says anything about music.

What makes them useful is that they are built as records are: a genre is a `Style`, an artist keeps
a tempo, a key and a sound of their own, and a track is a variation on its artist. So models can
recognise artists instead of genres here as well. `genrelib.corpus.sources` shelves them as the
corpus ``sketch``.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf

from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.places import write_whole

DURATION = 12.0
"""Length of a sketch in seconds."""

SEED = 1001
ARTISTS = "ABC"
TRACKS_PER_ARTIST = 2
_LENGTH = int(DURATION * SAMPLE_RATE)


# --- instruments -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Instrument:
    """How a note sounds: two wave shapes, a bright one that fades into a dull one.

    Parameters
    ----------
    partials : int
        Number of harmonics.
    tilt : float
        How fast harmonics weaken: harmonic n has amplitude ``n ** -tilt``.
    attack : float
        Seconds until full level.
    decay : float
        Seconds in which the note falls to 37 %.
    vibrato : float
        Depth of a 5.5 Hz vibrato, as a share of the frequency.
    odd : bool
        Odd harmonics only, as in a clarinet or an organ stop.
    drive : float
        Overdrive of the amplifier; 0 is none.
    """

    partials: int = 12
    tilt: float = 1.2
    attack: float = 0.004
    decay: float = 0.5
    vibrato: float = 0.0
    odd: bool = False
    drive: float = 0.0


@lru_cache(maxsize=64)
def _cycle(partials: int, tilt: float, odd: bool) -> np.ndarray:
    """One period of a harmonic wave, 2,048 points, peak 1."""
    n = np.arange(1, partials + 1, 2 if odd else 1)
    phase = 2 * np.pi * np.arange(2048) / 2048
    wave = (n**-tilt) @ np.sin(np.outer(n, phase))
    return (wave / np.abs(wave).max()).astype(np.float32)


@lru_cache(maxsize=512)
def _note(pitch: int, seconds: float, voice: Instrument) -> np.ndarray:
    """A note of MIDI pitch `pitch`, with a short release."""
    t = np.arange(int((seconds + 0.03) * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    frequency = 440.0 * 2 ** ((pitch - 69) / 12)
    phase = frequency * t
    if voice.vibrato:
        phase = phase + voice.vibrato * frequency / 34.6 * np.sin(34.6 * t)
    point = (phase * 2048).astype(np.int64) & 2047
    # No harmonic above the Nyquist frequency, or it would fold back as a wrong note.
    partials = max(1, min(voice.partials, int(SAMPLE_RATE / 2.3 / frequency)))
    bright = _cycle(partials, voice.tilt, voice.odd)[point]
    dull = _cycle(min(3, partials), voice.tilt + 1, voice.odd)[point]
    fade = np.exp(-t / (0.4 * voice.decay))
    level = np.exp(-t / voice.decay) * np.minimum(t / voice.attack, 1)
    return (fade * bright + (1 - fade) * dull) * level * np.clip((seconds + 0.03 - t) / 0.03, 0, 1)


PLUCK = Instrument(partials=20, tilt=0.9, decay=0.35)
TWANG = Instrument(partials=28, tilt=0.6, decay=0.3)
PIANO = Instrument(partials=14, tilt=1.3, decay=0.8)
STRINGS = Instrument(partials=16, tilt=1.0, attack=0.12, decay=4.0, vibrato=0.004)
FLUTE = Instrument(partials=4, tilt=1.8, attack=0.06, decay=3.0, vibrato=0.005)
REED = Instrument(partials=14, tilt=0.8, attack=0.03, decay=2.0, vibrato=0.006, odd=True)
ORGAN = Instrument(partials=9, tilt=0.7, attack=0.01, decay=3.0, odd=True)
SYNTH = Instrument(partials=24, tilt=1.0, attack=0.01, decay=1.2)
CRUNCH = Instrument(partials=12, tilt=1.0, decay=0.8, drive=3.0)
FUZZ = Instrument(partials=16, tilt=0.8, decay=1.0, drive=12.0)
FINGER = Instrument(partials=6, tilt=1.4, decay=0.5)
SUB = Instrument(partials=2, tilt=1.6, decay=0.9)
PICKED = Instrument(partials=14, tilt=1.0, decay=0.4)


def _drum(name: str, rng: np.random.Generator) -> np.ndarray:
    """One stroke: k(ick), s(nare), h(at), o(pen hat), c(lap), r(ide), b(rush), t(om)."""
    t = np.arange(int(0.4 * SAMPLE_RATE), dtype=np.float32) / SAMPLE_RATE
    hiss = rng.standard_normal(len(t)).astype(np.float32)
    thin = np.diff(np.diff(hiss, prepend=0), prepend=0) / 2.4  # leaves the treble

    def fall(seconds: float) -> np.ndarray:
        return np.exp(-t / seconds)

    ring = np.sin(2 * np.pi * 4100 * t) + np.sin(2 * np.pi * 5830 * t)
    return {
        "k": np.sin(2 * np.pi * (52 * t + 6 * (1 - fall(0.03)))) * fall(0.11),
        "t": np.sin(2 * np.pi * (95 * t + 5 * (1 - fall(0.05)))) * fall(0.14),
        "s": 0.5 * np.sin(2 * np.pi * 190 * t) * fall(0.06) + 0.5 * hiss * fall(0.07),
        "h": 0.25 * thin * fall(0.025),
        "o": 0.25 * thin * fall(0.15),
        "c": 0.5 * np.diff(hiss, prepend=0) * (fall(0.05) + 0.7 * np.roll(fall(0.02), 400)),
        "r": (0.06 * ring + 0.12 * thin) * fall(0.18),
        "b": 0.18 * np.diff(hiss, prepend=0) * fall(0.1) * np.minimum(t / 0.02, 1),
    }[name]


# --- styles ----------------------------------------------------------------------------------

CHORDS = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "M7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    "5": (0, 7, 12),
}  # fmt: skip
ROOTS = {"I": 0, "bII": 1, "II": 2, "bIII": 3, "III": 4, "IV": 5, "V": 7, "bVI": 8, "VI": 9,
         "bVII": 10}  # fmt: skip
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
BLUE, FIVE = (0, 3, 5, 6, 7, 10), (0, 2, 4, 7, 9)


@dataclass(frozen=True)
class Style:
    """What the tracks of a genre have in common. Patterns are one bar of sixteen steps.

    Parameters
    ----------
    tempo : tuple of float
        Slowest and fastest, in beats per minute.
    chords : str
        One chord per bar: a degree and a kind, such as ``I:7 IV:7``.
    drums : dict of str to str
        For each drum, ``x`` where it is struck and ``.`` where not.
    bass : str
        ``0`` root, ``5`` fifth, ``8`` octave, ``w`` a walking tone.
    comp : str
        Accompaniment: ``x`` the chord, ``0`` to ``3`` one of its tones.
    scale : tuple of int
        Semitones that the lead chooses from.
    voices : tuple of Instrument
        Those of the bass, the accompaniment and the lead.
    swing : float
        Where the second half of a beat begins; 0.5 is straight.
    lead : float
        How likely the lead plays at an eighth.
    room : float
        Share of reverberation.
    levels : tuple of float
        Of drums, bass, accompaniment and lead.
    like : str
        The genre from which the third artist borrows the instruments.
    """

    tempo: tuple[float, float]
    chords: str
    drums: dict[str, str]
    bass: str
    comp: str
    scale: tuple[int, ...]
    voices: tuple[Instrument, Instrument, Instrument]
    swing: float = 0.5
    lead: float = 0.4
    room: float = 0.15
    levels: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    like: str = "pop"


STYLES = {
    "blues": Style(
        (78, 112), "I:7 IV:7 I:7 V:7",
        {"k": "x.......x.......", "s": "....x.......x...", "r": "x...x.x.x...x.x."},
        "0.0.5.5.8.8.5.5.", "x.....x.x.....x.", BLUE, (FINGER, PLUCK, CRUNCH),
        swing=0.66, lead=0.55, levels=(0.6, 0.9, 0.7, 1.1), like="rock"),
    "classical": Style(
        (72, 132), "I: V:7 VI:m IV:", {},
        "0...............", "0.2.1.2.0.2.1.2.", MAJOR, (STRINGS, PIANO, STRINGS),
        lead=0.6, room=0.45, levels=(0.0, 0.7, 0.9, 1.0), like="jazz"),
    "country": Style(
        (96, 136), "I: IV: I: V:",
        {"k": "x.......x.......", "b": "x.x.x.xxx.x.x.xx"},
        "0...5...0...5...", "..x.x.x...x.x.x.", FIVE, (FINGER, TWANG, TWANG),
        lead=0.6, room=0.1, levels=(0.7, 1.0, 0.9, 0.9), like="blues"),
    "disco": Style(
        (112, 128), "I:m7 IV:7 bVII: bIII:M7",
        {"k": "x...x...x...x...", "o": "..x...x...x...x.", "c": "....x.......x...",
         "h": "x.xxx.xxx.xxx.xx"},
        "0.8.0.8.0.8.0.8.", "x..x..x...x..x..", MINOR, (PICKED, STRINGS, SYNTH),
        lead=0.35, room=0.25, like="pop"),
    "hiphop": Style(
        (82, 98), "I:m7 I:m7 bVI:M7 V:m7",
        {"k": "x.....x..xx.....", "s": "....x.......x...", "h": "x.x.x.xxx.x.x.x."},
        "0.....0...8..0..", "x...........x...", MINOR, (SUB, PIANO, REED),
        swing=0.56, lead=0.2, room=0.05, levels=(1.3, 1.4, 0.5, 0.5), like="reggae"),
    "jazz": Style(
        (128, 208), "II:m7 V:7 I:M7 VI:7",
        {"r": "x...x.x.x...x.x.", "h": "....x.......x...", "b": "x...x...x...x..."},
        "w...w...w...w...", "......x.......x.", MAJOR, (FINGER, PIANO, REED),
        swing=0.64, lead=0.65, room=0.2, levels=(0.6, 1.0, 0.6, 1.0), like="blues"),
    "metal": Style(
        (140, 196), "I:5 bII:5 I:5 bVI:5",
        {"k": "xxxxxxxxxxxxxxxx", "s": "....x.......x...", "o": "x...x...x...x..."},
        "0.00.00.0.00.00.", "x.xx.xx.x.xx.xx.", MINOR, (PICKED, FUZZ, FUZZ),
        lead=0.3, room=0.08, levels=(1.0, 0.7, 1.3, 0.6), like="rock"),
    "pop": Style(
        (94, 126), "I: V: VI:m IV:",
        {"k": "x...x...x...x...", "c": "....x.......x...", "h": "..x...x...x...x."},
        "0.0.0.0.0.0.0.0.", "x.......x.......", MAJOR, (SYNTH, SYNTH, FLUTE),
        lead=0.5, room=0.25, like="disco"),
    "reggae": Style(
        (66, 88), "I:m I:m IV:m V:m",
        {"k": "........x.......", "s": "........x.......", "h": "..x...x...x...x."},
        "0..0..5.8.....5.", "....x.......x...", MINOR, (SUB, ORGAN, REED),
        swing=0.58, lead=0.25, room=0.3, levels=(0.9, 1.5, 0.9, 0.6), like="hiphop"),
    "rock": Style(
        (106, 148), "I:5 IV:5 bVII:5 I:5",
        {"k": "x.....x.x.......", "s": "....x.......x...", "h": "x.x.x.x.x.x.x.x.",
         "t": "..............x."},
        "0.0.0.0.0.0.0.0.", "x..x..x.x..x..x.", BLUE, (PICKED, CRUNCH, CRUNCH),
        lead=0.35, room=0.12, levels=(1.1, 0.9, 1.1, 0.8), like="metal"),
}  # fmt: skip
"""The ten styles, by genre."""


def _list_tracks() -> pd.DataFrame:
    rows = [
        (f"{genre}.sketch{artist}{number}", genre, f"Sketch {genre} {artist}",
         f"Synthetic {genre} sketch {artist}{number}")
        for genre in STYLES
        for artist in ARTISTS
        for number in range(1, TRACKS_PER_ARTIST + 1)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["track_id", "genre", "artist", "title"], dtype=object)
    return table.set_index("track_id")


SKETCHES = _list_tracks()
"""Table of all sketches: index track_id; columns genre, artist, title."""


# --- playing ---------------------------------------------------------------------------------


@dataclass
class _Session:
    """One track being recorded: an artist's habits, a key, a tempo, chance."""

    style: Style
    tempo: float
    key: int
    rng: np.random.Generator

    def time(self, step: int) -> float:
        """When the sixteenth number `step` begins, in seconds; later halves of beats swing."""
        beat, quarter = divmod(step, 4)
        half, rest = divmod(quarter, 2)
        start, length = ((0.0, self.style.swing), (self.style.swing, 1 - self.style.swing))[half]
        return (beat + start + length * rest / 2) * 60 / self.tempo

    def steps(self) -> range:
        return range(int(DURATION * self.tempo / 60 * 4) + 1)

    def chord(self, step: int) -> tuple[int, ...]:
        """Pitches of the chord at `step`, root first, from the octave below middle C."""
        chords = self.style.chords.split()
        degree, kind = chords[step // 16 % len(chords)].split(":")
        return tuple(48 + self.key + ROOTS[degree] + tone for tone in CHORDS[kind])


Strokes = Iterator[tuple[int, np.ndarray, float]]
"""What is played: at which step, which sound, how loud."""


def _play(session: _Session, part: Callable[[_Session], Strokes]) -> np.ndarray:
    """Add up the sounds of one part, as far as the track reaches."""
    track = np.zeros(_LENGTH, np.float32)
    for step, sound, level in part(session):
        at = int(session.time(step) * SAMPLE_RATE)
        place = track[at : at + len(sound)]
        place += level * sound[: len(place)]
    return track


def _drums(session: _Session) -> Strokes:
    strokes = {drum: _drum(drum, session.rng) for drum in session.style.drums}
    for step in session.steps():
        for drum, pattern in session.style.drums.items():
            if pattern[step % 16] == "x":
                accent = session.rng.uniform(0.75, 1.0)
                yield step, strokes[drum], accent


def _bass(session: _Session) -> Strokes:
    beat = 60 / session.tempo
    for step in session.steps():
        sign = session.style.bass[step % 16]
        if sign == ".":
            continue
        chord = session.chord(step)
        walk = int(session.rng.choice(chord)) - chord[0] + int(session.rng.integers(-1, 2))
        interval = {"0": 0, "5": 7, "8": 12, "w": walk}[sign]
        note = _note(chord[0] - 12 + interval, 0.9 * beat, session.style.voices[0])
        yield step, note, 0.6


def _comp(session: _Session) -> Strokes:
    pattern, voice = session.style.comp, session.style.voices[1]
    for step in session.steps():
        sign = pattern[step % 16]
        if sign == ".":
            continue
        after = (pattern * 2).replace(".", " ")[step % 16 + 1 :]
        gap = 1 + len(after) - len(after.lstrip())
        seconds = min(gap, 8) * 15 / session.tempo
        chord = session.chord(step)
        tones = chord if sign == "x" else (chord[int(sign) % len(chord)] + 12,)
        for tone in tones:
            yield step, _note(tone, seconds, voice), 0.25


def _lead(session: _Session) -> Strokes:
    """A two-bar motif over the scale, walked at random, that comes back with small changes."""
    style, rng = session.style, session.rng
    motif = [int(move) if rng.random() < style.lead else None for move in rng.integers(-2, 3, 16)]
    place = 3
    for step in session.steps()[::2]:
        move = motif[step // 2 % 16]
        if move is None:
            continue
        place = int(np.clip(place + (move if rng.random() < 0.8 else -move), 0, 9))
        octave, degree = divmod(place, len(style.scale))
        pitch = 60 + session.key + 12 * octave + style.scale[degree]
        seconds = (30 if rng.random() < 0.7 else 60) / session.tempo
        yield step, _note(pitch, seconds, style.voices[2]), 0.4


def _amplify(track: np.ndarray, drive: float) -> np.ndarray:
    return np.tanh(drive * track) / np.tanh(drive) * 0.5 if drive else track


def _reverberate(track: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Add the tail of a room: convolution with decaying noise."""
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tail = rng.standard_normal(len(t)) * np.exp(-t / 0.25)
    size = 2 ** int(np.ceil(np.log2(len(track) + len(tail))))
    wet = np.fft.irfft(np.fft.rfft(track, size) * np.fft.rfft(tail, size), size)[: len(track)]
    return track + share * wet / max(float(np.abs(wet).max()), 1e-9) * np.abs(track).max()


def _record(genre: str, artist: int, number: int) -> tuple[_Session, np.ndarray]:
    """Settle an artist's habits, then a track's variations; also the levels of the four parts."""
    style, index = STYLES[genre], list(STYLES).index(genre)
    habits = np.random.default_rng([SEED, index, artist])
    tempo, key = habits.uniform(*style.tempo), int(habits.integers(-5, 7))
    levels = np.array(style.levels) * habits.uniform(0.7, 1.3, 4)
    voices = STYLES[style.like].voices if artist == len(ARTISTS) - 1 else style.voices
    shade = habits.uniform(-0.25, 0.35)
    bass, comp, lead = (replace(voice, tilt=round(voice.tilt + shade, 3)) for voice in voices)
    style = replace(
        style,
        voices=(bass, comp, lead),
        room=style.room * habits.uniform(0.5, 1.5),
        lead=style.lead * habits.uniform(0.7, 1.3),
    )
    chance = np.random.default_rng([SEED, index, artist, number])
    key += int(chance.choice([-5, -2, 0, 2, 5]))
    chords = style.chords.split()
    turn = int(chance.integers(len(chords)))
    style = replace(style, chords=" ".join(chords[turn:] + chords[:turn]))
    tempo *= chance.uniform(0.95, 1.05)
    return _Session(style, tempo, key, chance), levels * chance.uniform(0.85, 1.15, 4)


def render_sketch(track_id: str) -> np.ndarray:
    """Play one sketch; the same every time.

    Explained in chapter 1.

    Parameters
    ----------
    track_id : str
        One of ``SKETCHES``, such as ``blues.sketchA1``.

    Returns
    -------
    numpy.ndarray of float32, shape (264600,)
        Twelve seconds, mono, 22,050 Hz, within [-1, 1].

    Raises
    ------
    KeyError
        If there is no such sketch.

    Examples
    --------
    >>> render_sketch("jazz.sketchB1").shape
    (264600,)
    """
    if track_id not in SKETCHES.index:
        raise KeyError(f"no sketch {track_id!r}; there are {', '.join(SKETCHES.index)}")
    genre, name = track_id.split(".sketch")
    session, levels = _record(genre, ARTISTS.index(name[0]), int(name[1:]))
    voices = session.style.voices
    mix = levels[0] * 0.8 * _play(session, _drums)
    mix = mix + levels[1] * _amplify(_play(session, _bass), voices[0].drive)
    mix = mix + levels[2] * _amplify(_play(session, _comp), voices[1].drive)
    mix = mix + levels[3] * _amplify(_play(session, _lead), voices[2].drive)
    mix = _reverberate(mix, session.style.room, session.rng)
    edge = int(0.02 * SAMPLE_RATE)
    mix[:edge] *= np.linspace(0, 1, edge)
    mix[-edge:] *= np.linspace(1, 0, edge)
    loudness = session.rng.uniform(0.5, 0.9)
    return (loudness * mix / np.abs(mix).max()).astype(np.float32)


@cache
def sketch_version() -> str:
    """Name this version of the sketches: a hash of the code that plays them.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def render_all(folder: Path) -> dict[str, Path]:
    """Write every sketch that is not there yet as a 16-bit WAV file; say which is where.

    They lie in ``<folder>/<genre>/<track_id>.wav``.
    """
    paths = {}
    for track_id in SKETCHES.index:
        path = folder / track_id.split(".")[0] / f"{track_id}.wav"
        if not path.exists():
            sound = io.BytesIO()
            sf.write(sound, render_sketch(track_id), SAMPLE_RATE, format="WAV", subtype="PCM_16")
            write_whole(path, sound.getbuffer())
        paths[track_id] = path
    return paths
