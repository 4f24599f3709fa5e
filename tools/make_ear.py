"""Give the weights of MusiCNN a second life: `ear.onnx`, and what its tests compare it with.

MusiCNN (Pons and Serra, *musicnn: pre-trained convolutional neural networks for music audio
tagging*, 2019, arXiv:1909.06654) ships as a TensorFlow 1 checkpoint in a package that no longer
installs. Run once, in an environment of its own (extra ``convert``)::

    pip download musicnn==0.1.0 --no-deps
    python tools/make_ear.py musicnn-0.1.0-py3-none-any.whl AUDIO

AUDIO is the folder of the tracks of `gtzan-mini`. The script

- takes the model ``MSD_musicnn`` out of the wheel, whose hash it checks;
- cuts the inference part out of the checkpoint's own graph, runs it on the signals of
  :func:`signals` and on the first slice of one track per genre, and keeps what comes out
  (``tests/data/ear_reference.npz``: outputs only, no audio);
- builds the same network, and the log-mel front end before it, as an ONNX graph of few operators
  (``ear.onnx``), and fails where its outputs are not those of the original graph.

Two things differ from the package. First, what training switched off is left out: weight decay
took the kernels of most filters of the first layer to zero, so that each gives the same number
whatever is heard; the graph has that number. Second, the package rounds mel power to half
precision before the logarithm, where 10,000 times a power above 6.55 is infinite, and what follows
is no number; here everything is single precision.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

WHEEL = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
"""SHA-256 of musicnn-0.1.0-py3-none-any.whl."""
MODEL = "musicnn/MSD_musicnn/"
SOURCE = f"MusiCNN (Pons and Serra 2019, arXiv:1909.06654), package musicnn 0.1.0, {MODEL}"
NOTICE = "musicnn-0.1.0.dist-info/LICENSE.md"
DATA = Path(__file__).parents[1] / "genrelib" / "data"
REFERENCE = Path(__file__).parents[1] / "tests" / "data" / "ear_reference.npz"

RATE, N_FFT, HOP, BANDS, FRAMES = 16000, 512, 256, 96, 187
SAMPLES = (FRAMES - 1) * HOP + N_FFT
"""Samples of a patch: 187 frames, and the halves of windows at both ends."""
EPSILON = 0.001  # of every batch normalization, as in the checkpoint's graph
DEAD = 1e-5  # what the largest weight of a kernel that training took to zero does not reach
TOLERANCE = 1e-4
GENRES = "blues classical country disco hiphop jazz metal pop reggae rock"
TRACKS = tuple(f"{genre}.00000" for genre in GENRES.split())
"""Tracks whose first six seconds the tests compare, where their audio is on disk."""


def signals() -> dict[str, np.ndarray]:
    """Make signals that anyone can make again.

    Returns
    -------
    dict of str to numpy.ndarray
        float32 samples at 16 kHz by name, seven seconds each: two patches.
    """
    t = np.arange(7 * RATE) / RATE
    noise = np.random.RandomState(0).standard_normal(t.size)  # its stream is frozen for good
    beat = np.exp(-12 * (t % 0.5))
    chord = sum(np.sin(2 * np.pi * f * k * t) / k for f in (220, 277.2, 329.6) for k in (1, 2, 3))
    made = {
        "silence": 0 * t,
        "quiet noise": 0.01 * noise,
        "chord": 0.1 * chord * np.exp(-2 * (t % 1)),
        "sweep": 0.5 * np.sin(2 * np.pi * 50 * 7 / np.log(150) * np.expm1(t / 7 * np.log(150))),
        "drums": 0.2 * noise * beat + 0.7 * np.sin(2 * np.pi * 60 * t) * beat,
        "clicks": (np.arange(t.size) % 4000 == 0).astype(float),
        "loud": np.clip(3 * chord + noise * beat, -1, 1),
    }
    return {name: samples.astype(np.float32) for name, samples in made.items()}


def log_mel(samples: np.ndarray) -> np.ndarray:
    """Compute what the network hears, with librosa, as the package does.

    Frames are centred, and the signal is mirrored at its ends: the default of librosa when the
    network was trained. (Since version 0.10 the default is zeros.) Mel bands have unit area
    (Slaney), then as now.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 16 kHz, shape ``(n_samples,)``.

    Returns
    -------
    numpy.ndarray
        float32, whole patches, shape ``(n_patches, 187, 96)``.
    """
    import librosa

    power = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=N_FFT, hop_length=HOP, n_mels=BANDS, pad_mode="reflect"
    )
    frames = np.log10(1 + 10000 * power.T)
    whole = len(frames) // FRAMES
    return frames[: whole * FRAMES].reshape(whole, FRAMES, BANDS)


def pad(samples: np.ndarray) -> np.ndarray:
    """Cut samples into the patches that the ONNX graph takes.

    Parameters
    ----------
    samples : numpy.ndarray
        Mono samples at 16 kHz, at least a patch of them, shape ``(n_samples,)``.

    Returns
    -------
    numpy.ndarray
        float32, shape ``(n_patches, 48128)``: mirrored at the ends, each patch sharing 256
        samples with the next.
    """
    padded = np.pad(samples, N_FFT // 2, mode="reflect")
    patches = np.lib.stride_tricks.sliding_window_view(padded, SAMPLES)[:: FRAMES * HOP]
    return np.ascontiguousarray(patches, dtype=np.float32)


class Original:
    """The network as it was published: its own graph, its own weights.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``model.meta``, ``model.index`` and ``model.data-00000-of-00001`` are.
    """

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self.tf = tf.compat.v1
        meta = self.tf.MetaGraphDef()
        meta.ParseFromString((folder / "model.meta").read_bytes())
        # The gradient nodes, of operations that are gone, would keep the graph from loading.
        self.graph = self.tf.graph_util.extract_sub_graph(meta.graph_def, ["model/Sigmoid"])
        self.checkpoint = str(folder / "model")
        reader = tf.train.load_checkpoint(self.checkpoint)
        self.weights: Callable[[str], np.ndarray] = reader.get_tensor

    def hear(self, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Run the graph.

        Parameters
        ----------
        patches : numpy.ndarray
            Log-mel patches, shape ``(n_patches, 187, 96)``.

        Returns
        -------
        tuple of numpy.ndarray
            What the package calls ``penultimate`` (the dense layer after its batch
            normalization), ``(n_patches, 200)``, and the tag probabilities, ``(n_patches, 50)``.
        """
        with self.tf.Graph().as_default(), self.tf.Session() as session:
            self.tf.import_graph_def(self.graph, name="")
            for node in self.graph.node:
                if node.op == "VariableV2":
                    variable = session.graph.get_tensor_by_name(f"{node.name}:0")
                    value = self.weights(node.name)
                    session.run(self.tf.raw_ops.Assign(ref=variable, value=value))
            tensors = ["model/batch_normalization_10/batchnorm/add_1:0", "model/Sigmoid:0"]
            return session.run(
                tensors, {"model/Placeholder:0": patches, "model/Placeholder_2:0": False}
            )


class Network:
    """An ONNX graph in the making.

    Parameters
    ----------
    weights : callable
        Gives an array of the checkpoint by its name.
    """

    def __init__(self, weights: Callable[[str], np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def const(self, value: Any, kind: Any = np.float32) -> str:
        """Add a constant.

        Parameters
        ----------
        value : array_like
            Its value.
        kind : dtype
            Its type.

        Returns
        -------
        str
            Its name in the graph.
        """
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype=kind), name))
        return name

    def add(self, op: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add an operator.

        Parameters
        ----------
        op : str
            Its type.
        *inputs : str
            What it takes.
        name : str
            What its output is called, if that matters.
        **attributes : Any
            Its attributes.

        Returns
        -------
        str
            Name of its output.
        """
        from onnx import helper

        name = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def affine(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Write a batch normalization as what it is once training is over: ``a * x + b``.

        Parameters
        ----------
        index : int
            Its number in the checkpoint.

        Returns
        -------
        tuple of numpy.ndarray
            Factor and summand per channel, float64.
        """
        name = f"batch_normalization_{index}" if index else "batch_normalization"
        gamma, beta, mean, variance = (
            self.weights(f"{name}/{part}").astype(np.float64)
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        factor = gamma / np.sqrt(variance + EPSILON)
        return factor, beta - mean * factor

    def layer(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Fetch a convolution and the batch normalization after it.

        Parameters
        ----------
        index : int
            Number of the convolution.

        Returns
        -------
        tuple of numpy.ndarray
            Kernels ``(n_filters, 1, n_frames, n_bands)``, their biases, and the factor and
            summand of the normalization.
        """
        name = f"conv2d_{index}" if index else "conv2d"
        kernels = self.weights(f"{name}/kernel").transpose(3, 2, 0, 1)
        return kernels, self.weights(f"{name}/bias"), *self.affine(index + 1)

    def times_plus(self, x: str, factor: np.ndarray, summand: np.ndarray) -> str:
        """Add ``a * x + b``.

        Parameters
        ----------
        x : str
            The input.
        factor : numpy.ndarray
            The factor, in a shape that fits.
        summand : numpy.ndarray
            The summand, likewise.

        Returns
        -------
        str
            Name of the output.
        """
        return self.add("Add", self.add("Mul", x, self.const(factor)), self.const(summand))

    def log_mel(self, samples: str) -> str:
        """Add the front end: Fourier transform, mel bands, logarithm, first normalization.

        The transform of 512 windowed samples is a product with a matrix; squares, sums of
        squares and mel bands are a product and another matrix. A frame is two blocks of 256.

        Parameters
        ----------
        samples : str
            Input of shape ``(n_patches, 48128)``.

        Returns
        -------
        str
            Output of shape ``(n_patches, 1, 187, 96)``.
        """
        import librosa

        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
        angle = 2 * np.pi / N_FFT * np.outer(np.arange(N_FFT), np.arange(N_FFT // 2 + 1))
        basis = window[:, None] * np.hstack([np.cos(angle), np.sin(angle[:, 1:-1])])
        bands = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=BANDS).T.astype(np.float64)
        blocks = self.add("Reshape", samples, self.const([-1, FRAMES + 1, HOP], np.int64))
        first, last, axis, end = (self.const([i], np.int64) for i in (0, -1, 1, FRAMES + 1))
        early = self.add("Slice", blocks, first, last, axis)
        late = self.add("Slice", blocks, axis, end, axis)
        frames = self.add("Concat", early, late, axis=2)
        spectrum = self.add("MatMul", frames, self.const(basis))
        power = self.add("Mul", spectrum, spectrum)
        mel = self.add("MatMul", power, self.const(10000 * np.vstack([bands, bands[1:-1]])))
        log = self.add("Log", self.add("Add", mel, self.const(1)))
        factor, summand = self.affine(0)
        heard = self.times_plus(log, factor / np.log(10), summand)
        return self.add("Reshape", heard, self.const([-1, 1, FRAMES, BANDS], np.int64))

    def timbre_and_time(self, mel: str) -> tuple[str, np.ndarray, np.ndarray]:
        """Add the first layer: filters over bands, filters over time, the largest over bands.

        Parameters
        ----------
        mel : str
            Input of shape ``(n_patches, 1, 187, 96)``.

        Returns
        -------
        live : str
            Outputs of the filters that training left alive, ``(n_patches, n_live, 187)``.
        alive : numpy.ndarray
            Which of all filters these are, bool.
        constant : numpy.ndarray
            What every filter gives without input; of the others, what they always give.
        """
        outputs, alive, constant = [], [], []
        for index in range(5):
            kernels, bias, factor, summand = self.layer(index)
            live = np.abs(kernels).max(axis=(1, 2, 3)) > DEAD
            before = (kernels.shape[2] - 1) // 2
            after = kernels.shape[2] - 1 - before
            x = self.add(
                "Conv",
                mel,
                self.const(kernels[live]),
                self.const(bias[live]),
                pads=[before, 0, after, 0],
            )
            x = self.add("Relu", x)
            # Where all factors are positive, the largest stays the largest.
            late = bool((factor[live] > 0).all())
            if not late:
                x = self.times_plus(x, factor[live, None, None], summand[live, None, None])
            x = self.add("ReduceMax", x, axes=[3], keepdims=0)
            if late:
                x = self.times_plus(x, factor[live, None], summand[live, None])
            outputs.append(x)
            alive.append(live)
            constant.append(np.maximum(bias, 0) * factor + summand)
        return (
            self.add("Concat", *outputs, axis=1),
            np.concatenate(alive),
            np.concatenate(constant),
        )

    def over_time(self, x: str, kernels: np.ndarray, bias: np.ndarray | None = None) -> str:
        """Add a convolution over seven frames.

        Parameters
        ----------
        x : str
            Input of shape ``(n_patches, n_channels, 187)``.
        kernels : numpy.ndarray
            Shape ``(n_filters, n_channels, 7)``.
        bias : numpy.ndarray, optional
            One number per filter.

        Returns
        -------
        str
            Output of shape ``(n_patches, n_filters, 187)``.
        """
        inputs = [x, self.const(kernels)] + ([] if bias is None else [self.const(bias)])
        return self.add("Conv", *inputs, pads=[3, 3])

    def build(self) -> None:
        """Build the network, from ``samples`` to ``embedding`` and ``tags``."""
        front, alive, constant = self.timbre_and_time(self.log_mel("samples"))
        maps, last = [front], front
        for index in range(5, 8):
            kernels, bias, factor, summand = self.layer(index)
            kernels = kernels[:, 0].transpose(0, 2, 1)  # (n_filters, n_channels, 7)
            if index == 5:
                # The zeros at both ends tell even a constant from its absence.
                dead = np.einsum("fct,c->ft", kernels[:, ~alive], constant[~alive])
                always = np.stack([np.convolve(np.ones(FRAMES), k, "same") for k in dead[:, ::-1]])
                x = self.over_time(last, kernels[:, alive])
                x = self.add("Add", x, self.const(always + bias[:, None]))
            else:
                x = self.over_time(last, kernels, bias)
            x = self.times_plus(self.add("Relu", x), factor[:, None], summand[:, None])
            last = x if index == 5 else self.add("Add", x, last)
            maps.append(last)
        x = self.add("Concat", *maps, axis=1)
        largest = self.add("ReduceMax", x, axes=[2], keepdims=0)
        mean = self.add("ReduceMean", x, axes=[2], keepdims=0)
        pooled = self.add("Concat", largest, mean, axis=1)

        # Largest and mean of a channel lie side by side in the weights.
        factor, summand = self.affine(9)
        dense = self.weights("dense/kernel").astype(np.float64)
        bias = self.weights("dense/bias") + summand @ dense
        scaled = (factor[:, None] * dense).reshape(len(factor) // 2, 2, -1)
        there = np.concatenate([alive, np.ones(len(scaled) - len(alive), bool)])
        bias = bias + constant[~alive] @ scaled[~there].sum(axis=1)
        x = self.add(
            "Gemm", pooled, self.const(np.vstack(scaled[there].swapaxes(0, 1))), self.const(bias)
        )
        factor, summand = self.affine(10)
        x = self.add("Mul", self.add("Relu", x), self.const(factor))
        x = self.add("Add", x, self.const(summand), name="embedding")
        weights = (self.const(self.weights(f"dense_1/{part}")) for part in ("kernel", "bias"))
        self.add("Sigmoid", self.add("Gemm", x, *weights), name="tags")

    def model(self, about: dict[str, str]) -> bytes:
        """Finish.

        Parameters
        ----------
        about : dict of str to str
            What the file says about itself.

        Returns
        -------
        bytes
            Content of ``ear.onnx``.
        """
        import onnx
        from onnx import TensorProto, helper

        values = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n_patches", size])
            for name, size in (("samples", SAMPLES), ("embedding", 200), ("tags", 50))
        ]
        graph = helper.make_graph(self.nodes, "ear", values[:1], values[1:], self.constants)
        # Not the newest, so that any runtime of the last years loads it.
        opset = helper.make_opsetid("", 17)
        made = helper.make_model(graph, opset_imports=[opset], ir_version=8)
        helper.set_model_props(made, about)
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString(deterministic=True)


def unpack(wheel: Path, folder: Path) -> tuple[list[str], str]:
    """Take out of the wheel what is needed.

    Parameters
    ----------
    wheel : pathlib.Path
        The wheel.
    folder : pathlib.Path
        Where to put the checkpoint, under names without the dots that hide them.

    Returns
    -------
    tags : list of str
        Names of the 50 tags.
    notice : str
        The licence notice.
    """
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL:
        raise ValueError(f"{wheel}: not the wheel of musicnn 0.1.0; download it again")
    with zipfile.ZipFile(wheel) as archive:
        for suffix in (".meta", ".index", ".data-00000-of-00001"):
            (folder / f"model{suffix}").write_bytes(archive.read(MODEL + suffix))
        settings: dict[str, Any] = {}
        exec(archive.read("musicnn/configuration.py"), settings)
        return settings["MSD_LABELS"], archive.read(NOTICE).decode()


def slices(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Read the first slice of the tracks that the tests compare.

    Parameters
    ----------
    folder : pathlib.Path
        Where the audio of `gtzan-mini` is.

    Yields
    ------
    tuple
        Name of the track, and its first six seconds at 16 kHz.
    """
    from genrelib.corpus import decode

    for track in TRACKS:
        yield track, decode(next(folder.rglob(f"{track}.*")), RATE)[: 6 * RATE]


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    content : bytes
        What it shall hold.
    """
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def main(wheel: Path, audio: Path) -> None:
    """Convert, compare, write.

    Parameters
    ----------
    wheel : pathlib.Path
        The wheel of musicnn 0.1.0.
    audio : pathlib.Path
        Where the audio of `gtzan-mini` is.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        tags, notice = unpack(wheel, Path(folder))
        original = Original(Path(folder))
        network = Network(original.weights)
        network.build()
        model = network.model(
            {
                "source": SOURCE,
                "licence": notice,
                "tags": "\n".join(tags),
                "sample_rate": str(RATE),
            }
        )
        session = onnxruntime.InferenceSession(model)
        kept: dict[str, np.ndarray] = {}
        worst = 0.0
        for name, samples in [*signals().items(), *slices(audio)]:
            reference = original.hear(log_mel(samples))
            ours = session.run(["embedding", "tags"], {"samples": pad(samples)})
            for part, expected, found in zip(("embedding", "tags"), reference, ours, strict=True):
                kept[f"{name}/{part}"] = expected
                difference = float(np.abs(expected - found).max())
                worst = max(worst, difference)
                print(f"{name:16s} {part:9s} differs by {difference:.1e} at most")
    if not worst < TOLERANCE:
        raise ValueError(f"the ONNX graph is not the original: outputs differ by {worst:.1e}")
    with tempfile.TemporaryFile() as file:
        np.savez_compressed(file, **kept)  # type: ignore[arg-type]
        file.seek(0)
        write(REFERENCE, file.read())
    write(DATA / "ear-LICENSE.txt", notice.encode())
    write(DATA / "ear.onnx", model)
    # Its last layer once more, for those who have an embedding and want the tags.
    layer = [network.weights("dense_1/kernel"), network.weights("dense_1/bias")[None]]
    buffer = io.BytesIO()
    np.save(buffer, np.concatenate(layer).astype(np.float32))
    write(DATA / "ear-tags.npy", buffer.getvalue())
    print(f"ear.onnx: {len(model):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
