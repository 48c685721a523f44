"""Precision, recall and F1 of spans, as conlleval and seqeval compute them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from kerascnn.data.tag_schemes import OUTSIDE, split_tag


class TokenSpan(NamedTuple):
    """A span of tokens.

    Attributes:
        label: Label of the span.
        start: Position of its first token.
        end: Position after its last token.
    """

    label: str
    start: int
    end: int


def find_spans(tags: Sequence[str]) -> list[TokenSpan]:
    """Return the spans of the tags of a sentence, in order.

    A span begins at B and S, and at every tag that continues a span of another label, or none; it ends after E and S,
    and before every tag that does not continue it.
    """
    spans: list[TokenSpan] = []
    start, label, is_open = 0, "", False
    for position, (prefix, name) in enumerate(map(split_tag, tags)):
        continues = is_open and prefix in ("I", "E") and name == label
        if is_open and not continues:
            spans.append(TokenSpan(label, start, position))
        if prefix != OUTSIDE and not continues:
            start, label = position, name
        is_open = prefix != OUTSIDE
        if prefix in ("E", "S"):
            spans.append(TokenSpan(label, start, position + 1))
            is_open = False
    if is_open:
        spans.append(TokenSpan(label, start, len(tags)))
    return spans


def evaluate_spans(true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return the metrics of the spans of sentences.

    Args:
        true: True tags of each sentence.
        predicted: Predicted tags of each sentence, as many.

    Returns:
        ``precision``, ``recall``, ``f1``: of all spans (micro average); ``macro_f1``, ``weighted_f1``: means over the
        labels; ``per_class``: label to precision, recall, f1, support. 0 where a fraction has no spans below it.
    """
    support, found, correct = Counter[str](), Counter[str](), Counter[str]()
    for true_tags, predicted_tags in zip(true, predicted, strict=True):
        true_spans, predicted_spans = set(find_spans(true_tags)), set(find_spans(predicted_tags))
        support.update(span.label for span in true_spans)
        found.update(span.label for span in predicted_spans)
        correct.update(span.label for span in true_spans & predicted_spans)
    names = sorted({*support, *found})
    per_class = {name: _compute_fractions(correct[name], found[name], support[name]) for name in names}
    micro = _compute_fractions(correct.total(), found.total(), support.total())
    f1 = [per_class[name]["f1"] for name in names]
    weighted = sum(per_class[name]["f1"] * support[name] for name in names) / max(support.total(), 1)
    return {
        **{name: micro[name] for name in ("precision", "recall", "f1")},
        "macro_f1": sum(f1) / max(len(f1), 1),
        "weighted_f1": weighted,
        "spans": support.total(),
        "per_class": per_class,
    }


def _compute_fractions(correct: int, found: int, support: int) -> dict[str, Any]:
    precision, recall = correct / max(found, 1), correct / max(support, 1)
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return {"precision": precision, "recall": recall, "f1": f1, "support": support}
