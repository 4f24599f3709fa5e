"""The delivery entrance: archives from the net, unpacked with care.

`install` tries the mirrors of a corpus in order and puts what it gets in place in one step, so
that a failed or interrupted download leaves nothing half-made. What was already received is kept
under ``.download`` in the data folder, where nothing else looks, and the next call continues
from there. Which archives hold what is known to `genrelib.corpus.tracks`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
import tarfile
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pooch
import requests
import urllib3
from tqdm import tqdm

from genrelib.corpus.places import FAULTS, unwritable

MAX_BYTES = 4 * 1024**3
"""Most bytes that an archive may have, packed or unpacked, if nobody says otherwise; GTZAN has
1.3 GB."""

MAX_MEMBERS = 20_000
"""Most files and folders that an archive may have."""

_IDLE_ATTEMPTS = 3  # that bring not a byte, before the next mirror is tried
_CHUNK = 1 << 16
_LONGEST_NAME = 255  # bytes that most disks allow


class DownloadError(OSError):
    """Something that could not be downloaded, with the reasons and what to do."""


class UnsafeArchiveError(DownloadError):
    """An archive that would write outside its folder, or is larger than it may be."""


@dataclass(frozen=True)
class Mirror:
    """A place to download an archive from.

    Parameters
    ----------
    url : str
        Address of the archive.
    known_hash : str or None
        ``sha256:...``, ``sha1:...`` or ``md5:...`` of the archive, where it is known.
    """

    url: str
    known_hash: str | None = None


def extra_mirrors(name: str) -> list[Mirror]:
    """List mirrors of your own, to be tried first.

    Parameters
    ----------
    name : str
        The corpus.

    Returns
    -------
    list of Mirror
        Those that ``$GENRELIB_MIRRORS`` gives for it: entries ``NAME=URL`` or
        ``NAME=URL#sha256:HASH``, separated by blanks.

    Raises
    ------
    DownloadError
        If the variable cannot be understood.
    """
    mirrors = []
    for entry in os.environ.get("GENRELIB_MIRRORS", "").split():
        match = re.fullmatch(
            r"([\w-]+)=(https?://[^#]+)(?:#((?:sha256|sha1|md5):[0-9a-fA-F]+))?", entry
        )
        if not match:
            raise DownloadError(
                f"GENRELIB_MIRRORS: cannot understand {entry!r}; "
                "expected NAME=URL or NAME=URL#sha256:HASH, separated by blanks"
            )
        if match[1] == name:
            mirrors.append(Mirror(match[2], match[3]))
    return mirrors


def install(
    name: str,
    mirrors: Sequence[Mirror],
    target: Path,
    arrange: Callable[[Path], Path],
    check: Callable[[Path], list[str]],
    by_hand: str,
    progress: bool = True,
    *,
    max_bytes: int = MAX_BYTES,
    max_members: int = MAX_MEMBERS,
) -> Path:
    """Download an archive from the first mirror that works and put its content in place.

    Parameters
    ----------
    name : str
        What it is called in messages.
    mirrors : sequence of Mirror
        Tried in order.
    target : Path
        The folder to make. If it exists already it must pass `check`, and nothing is done.
    arrange : callable
        Takes the folder with everything unpacked and returns a folder within it that is laid out
        as `target` is to be; raises a ValueError if that cannot be done.
    check : callable
        Takes that folder, or `target`, and returns what is wrong with it, one line each.
    by_hand : str
        What a reader can do if no mirror works.
    progress : bool, default True
        Whether to show a progress bar.
    max_bytes, max_members : int, optional
        Most bytes that the archive may have, packed or unpacked, and most files and folders.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DownloadError
        If no mirror works, naming each with its reason; if the disk is full or cannot be written;
        or if `target` exists and is incomplete.
    """
    work = target.parent / ".download" / target.name
    if target.exists() and any(target.iterdir()):
        if problems := check(target):
            raise DownloadError(
                f"{target} is there but not complete: {_few(problems)}. "
                "Move it away and run this again"
            )
        tidy(work)  # what a call left that was killed when all was in place
        return target
    reasons = []
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DownloadError(unwritable(error.filename or work, error)) from error
    for mirror in mirrors:
        try:
            _install_from(mirror, work, target, arrange, check, progress, (max_bytes, max_members))
        except (ValueError, OSError, requests.RequestException) as error:
            if isinstance(error, OSError) and is_of_the_disk(error):  # no mirror would help
                raise DownloadError(unwritable(target.parent, error)) from error
            reasons.append(f"  {mirror.url}: {reason(error)}")
        else:
            tidy(work)
            return target
        finally:
            shutil.rmtree(work / "unpacked", ignore_errors=True)
    raise DownloadError(
        "\n".join([f"{name} could not be downloaded. Tried:", *reasons, by_hand]).rstrip()
    )


def is_of_the_disk(error: OSError) -> bool:
    """Tell a disk that does not take what is received from a fault of the net or the archive."""
    return error.errno in FAULTS and not isinstance(error, requests.RequestException)


def tidy(work: Path) -> None:
    """Remove what was received, once it is in place."""
    shutil.rmtree(work, ignore_errors=True)
    with contextlib.suppress(OSError):  # another corpus may be on its way
        work.parent.rmdir()


def _install_from(
    mirror: Mirror,
    work: Path,
    target: Path,
    arrange: Callable[[Path], Path],
    check: Callable[[Path], list[str]],
    progress: bool,
    most: tuple[int, int],
) -> None:
    """Download, unpack, look, and only then put in place."""
    unpacked = work / "unpacked"
    # A call that was killed may have left one; two mirrors may hold different archives.
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    archive = fetch(mirror, work, progress, most[0])
    try:
        unpack(archive, unpacked, *most)
        found = arrange(unpacked)
        if problems := check(found):
            raise ValueError(f"not what was expected: {_few(problems)}")
    except (ValueError, DownloadError):
        archive.unlink()  # received in full and of no use: the next call must not build on it
        raise
    if target.exists():
        target.rmdir()  # empty, or install would have stopped
    found.replace(target)


def fetch(mirror: Mirror, folder: Path, progress: bool, max_bytes: int = MAX_BYTES) -> Path:
    """Download an archive, continuing where an earlier call or attempt was cut off."""
    pooch.get_logger().setLevel("WARNING")  # it would tell the reader to pin hashes
    downloader = ResumingDownloader(folder, progress, max_bytes)
    idle = 0
    while True:
        try:
            fetched = pooch.retrieve(
                mirror.url,
                known_hash=mirror.known_hash,
                fname=f"{downloader.label(mirror.url)}.archive",
                path=folder,
                downloader=downloader,
            )
        except requests.HTTPError:
            raise  # the server has answered: asking again changes nothing
        except requests.RequestException:
            idle = 0 if downloader.progressed else idle + 1
            if idle == _IDLE_ATTEMPTS:
                raise
            time.sleep(0.5 * 2**idle)
        else:
            return Path(fetched)


class ResumingDownloader:
    """A downloader for pooch that continues a partial file.

    pooch's own starts anew after every cut, which for a gigabyte over a weak line may mean never.

    Parameters
    ----------
    folder : Path
        Where partial files are kept, ``<label>.part``, beside a note of which version of the
        remote file they belong to.
    progress : bool, default True
        Whether to show a progress bar.
    max_bytes : int, optional
        Most bytes to accept.
    """

    def __init__(self, folder: Path, progress: bool = True, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.progress = progress
        self.max_bytes = max_bytes
        self.most = 0  # bytes that any attempt has got so far
        self.progressed = False  # whether the last one got more

    @staticmethod
    def label(url: str) -> str:
        """Name the partial file of an address, so that two mirrors are never mixed."""
        return hashlib.sha256(url.encode()).hexdigest()[:16]

    def __call__(self, url: str, output_file: str, _pooch: object = None) -> None:
        """Download `url` to `output_file`; called by pooch."""
        part = self.folder / f"{self.label(url)}.part"
        note = part.with_suffix(".version")
        start = part.stat().st_size if part.exists() and note.exists() else 0
        headers = {"Accept-Encoding": "identity"}  # an archive is to arrive as it is
        if start:
            headers["Range"] = f"bytes={start}-"
            if version := note.read_text():
                headers["If-Range"] = version  # another version is sent whole
        self.most, self.progressed = max(self.most, start), False
        with requests.get(url, headers=headers, stream=True, timeout=(10, 60)) as response:
            if start and response.status_code == requests.codes.requested_range_not_satisfiable:
                # What is there is at least as long as the file; only the checks can tell.
                if _total(response) != start:
                    part.unlink()
                    raise requests.ConnectionError("the partial file does not fit the remote one")
            else:
                self._receive(response, part, note, start)
        note.unlink(missing_ok=True)
        part.replace(output_file)

    def _receive(self, response: requests.Response, part: Path, note: Path, start: int) -> None:
        """Append the body of a response to the partial file, or begin it anew."""
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            start = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            part.unlink()
            raise requests.ConnectionError("the server sent another part than was asked for")
        total = _total(response)
        if total and total > self.max_bytes:
            raise DownloadError(f"{total} bytes are more than the {self.max_bytes} expected")
        if not start:
            # A weak version ("W/...") promises no equality byte by byte.
            version = response.headers.get("ETag", "")
            if not version or version.startswith("W/"):
                version = response.headers.get("Last-Modified", "")
            note.write_text(version)
        bar = tqdm(
            total=total, initial=start, unit="B", unit_scale=True, disable=not self.progress
        )
        with part.open("ab" if start else "wb") as file, bar:
            try:
                for chunk in response.raw.stream(_CHUNK, decode_content=False):
                    file.write(chunk)
                    bar.update(len(chunk))
                    self.progressed = file.tell() > self.most
                    if file.tell() > self.max_bytes:
                        file.truncate(0)
                        raise DownloadError(f"more than the {self.max_bytes} bytes expected")
            except urllib3.exceptions.HTTPError as error:
                raise requests.ConnectionError(f"cut after {file.tell()} bytes") from error
            size = file.tell()
        if total is not None and size != total:
            raise requests.ConnectionError(f"cut after {size} of {total} bytes")


def _total(response: requests.Response) -> int | None:
    """Length of the whole remote file in bytes, if the server says."""
    if match := re.search(r"/(\d+)$", response.headers.get("Content-Range", "")):
        return int(match[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and response.status_code == 200 else None


# --- archives --------------------------------------------------------------------------------


def unpack(
    archive: Path, folder: Path, max_bytes: int = MAX_BYTES, max_members: int = MAX_MEMBERS
) -> None:
    """Unpack a tar (packed or not) or zip archive that nobody vouches for.

    Parameters
    ----------
    archive : Path
        The archive; its kind is read from its content.
    folder : Path
        Where to. If anything is wrong with the archive, whatever is already there is to be thrown
        away by the caller.
    max_bytes : int, optional
        Most bytes of content.
    max_members : int, optional
        Most files and folders.

    Raises
    ------
    UnsafeArchiveError
        If a member has an absolute path or one with ``..``, or a name that is too long or given
        twice, or is a link or device, or if there is more in it than allowed.
    DownloadError
        If it is no archive, or a damaged one.
    """
    try:
        seen: set[str] = set()
        for name, size, kind, extract in _members(archive):
            path = PurePosixPath(name.replace("\\", "/"))
            if any(len(part.encode(errors="replace")) > _LONGEST_NAME for part in path.parts):
                raise UnsafeArchiveError(f"the name of a member is too long ({name[:40]!r} ...)")
            if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", name):
                raise UnsafeArchiveError(f"{name!r} would be written outside the folder")
            max_bytes, max_members = max_bytes - size, max_members - 1
            if max_bytes < 0 or max_members < 0:
                raise UnsafeArchiveError("there is more in it than there should be")
            if kind == "other":
                raise UnsafeArchiveError(f"{name!r} is a link or a device")
            # On some disks names in capitals, or with accents put together, are the same.
            known = unicodedata.normalize("NFC", path.as_posix()).casefold()
            if kind == "file" and known in seen:
                raise UnsafeArchiveError(f"two members are called {name!r}")
            seen.add(known)
            extract(folder)
    except DownloadError:
        raise
    except OSError as error:
        if error.errno:  # a full disk is not the archive's fault
            raise
        raise DownloadError(f"damaged archive ({error})") from error
    # zlib.error and lzma.LZMAError derive from Exception only; a damaged archive raises anything.
    except Exception as error:
        raise DownloadError(f"damaged archive ({type(error).__name__}: {error})") from error


def _members(archive: Path) -> Iterator[tuple[str, int, str, Callable[..., Any]]]:
    """List name, size and kind (file, folder, other) of each member, and what unpacks it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            for file in bundle.infolist():
                mode = stat.S_IFMT(file.external_attr >> 16)
                plain = mode in (0, stat.S_IFREG, stat.S_IFDIR)
                kind = "folder" if file.is_dir() else "file"
                # Writes no more than the size that was counted.
                extract = partial(bundle.extract, file)
                yield file.filename, file.file_size, kind if plain else "other", extract
    elif tarfile.is_tarfile(archive):
        # Before Python 3.11.4 there are no filters. Nothing but files and folders is unpacked, and
        # without what the archive says of owners and permissions, so that none is needed.
        how: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        with tarfile.open(archive) as tar:
            for part in tar:
                kind = "folder" if part.isdir() else "file" if part.isreg() else "other"
                yield (
                    part.name,
                    part.size,
                    kind,
                    partial(tar.extract, part, set_attrs=False, **how),
                )
    else:
        raise DownloadError(f"neither a tar nor a zip archive (begins {_head(archive)!r})")


def _head(archive: Path) -> bytes:
    with archive.open("rb") as file:
        return file.read(16)


# --- words -----------------------------------------------------------------------------------


def _few(problems: Iterable[str], most: int = 3) -> str:
    problems = list(problems)
    more = f" and {len(problems) - most} more" if len(problems) > most else ""
    return "; ".join(problems[:most]) + more


def reason(error: Exception) -> str:
    """Say in one line why a mirror failed."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.ConnectionError) and isinstance(
        error.__context__, urllib3.exceptions.MaxRetryError
    ):
        return "no connection"
    text = " ".join(str(error).split())
    # pooch's words for it end in advice about its own cache.
    if re.match(r"(MD5|SHA\d+) hash", text):
        return "wrong checksum: the file is damaged or another one"
    return text or type(error).__name__
