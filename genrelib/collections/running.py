"""How batches are measured: by processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Generator, Iterator
from concurrent import futures
from typing import Any

import joblib

from genrelib.collections.plan import ExtractError, definitions
from genrelib.collections.worker import SAME, measure_batch

ANSWER = 10.0
"""Seconds that a scheduler has to answer."""
PATIENCE = 60.0
"""Seconds that a cluster may be without any worker."""
_CANCELLED = (asyncio.CancelledError, futures.CancelledError)


def run_batches(
    batches: Iterator[Any],
    count: int,
    jobs: int | None = None,
    dask: str | None = None,
    *,
    work: Callable[[Any], Any] = measure_batch,
    same: Callable[[], str] = definitions,
) -> Generator[Any]:
    """Have batches worked on, here or on a cluster, and give each report as it comes.

    Parameters
    ----------
    batches : iterator
        What to work on, each with a ``number``; drawn as they are needed.
    count : int
        How many they are.
    jobs : int, optional
        Processes of this machine; all the cores this process may use if left out.
    dask : str, optional
        Address of a Dask scheduler, whose workers work instead.
    work : callable
        Takes a batch and gives its report; a function of a module, since it runs elsewhere.
    same : callable
        Fingerprint of what decides the numbers: it must be the same on all workers.

    Yields
    ------
    Any
        What `work` gives, in the order in which the batches are done.

    Raises
    ------
    ExtractError
        If a worker process died, or the cluster does not answer or has other definitions.
    """
    if count and dask:
        yield from on_cluster(batches, dask, work, same)
    elif count:
        yield from here(batches, min(jobs or joblib.cpu_count(), count), work)


def here(
    batches: Iterator[Any], jobs: int, work: Callable[[Any], Any] = measure_batch
) -> Iterator[Any]:
    """Measure in processes of this machine, each with one thread."""
    import loky

    threads = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR", "NUMBA")
    executor = loky.ProcessPoolExecutor(
        jobs,
        # An idle worker whose parent was killed ends itself after so many seconds.
        timeout=30,
        initializer=_ignore_interrupts,
        env={f"{name}_NUM_THREADS": "1" for name in threads},
    )
    try:
        yield from _keep_busy(
            batches,
            submit=lambda batch: executor.submit(work, batch),
            most=lambda: 2 * jobs,
            wait=lambda pending: futures.wait(pending, return_when=futures.FIRST_COMPLETED)[0],
            pending=set(),
        )
    except loky.BrokenProcessPool as error:
        raise ExtractError(
            "a worker process was killed, perhaps because the memory was used up; finished parts "
            "are kept. Run the same command again to continue, with a smaller --jobs or --batch "
            "if memory is short"
        ) from error
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _keep_busy(
    batches: Iterator[Any],
    *,
    submit: Callable[[Any], Any],
    most: Callable[[], int],
    wait: Callable[[set[Any]], set[Any]],
    pending: set[Any],
) -> Iterator[Any]:
    """Hand batches out as they are needed: what waits does not grow with the collection."""
    for batch in batches:
        pending.add(submit(batch))
        while len(pending) >= most():
            yield from _reports(wait(pending), pending)
    while pending:
        yield from _reports(wait(pending), pending)


def _reports(done: set[Any], pending: set[Any]) -> Iterator[Any]:
    pending -= done
    return (future.result() for future in done)


def _ignore_interrupts() -> None:
    # Ctrl-C reaches every process of a terminal; the first one ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def on_cluster(
    batches: Iterator[Any],
    address: str,
    work: Callable[[Any], Any] = measure_batch,
    same: Callable[[], str] = definitions,
) -> Iterator[Any]:
    """Measure on the workers of a Dask cluster; those of a worker that dies go to another."""
    try:
        import distributed
    except ImportError as error:
        raise ExtractError(
            "--dask needs dask.distributed: pip install 'genrelib[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=ANSWER)
    except (OSError, ValueError, TypeError) as error:  # a TimeoutError is an OSError
        raise ExtractError(
            f"no Dask scheduler answers at {address} ({str(error).splitlines()[0]}). Start one "
            "with `dask scheduler`, and workers with `dask worker ADDRESS`"
        ) from error
    name = f"genrelib-{os.getpid()}-{time.time_ns()}"
    pending: set[Any] = set()
    try:
        _check_workers(client, same)
        yield from _keep_busy(
            batches,
            submit=lambda batch: client.submit(
                work, batch, key=f"{name}-{batch.number}", pure=False
            ),
            most=lambda: 2 * max(1, sum(client.nthreads().values())),
            wait=lambda pending: _wait(client, pending),
            pending=pending,
        )
    except (distributed.scheduler.KilledWorker, *_CANCELLED, OSError) as error:
        raise ExtractError(
            f"the Dask cluster at {address} has given up ({error or 'cancelled'}); finished parts "
            "are kept. See its logs, then run the same command again to continue"
        ) from error
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(pending), force=True)
        client.close(timeout=ANSWER)


def _check_workers(client: Any, same: Callable[[], str] = definitions) -> None:
    """Refuse workers that would measure something else, or that are not there."""
    found = client.run(same, on_error="return")
    if not found:
        raise ExtractError("the Dask cluster has no worker: start some with `dask worker ADDRESS`")
    for worker, has in found.items():
        if has != same():
            problem = "it has other definitions"
            if isinstance(has, Exception):
                problem = f"it cannot load genrelib ({has})"
            raise ExtractError(f"Dask worker {worker}: {problem}. {SAME}")


def _wait(client: Any, pending: set[Any]) -> set[Any]:
    """Wait until a part is done, but not for a cluster that has gone."""
    import distributed

    alone = time.monotonic()
    while True:
        try:
            return distributed.wait(list(pending), timeout=2, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            if client.status == "running" and client.nthreads():
                alone = time.monotonic()
        if time.monotonic() - alone > PATIENCE:
            raise ExtractError(
                "the Dask cluster has lost its last worker; finished parts are kept. Start "
                "workers, then run the same command again to continue"
            )
