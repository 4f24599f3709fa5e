"""The book in JupyterLab: its start page first, texts and numbers as on the page."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genrelib.corpus import write_whole

SETTINGS: dict[str, dict[str, Any]] = {
    # Pages such as the start page open as they read, not as they are written.
    "@jupyterlab/docmanager-extension:plugin": {
        "defaultViewers": {"markdown": "Markdown Preview"},
    },
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}
"""Settings in which the book's JupyterLab differs from the default; a reader's own come first."""


def lab_command(
    root: Path, *options: str, settings: Mapping[str, dict[str, Any]] | None = None
) -> list[str]:
    """Give the command that opens the book in JupyterLab.

    Parameters
    ----------
    root : Path
        Folder of the book.
    *options : str
        More options of JupyterLab.
    settings : mapping, optional
        More settings, by the name of the plugin.

    Returns
    -------
    list of str
        The command; the settings are written into ``_build/lab``.
    """
    folder = root / "_build" / "lab"
    write_whole(folder / "overrides.json", json.dumps({**SETTINGS, **(settings or {})}, indent=1))
    page = root / "chapters" / "index.md"
    own = f"--LabApp.app_settings_dir={folder}"
    return [sys.executable, "-m", "jupyterlab", own, *options, str(page)]


def lab_environment() -> dict[str, str]:
    """Give the environment for it: JupyterLab starts kernels in the folder of the notebook.

    Returns
    -------
    dict of str to str
        The environment, with absolute paths.
    """
    environment = dict(os.environ)
    for name in ("GENRELIB_DATA", "GENRELIB_CACHE"):
        if environment.get(name):
            environment[name] = str(Path(environment[name]).expanduser().resolve())
    return environment
