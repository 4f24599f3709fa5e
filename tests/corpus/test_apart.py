"""Tests of decoding in a process of its own: whatever a file does to it, it is one error."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from genrelib.corpus import apart, read_blocks
from genrelib.corpus.audio import LONGEST, AudioError, decode, read_header, read_samples

Script = Callable[[str], None]
ODD = """
def odd(path, file):
    if path.name == "odd.wav":
        {what}
    return before(path, file)
before, apart.decoders._by_sndfile = apart.decoders._by_sndfile, odd
"""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """An odd file and a good one."""
    for name in ("odd.wav", "good.wav"):
        sf.write(tmp_path / name, np.random.default_rng(0).uniform(-0.5, 0.5, 22050), 22050)
    return tmp_path / "odd.wav", tmp_path / "good.wav"


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no such bounds")
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("import os; os.kill(os.getpid(), 11)", r"ended the process that decoded it \(SIGSEGV\)"),
        ("import os; os._exit(3)", r"ended the process that decoded it \(exit code 3\)"),
        ("while True: pass", r"takes more than 0\.5 seconds"),
        ("bytearray(5 << 30)", r"takes more than 4 GB of memory"),
        ("raise OverflowError('never seen')", r"could not be read \(OverflowError: never seen\)"),
    ],
)
@pytest.mark.parametrize("read", [decode, read_header, read_samples])
def test_a_file_ends_no_more_than_its_decoder(
    what: str, reason: str, read: Callable[[Path], object], two: tuple[Path, Path],
    in_decoder: Script, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(apart, "SECONDS", 0.5)
    in_decoder(ODD.replace("{what}", what))
    odd, good = two
    for _ in range(2):
        with pytest.raises(AudioError, match=rf"odd\.wav: .*({reason})"):
            read(odd)
        read(good)


def test_time_is_that_of_decoding_and_not_of_what_is_done_with_it(
    tmp_path: Path, in_decoder: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "SECONDS", 1.0)
    in_decoder("")
    sf.write(tmp_path / "a.flac", np.random.default_rng(0).uniform(-1, 1, 2_000_000), 22050)
    found = 0
    for block in read_blocks(tmp_path / "a.flac"):
        time.sleep(0.15)
        found += len(block)
    assert found == 2_000_000


def test_a_small_file_that_unpacks_to_half_a_day_is_refused(tmp_path: Path) -> None:
    sf.write(tmp_path / "bomb.flac", np.zeros((LONGEST + 1) * 3600 * 100, np.int16), 100)
    assert (tmp_path / "bomb.flac").stat().st_size < 100_000
    with pytest.raises(AudioError, match=r"bomb\.flac: longer than 12 hours\. Cut it"):
        decode(tmp_path / "bomb.flac")


def test_a_claim_of_a_month_is_no_promise(tmp_path: Path) -> None:
    sf.write(tmp_path / "a.flac", np.random.default_rng(0).uniform(-1, 1, 44100), 22050)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    (tmp_path / "a.flac").write_bytes(data)
    assert len(decode(tmp_path / "a.flac", notes=(notes := []))) == 44100
    assert read_header(tmp_path / "a.flac").frames == 44100
    assert "2.0 of the 3116" in "; ".join(notes)


def test_a_cover_of_ten_thousand_million_points_does_no_harm(tmp_path: Path) -> None:
    sf.write(tmp_path / "plain.mp3", np.random.default_rng(0).uniform(-0.5, 0.5, 66150), 22050)
    side = (100_000).to_bytes(4, "big")
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + side + side + b"\x08\x02\0\0\0" + bytes(40)
    frame = b"\0image/png\0\3\0" + picture
    body = b"APIC" + len(frame).to_bytes(4, "big") + b"\0\0" + frame
    size = bytes((len(body) >> 7 * k) & 127 for k in (3, 2, 1, 0))
    plain = (tmp_path / "plain.mp3").read_bytes()
    (tmp_path / "cover.mp3").write_bytes(b"ID3\3\0\0" + size + body + plain)
    assert np.array_equal(decode(tmp_path / "cover.mp3"), decode(tmp_path / "plain.mp3"))


def test_what_decoders_print_does_not_reach_the_reader(
    two: tuple[Path, Path], in_decoder: Script, capfd: pytest.CaptureFixture[str]
) -> None:
    talk = "for to in (sys.stdout, sys.stderr): print('mpg123 says', file=to, flush=True)"
    in_decoder(ODD.replace("{what}", talk))
    assert len(decode(two[0])) == 22050
    assert capfd.readouterr() == ("", "")


def test_one_process_serves_many_files(two: tuple[Path, Path]) -> None:
    decode(two[0])
    before = [process.process.pid for process in apart._idle]
    for path in two * 3:
        decode(path)
        read_header(path)
    assert [process.process.pid for process in apart._idle] == before


def test_a_process_that_was_killed_while_it_waited_is_replaced(two: tuple[Path, Path]) -> None:
    decode(two[0])
    for process in apart._idle:
        process.process.kill()
        process.process.wait()
    assert len(decode(two[1])) == 22050


def test_reading_may_stop_anywhere(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, 1_000_000)
    sf.write(tmp_path / "a.wav", noise, 22050)
    next(read_blocks(tmp_path / "a.wav"))
    assert len(decode(tmp_path / "a.wav")) == 1_000_000


def test_threads_have_a_process_each(tmp_path: Path) -> None:
    for k in range(4):
        sf.write(tmp_path / f"{k}.wav", np.full(1_000_000, k / 10), 22050)
    found: dict[int, np.ndarray] = {}

    def work(k: int) -> None:
        for _ in range(5):
            found[k] = decode(tmp_path / f"{k}.wav")

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.allclose(found[k], k / 10, atol=1e-4) for k in range(4))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="nothing says which processes there are")
def test_it_ends_with_whoever_started_it(two: tuple[Path, Path]) -> None:
    code = (
        "import sys, time; from genrelib.corpus import apart, decode; decode(sys.argv[1]);"
        "print(apart._idle[0].process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, two[1]], stdout=subprocess.PIPE)
    assert parent.stdout
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < end
        time.sleep(0.02)
