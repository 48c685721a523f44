"""Tables of single tokens: the mistakes of a tagger, and the tokens that two taggers tag differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerascnn.data.records import Row

TAG_MISTAKE_COLUMNS = ("file", "row", "line", "text", "token", "tag", "prediction", "probability")
TAG_DISAGREEMENT_COLUMNS = ("file", "row", "line", "text", "token", "tag", "prediction_a", "prediction_b")
PROBABILITY_DIGITS = 6


def list_tag_mistakes(
    rows: Sequence[Row], answers: Sequence[tuple[Sequence[str], np.ndarray]], labels: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Yield the tokens that are tagged wrongly; those whose true tag is least probable come first.

    Args:
        rows: The sentences.
        answers: The predicted tags of each, and the probabilities of all tags, float32 (tokens, tags).
        labels: All tags, in the order of the probabilities.

    Yields:
        Values by ``TAG_MISTAKE_COLUMNS``; the probability is that of the prediction.
    """
    positions = {label: position for position, label in enumerate(labels)}
    found: list[tuple[float, dict[str, Any]]] = []
    for row, (tags, probabilities) in zip(rows, answers, strict=True):
        for token, true, tag, values in zip(row.tokens, row.labels, tags, probabilities, strict=True):
            if true != tag:
                score = round(float(values[positions[tag]]), PROBABILITY_DIGITS)
                cells = (row.file, row.number, token.line or row.line, row.text, token.text, true, tag, score)
                of_true = float(values[positions[true]]) if true in positions else 0.0
                found.append((of_true, dict(zip(TAG_MISTAKE_COLUMNS, cells, strict=True))))
    for _, mistake in sorted(found, key=lambda pair: pair[0]):
        yield mistake


def list_tag_disagreements(
    rows: Sequence[Row], tags_a: Sequence[Sequence[str]], tags_b: Sequence[Sequence[str]]
) -> Iterator[dict[str, Any]]:
    """Yield the tokens that two taggers tag differently, in the order of the rows, by ``TAG_DISAGREEMENT_COLUMNS``."""
    for row, first, second in zip(rows, tags_a, tags_b, strict=True):
        for token, true, a, b in zip(row.tokens, row.labels, first, second, strict=True):
            if a != b:
                cells = (row.file, row.number, token.line or row.line, row.text, token.text, true, a, b)
                yield dict(zip(TAG_DISAGREEMENT_COLUMNS, cells, strict=True))
