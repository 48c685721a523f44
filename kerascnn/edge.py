"""Run an exported classifier with NumPy and a TFLite interpreter only, without TensorFlow and Keras.

Export copies this file, ``python_tokenizer.py``, and for SentencePieces ``python_sentencepiece.py``, to the folder
``edge`` of a bundle, so that a device needs only that folder::

    pip install ai-edge-litert numpy
    python edge/edge.py "a text" "another text"
    python edge/edge.py --check
"""

from __future__ import annotations

import hashlib
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
    from kerascnn.text import python_tokenizer
else:
    try:
        import python_tokenizer  # type: ignore[no-redef]
    except Exception as error:  # a damaged program raises any kind
        message = f"{Path(__file__).with_name('python_tokenizer.py')}: damaged ({error}); copy the edge folder again"
        raise (SystemExit(f"error: {message}") if __name__ == "__main__" else ImportError(message)) from None

SCHEMA_VERSION = 1
"""Highest version of ``edge.json`` that this program can read."""
TASKS = ("single_label", "multi_label")
CONFIG_TYPES = {
    "input": str, "max_length": int, "level": str, "rules": list, "unicode": dict, "stop_words": list, "files": dict,
}  # fmt: skip
"""Types of values of ``edge.json``."""
SEAL_SIZE = 68
"""Bytes at the end of ``edge.json`` that protect the others: a SHA-256 hash, and the end of the JSON object."""
MODEL_FILES = ("model_float32.tflite", "model_float16.tflite", "model_dynamic.tflite", "model_int8.tflite")
"""Files that an edge folder may contain, the most exact first."""


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
        path = Path(path)
        folder = path if path.is_dir() else path.parent
        self._config = _read_config(folder / "edge.json")
        is_copied = not __package__ and folder.resolve() == Path(__file__).resolve().parent
        for name in ("python_tokenizer.py", "python_sentencepiece.py") if is_copied else ():
            if name in self._config["files"]:
                self._read_file(folder / name)
        self._rules = python_tokenizer.add_tables(self._config["rules"], self._config["unicode"])
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
        if self.predicts_list and len(self.thresholds) != len(self.labels):
            raise ValueError(f"{folder / 'edge.json'}: {len(self.thresholds)} thresholds for {len(self.labels)} labels")
        self._ids: dict[str, int] = {}
        self._split: Callable[[str], list[str]] | None = None
        if self._config["level"] == "sentencepiece":
            model = folder / "sentencepiece.model"
            pieces, self._split = _load_pieces(model, self._read_file(model))
            self._ids = {piece: number for number, piece in enumerate(pieces, start=2)}
        elif self._config["input"] == "ids":
            tokens = self._read_lines(folder / "vocabulary.txt")
            self._ids = {token: number for number, token in enumerate(tokens) if number > 1}
        self._content, self._num_threads = self._read_file(path), num_threads
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
        golden = json.loads(self._read_file(path))
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
        runner = _Runner(_load_interpreter(self._path, self._content, self._num_threads))
        expected = ((1, self._config["max_length"]), (1, len(self.labels)))
        if runner.shapes != expected:
            raise ValueError(f"{self._path}: has the shapes {runner.shapes}, and edge.json describes {expected}")
        return runner

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
        _check_content(path, content, lambda content: hashlib.sha256(content).hexdigest() == files[path.name])
        return content

    def _read_lines(self, path: Path) -> list[str]:
        return [python_tokenizer.unescape(line) for line in self._read_file(path).decode("utf-8").split("\n")[:-1]]


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


def _read_config(path: Path) -> dict[str, Any]:
    """Read ``edge.json`` and check it."""
    try:
        content = path.read_bytes()
        config = json.loads(content)
        if not isinstance(config, dict):
            raise ValueError("not an object")
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); give the folder that export wrote, or a .tflite file in it"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: damaged ({error}); copy the edge folder again") from None
    version = config.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise ValueError(f"{path}: schema version {version}, but this program reads up to {SCHEMA_VERSION}")
    _check_content(path, content, _is_sealed)
    for key, kind in CONFIG_TYPES.items():
        if not isinstance(config.get(key), kind):
            raise ValueError(f"{path}: {key} {config.get(key)!r} is not a {kind.__name__}; export it again")
    if not all(0 <= threshold <= 1 for threshold in config["thresholds"] or ()):
        raise ValueError(f"{path}: thresholds {config['thresholds']} are not numbers from 0 to 1; export it again")
    if config.get("task") not in TASKS:
        raise ValueError(f"{path}: task {config.get('task')!r} is not supported; supported: {', '.join(TASKS)}")
    return config


def _is_sealed(content: bytes) -> bool:
    """Return whether the last bytes are the hash of those before them, and the end of the JSON object."""
    return content[-SEAL_SIZE:] == hashlib.sha256(content[:-SEAL_SIZE]).hexdigest().encode() + b'"\n}\n'


def _check_content(path: Path, content: bytes, is_unchanged: Callable[[bytes], bool]) -> None:
    if not is_unchanged(content):
        is_text = is_unchanged(content.replace(b"\r\n", b"\n"))
        change = "line endings changed (in git by a missing '* -text')" if is_text else "changed or damaged"
        raise ValueError(f"{path}: {change} since it was exported; copy the edge folder again")


def _load_pieces(path: Path, content: bytes) -> tuple[Sequence[str], Callable[[str], list[str]]]:
    """Return the pieces of a SentencePiece model, and the function that splits a text into them."""
    module = importlib.import_module("kerascnn.text.python_sentencepiece" if __package__ else "python_sentencepiece")
    try:
        model = module.UnigramModel.from_bytes(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}; export it again") from None
    return model.pieces, module.PieceTokenizer(model).tokenize


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
