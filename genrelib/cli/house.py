"""The command that looks at the project itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated

import typer


def lint(
    only: Annotated[
        list[str] | None,
        typer.Option(help="One of ruff, format, types, docs, outputs, lessons, colab."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired.")] = False,
) -> None:
    """Check style, types, docstrings, and that notebooks hold no outputs."""
    from genrelib.book import BookError, colab_faults, find_root, lesson_faults, stored_outputs

    root = find_root()
    python = [sys.executable, "-m"]
    commands = {
        "ruff": [*python, "ruff", "check", *(["--fix"] if fix else []), "."],
        "format": [*python, "ruff", "format", *([] if fix else ["--check"]), "."],
        "types": [*python, "mypy"],
        "docs": [*python, "pytest", "-q", "tests/test_house.py", "-k", "documented"],
    }
    notebooks = {
        "outputs": lambda: stored_outputs(root, strip=fix),
        "lessons": lambda: lesson_faults(root, fix=fix),
        "colab": lambda: colab_faults(root, fix=fix),
    }
    chosen = only or [*commands, *notebooks]
    if unknown := set(chosen) - {*commands, *notebooks}:
        known = ", ".join([*commands, *notebooks])
        raise BookError(f"no check {min(unknown)!r}; there are {known}")
    failed = []
    for name in chosen:
        typer.echo(f"--- {name}")
        if name in notebooks:
            faults = notebooks[name]()
            typer.echo("\n".join(faults) or f"{name}: no notebook has a fault")
            failed += [name] * (bool(faults) and not (fix and name == "outputs"))
        elif subprocess.call(commands[name], cwd=root) != 0:
            failed.append(name)
    if failed:
        raise BookError(f"lint: {', '.join(failed)} failed; `genrelib lint --fix` may help")
