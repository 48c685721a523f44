"""Compare the exported artifacts of a tagger with the bundle on its golden texts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.edge_tagger import EdgeTagger
from kerascnn.export import tagger_saved_model
from kerascnn.runtimes.runtime import ONNX
from kerascnn.runtimes.token_predictor import TokenPredictor
from kerascnn.tag_predictor import TagPredictor
from kerascnn.token_classifier import TokenClassifier
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import markdown_table

NUM_ROUNDS = 5


def compare_artifacts(tagger: TokenClassifier, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for each artifact: size, agreement of the tags, largest difference of a probability, and speed.

    Args:
        tagger: The loaded bundle.
        folder: Its folder.

    Raises:
        InputError: An artifact is damaged, or encodes tokens differently.
    """
    sentences = read_json(folder / "golden.json")["tokens"]
    expected = tagger.predict_tokens(sentences)

    def compare(name: str, size: int, tag: Any) -> dict[str, Any]:
        same, total, largest = 0, 0, 0.0
        for tokens, answers in zip(sentences, expected, strict=True):
            tags, scores = tag(tokens)
            is_same = np.array([a == b.tag for a, b in zip(tags, answers, strict=True)])
            differences = np.abs(np.array(scores) - [answer.score for answer in answers])
            same, total = same + int(is_same.sum()), total + len(tokens)
            largest = max(largest, float(differences[is_same].max(initial=0)))
        short = [tokens for tokens in sentences if len(tokens) <= 40]
        started = time.perf_counter()
        for _ in range(NUM_ROUNDS):
            for tokens in short:
                tag(tokens)
        milliseconds = 1000 * (time.perf_counter() - started) / NUM_ROUNDS / len(short)
        return {
            "artifact": name, "bytes": size, "same_tags": same / total, "max_difference": largest,
            "ms_per_sentence": round(milliseconds, 3),
        }  # fmt: skip

    yield compare("model.keras", (folder / "model.keras").stat().st_size, lambda tokens: _tag(tagger, tokens))
    if version := tagger_saved_model.latest_version(folder / "serving"):
        size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
        yield compare(f"serving/{version.name}", size, tagger_saved_model.SavedTagger(version).tag_tokens)
    if (path := folder / ONNX / "model.onnx").exists():
        predictor = TokenPredictor(folder, "onnx")
        yield compare("onnx/model.onnx", path.stat().st_size, lambda tokens: _tag(predictor, tokens))
    for path in [path for name in ("edge", "web") for path in sorted((folder / name).glob("model_*.tflite"))]:
        try:
            edge = EdgeTagger(path)
            edge.check()
            yield compare(f"{path.parent.name}/{path.name}", path.stat().st_size, edge.tag_tokens)
        except ValueError as error:
            raise InputError(str(error)) from None


def format_markdown(rows: list[dict[str, Any]]) -> str:
    """Return the rows of ``compare_artifacts`` as a Markdown table."""
    cells = [
        (row["artifact"], f"{row['bytes'] / 1e6:.2f} MB", f"{row['same_tags']:.2%}", f"{row['max_difference']:.1e}",
         f"{row['ms_per_sentence']:.2f}")
        for row in rows
    ]  # fmt: skip
    return markdown_table(("artifact", "size", "same tags", "largest difference", "ms per sentence"), cells)


def _tag(tagger: TagPredictor, tokens: list[str]) -> tuple[list[str], list[float]]:
    [answers] = tagger.predict_tokens([tokens])
    return [answer.tag for answer in answers], [answer.score for answer in answers]
