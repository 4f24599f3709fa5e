"""Tests of downloads, against a real server on loopback that misbehaves."""

from __future__ import annotations

import errno
import hashlib
import io
import socket
import tarfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from webserver import Remote

from genrelib.corpus import download as downloads, gtzan
from genrelib.corpus.audio import SAMPLE_RATE
from genrelib.corpus.download import DownloadError, UnsafeArchiveError, extra_mirrors, unpack
from genrelib.corpus.gtzan import GENRES, GTZAN_MINI
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import download_corpus, load_corpus

# --- the archive -----------------------------------------------------------------------------


def tiny(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, 1000)
    sf.write(buffer, noise, SAMPLE_RATE, format="WAV")
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def layout(root: str) -> dict[str, bytes]:
    return {
        f"{root}/{track_id.split('.')[0]}/{track_id}.wav": tiny(number)
        for number, track_id in enumerate(GTZAN_MINI)
    }


TRACKS = layout("gtzan_mini-main/genres")
ZIP = zipped({"gtzan_mini-main/README.md": b"hello"} | TRACKS)
TAR = tarred(layout("genres"))
HALF = len(ZIP) // 2


@pytest.fixture
def data(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GENRELIB_DATA", str(folder))
    monkeypatch.setattr(downloads.time, "sleep", lambda seconds: None)
    return folder


def mirrors(monkeypatch, *urls: str) -> None:
    """Make these the only mirrors."""
    monkeypatch.setitem(gtzan.MIRRORS, "gtzan-mini", [])
    monkeypatch.setenv("GENRELIB_MIRRORS", " ".join(f"gtzan-mini={url}" for url in urls))


def fetch() -> Path:
    return download_corpus("gtzan-mini", progress=False)


def assert_complete(data: Path) -> None:
    assert load_corpus("gtzan-mini").has_audio
    for name, content in TRACKS.items():
        assert (data / name.replace("gtzan_mini-main", "gtzan-mini")).read_bytes() == content
    assert [path.name for path in data.iterdir()] == ["gtzan-mini"], "something was left behind"
    assert [path.name for path in (data / "gtzan-mini").iterdir()] == ["genres"]


def assert_nothing_half_made(data: Path) -> None:
    assert {path.name for path in data.iterdir()} <= {".download"}
    assert not list(data.rglob("*.wav"))
    assert not load_corpus("gtzan-mini").has_audio


# --- what goes well --------------------------------------------------------------------------


@pytest.mark.parametrize("body", [ZIP, TAR], ids=["zip", "tar.gz"])
def test_download_puts_every_track_in_place(server, data, monkeypatch, body: bytes) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(body)))
    assert fetch() == data / "gtzan-mini"
    assert_complete(data)


def test_what_is_there_is_not_downloaded_again(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP)))
    fetch()
    fetch()
    assert len(server.asked) == 1


def test_a_server_that_does_not_say_how_long_the_file_is(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP, length=False)))
    fetch()
    assert_complete(data)


def test_the_subset_can_be_taken_from_the_whole(server, data, monkeypatch) -> None:
    sample = tiny(0)
    names = [f"{genre}/{genre}.{n:05d}.wav" for genre in GENRES for n in range(14)]
    url = server.add(
        "/genres.tar.gz", Remote(tarred({f"genres/{name}": sample for name in names}))
    )
    mirrors(monkeypatch, url)
    fetch()
    found = {path.stem for path in (data / "gtzan-mini" / "genres").glob("*/*.wav")}
    assert found == set(GTZAN_MINI)


def test_the_whole_of_gtzan_may_lack_its_corrupt_track(server, data, monkeypatch) -> None:
    sample = tiny(0)
    members = {
        f"genres/{genre}/{genre}.{number:05d}.wav": sample
        for genre in GENRES
        for number in range(100)
    }
    members["genres/jazz/jazz.00054.wav"] = b"\0" * 500
    monkeypatch.setitem(gtzan.MIRRORS, "gtzan", [])
    url = server.add("/genres.tar.gz", Remote(tarred(members)))
    monkeypatch.setenv("GENRELIB_MIRRORS", f"gtzan={url}")
    download_corpus("gtzan", progress=False)
    corpus = load_corpus("gtzan", on_error="skip")
    assert (len(corpus.tracks), len(corpus.skipped)) == (999, 1)


def test_progress_is_shown(server, data, monkeypatch, capsys) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP)))
    download_corpus("gtzan-mini")
    assert "100%" in capsys.readouterr().err


# --- connections that are cut ----------------------------------------------------------------


def test_a_cut_connection_is_continued_where_it_stopped(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP, cuts=[HALF, 1000])))
    fetch()
    assert_complete(data)
    ranges = [asked for _, asked in server.asked]
    assert ranges == [None, f"bytes={HALF}-", f"bytes={HALF + 1000}-"]


def test_a_weak_line_is_no_reason_to_give_up(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP, cuts=[len(ZIP) // 50] * 40)))
    fetch()
    assert_complete(data)
    assert len(server.asked) == 41


def test_a_server_that_ignores_range_sends_it_all_again(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP, cuts=[HALF], ranges=False)))
    fetch()
    assert_complete(data)
    assert server.asked[1][1] == f"bytes={HALF}-"


def test_a_server_that_never_gets_further_is_given_up(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP, cuts=[HALF] * 100, ranges=False)))
    with pytest.raises(DownloadError, match=f"cut after {HALF}"):
        fetch()
    assert len(server.asked) == 4
    assert_nothing_half_made(data)


def test_a_full_disk_does_not_cost_the_archive(server, data, monkeypatch) -> None:
    """Nor is the same asked of the next mirror."""
    mirrors(monkeypatch, *(server.add(place, Remote(ZIP)) for place in ("/a", "/b")))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zipfile.ZipFile, "extract", full)
        with pytest.raises(DownloadError, match=r"No space left on device\)\. The disk is full"):
            fetch()
    assert_nothing_half_made(data)
    fetch()
    assert_complete(data)
    assert len(server.asked) == 1


def test_what_a_killed_call_left_beside_the_tracks_is_cleared_away(
    server, data, monkeypatch
) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP)))
    fetch()
    left = data / ".download" / "gtzan-mini" / "0123456789abcdef.archive"
    left.parent.mkdir(parents=True)
    left.write_bytes(ZIP)
    fetch()
    assert_complete(data)
    assert not (data / ".download").exists()
    assert len(server.asked) == 1


def test_a_server_that_continues_elsewhere_is_not_believed(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP, cuts=[HALF], shift=7)))
    fetch()
    assert_complete(data)
    assert [asked for _, asked in server.asked] == [None, f"bytes={HALF}-", None]


def test_after_an_interruption_the_next_call_continues(server, data, monkeypatch) -> None:
    remote = Remote(ZIP, cuts=[HALF] + [0] * 20)  # then nothing more comes
    mirrors(monkeypatch, server.add("/a", remote))
    with pytest.raises(DownloadError, match=f"cut after {HALF}"):
        fetch()
    assert_nothing_half_made(data)
    remote.cuts.clear()
    server.asked.clear()
    fetch()
    assert server.asked == [("/a", f"bytes={HALF}-")]
    assert_complete(data)


def test_a_file_that_changed_meanwhile_is_not_mixed(server, data, monkeypatch) -> None:
    remote = Remote(bytes(len(ZIP)), cuts=[HALF] + [0] * 20)
    mirrors(monkeypatch, server.add("/a", remote))
    with pytest.raises(DownloadError):
        fetch()
    remote.body, remote.version, remote.cuts = ZIP, '"2"', []
    fetch()
    assert_complete(data)


def test_a_change_that_the_server_does_not_tell_is_found(server, data, monkeypatch) -> None:
    remote = Remote(bytes(len(ZIP)), cuts=[HALF] + [0] * 20, version="")
    mirrors(monkeypatch, server.add("/a", remote))
    with pytest.raises(DownloadError):
        fetch()
    remote.body, remote.cuts = ZIP, []
    with pytest.raises(DownloadError):  # half of each
        fetch()
    assert_nothing_half_made(data)
    fetch()
    assert_complete(data)


@pytest.mark.parametrize("extra", [0, 5])
def test_a_partial_file_that_is_whole_or_too_long(server, data, monkeypatch, extra: int) -> None:
    url = server.add("/a", Remote(ZIP))
    mirrors(monkeypatch, url)
    part = data / ".download/gtzan-mini" / f"{downloads.ResumingDownloader.label(url)}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(ZIP + bytes(extra))
    part.with_suffix(".version").write_text('"1"')
    fetch()
    assert_complete(data)


@pytest.mark.parametrize("step", ["tar_extract", "check", "_arrange"])
def test_interrupted_by_the_reader_while_unpacking(server, data, monkeypatch, step: str) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(TAR)))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "tar_extract":
            patch.setattr(tarfile.TarFile, "extract", stop)
        else:
            patch.setattr(gtzan, {"check": "_lacking"}.get(step, step), stop)
        with pytest.raises(KeyboardInterrupt):
            fetch()
    assert_nothing_half_made(data)
    fetch()
    assert_complete(data)
    assert len(server.asked) == 1, "the archive was there already"


# --- mirrors ---------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_second_mirror_is_tried_when_the_first_has_nothing(server, data, monkeypatch) -> None:
    gone = f"http://127.0.0.1:{closed_port()}/a"
    busy = server.add("/busy", Remote(b"", status=503))
    mirrors(
        monkeypatch, gone, server.add("/x", Remote(b"", 404)), busy, server.add("/b", Remote(ZIP))
    )
    fetch()
    assert_complete(data)
    assert [path for path, _ in server.asked] == ["/x", "/busy", "/b"]


def test_when_all_mirrors_fail_each_is_named_with_its_reason(server, data, monkeypatch) -> None:
    urls = [
        server.add("/none", Remote(b"", status=404)),
        server.add("/page", Remote(b"<html>Please log in</html>")),
        server.add("/other", Remote(zipped({"something/else.txt": b"x"}))),
        server.add("/few", Remote(zipped(dict(list(TRACKS.items())[:-1])))),
        server.add("/broken", Remote(TAR[: len(TAR) // 2])),
        server.add("/sum", Remote(ZIP)) + "#sha256:" + "0" * 64,
    ]
    mirrors(monkeypatch, *urls)
    with pytest.raises(DownloadError) as caught:
        fetch()
    lines = str(caught.value).splitlines()
    expected = [
        "answers 404", "neither a tar nor a zip", "no folder with the ten genres",
        "rock.00009: no such file", "damaged archive", "wrong checksum",
    ]  # fmt: skip
    for line, url, reason in zip(lines[1:], urls, expected, strict=False):
        assert url.split("#")[0] in line
        assert reason in line
    assert "By hand" in lines[-1]
    assert str(data / "gtzan-mini" / "genres") in lines[-1]
    assert_nothing_half_made(data)


def test_a_wrong_checksum_is_not_kept_to_be_believed_later(server, data, monkeypatch) -> None:
    digest = hashlib.sha256(ZIP).hexdigest()
    remote = Remote(ZIP[:-1] + b"!")
    mirrors(monkeypatch, server.add("/a", remote) + f"#sha256:{digest}")
    with pytest.raises(DownloadError, match="wrong checksum"):
        fetch()
    assert_nothing_half_made(data)
    remote.body = ZIP
    fetch()
    assert_complete(data)


def test_mirrors_of_the_environment() -> None:
    with pytest.MonkeyPatch.context() as patch:
        digest = "md5:" + "a" * 32
        patch.setenv("GENRELIB_MIRRORS", f"gtzan=http://a/b#{digest} gtzan-mini=https://c/d")
        assert extra_mirrors("gtzan") == [downloads.Mirror("http://a/b", digest)]
        assert extra_mirrors("gtzan-mini") == [downloads.Mirror("https://c/d")]
        assert extra_mirrors("other") == []
        patch.setenv("GENRELIB_MIRRORS", "http://a/b")
        with pytest.raises(DownloadError, match="NAME=URL"):
            extra_mirrors("gtzan")


def test_an_incomplete_folder_is_left_alone(server, data, monkeypatch) -> None:
    mirrors(monkeypatch, server.add("/a", Remote(ZIP)))
    mine = data / "gtzan-mini/genres/blues/blues.00000.wav"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(tiny(5))
    with pytest.raises(DownloadError, match="not complete"):
        fetch()
    assert mine.read_bytes() == tiny(5)
    assert server.asked == []


def test_there_is_nothing_to_download_for_a_folder(data) -> None:
    with pytest.raises(CorpusError, match="nothing to download"):
        download_corpus("folder:somewhere")


@pytest.mark.slow
def test_sketches_are_played(data) -> None:
    folder = download_corpus("sketch")
    assert len(list(folder.rglob("*.wav"))) == 60


# --- archives that cannot be trusted ---------------------------------------------------------


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


EVIL_TARS = {
    "up": {"genres/../../evil.wav": b"x"},
    "absolute": {"/tmp/evil.wav": b"x"},
    "backslash": {"..\\evil.wav": b"x"},
    "drive": {"C:/evil.wav": b"x"},
    "symlink": {"genres": member("genres", tarfile.SYMTYPE, "/etc")},
    "symlink inside": {"a": member("a", tarfile.SYMTYPE, "b")},
    "hard link": {"a": member("a", tarfile.LNKTYPE, "/etc/passwd")},
    "device": {"a": member("a", tarfile.CHRTYPE)},
    "pipe": {"a": member("a", tarfile.FIFOTYPE)},
}


@pytest.mark.parametrize("kind", EVIL_TARS)
def test_evil_tar_members_are_refused(server, data, monkeypatch, tmp_path, kind: str) -> None:
    body = tarred(layout("genres") | EVIL_TARS[kind])
    mirrors(monkeypatch, server.add("/a", Remote(body)))
    with pytest.raises(DownloadError, match=r"outside the folder|link or a device"):
        fetch()
    assert_nothing_half_made(data)
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name]


@pytest.mark.parametrize("name", ["../evil.wav", "/evil.wav", "a/../../evil.wav", "C:\\evil.wav"])
def test_evil_zip_members_are_refused(tmp_path: Path, name: str) -> None:
    archive, folder = tmp_path / "a.zip", tmp_path / "deep" / "folder"
    folder.mkdir(parents=True)
    archive.write_bytes(zipped({name: b"x"}))
    with pytest.raises(UnsafeArchiveError, match="outside"):
        unpack(archive, folder)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.zip"]


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as bundle:
        bundle.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="link"):
        unpack(tmp_path / "a.zip", tmp_path)


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a.wav", "b/" + 4000 * "n"], "too long"),
        (["a/caf\u00e9.wav", "a/cafe\u0301.wav"], "two members are called"),
        (["a.wav", "A.WAV"], "two members are called"),
    ],
)
def test_names_that_no_disk_can_keep_are_refused(
    tmp_path: Path, pack, names: list[str], reason: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "a").write_bytes(pack(dict.fromkeys(names, b"x")))
    with pytest.raises(UnsafeArchiveError, match=reason):
        unpack(tmp_path / "a", folder)
    assert len([path for path in folder.rglob("*") if path.is_file()]) <= 1


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as bundle, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for content in (b"one", b"other"):
            bundle.writestr("genres/a.wav", content)
    with pytest.raises(UnsafeArchiveError, match="two members are called"):
        unpack(tmp_path / "a.zip", tmp_path / "folder")


def test_a_tar_that_claims_more_than_a_disk_holds_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.wav")
    info.size = 1 << 50
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    with pytest.raises(UnsafeArchiveError, match="more in it"):
        unpack(tmp_path / "a.tar", tmp_path, max_bytes=5_000_000)


def test_a_zip_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.wav": b"x" * 100}))
    for head in (b"PK\3\4", b"PK\1\2"):
        at = data.find(head) + (6 if head[2] == 3 else 8)
        data[at] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DownloadError, match=r"damaged archive \(RuntimeError: .*encrypted"):
        unpack(tmp_path / "a.zip", tmp_path)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, pack) -> None:
    archive, folder = tmp_path / "a", tmp_path / "folder"
    folder.mkdir()
    archive.write_bytes(pack({f"{number}.wav": bytes(2_000_000) for number in range(5)}))
    assert archive.stat().st_size < 50_000
    with pytest.raises(UnsafeArchiveError, match="more in it"):
        unpack(archive, folder, max_bytes=5_000_000)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 5_000_000


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_too_many_members_are_refused(tmp_path: Path, pack) -> None:
    archive = tmp_path / "a"
    archive.write_bytes(pack({f"{number}": b"" for number in range(30)}))
    with pytest.raises(UnsafeArchiveError, match="more in it"):
        unpack(archive, tmp_path, max_members=20)


@pytest.mark.parametrize("says", [True, False])
def test_a_download_larger_than_expected_is_stopped(server, tmp_path: Path, says: bool) -> None:
    url = server.add("/a", Remote(bytes(300_000), length=says))
    downloader = downloads.ResumingDownloader(tmp_path, progress=False, max_bytes=100_000)
    with pytest.raises(DownloadError, match="more than the"):
        downloader(url, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 200_000


@pytest.mark.parametrize("kind", EVIL_TARS)
def test_a_python_without_the_data_filter_is_as_safe(tmp_path: Path, monkeypatch, kind) -> None:
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    for name, members in (("evil", EVIL_TARS[kind]), ("good", {"genres/a.wav": b"x"})):
        (tmp_path / f"{name}.tar").write_bytes(tarred(members))
    with pytest.raises(UnsafeArchiveError, match=r"outside the folder|link or a device"):
        unpack(tmp_path / "evil.tar", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    unpack(tmp_path / "good.tar", tmp_path / "out")
    assert (tmp_path / "out" / "genres" / "a.wav").read_bytes() == b"x"


def test_what_an_archive_says_of_permissions_is_not_believed(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a.sh")
    info.mode, info.uid = 0o4777, 12345
    (tmp_path / "a.tar").write_bytes(tarred({"a.sh": info}))
    unpack(tmp_path / "a.tar", tmp_path / "out")
    found = (tmp_path / "out" / "a.sh").stat()
    assert not found.st_mode & 0o7111 and found.st_uid == tmp_path.stat().st_uid
