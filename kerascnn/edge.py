"""Runs an exported classifier with NumPy and a TFLite interpreter alone, no TensorFlow and no Keras.

This file and ``python_tokenizer.py`` are copied into the folder ``edge`` of a bundle, so that a device needs only
that folder::

    pip install ai-edge-litert numpy
    python edge/edge.py "a text" "another text"
    python edge/edge.py --check
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from kerascnn.text import python_tokenizer
else:
    import python_tokenizer  # type: ignore[no-redef]

SCHEMA_VERSION = 1
MODEL_FILES = ("model_float32.tflite", "model_float16.tflite", "model_dynamic.tflite", "model_int8.tflite")
"""The files that an edge folder may hold, the most exact first."""


class EdgeClassifier:
    """A text classifier that runs a .tflite file.

    Example::

        classifier = EdgeClassifier("saved_models/bbc-word_cnn/edge")
        classifier.predict(["the rate was cut"])     # [("business", 0.98)]

    Args:
        path: The edge folder, whose most exact file is taken, or one of its .tflite files.
        num_threads: Processor threads.

    Attributes:
        labels: Class names, in the order of the probabilities.
        thresholds: Multi-label: the probability from which on each label is given, (labels,); None: the best one is.

    Raises:
        ValueError: A file is missing, damaged, newer than this program, or none of ours.
    """

    def __init__(self, path: str | Path, *, num_threads: int = 1) -> None:
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        self._settings = _read_json(folder / "edge.json")
        version = self._settings.get("schema_version")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise ValueError(f"{folder / 'edge.json'}: schema {version}, this program reads up to {SCHEMA_VERSION}")
        if path.is_dir():
            names = [name for name in MODEL_FILES if name in self._settings["files"]]
            if not names:
                raise ValueError(f"{folder}: no model here; export one with --format tflite")
            path = folder / names[0]
        self._path = path
        self.labels = self._read_lines(folder / "labels.txt")
        thresholds = self._settings.get("thresholds")
        self.thresholds = None if thresholds is None else np.asarray(thresholds, np.float32)
        self._ids: dict[str, int] = {}
        if self._settings["input"] == "ids":
            tokens = self._read_lines(folder / "vocabulary.txt")
            self._ids = {token: number for number, token in enumerate(tokens) if number > 1}
        self._interpreter = _interpreter(path, self._content(path), num_threads)
        [given], [answer] = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._input, self._output = given["index"], answer["index"]

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """The label of each text with its probability; multi-label: a list of those that are given, the best first."""
        probabilities = self.predict_proba(texts)
        if self.thresholds is None:
            return [(self.labels[row.argmax()], float(row.max())) for row in probabilities]
        return [
            [(self.labels[i], float(row[i])) for i in np.argsort(-row, kind="stable") if row[i] >= self.thresholds[i]]
            for row in probabilities
        ]

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Probabilities, float32 (texts, classes), in the order of ``labels``."""
        if isinstance(texts, (str, bytes)):
            raise ValueError(f"give a list of texts, not one text. Received: {texts[:40]!r}")
        answers = [self.run(self.encode(text)) for text in texts]
        return np.stack(answers) if answers else np.zeros((0, len(self.labels)), np.float32)

    def encode(self, text: str | bytes) -> list[int]:
        """What the file takes for a text, ids or code points, without padding."""
        settings = self._settings
        tokens = python_tokenizer.tokenize(
            text,
            settings["rules"],
            level=settings["level"],
            max_length=settings["length"],
            stop_words=settings["stop_words"],
            pieces=self._ids if settings["level"] == "wordpiece" else (),
        )
        if settings["input"] == "code_points":
            return [ord(character) for character in tokens]
        return [self._ids.get(token, 1) for token in tokens]

    def run(self, numbers: Sequence[int]) -> np.ndarray:
        """Probabilities, float32 (classes,), of what ``encode`` gave."""
        row = np.zeros((1, self._settings["length"]), np.int32)
        row[0, : len(numbers)] = numbers
        self._interpreter.set_tensor(self._input, row)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0].copy()

    def check(self) -> float:
        """Run the texts of ``golden.json``.

        Returns:
            The largest difference of a probability to what the file answered when it was exported.

        Raises:
            ValueError: A text becomes another input than then.
        """
        golden = _read_json(self._path.with_name("golden.json"))
        for text, numbers in zip(golden["texts"], golden["inputs"], strict=True):
            if self.encode(text) != numbers:
                raise ValueError(f"{self._path}: {text[:40]!r} becomes another input than at export")
        expected = np.asarray(golden["probabilities"][self._path.name])
        return float(np.abs(self.predict_proba(golden["texts"]) - expected).max())

    def _content(self, path: Path) -> bytes:
        """A file, as it was when it was exported: an interpreter may crash on any other."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror}); copy the edge folder again") from None
        known = self._settings["files"].get(path.name)
        if known is None:
            raise ValueError(f"{path}: not one of the files that edge.json names, {', '.join(self._settings['files'])}")
        if hashlib.sha256(content).hexdigest() != known:
            raise ValueError(f"{path}: changed or damaged since it was exported; copy the edge folder again")
        return content

    def _read_lines(self, path: Path) -> list[str]:
        return [python_tokenizer.unescape(line) for line in self._content(path).decode("utf-8").split("\n")[:-1]]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(settings, dict):
            raise ValueError("no object")
        return settings
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); give the folder that export wrote, or a .tflite in it"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}: damaged ({error}); copy the edge folder again") from None


def _interpreter(path: Path, content: bytes, num_threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise ValueError("a .tflite file needs ai-edge-litert to run; pip install ai-edge-litert") from None
    try:
        interpreter = Interpreter(model_content=content, num_threads=num_threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{path}: the interpreter cannot run it ({' '.join(str(error).split())})") from None
    return interpreter


def _main(folder: Path, arguments: Sequence[str]) -> None:
    if arguments == ["--check"]:
        for path in sorted(folder.glob("model_*.tflite")):
            print(f"{path.name}: differs by {EdgeClassifier(path).check():.1e} at the most")
        return
    classifier = EdgeClassifier(folder)
    for answer in classifier.predict(arguments):
        labels = [answer] if classifier.thresholds is None else answer
        print("   ".join(f"{probability:.4f}  {label}" for label, probability in labels) or "none")


if __name__ == "__main__":
    try:
        _main(Path(__file__).parent, sys.argv[1:])
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
