"""Tests of model files: what they hold, and that a bad one is refused with a clear message."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genrelib.classify import modelfile
from genrelib.classify.modelfile import ModelError
from genrelib.classify.naming import load_model


@pytest.fixture(scope="module")
def shipped() -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    return modelfile.read_model(modelfile.SHIPPED)


def test_the_model_of_the_package_is_small_and_without_pickle(shipped: Any) -> None:
    card, arrays = shipped
    assert modelfile.SHIPPED.stat().st_size < 500_000
    with np.load(modelfile.SHIPPED, allow_pickle=False) as file:
        assert {file[name].dtype.kind for name in file.files} == {"f", "u"}
    assert set(arrays) == set(modelfile.ARRAYS)
    assert card["ear"] == modelfile.fingerprint()


def test_writing_and_reading_changes_nothing(shipped: Any, tmp_path: Path) -> None:
    card, arrays = shipped
    card = card | {"tracks": [["a", "jazz", "Émilie", None], *card["tracks"][1:]]}
    path = modelfile.write_model(tmp_path / "new" / "model.npz", card, arrays)
    again_card, again = modelfile.read_model(path)
    assert again_card == card
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)
    assert [file.name for file in path.parent.iterdir()] == ["model.npz"]


def test_the_same_model_is_the_same_file(shipped: Any, tmp_path: Path) -> None:
    assert modelfile.write_model(tmp_path / "again.npz", *shipped).read_bytes() == (
        modelfile.SHIPPED.read_bytes()
    )


def test_a_write_that_fails_leaves_the_old_file(shipped: Any, tmp_path: Path) -> None:
    card, arrays = shipped
    path = modelfile.write_model(tmp_path / "model.npz", card, arrays)
    before = path.read_bytes()
    with pytest.raises(ValueError):
        modelfile.write_model(path, card | {"level": float("nan")}, arrays)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_model_file_ends_in_npz(shipped: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.json: a model file ends in \.npz"):
        modelfile.write_model(tmp_path / "model.json", *shipped)


def _older(path: Path, card: Any, arrays: Any) -> None:
    text = json.dumps(card | {"format": 1}).encode()
    np.savez(path, card=np.frombuffer(text, np.uint8), **arrays)


def _newer(path: Path, card: Any, arrays: Any) -> None:
    text = json.dumps(card | {"format": 99}).encode()
    np.savez(path, card=np.frombuffer(text, np.uint8), **arrays)


def _pickled(path: Path, card: Any, arrays: Any) -> None:
    np.savez(path, card=np.array([{"format": 1}], dtype=object), **arrays)


def _cut(path: Path, card: Any, arrays: Any) -> None:
    content = modelfile.write_model(path, card, arrays).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _flipped(path: Path, card: Any, arrays: Any) -> None:
    content = bytearray(modelfile.write_model(path, card, arrays).read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _text(path: Path, card: Any, arrays: Any) -> None:
    path.write_text("a letter")


def _empty(path: Path, card: Any, arrays: Any) -> None:
    path.touch()


def _lone(path: Path, card: Any, arrays: Any) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(3))


def _no_weights(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, card, {k: v for k, v in arrays.items() if k != "weights"})


def _no_limits(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, {k: v for k, v in card.items() if k != "limits"}, arrays)


def _misshaped(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, card, arrays | {"weights": arrays["weights"][:-1]})


def _no_number(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, card, arrays | {"bias": arrays["bias"] * np.nan})


def _other_ear(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, card | {"ear": "0" * 16}, arrays)


def _bomb(path: Path, card: Any, arrays: Any) -> None:
    np.savez_compressed(path, **arrays, zeros=np.zeros(50_000_000))
    assert path.stat().st_size < 1_000_000


def _huge_shape(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, card, arrays)
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    head += b" " * (117 - len(head)) + b"\n"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.npy", b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head)


def _twice(path: Path, card: Any, arrays: Any) -> None:
    modelfile.write_model(path, card, arrays)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("bias.npy", archive.read("bias.npy"))


def _another_zip(path: Path, card: Any, arrays: Any) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "dear model")


def _deep(path: Path, card: Any, arrays: Any) -> None:
    text = b'{"format": 2, "genres": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    np.savez_compressed(path, card=np.frombuffer(text, np.uint8), **arrays)


CARDS: dict[str, tuple[str, Any]] = {
    "level-nan": ("level", float("nan")),
    "level-infinite": ("level", float("inf")),
    "level-text": ("level", "loud"),
    "limits-none": ("limits", {"speech": None, "other": 1.0}),
    "limits-list": ("limits", [1, 2]),
    "temperature-short": ("temperature", [1.0]),
    "temperature-text": ("temperature", ["1", "1", "1"]),
    "genres-numbers": ("genres", list(range(10))),
    "genres-empty": ("genres", []),
    "genres-twice": ("genres", ["jazz"] * 10),
    "tracks-short": ("tracks", [["a", "jazz"]] * 100),
    "tracks-text": ("tracks", "jazz"),
    "scores-flat": ("scores", {"track": 0.9}),
    "scores-lacking": ("scores", {"track": {"3 s": {"accuracy": 0.9}}, "artist": None}),
    "refused-text": ("refused", {"speech": "all"}),
    "versions-numbers": ("versions", {"numpy": 2}),
    "caveats-text": ("caveats", 7),
}


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_that_is_odd_is_refused(kind: str, shipped: Any, tmp_path: Path) -> None:
    card, arrays = shipped
    name, value = CARDS[kind]
    text = json.dumps({"format": modelfile.FORMAT} | card | {name: value}).encode()
    np.savez_compressed(tmp_path / "bad.npz", card=np.frombuffer(text, np.uint8), **arrays)
    with pytest.raises(ModelError, match=rf"bad\.npz: damaged; '{name}' of its card is odd"):
        load_model(tmp_path / "bad.npz")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_bomb, "not a model of genrelib, or damaged"),
        (_huge_shape, "not a model of genrelib, or damaged"),
        (_twice, "not a model of genrelib, or damaged"),
        (_another_zip, "not a model of genrelib, or damaged"),
        (_deep, "not a model of genrelib, or damaged"),
        (_newer, r"newer genrelib \(format 99\)\. Update genrelib"),
        (_older, "made by an older genrelib"),
        (_pickled, "not a model of genrelib, or damaged"),
        (_cut, "not a model of genrelib, or damaged"),
        (_flipped, "not a model of genrelib, or damaged|not as it should be"),
        (_text, "not a model of genrelib, or damaged"),
        (_empty, "not a model of genrelib, or damaged"),
        (_lone, "not a model of genrelib, or damaged"),
        (_no_weights, "has no 'weights'"),
        (_no_limits, "has no 'limits'"),
        (_misshaped, "'weights' is not as it should be"),
        (_no_number, "'bias' is not as it should be"),
        (_other_ear, "another version of the pretrained ear"),
    ],
)
def test_a_file_that_is_no_good_model_is_refused(
    spoil: Callable[..., None], message: str, shipped: Any, tmp_path: Path
) -> None:
    path = tmp_path / "bad.npz"
    spoil(path, *shipped)
    with pytest.raises(ModelError, match=rf"bad\.npz: .*({message})"):
        load_model(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.npz: no such model file"):
        load_model(tmp_path / "none.npz")
