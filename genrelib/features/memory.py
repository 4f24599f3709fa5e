"""How the C library deals with freed memory, where it can be told."""

from __future__ import annotations

import contextlib
import ctypes


def keep_freed_memory() -> None:
    """Let glibc keep what was freed for the next request, up to 64 MB; elsewhere, do nothing.

    Otherwise each slice that is measured and each batch that is learned fetches its memory anew
    from the system, page by page, which takes up to half of the time. By itself glibc learns to
    keep it, unless ``MALLOC_TRIM_THRESHOLD_`` is set, as Dask's workers do.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(-3, 2**25)  # M_MMAP_THRESHOLD, at its largest
        libc.mallopt(-1, 2**26)  # M_TRIM_THRESHOLD
