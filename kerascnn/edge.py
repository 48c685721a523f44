"""Run an exported classifier with NumPy and a TFLite interpreter only, without TensorFlow and Keras.

Export copies this file, ``python_tokenizer.py`` and ``python_sentencepiece.py`` to the folder ``edge`` of a bundle, so
that a device needs only that folder::

    pip install ai-edge-litert numpy
    python edge/edge.py "a text" "another text"
    python edge/edge.py --check
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from kerascnn.text import python_sentencepiece, python_tokenizer
else:
    import python_sentencepiece  # type: ignore[no-redef]
    import python_tokenizer  # type: ignore[no-redef]

SCHEMA_VERSION = 1
"""Highest version of ``edge.json`` that this program can read."""
TASKS = ("single_label", "multi_label")
MODEL_FILES = ("model_float32.tflite", "model_float16.tflite", "model_dynamic.tflite", "model_int8.tflite")
"""Files that an edge folder may contain, the most exact first."""


class EdgeClassifier:
    """A text classifier that runs a .tflite file.

    Example::

        classifier = EdgeClassifier("saved_models/bbc-word_cnn/edge")
        classifier.predict(["the rate was cut"])     # [("business", 0.98)]

    Args:
        path: The edge folder (its most exact file is used), or one of its .tflite files.
        num_threads: Number of CPU threads.

    Attributes:
        labels: Label names, in the order of the probabilities.
        task: ``single_label`` or ``multi_label``.
        predicts_list: Whether a text gets a list of labels.
        thresholds: Multi-label: lowest probability at which each label is predicted, float32 (labels,); else empty.

    Raises:
        ValueError: A file is missing, damaged, written by a newer version, or not part of an edge folder.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1) -> None:
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        self._config = _read_config(folder / "edge.json")
        if path.is_dir():
            names = [name for name in MODEL_FILES if name in self._config["files"]]
            if not names:
                raise ValueError(f"{folder}: contains no model; export one with --format tflite")
            path = folder / names[0]
        self._path = path
        self.labels = self._read_lines(folder / "labels.txt")
        self.task: str = self._config["task"]
        self.predicts_list = self.task == "multi_label"
        self.thresholds = np.asarray(self._config["thresholds"] or [], np.float32)
        self._ids: dict[str, int] = {}
        self._split: Callable[[str], list[str]] | None = None
        if self._config["level"] == "sentencepiece":
            model = _parse_model(folder / "sentencepiece.model", self._read_file(folder / "sentencepiece.model"))
            self._ids = {piece: number for number, piece in enumerate(model.pieces, start=2)}
            self._split = python_sentencepiece.PieceTokenizer(model).tokenize
        elif self._config["input"] == "ids":
            tokens = self._read_lines(folder / "vocabulary.txt")
            self._ids = {token: number for number, token in enumerate(tokens) if number > 1}
        self._interpreter = _load_interpreter(path, self._read_file(path), num_threads)
        [model_input], [output] = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._input_index, self._output_index = model_input["index"], output["index"]

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """Predict labels with their probabilities.

        Returns:
            For each text a pair (label, probability); for multi-label classifiers a list of such pairs, best first.
        """
        pairs = [self._rank_labels(row) for row in self.predict_proba(texts)]
        return pairs if self.predicts_list else [row[0] for row in pairs]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities, float32 (texts, labels), in the order of ``labels``."""
        if isinstance(texts, (str, bytes)):
            raise ValueError(f"give a list of texts, not a single text. Received: {texts[:40]!r}")
        rows = [self.run(self.encode_text(text)) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, len(self.labels)), np.float32)

    def encode_text(self, text: str | bytes) -> list[int]:
        """Encode a text as the input of the model, ids or code points, without padding."""
        config = self._config
        tokens = python_tokenizer.tokenize(
            text,
            config["rules"],
            level=config["level"],
            max_length=config["max_length"],
            stop_words=config["stop_words"],
            pieces=self._ids if config["level"] == "wordpiece" else (),
            split=self._split,
        )
        if config["input"] == "code_points":
            return [ord(character) for character in tokens]
        return [self._ids.get(token, 1) for token in tokens]

    def run(self, values: Sequence[int]) -> np.ndarray:
        """Run the model on the result of ``encode_text`` and return probabilities, float32 (labels,)."""
        row = np.zeros((1, self._config["max_length"]), np.int32)
        row[0, : len(values)] = values
        self._interpreter.set_tensor(self._input_index, row)
        self._interpreter.invoke()
        return np.array(self._interpreter.get_tensor(self._output_index)[0])

    def check(self) -> float:
        """Compare the model with the golden answers that were written at export, ``golden.json``.

        Returns:
            The maximum absolute difference of a probability.

        Raises:
            ValueError: A text is encoded differently than at export.
        """
        golden = _read_json(self._path.with_name("golden.json"))
        for text, values in zip(golden["texts"], golden["inputs"], strict=True):
            if self.encode_text(text) != values:
                raise ValueError(f"{self._path}: {text[:40]!r} is encoded differently than at export")
        expected = np.asarray(golden["probabilities"][self._path.name])
        return float(np.abs(self.predict_proba(golden["texts"]) - expected).max())

    def _rank_labels(self, probabilities: np.ndarray) -> list[tuple[str, float]]:
        """Return the predicted labels of one text with their probabilities, best first."""
        order = np.argsort(-probabilities, kind="stable")
        order = order[probabilities[order] >= self.thresholds[order]] if self.predicts_list else order[:1]
        return [(self.labels[index], float(probabilities[index])) for index in order]

    def _read_file(self, path: Path) -> bytes:
        """Read a file and check that it is unchanged since export; an interpreter may crash on a damaged one."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror}); copy the edge folder again") from None
        files = self._config["files"]
        if path.name not in files:
            raise ValueError(f"{path}: not one of the files in edge.json: {', '.join(files)}")
        if hashlib.sha256(content).hexdigest() != files[path.name]:
            raise ValueError(f"{path}: changed or damaged since it was exported; copy the edge folder again")
        return content

    def _read_lines(self, path: Path) -> list[str]:
        return [python_tokenizer.unescape(line) for line in self._read_file(path).decode("utf-8").split("\n")[:-1]]


def _read_config(path: Path) -> dict[str, Any]:
    """Read ``edge.json``."""
    config = _read_json(path)
    version = config.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise ValueError(f"{path}: schema version {version}, but this program reads up to {SCHEMA_VERSION}")
    if config.get("task") not in TASKS:
        raise ValueError(f"{path}: task {config.get('task')!r} is not supported; supported: {', '.join(TASKS)}")
    return config


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError("not an object")
        return values
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); give the folder that export wrote, or a .tflite file in it"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}: damaged ({error}); copy the edge folder again") from None


def _parse_model(path: Path, content: bytes) -> python_sentencepiece.UnigramModel:
    try:
        return python_sentencepiece.UnigramModel.from_bytes(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}; export it again") from None


def _load_interpreter(path: Path, content: bytes, num_threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise ValueError("running a .tflite file needs ai-edge-litert; pip install ai-edge-litert") from None
    try:
        interpreter = Interpreter(model_content=content, num_threads=num_threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{path}: the interpreter cannot load it ({' '.join(str(error).split())})") from None
    return interpreter


def _main(folder: Path, arguments: Sequence[str]) -> None:
    if arguments == ["--check"]:
        for path in sorted(folder.glob("model_*.tflite")):
            print(f"{path.name}: largest difference {EdgeClassifier(path).check():.1e}")
        return
    classifier = EdgeClassifier(folder)
    for prediction in classifier.predict(arguments):
        pairs = prediction if classifier.predicts_list else [prediction]
        print("   ".join(f"{probability:.4f}  {label}" for label, probability in pairs) or "none")


if __name__ == "__main__":
    try:
        _main(Path(__file__).parent, sys.argv[1:])
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
