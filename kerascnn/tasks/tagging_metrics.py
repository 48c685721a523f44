"""Metrics of tags: of the tokens, and of the spans if the tags have spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kerascnn.data.tag_schemes import has_prefix
from kerascnn.tasks.span_metrics import evaluate_spans, find_spans
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import text_table

MAX_CONFUSED = 20
"""Most pairs of confused tags, and most missed spans, in the results."""


def evaluate_tags(
    true: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    tokens: Sequence[Sequence[str]],
    known_tokens: frozenset[str] = frozenset(),
    *,
    is_spans: bool,
) -> dict[str, Any]:
    """Return the metrics of the tags of sentences.

    Args:
        true: True tags of each sentence.
        predicted: Predicted tags of each sentence.
        tokens: Tokens of each sentence.
        known_tokens: Tokens of the training data; empty: not known.
        is_spans: Whether the tags that the tagger can predict have spans; then the true tags must have them.

    Returns:
        ``rows``: sentences; ``tokens``; ``token_accuracy``; ``sentence_accuracy``: fraction of the sentences without a
        wrong tag; ``new_token_accuracy``: accuracy of the tokens that are not ``known_tokens``, if these are given;
        ``confused``: the most frequent pairs of a true and a predicted tag with their count. With spans also the
        results of ``evaluate_spans``, ``missed_spans`` and ``false_spans``: the most frequent ones with their label and
        count. Without spans ``per_class``: tag to precision, recall, f1, support, and ``macro_f1``.

    Raises:
        InputError: A true tag is not that of a span.
    """
    if is_spans:
        _check_prefixes(true)
    pairs = [(a, b) for tags, found in zip(true, predicted, strict=True) for a, b in zip(tags, found, strict=True)]
    right = sum(a == b for a, b in pairs)
    confused = Counter(pair for pair in pairs if pair[0] != pair[1])
    results: dict[str, Any] = {
        "rows": len(true),
        "tokens": len(pairs),
        "token_accuracy": right / max(len(pairs), 1),
        "sentence_accuracy": sum(tuple(a) == tuple(b) for a, b in zip(true, predicted, strict=True))
        / max(len(true), 1),
        "confused": [[*pair, count] for pair, count in confused.most_common(MAX_CONFUSED)],
    }
    if known_tokens:
        is_right = [
            a == b
            for tags, found, words in zip(true, predicted, tokens, strict=True)
            for a, b, word in zip(tags, found, words, strict=True)
            if word not in known_tokens
        ]
        results |= {"new_tokens": len(is_right), "new_token_accuracy": sum(is_right) / max(len(is_right), 1)}
    if is_spans:
        results |= evaluate_spans(true, predicted)
        results["missed_spans"] = _count_other_spans(true, predicted, tokens)
        results["false_spans"] = _count_other_spans(predicted, true, tokens)
    else:
        per_class = _evaluate_classes(pairs)
        macro_f1 = sum(values["f1"] for values in per_class.values()) / max(len(per_class), 1)
        results |= {"macro_f1": macro_f1, "per_class": per_class}
    return results


def _check_prefixes(true: Sequence[Sequence[str]]) -> None:
    for row, tags in enumerate(true):
        for position, tag in enumerate(tags):
            if not has_prefix(tag):
                raise InputError(
                    f"row {row}, token {position}: the tag {tag!r} has no prefix, and the tagger finds spans; write"
                    f" B-{tag} and I-{tag}, or O"
                )


def format_tagging_metrics(results: Mapping[str, Any]) -> str:
    """Return the result of ``evaluate_tags`` as lines of text: one line per label, then the overall metrics."""
    columns = ("precision", "recall", "f1")
    rows = [
        (name or "spans", *(f"{values[key]:.3f}" for key in columns), str(values["support"]))
        for name, values in results["per_class"].items()
    ]
    has_f1 = "f1" in results
    table = text_table(
        ("label" if has_f1 else "tag", "precision", "recall", "F1", "spans" if has_f1 else "tokens"), rows
    )
    overall = [f"token accuracy {results['token_accuracy']:.4f}"]
    if has_f1:
        overall = [f"span F1 {results['f1']:.4f}", f"precision {results['precision']:.4f}",
                   f"recall {results['recall']:.4f}", *overall]  # fmt: skip
    overall.append(f"macro-F1 {results['macro_f1']:.4f}")
    if "new_token_accuracy" in results:
        overall.append(f"new words {results['new_token_accuracy']:.4f} of {results['new_tokens']:,}")
    return f"{table}\n\n{'   '.join(overall)}   sentences {results['rows']:,}   tokens {results['tokens']:,}"


def _count_other_spans(
    tags: Sequence[Sequence[str]], others: Sequence[Sequence[str]], tokens: Sequence[Sequence[str]]
) -> list[list[Any]]:
    """Return the most frequent spans that only the first of two taggings has: text, label and count."""
    counts: Counter[tuple[str, str]] = Counter()
    for mine, other, words in zip(tags, others, tokens, strict=True):
        for span in set(find_spans(mine)) - set(find_spans(other)):
            counts[" ".join(words[span.start : span.end]), span.label] += 1
    return [[*key, count] for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_CONFUSED]]


def _evaluate_classes(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    support, found = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    correct = Counter(a for a, b in pairs if a == b)
    results: dict[str, dict[str, Any]] = {}
    for name in sorted({*support, *found}):
        precision, recall = correct[name] / max(found[name], 1), correct[name] / max(support[name], 1)
        f1 = 2 * correct[name] / max(found[name] + support[name], 1)
        results[name] = {"precision": precision, "recall": recall, "f1": f1, "support": support[name]}
    return results
