"""What a trained network listens to: asked after every step, or with a stretch hidden."""

from __future__ import annotations

import numpy as np

from genrelib.models.batches import checked_frames
from genrelib.models.networks import NetworkError, keras, layers
from genrelib.models.recurrent import ROWS, RecurrentClassifier


def listen(classifier: RecurrentClassifier, X: np.ndarray) -> np.ndarray:
    """Ask a trained LSTM after every step what it would say if the slice ended there.

    Explained in chapter 6.

    Parameters
    ----------
    classifier : RecurrentClassifier
        Trained, with ``summary="last"`` and read forwards only.
    X : numpy.ndarray
        Frames, shape ``(n_slices, n_frames, n_bands)``.

    Returns
    -------
    numpy.ndarray
        Probabilities, shape ``(n_slices, n_steps, n_genres)``; the last step is what the network
        predicts.

    Raises
    ------
    NetworkError
        If the network answers from more than its last hidden state.
    """
    settings = classifier.network or {}
    ahead = settings.get("bidirectional") or settings.get("conv")
    if settings.get("summary", "last") != "last" or ahead:
        raise NetworkError("only a network that answers from its last step can be asked at each")
    network = classifier.trained_network()
    twin = keras.Sequential([keras.Input(network.input_shape[1:])])
    for layer in network.layers[1:]:
        if isinstance(layer, layers.LSTM) and not layer.return_sequences:
            every_step = layers.LSTM(layer.units, return_sequences=True)
            twin.add(every_step)
            every_step.set_weights(layer.get_weights())
        else:
            twin.add(layer)
    return twin.predict(classifier.standardise(checked_frames(X)), batch_size=ROWS, verbose=0)


def occlusion(
    classifier: RecurrentClassifier, X: np.ndarray, genre: str, *, width: int = 13
) -> np.ndarray:
    """Measure how much of a genre's probability each stretch of time carries.

    Each stretch in turn is replaced by the mean of its bands, and the network is asked again
    (Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53).

    Explained in chapter 6.

    Parameters
    ----------
    classifier : RecurrentClassifier
        Trained.
    X : numpy.ndarray
        Frames of one slice, shape ``(n_frames, n_bands)``.
    genre : str
        The genre.
    width : int
        Frames to hide at a time.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_frames,)``: by how much the probability falls when the stretch around the frame
        is hidden; negative where it rises.
    """
    starts = np.arange(-(width // 2), len(X) - width // 2)
    places = np.arange(len(X))
    hidden = (places >= starts[:, None]) & (places < starts[:, None] + width)
    masked = np.where(hidden[:, :, None], classifier.mean_.astype(np.float32), X)
    column = classifier.classes_.tolist().index(genre)
    whole, *without = classifier.predict_proba(np.concatenate([X[None], masked]))[:, column]
    return whole - np.array(without)
