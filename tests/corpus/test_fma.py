"""Tests of FMA, on a small archive of the same layout, served on loopback."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import fma as archive
import numpy as np
import pandas as pd
import pytest
from remote import Remote, Server
from typer.testing import CliRunner

from genrelib.cli import corpus as cli
from genrelib.corpus import download as downloads, fma
from genrelib.corpus.check import check_corpus
from genrelib.corpus.download import DownloadError
from genrelib.corpus.table import CorpusError
from genrelib.corpus.tracks import download_corpus, list_corpora, load_corpus
from genrelib.evaluation import cross_validate, score
from genrelib.features import feature_table, fma_features, slice_tracks
from genrelib.models import make_model

GOOD = archive.PER_GENRE * len(archive.ROOTS) - 1  # one is in the medium subset only


@pytest.fixture
def served(server: Server, data: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Both archives where the published ones would be asked for."""
    monkeypatch.setattr(downloads.time, "sleep", lambda seconds: None)
    server.add("/fma_metadata.zip", Remote(archive.metadata_zip()))
    server.add("/fma_small.zip", Remote(archive.small_zip()))
    for name, file in (("fma", "fma_metadata"), ("fma-small", "fma_small")):
        remote = server.remotes[f"/{file}.zip"]
        known = f"sha1:{hashlib.sha1(remote.body).hexdigest()}"
        mirror = downloads.Mirror(f"http://127.0.0.1:{server.server_port}/{file}.zip", known)
        monkeypatch.setitem(fma.MIRRORS, name, [mirror])
    return server


@pytest.fixture
def tables(data: Path) -> Path:
    """The tables on disk, without any clip."""
    folder = data / "fma_metadata"
    folder.mkdir()
    (folder / "tracks.csv").write_text(archive.tracks_csv(), "utf-8")
    (folder / "genres.csv").write_text(archive.genres_csv(), "utf-8")
    (folder / "features.csv").write_text(archive.features_csv(), "utf-8")
    return folder


def test_one_command_fetches_tables_and_clips(served: Server, data: Path) -> None:
    assert download_corpus("fma-small", progress=False) == data / "fma_small"
    assert sorted(path.name for path in data.iterdir()) == ["fma_metadata", "fma_small"]
    assert sorted(path.name for path in (data / "fma_metadata").iterdir()) == sorted(fma.TABLES)
    assert download_corpus("fma-small", progress=False) and len(served.asked) == 2
    known = list_corpora().set_index("name")["audio"]
    assert known["fma"] == "features on disk" and known["fma-medium"] == "not on disk"
    assert known["fma-small"] == f"{GOOD + 2} tracks on disk"

    corpus = load_corpus("fma-small", on_error="skip")
    assert len(corpus.tracks) == GOOD and corpus.has_audio
    assert (
        corpus.genres[:3] == ["electronic", "experimental", "folk"] and "hiphop" in corpus.genres
    )
    assert corpus.tracks["artist"].notna().all()
    assert set(corpus.tracks["side"]) == {"train", "valid", "test"}
    first = corpus.tracks.loc["fma.002000"]
    assert (first["artist"], first["title"]) == ("The Experimentals, No. 0", "Song 0")
    assert first["fault"] == "a clip of 6.5 instead of 30 seconds"

    why = corpus.skipped.set_index(corpus.skipped["path"].map(lambda path: Path(path).stem))
    assert set(why.index) == {f"{archive.SHORT:06d}", f"{archive.BROKEN:06d}"}
    assert "shorter than a slice" in why.at[f"{archive.SHORT:06d}", "reason"]
    assert len(slice_tracks(corpus)) == GOOD


def test_headers_are_read_once(served: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    download_corpus("fma-small", progress=False)
    before = load_corpus("fma-small", on_error="skip")
    monkeypatch.setattr(fma, "read_header", lambda path: pytest.fail(f"opened {path}"))
    again = load_corpus("fma-small", on_error="skip")
    pd.testing.assert_frame_equal(before.tracks, again.tracks)
    pd.testing.assert_frame_equal(before.skipped, again.skipped)


def test_a_clip_that_is_gone_is_counted(served: Server, data: Path) -> None:
    folder = download_corpus("fma-small", progress=False)
    (folder / "002" / "002000.mp3").unlink()
    corpus = load_corpus("fma-small", on_error="skip")
    assert len(corpus.tracks) == GOOD - 1
    assert sum("002000" in path for path in corpus.skipped["path"]) == 1


def test_a_cut_line_is_continued(served: Server, data: Path) -> None:
    size = len(served.remotes["/fma_small.zip"].body)
    served.remotes["/fma_small.zip"].cuts = [size // 2, 1000]
    download_corpus("fma-small", progress=False)
    ranges = [asked for path, asked in served.asked if path == "/fma_small.zip"]
    assert ranges == [None, f"bytes={size // 2}-", f"bytes={size // 2 + 1000}-"]
    assert len(load_corpus("fma-small", on_error="skip").tracks) == GOOD


def test_another_file_than_was_published_is_refused(served: Server, data: Path) -> None:
    served.remotes["/fma_metadata.zip"].body = archive.zipped({"fma_metadata/tracks.csv": "x"})
    with pytest.raises(DownloadError, match=r"wrong checksum[\s\S]*fma_metadata.zip elsewhere"):
        download_corpus("fma-small", progress=False)
    assert not (data / "fma_metadata").exists()


def test_an_archive_that_lacks_a_table_or_clips_is_refused(
    server: Server, tables: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = {
        "fma-small": archive.zipped({"fma_small/001/001001.mp3": ""}),
        "fma": archive.zipped({"fma_metadata/tracks.csv": ""}),
    }
    for name in bodies:
        monkeypatch.setitem(fma.MIRRORS, name, [])
    urls = [f"{name}={server.add(f'/{name}', Remote(body))}" for name, body in bodies.items()]
    monkeypatch.setenv("GENRELIB_MIRRORS", " ".join(urls))
    with pytest.raises(DownloadError, match=r"001/001000.mp3 is missing; .* and 45 more"):
        download_corpus("fma-small", progress=False)
    tables.rename(data / "elsewhere")
    with pytest.raises(DownloadError, match=r"no folder in it has tracks.csv, genres.csv"):
        download_corpus("fma-small", progress=False)
    assert not (data / "fma_small").exists() and not (data / "fma_metadata").exists()


def test_checksums_of_mirrors_may_be_sha1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENRELIB_MIRRORS", f"fma=https://x.org/a.zip#sha1:{'0' * 40}")
    assert downloads.extra_mirrors("fma")[0].known_hash == f"sha1:{'0' * 40}"


def test_without_files_the_command_is_named(data: Path, tables: Path) -> None:
    with pytest.raises(CorpusError, match="genrelib corpus download fma-small"):
        load_corpus("fma-small")
    (tables / "tracks.csv").unlink()
    with pytest.raises(CorpusError, match="genrelib corpus download fma"):
        load_corpus("fma")


def test_a_part_is_not_added_to_the_whole(tables: Path) -> None:
    with pytest.raises(CorpusError, match="twice"):
        load_corpus("fma-small+fma")


# --- all tracks, without sound ----------------------------------------------------------------


def test_tracks_of_several_roots_are_listed(tables: Path) -> None:
    corpus = load_corpus("fma", on_error="skip")
    assert len(corpus.tracks) == GOOD + 3
    assert dict(corpus.skipped.itertuples(index=False)) == {
        f"fma.{archive.SEVERAL:06d}": "genres of several roots: Folk, Rock",
        f"fma.{archive.NOTHING:06d}": "no genre",
    }
    assert corpus.tracks.at[f"fma.{archive.SHORT:06d}", "artist"] == "artist 7"  # without a name


def test_all_genres_of_a_track_are_known(tables: Path) -> None:
    genres, labels = fma.fma_genres(), fma.fma_labels()
    assert genres.loc[25, ["title", "parent", "root"]].tolist() == ["Punk", 12, 12]
    several = labels[labels["track_id"] == f"fma.{archive.SEVERAL:06d}"]["genre"]
    assert genres.loc[several, "title"].tolist() == ["Folk", "Rock", "Punk"]
    assert f"fma.{archive.NOTHING:06d}" not in set(labels["track_id"])


@pytest.mark.parametrize("protocol", ["track", "artist", "fault-filtered"])
def test_three_lines_lead_from_the_table_to_a_score(tables: Path, protocol: str) -> None:
    corpus = load_corpus("fma", on_error="skip")
    tracks, X = fma_features(corpus)
    told = cross_validate(make_model("knn"), X, tracks, protocol)
    assert X.dtypes.unique().tolist() == [np.float32] and X.shape == (GOOD + 3, 518)
    # Genres lie apart in the made-up table, so that a shifted row or column would show.
    assert score(told).loc[0, "value"] > 0.9
    assert X.columns[[0, -1]].tolist() == ["chroma_cens_kurtosis_01", "zcr_std_01"]


def test_features_stand_beside_their_track(tables: Path) -> None:
    _, X = fma_features(load_corpus("fma", on_error="skip"))
    lines = archive.features_csv().splitlines()[4:]
    written = {int(line.split(",")[0]): np.float32(line.split(",")[1:]) for line in lines}
    for number in (1000, archive.SHORT):
        np.testing.assert_allclose(X.loc[f"fma.{number:06d}:0"], written[number], rtol=1e-6)


def test_a_track_of_which_a_feature_is_missing_is_left_out(tables: Path) -> None:
    lines = archive.features_csv().splitlines()
    (at,) = [k for k, line in enumerate(lines) if line.startswith("1000,")]
    lines[at] = ",".join(["1000", "", *lines[at].split(",")[2:]])
    (tables / "features.csv").write_text("\n".join(lines) + "\n", "utf-8")
    tracks, X = fma_features(load_corpus("fma", on_error="skip"))
    assert tracks.attrs["left_out"] == ["fma.001000"] and len(X) == len(tracks) == GOOD + 2


def test_slices_of_it_are_refused_with_the_way_out(tables: Path) -> None:
    with pytest.raises(CorpusError, match="fma_features"):
        feature_table(load_corpus("fma", on_error="skip"))


def test_there_is_no_sound_to_check(tables: Path) -> None:
    with pytest.raises(CorpusError, match="without audio"):
        check_corpus("fma")


def test_what_is_left_out_is_shown_as_far_as_it_can_be_read(
    tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "LISTED", 1)
    shown = CliRunner().invoke(cli.corpus_app, ["show", "fma"]).stdout
    assert "2 files left out" in shown and "and 1 more" in shown
    assert "Folk, Rock" in shown and "no genre" not in shown


@pytest.mark.parametrize("file", ["tracks.csv", "genres.csv", "features.csv"])
def test_a_table_of_another_layout_is_named(tables: Path, file: str) -> None:
    (tables / file).write_text("a,b\n1,2\n3,4\n5,6\n7,8\n", "utf-8")
    with pytest.raises(CorpusError, match=rf"{file}: not laid out as FMA publishes it"):
        fma_features(load_corpus("fma", on_error="skip"))


# --- as large as it is ------------------------------------------------------------------------

WHOLE = """
import resource, sys, time
import genrelib as gl
from sklearn.naive_bayes import GaussianNB
started = time.time()
music = gl.load_corpus("fma", on_error="skip")
tracks, X = gl.features.fma_features(music)
read = time.time() - started
told = gl.cross_validate(GaussianNB(), X, tracks, "artist")
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(len(X), len(told), read, time.time() - started, peak)
"""


@pytest.mark.full
def test_all_of_it_takes_less_than_three_gigabytes(tables: Path) -> None:
    """106,574 tracks, every one with a genre, which is more than there are."""
    n, rng = 106_574, np.random.default_rng(0)
    head, row = archive.tracks_csv().splitlines()[:3], archive.tracks()[-1]
    with (tables / "tracks.csv").open("w", encoding="utf-8") as file:
        file.write("\n".join(head) + "\n")
        for k in range(n):
            row |= {("artist", "id"): k // 7, ("artist", "name"): f"artist {k // 7}"}
            row["track", "genre_top"] = list(archive.ROOTS)[k % 8]
            cells = [f'"{row.get(c, "")!s}"' for c in archive.COLUMNS if c != ("artist", "bio")]
            at = archive.COLUMNS.index(("artist", "bio"))
            cells.insert(at, '"' + "A life in music. " * 100 + '"')
            file.write(f"{k + 1}," + ",".join(cells) + "\n")
    blocks = [",".join(f"{x:.10e}" for x in rng.normal(size=518)) for _ in range(500)]
    with (tables / "features.csv").open("w", encoding="utf-8") as file:
        file.write("\n".join(archive.features_csv().splitlines()[:4]) + "\n")
        for k in range(n):
            file.write(f"{k + 1},{blocks[k % 500]}\n")
    assert (tables / "features.csv").stat().st_size > 900e6
    done = subprocess.run(
        [sys.executable, "-c", WHOLE], capture_output=True, text=True, check=True
    )
    rows, predicted, read, seconds, peak = map(float, done.stdout.split())
    print(f"read in {read:.0f} s, scored after {seconds:.0f} s, {peak / 1e9:.2f} GB")
    assert rows == predicted == n
    assert peak < 3e9
