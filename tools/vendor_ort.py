"""Take from a release of onnxruntime-web what the page needs that hears a song.

    python tools/vendor_ort.py onnxruntime-web-1.22.0.tgz

The archive is the one that npm gives (`npm pack onnxruntime-web@1.22.0`). Its hash is the one that
the registry states; another release is another line of `RELEASE`, and has to be measured: 1.22.0
is 2.9 MB compressed, 1.30.0 is 3.7 MB and was not faster on this network. Writes
``genrelib/data/ort``.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import tarfile
from pathlib import Path

RELEASE = "1.22.0"
INTEGRITY = (
    "sha512-Ud/+EBo6mhuaQWt/OjaOk0iNWjXqJoeeMFr6xQEERZdIZH2OWpGz"
    "uujz7lfuOBjUa6TEE/sc4nb7Da5dNL34fg=="
)
FOLDER = Path(__file__).parents[1] / "genrelib" / "data" / "ort"
PARTS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""The interface, what loads the machine code, and the machine code, for one thread or several."""


def main() -> None:
    """Check the archive and write the three files, compressed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path, help=f"onnxruntime-web-{RELEASE}.tgz")
    archive = parser.parse_args().archive
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{found}" != INTEGRITY:
        raise SystemExit(f"{archive} is not onnxruntime-web {RELEASE} as the registry gives it")
    FOLDER.mkdir(exist_ok=True)
    with tarfile.open(archive) as files:
        for name in PARTS:
            part = files.extractfile(f"package/dist/{name}")
            assert part is not None, name
            # Maps of the sources, for debuggers, are not taken; nobody is to look for them.
            content = part.read().replace(f"//# sourceMappingURL={name}.map".encode(), b"")
            packed = gzip.compress(content, 9, mtime=0)
            (FOLDER / f"{name}.gz").write_bytes(packed)
            print(f"{FOLDER / name}.gz: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
