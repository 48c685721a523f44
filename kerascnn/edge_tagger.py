"""Run an exported tagger with NumPy and a TFLite interpreter only, without TensorFlow and Keras.

Export copies this file as ``edge.py`` to the folder ``edge`` of a bundle, with the files that it imports, so that a
device needs only that folder::

    pip install ai-edge-litert numpy
    python edge/edge.py "a text" "another text"
    python edge/edge.py --check
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

if __package__:
    from kerascnn import edge_files
    from kerascnn.tasks.sentence_tagger import SentenceTagger
    from kerascnn.tasks.viterbi import TagDecoder
    from kerascnn.text import python_tokenizer
    from kerascnn.text.token_encoder import TokenEncoder
else:
    program = "python_tokenizer.py"
    try:
        import python_tokenizer  # type: ignore[no-redef]

        program = "edge_files.py"
        import edge_files  # type: ignore[no-redef]

        program = "sentence_tagger.py, or a file that it imports,"
        from sentence_tagger import SentenceTagger  # type: ignore[no-redef]
        from token_encoder import TokenEncoder  # type: ignore[no-redef]
        from viterbi import TagDecoder  # type: ignore[no-redef]
    except Exception as error:  # a damaged program raises any kind
        message = f"{Path(__file__).with_name(program)}: damaged ({error}); copy the edge folder again"
        raise (SystemExit(f"error: {message}") if __name__ == "__main__" else ImportError(message)) from None

CONFIG_TYPES = {
    "max_length": int, "level": str, "rules": list, "unicode": dict, "word_length": int, "start": list,
    "transitions": list, "normalize": bool,
}  # fmt: skip
"""Types of values of ``edge.json``."""
MAX_INTERPRETERS = 16
"""Most interpreters that are kept, one for each padded length."""


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
        files = edge_files.EdgeFiles(path, ("tagging",), CONFIG_TYPES)
        files.check_programs(__file__, is_package=bool(__package__))
        self._files, self._path, config = files, files.model, files.config
        self._content, self._num_threads = files.read(files.model.name), num_threads
        self.labels = files.read_lines("labels.txt")
        encoder = TokenEncoder(
            python_tokenizer.add_tables(config["rules"], config["unicode"]),
            files.read_lines("vocabulary.txt"),
            files.read_lines("characters.txt") if "characters.txt" in config["files"] else [],
            word_length=config["word_length"],
        )
        start, transitions = (np.array(config[name], np.float64) for name in ("start", "transitions"))
        if (start.shape, transitions.shape) != ((len(self.labels),), (len(self.labels),) * 2):
            raise ValueError(f"{files.folder / 'edge.json'}: has other tags than labels.txt; export it again")
        decoder = TagDecoder(start, transitions, config["normalize"])
        self._length = config["length"]
        self.tagger = SentenceTagger(
            self.labels, encoder, decoder, config["level"], self._length or config["max_length"], self._run,
            batch_size=1,
        )  # fmt: skip
        self._interpreters: dict[int, Any] = {}
        self._lock = threading.Lock()
        scores = self._run(np.zeros((1, 8, *encoder.shape), np.int32))
        if scores.shape[-1] != len(self.labels):
            raise ValueError(f"{self._path}: has scores of {scores.shape[-1]} tags, and labels.txt {len(self.labels)}")

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
            The maximum absolute difference of the probability of a golden tag. Among equally probable tags, rounding
            decides which one is predicted, so that the tags themselves are not compared.

        Raises:
            ValueError: Tokens have other ids or other tags than at export.
        """
        path = self._path.with_name("golden.json")
        golden = json.loads(self._files.read(path.name))
        rows = (golden[name] for name in ("tokens", "ids", "tags", "probabilities"))
        largest = 0.0
        for tokens, ids, tags, expected in zip(*rows, strict=True):
            if self.tagger.encoder.encode(tokens).tolist() != ids:
                raise ValueError(f"{self._path}: {' '.join(tokens)[:40]!r} is encoded differently than at export")
            if unknown := set(tags) - set(self.labels):
                raise ValueError(f"{path}: {' '.join(tokens)[:40]!r} has the tag {min(unknown)!r}, not in labels.txt")
            [(_, probabilities)] = self.tagger.tag([tokens])
            found = probabilities[np.arange(len(tags)), [self.labels.index(tag) for tag in tags]]
            largest = max(largest, float(np.abs(found - expected).max(initial=0)))
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
                interpreter = edge_files.load_interpreter(self._path, self._content, self._num_threads, ids.shape)
                self._interpreters[ids.shape[1]] = interpreter
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], ids)
            interpreter.invoke()
            scores = np.array(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
        if not np.isfinite(scores).all():
            raise ValueError(f"{self._path}: the model predicts NaN; export it with another precision")
        return scores


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
