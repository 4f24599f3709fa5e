"""Take from a release of reveal.js what the slides of the book need.

    npm pack reveal.js@5.2.1
    python tools/vendor_reveal.py reveal.js-5.2.1.tgz

The hash is the one that the registry states (`npm view reveal.js@5.2.1 dist.integrity`); another
release is another line of `RELEASE` and of `INTEGRITY`. Writes ``genrelib/data/slides/reveal``.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import tarfile
from pathlib import Path

RELEASE = "5.2.1"
INTEGRITY = (
    "sha512-r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRlrpRzFv4RbH76"
    "TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ=="
)
FOLDER = Path(__file__).parents[1] / "genrelib" / "data" / "slides" / "reveal"
PARTS = (
    "LICENSE", "dist/reveal.js", "dist/reveal.css", "dist/theme/white.css", "plugin/notes/notes.js"
)  # fmt: skip


def main() -> None:
    """Check the archive and write what is taken of it, all in one folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path, help=f"reveal.js-{RELEASE}.tgz")
    archive = parser.parse_args().archive
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{found}" != INTEGRITY:
        raise SystemExit(f"{archive} is not reveal.js {RELEASE} as the registry gives it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as files:
        for name in PARTS:
            part = files.extractfile(f"package/{name}")
            assert part is not None, name
            # Neither the theme's fonts nor the maps of the sources are taken; nobody is to look
            # for them.
            content = re.sub(rb"@import url\([^)]*\);\n", b"", part.read())
            content = re.sub(rb"\n?//# sourceMappingURL=\S+", b"", content)
            (FOLDER / Path(name).name).write_bytes(content)
            print(f"{FOLDER / Path(name).name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
