"""Run an exported classifier with NumPy and a TFLite interpreter only, without TensorFlow and Keras.

Export copies this file, ``edge_files.py``, ``python_tokenizer.py``, and for SentencePieces ``python_sentencepiece.py``,
to the folder ``edge`` of a bundle, so that a device needs only that folder::

    pip install ai-edge-litert numpy
    python edge/edge.py "a text" "another text"
    python edge/edge.py --check
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from kerascnn import edge_files
    from kerascnn.text import python_tokenizer
else:
    program = "python_tokenizer.py"
    try:
        import python_tokenizer  # type: ignore[no-redef]

        program = "edge_files.py"
        import edge_files  # type: ignore[no-redef]
    except Exception as error:  # a damaged program raises any kind
        message = f"{Path(__file__).with_name(program)}: damaged ({error}); copy the edge folder again"
        raise (SystemExit(f"error: {message}") if __name__ == "__main__" else ImportError(message)) from None

TASKS = ("single_label", "multi_label")
CONFIG_TYPES = {"input": str, "max_length": int, "level": str, "rules": list, "unicode": dict, "stop_words": list}
"""Types of values of ``edge.json``."""


class EdgeClassifier:
    """A text classifier that runs a .tflite file.

    Several threads may use it; they run the model one after another. It works after a fork, too.

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
        files = edge_files.EdgeFiles(path, TASKS, CONFIG_TYPES)
        files.check_programs(__file__, is_package=bool(__package__))
        self._files, self._config, self._path = files, files.config, files.model
        if not all(0 <= threshold <= 1 for threshold in self._config["thresholds"] or ()):
            raise ValueError(
                f"{files.folder / 'edge.json'}: thresholds {self._config['thresholds']} are not numbers from 0 to 1;"
                " export it again"
            )
        self._rules = python_tokenizer.add_tables(self._config["rules"], self._config["unicode"])
        self.labels = files.read_lines("labels.txt")
        self.task: str = self._config["task"]
        self.predicts_list = self.task == "multi_label"
        self.thresholds = np.asarray(self._config["thresholds"] or [], np.float32)
        if self.predicts_list and len(self.thresholds) != len(self.labels):
            raise ValueError(
                f"{files.folder / 'edge.json'}: {len(self.thresholds)} thresholds for {len(self.labels)} labels"
            )
        self._ids: dict[str, int] = {}
        self._split: Callable[[str], list[str]] | None = None
        if self._config["level"] == "sentencepiece":
            name = "sentencepiece.model"
            pieces, self._split = _load_pieces(files.folder / name, files.read(name))
            self._ids = {piece: number for number, piece in enumerate(pieces, start=2)}
        elif self._config["input"] == "ids":
            tokens = files.read_lines("vocabulary.txt")
            self._ids = {token: number for number, token in enumerate(tokens) if number > 1}
        self._content, self._num_threads = files.read(files.model.name), num_threads
        self._runners = [self._make_runner()]

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
        pieces = self._ids if config["level"] == "wordpiece" else ()
        options = {name: config[name] for name in ("level", "max_length", "stop_words")}
        tokens = python_tokenizer.tokenize(text, self._rules, **options, pieces=pieces, split=self._split)
        if config["input"] == "code_points":
            return [ord(character) for character in tokens]
        return [self._ids.get(token, 1) for token in tokens]

    def run(self, values: Sequence[int]) -> np.ndarray:
        """Run the model on the result of ``encode_text`` and return probabilities, float32 (labels,)."""
        row = np.zeros((1, self._config["max_length"]), np.int32)
        row[0, : len(values)] = values
        runner = self._runners[-1]
        if runner.process != os.getpid():
            # the threads of an interpreter, and a lock that another thread holds, do not survive a fork; the old one
            # is kept, as freeing it would wait for its threads
            runner = self._make_runner()
            self._runners.append(runner)
        probabilities = runner.run(row)
        if not np.isfinite(probabilities).all():
            raise ValueError(f"{self._path}: the model predicts NaN; export it with another precision")
        return probabilities

    def check(self) -> float:
        """Compare the model with the golden answers that were written at export, ``golden.json``.

        Returns:
            The maximum absolute difference of a probability.

        Raises:
            ValueError: A text is encoded differently than at export.
        """
        path = self._path.with_name("golden.json")
        golden = json.loads(self._files.read(path.name))
        for text, values in zip(golden["texts"], golden["inputs"], strict=True):
            if self.encode_text(text) != values:
                raise ValueError(f"{self._path}: {text[:40]!r} is encoded differently than at export")
        expected = np.asarray(golden["probabilities"][self._path.name])
        for text, row, labels in zip(golden["texts"], expected, golden["labels"][self._path.name], strict=True):
            if [label for label, _ in self._rank_labels(row)] != labels:
                raise ValueError(f"{path}: {text[:40]!r} has other labels than at export")
        return float(np.abs(self.predict_proba(golden["texts"]) - expected).max())

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without interpreters, which are loaded again."""
        return {name: value for name, value in vars(self).items() if name != "_runners"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickled state."""
        vars(self).update(state)
        self._runners = [self._make_runner()]

    def _make_runner(self) -> _Runner:
        runner = _Runner(edge_files.load_interpreter(self._path, self._content, self._num_threads))
        expected = ((1, self._config["max_length"]), (1, len(self.labels)))
        if runner.shapes != expected:
            raise ValueError(f"{self._path}: has the shapes {runner.shapes}, and edge.json describes {expected}")
        return runner

    def _rank_labels(self, probabilities: np.ndarray) -> list[tuple[str, float]]:
        """Return the predicted labels of one text with their probabilities, best first."""
        order = np.argsort(-probabilities, kind="stable")
        order = order[probabilities[order] >= self.thresholds[order]] if self.predicts_list else order[:1]
        return [(self.labels[index], float(probabilities[index])) for index in order]


class _Runner:
    """An interpreter that one thread at a time runs, of one process."""

    def __init__(self, interpreter: Any) -> None:
        self.process = os.getpid()
        self._interpreter, self._lock = interpreter, threading.Lock()
        [model_input], [output] = interpreter.get_input_details(), interpreter.get_output_details()
        self._input, self._output = model_input["index"], output["index"]
        self.shapes = tuple(tuple(map(int, details["shape"])) for details in (model_input, output))

    def run(self, row: np.ndarray) -> np.ndarray:
        """Return the output for an input of one document, float32 (labels,)."""
        with self._lock:
            self._interpreter.set_tensor(self._input, row)
            self._interpreter.invoke()
            return np.array(self._interpreter.get_tensor(self._output)[0])


def _load_pieces(path: Path, content: bytes) -> tuple[Sequence[str], Callable[[str], list[str]]]:
    """Return the pieces of a SentencePiece model, and the function that splits a text into them."""
    module = importlib.import_module("kerascnn.text.python_sentencepiece" if __package__ else "python_sentencepiece")
    try:
        model = module.UnigramModel.from_bytes(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}; export it again") from None
    return model.pieces, module.PieceTokenizer(model).tokenize


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
