"""The files that GitHub Actions, pre-commit and make read: valid, and about things that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from genrelib.corpus.tracks import list_corpora

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def load(name: str) -> dict:
    # YAML 1.1 takes the key `on` for a truth value.
    loaded = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))
    return {("on" if key is True else key): value for key, value in loaded.items()}


def steps(name: str) -> list[dict]:
    return [step for job in load(name)["jobs"].values() for step in job["steps"]]


@pytest.mark.slow
def test_workflows_match_their_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_three_workflows_are_there() -> None:
    assert [path.stem for path in WORKFLOWS] == ["ci", "publish", "weekly"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_targets_and_files_that_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())
    assert set(re.findall(r"\bmake (\w+)", text)) <= targets
    for patterns in re.findall(r"hashFiles\((.*?)\)", text):
        for pattern in re.findall(r"'([^']+)'", patterns):
            assert any(ROOT.glob(pattern)), pattern
    assert set(re.findall(r"cache-dependency-path: (\S+)", text)) == {"requirements.lock"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_ask_for_little_and_stop_by_themselves(path: Path) -> None:
    workflow = load(path.stem)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    # GitHub knows files only once a step has checked them out.
    settings = [
        workflow.get("env", {}),
        *(job.get("env", {}) for job in workflow["jobs"].values()),
    ]
    assert "hashFiles" not in str(settings)
    # Inputs reach the shell as variables, never as text of a script.
    assert not any("${{" in step.get("run", "") for step in steps(path.stem))


def test_ci_covers_every_locked_python_and_keeps_the_report() -> None:
    jobs = load("ci")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {"push", "pull_request"} == set(load("ci")["on"])
    kept = [s for s in jobs["book"]["steps"] if s.get("with", {}).get("path") == "_build/reports"]
    assert [step["if"] for step in kept] == ["failure()"]
    saved = [s for s in jobs["book"]["steps"] if "cache/save" in s.get("uses", "")]
    assert [step["if"] for step in saved] == ["always()"]


def test_publishing_is_public_and_offers_known_corpora() -> None:
    publish = load("publish")
    assert publish["env"]["GENRELIB_PUBLIC"] == "1"
    assert publish["on"]["push"] == {"branches": ["main"]}
    offered = publish["on"]["workflow_dispatch"]["inputs"]["corpus"]
    assert set(offered["options"]) <= set(list_corpora()["name"])
    assert offered["default"] == "gtzan-mini"
    deploy = publish["jobs"]["deploy"]
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert deploy["environment"]["name"] == "github-pages"
    assert publish["concurrency"]["cancel-in-progress"] is False


def test_links_and_the_long_tests_are_checked_weekly_and_block_nothing() -> None:
    assert set(load("weekly")["on"]) == {"schedule", "workflow_dispatch"}
    check = next(step for step in steps("weekly") if "linkcheck" in step.get("run", ""))
    assert check["continue-on-error"] is True
    (long,) = [step for step in steps("weekly") if "-m full" in step.get("run", "")]
    assert long["env"] == {"GENRELIB_FULL": "1"}


def test_pre_commit_runs_what_lint_runs() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    only = {hook["entry"].rpartition("--only ")[2] for hook in hooks}
    assert only == {"ruff", "format", "types", "docs", "outputs"}
    command = [sys.executable, "-m", "pre_commit", "validate-config"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_help_lists_every_target() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
    for target in targets:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
        assert target == "help" or f"echo 'make {target} " in MAKEFILE
    assert "sudo" not in MAKEFILE
