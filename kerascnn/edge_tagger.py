"""Run an exported tagger with NumPy and a TFLite interpreter only, without TensorFlow and Keras.

Export copies this file as ``edge.py`` to the folder ``edge`` of a bundle, with the files that it imports, so that a
device needs only that folder::

    pip install ai-edge-litert numpy
    python edge/edge.py "a text" "another text"
    python edge/edge.py --check
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from kerascnn.tasks.sentence_tagger import SentenceTagger
    from kerascnn.tasks.viterbi import TagDecoder
    from kerascnn.text import python_tokenizer
    from kerascnn.text.token_encoder import TokenEncoder
else:
    import python_tokenizer  # type: ignore[no-redef]
    from sentence_tagger import SentenceTagger  # type: ignore[no-redef]
    from token_encoder import TokenEncoder  # type: ignore[no-redef]
    from viterbi import TagDecoder  # type: ignore[no-redef]

SCHEMA_VERSION = 1
"""Highest version of ``edge.json`` that this program can read."""
MAX_INTERPRETERS = 16
"""Most interpreters that are kept, one for each padded length."""
MODEL_FILES = ("model_float32.tflite", "model_float16.tflite", "model_dynamic.tflite")
"""Files that an edge folder may contain, the most exact first."""


class EdgeTagger:
    """A tagger that runs a .tflite file; several threads may use it.

    Example::

        tagger = EdgeTagger("saved_models/news-id_cnn/edge")
        tagger.predict(["Anna lives in Rome."])     # [[("Anna", 0, 4, "B-PER", 0.98), …]]

    Args:
        path: The edge folder (its most exact file is used), or one of its .tflite files.
        num_threads: Number of CPU threads.

    Attributes:
        labels: All tags.
        tagger: Tags sentences of tokens.

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
        self._path, self._content, self._num_threads = path, self._read_file(path), num_threads
        self.labels = self._read_lines(folder / "labels.txt")
        has_characters = "characters.txt" in self._config["files"]
        encoder = TokenEncoder(
            python_tokenizer.add_tables(self._config["rules"], self._config["unicode"]),
            self._read_lines(folder / "vocabulary.txt"),
            self._read_lines(folder / "characters.txt") if has_characters else [],
            word_length=self._config["word_length"],
        )
        start, transitions = (np.array(self._config[name], np.float64) for name in ("start", "transitions"))
        decoder = TagDecoder(start, transitions, self._config["normalize"])
        self._length = self._config["length"]
        self.tagger = SentenceTagger(
            self.labels, encoder, decoder, self._config["level"], self._length or self._config["max_length"], self._run,
            batch_size=1,
        )  # fmt: skip
        self._interpreters: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._run(np.zeros((1, 8, *encoder.shape), np.int32))

    def predict(self, texts: Sequence[str]) -> list[list[tuple[str, int, int, str, float]]]:
        """Predict the tag of each token of texts.

        Returns:
            For each text its tokens: text, start and end in the text, tag, and probability of the tag.
        """
        if isinstance(texts, (str, bytes)):
            raise ValueError(f"give a list of texts, not a single text. Received: {texts[:40]!r}")
        spans = [self.tagger.split(text) for text in texts]
        answers = self.tagger.tag([
            [text[start:end] for start, end in places] for text, places in zip(texts, spans, strict=True)
        ])  # fmt: skip
        return [
            [
                (text[start:end], start, end, tag, float(values[self.labels.index(tag)]))
                for (start, end), tag, values in zip(places, tags, probabilities, strict=True)
            ]
            for text, places, (tags, probabilities) in zip(texts, spans, answers, strict=True)
        ]

    def tag_tokens(self, tokens: Sequence[str]) -> tuple[list[str], list[float]]:
        """Return the most probable tags of the tokens of one sentence, and their probabilities."""
        [(tags, probabilities)] = self.tagger.tag([tokens])
        return tags, [float(values[self.labels.index(tag)]) for tag, values in zip(tags, probabilities, strict=True)]

    def check(self) -> float:
        """Compare the model with the golden answers that were written at export, ``golden.json``.

        Returns:
            The maximum absolute difference of a probability.

        Raises:
            ValueError: Tokens have other ids or other tags than at export.
        """
        golden = json.loads(self._read_file(self._path.with_name("golden.json")))
        largest = 0.0
        rows = (golden[name] for name in ("tokens", "ids", "tags", "probabilities"))
        for tokens, ids, expected, probabilities in zip(*rows, strict=True):
            if self.tagger.encoder.encode(tokens).tolist() != ids:
                raise ValueError(f"{self._path}: {' '.join(tokens)[:40]!r} is encoded differently than at export")
            tags, scores = self.tag_tokens(tokens)
            differences = np.abs(np.array(scores) - probabilities)
            wrong = [a != b for a, b in zip(tags, expected, strict=True)]
            if any(wrong) and self._path.name == MODEL_FILES[0]:
                raise ValueError(f"{self._path}: {' '.join(tokens)[:40]!r} has other tags than at export")
            largest = max(largest, float(differences[~np.array(wrong)].max(initial=0)))
        return largest

    def _run(self, ids: np.ndarray) -> np.ndarray:
        """Return the scores of the tags of one padded sentence, float32 (1, length, tags)."""
        if self._length:  # the file takes sentences of one length
            row = np.zeros((1, self._length, *ids.shape[2:]), np.int32)
            row[:, : ids.shape[1]] = ids[:, : self._length]
            ids = row
        with self._lock:
            interpreter = self._interpreters.get(ids.shape[1])
            if interpreter is None:
                if len(self._interpreters) >= MAX_INTERPRETERS:
                    self._interpreters.clear()
                interpreter = _load_interpreter(self._path, self._content, self._num_threads, ids.shape)
                self._interpreters[ids.shape[1]] = interpreter
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], ids)
            interpreter.invoke()
            scores = np.array(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
        if not np.isfinite(scores).all():
            raise ValueError(f"{self._path}: the model predicts NaN; export it with another precision")
        return scores

    def _read_file(self, path: Path) -> bytes:
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
    try:
        config = json.loads(path.read_bytes())
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); give the folder that export wrote, or a .tflite file in it"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: damaged ({error}); copy the edge folder again") from None
    if not isinstance(config, dict) or config.get("task") != "tagging":
        raise ValueError(f"{path}: does not describe a tagger")
    if config["schema_version"] > SCHEMA_VERSION:
        raise ValueError(f"{path}: schema version {config['schema_version']}, and this program reads {SCHEMA_VERSION}")
    return config


def _load_interpreter(path: Path, content: bytes, num_threads: int, shape: Sequence[int]) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise ValueError("running a .tflite file needs ai-edge-litert; pip install ai-edge-litert") from None
    try:
        interpreter = Interpreter(model_content=content, num_threads=num_threads)
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{path}: the interpreter cannot load it ({' '.join(str(error).split())})") from None
    return interpreter


def _main(folder: Path, arguments: Sequence[str], write: Callable[[str], Any] = print) -> None:
    if arguments == ["--check"]:
        for path in sorted(folder.glob("model_*.tflite")):
            write(f"{path.name}: largest difference {EdgeTagger(path).check():.1e}")
        return
    for tokens in EdgeTagger(folder).predict(arguments):
        write("".join(f"{text}\t{tag}\n" for text, _, _, tag, _ in tokens))


if __name__ == "__main__":
    try:
        _main(Path(__file__).parent, sys.argv[1:])
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
