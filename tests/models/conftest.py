"""What the tests of the networks share."""

from __future__ import annotations

import pytest
from sequences import SMALL, rising_and_falling

from genrelib.models.estimators import make_model
from genrelib.models.recurrent import RecurrentClassifier


@pytest.fixture(scope="module")
def trained() -> RecurrentClassifier:
    X, genre = rising_and_falling()
    return make_model("lstm", epochs=2, **SMALL).fit(X, genre)
