"""Metrics of spans equal those of seqeval."""

from __future__ import annotations

import random

import pytest
from seqeval import metrics as seqeval
from seqeval.metrics.sequence_labeling import get_entities

from kerascnn.tasks.span_metrics import evaluate_spans, find_spans

IOB = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
BIOES = [*IOB, "E-PER", "S-PER", "E-LOC", "S-LOC"]


def draw(generator, names, lengths):
    return [[generator.choice(names) for _ in range(length)] for length in lengths]


@pytest.mark.parametrize("names", [IOB, BIOES], ids=["IOB2", "BIOES"])
@pytest.mark.filterwarnings("ignore")
def test_random_tags_have_the_metrics_of_seqeval(names):
    generator = random.Random(0)
    for _ in range(100):
        lengths = [generator.randrange(1, 9) for _ in range(5)]
        true, predicted = draw(generator, names, lengths), draw(generator, names, lengths)
        results = evaluate_spans(true, predicted)
        assert [(name, a, b - 1) for name, a, b in find_spans(true[0])] == get_entities(true[0])
        for name, function in (
            ("precision", seqeval.precision_score), ("recall", seqeval.recall_score), ("f1", seqeval.f1_score),
        ):  # fmt: skip
            assert results[name] == pytest.approx(function(true, predicted))
        for average in ("macro", "weighted"):
            assert results[f"{average}_f1"] == pytest.approx(seqeval.f1_score(true, predicted, average=average))
        report = seqeval.classification_report(true, predicted, output_dict=True, zero_division=0)
        for name, values in results["per_class"].items():
            assert values == pytest.approx({
                "precision": report[name]["precision"], "recall": report[name]["recall"],
                "f1": report[name]["f1-score"], "support": report[name]["support"],
            })  # fmt: skip


def test_sentences_without_spans_have_zeros():
    assert evaluate_spans([["O"]], [["O"]])["f1"] == 0
    assert evaluate_spans([["O"]], [["B-X"]])["per_class"]["X"]["recall"] == 0
