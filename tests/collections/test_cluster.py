"""Runs on a Dask cluster: a real scheduler, real workers, on the loopback interface."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from library import content, write_library

from genrelib.collections import running as runs
from genrelib.collections.extraction import extract
from genrelib.collections.plan import ExtractError
from genrelib.collections.worker import Report
from genrelib.corpus.tracks import Corpus, load_corpus

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
BATCHES = 9


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture
def cluster(scheduler: Cluster) -> Iterator[Cluster]:
    """A scheduler without workers; those that a test adds go with it."""
    yield scheduler
    scheduler.stop_workers()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("music"), BATCHES - 1)


@pytest.fixture(scope="module")
def local(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same measured by a process of this machine."""
    folder = tmp_path_factory.mktemp("local") / "run"
    extract(load(library), folder, jobs=1, batch=1, progress=False)
    return folder


def load(library: Path) -> Corpus:
    return load_corpus(f"folder:{library}", on_error="skip")


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.slow
def test_a_worker_dies_and_the_result_is_the_local_one(
    cluster: Cluster, library: Path, local: Path, tmp_path: Path
) -> None:
    workers = [cluster.add_worker(), cluster.add_worker()]
    reports: list[Report] = []

    def kill_the_first_to_report(report: Report) -> None:
        if not reports:
            os.kill(report.process, signal.SIGKILL)
        reports.append(report)

    extract(
        load(library),
        tmp_path / "out",
        batch=1,
        dask=cluster.address,
        progress=False,
        report=kill_the_first_to_report,
    )
    (dead,) = [worker for worker in workers if worker.poll() is not None]
    assert dead.returncode == -signal.SIGKILL
    (survivor,) = {worker.pid for worker in workers} - {dead.pid}
    assert reports[0].process == dead.pid
    assert {report.process for report in reports[2:]} == {survivor}
    assert sorted(report.part for report in reports) == list(range(BATCHES))
    assert content(tmp_path / "out") == content(local)


@pytest.mark.slow
def test_a_cluster_continues_what_a_machine_began(
    cluster: Cluster, library: Path, local: Path, tmp_path: Path
) -> None:
    cluster.add_worker()
    folder = tmp_path / "out"
    command = [sys.executable, "-m", "genrelib", "extract", f"folder:{library}", "-o", str(folder)]
    command += ["--batch", "1"]

    def stop(report: Report) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(load(library), folder, jobs=1, batch=1, progress=False, report=stop)
    there = len(list(folder.glob("part-*.parquet")))
    assert 0 < there < BATCHES
    done = subprocess.run(
        [*command, "--dask", cluster.address],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "10 slices of 8 tracks in 9 parts" in done.stdout
    assert content(folder) == content(local)


@pytest.mark.slow
def test_workers_that_would_measure_something_else_are_refused(
    cluster: Cluster, library: Path, tmp_path: Path
) -> None:
    with pytest.raises(ExtractError, match="has no worker: start some"):
        extract(load(library), tmp_path / "out", dask=cluster.address, progress=False)
    cluster.add_worker(first="from genrelib.features import fingerprints as f; f.HOP_LENGTH = 500")
    with pytest.raises(ExtractError, match=r"other definitions\. Install the same genrelib"):
        extract(load(library), tmp_path / "out", dask=cluster.address, progress=False)
    assert list((tmp_path / "out").glob("part-*")) == []


@pytest.mark.slow
def test_a_cluster_that_loses_all_workers_is_not_waited_for(
    cluster: Cluster, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PATIENCE", 1.0)
    worker = cluster.add_worker()
    with pytest.raises(ExtractError, match="lost its last worker; finished parts are kept"):
        extract(
            load(library), tmp_path / "out", batch=1, dask=cluster.address, progress=False,
            report=lambda _: worker.kill(),
        )  # fmt: skip
    assert list((tmp_path / "out").glob("part-*"))


@pytest.mark.slow
def test_a_scheduler_that_dies_is_not_waited_for(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PATIENCE", 1.0)
    cluster = Cluster(tmp_path)
    try:
        cluster.add_worker()
        with pytest.raises(ExtractError, match="finished parts are kept"):
            extract(
                load(library), tmp_path / "out", batch=1, dask=cluster.address, progress=False,
                report=lambda _: cluster.processes[0].kill(),
            )  # fmt: skip
    finally:
        cluster.stop()
    assert list((tmp_path / "out").glob("part-*"))


@pytest.mark.slow
def test_an_address_that_nobody_answers_at(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ANSWER", 1.0)
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        words = rf"no Dask scheduler answers at {re.escape(address)}"
        with pytest.raises(ExtractError, match=words):
            extract(load(library), tmp_path / "out", dask=address, progress=False)


def test_without_the_library_it_is_said_how_to_get_it(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExtractError, match=r"pip install 'genrelib\[cluster\]'"):
        extract(load(library), tmp_path / "out", dask="tcp://127.0.0.1:9", progress=False)
