"""Metrics of spans equal those of seqeval."""

from __future__ import annotations

import random

import numpy as np
import pytest
from seqeval import metrics as seqeval
from seqeval.metrics.sequence_labeling import get_entities

from kerascnn.data.tag_schemes import convert_to_iob2
from kerascnn.tag_predictor import TagPredictor
from kerascnn.tasks.span_metrics import evaluate_spans, find_spans

IOB = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
BIOES = [*IOB, "E-PER", "S-PER", "E-LOC", "S-LOC"]
NESTED = ["O", "B-GPE-NAM", "I-GPE-NAM", "B-GPE", "I-GPE", "B-GPE-NOM"]
"""Labels with hyphens, one the start of another."""
BARE = ["O", "B", "I", "B-PER", "I-PER"]
SCHEMES = pytest.mark.parametrize("names", [IOB, BIOES, NESTED, BARE], ids=["IOB", "BIOES", "hyphens", "bare"])


def draw(generator, names, lengths):
    return [[generator.choice(names) for _ in range(length)] for length in lengths]


class FixedTagger(TagPredictor):
    """Predicts given tags."""

    def __init__(self, predicted):
        self.predicted = predicted
        self.classes_ = np.array(sorted({"B-PER", *(tag for tags in predicted for tag in tags)}), dtype=object)

    def _get_tagger(self):
        raise NotImplementedError

    def tag_sentences(self, sentences):
        return [(tags, np.ones((len(tags), 1))) for tags in self.predicted]


@SCHEMES
@pytest.mark.filterwarnings("ignore")
def test_evaluation_in_python_has_the_metrics_of_seqeval_for_the_tags_as_given(names):
    generator = random.Random(0)
    for _ in range(40):
        lengths = [generator.randrange(1, 9) for _ in range(5)]
        true = draw(generator, names, lengths)
        predicted = [list(convert_to_iob2(tags, "IOB2").tags) for tags in draw(generator, names[:5], lengths)]
        found = [[a if generator.random() < 0.3 else b for a, b in zip(*pair, strict=True)]
                 for pair in zip(predicted, [convert_to_iob2(tags, "BIOES" if names is BIOES else "IOB2").tags
                                             for tags in true], strict=True)]  # fmt: skip
        results = FixedTagger(found).evaluate([["x"] * length for length in lengths], true)
        assert results["f1"] == pytest.approx(seqeval.f1_score(true, found))
        assert results["precision"] == pytest.approx(seqeval.precision_score(true, found))
        assert results["weighted_f1"] == pytest.approx(seqeval.f1_score(true, found, average="weighted"))


@SCHEMES
@pytest.mark.filterwarnings("ignore")
def test_random_tags_have_the_metrics_of_seqeval(names):
    generator = random.Random(0)
    for _ in range(100):
        lengths = [generator.randrange(1, 9) for _ in range(5)]
        true, predicted = draw(generator, names, lengths), draw(generator, names, lengths)
        results = evaluate_spans(true, predicted)
        assert [(name or "_", a, b - 1) for name, a, b in find_spans(true[0])] == get_entities(true[0])
        for name, function in (
            ("precision", seqeval.precision_score), ("recall", seqeval.recall_score), ("f1", seqeval.f1_score),
        ):  # fmt: skip
            assert results[name] == pytest.approx(function(true, predicted))
        for average in ("macro", "weighted"):
            assert results[f"{average}_f1"] == pytest.approx(seqeval.f1_score(true, predicted, average=average))
        report = seqeval.classification_report(true, predicted, output_dict=True, zero_division=0)
        for name, values in results["per_class"].items():
            assert values == pytest.approx({
                "precision": report[name or "_"]["precision"], "recall": report[name or "_"]["recall"],
                "f1": report[name or "_"]["f1-score"], "support": report[name or "_"]["support"],
            })  # fmt: skip


def test_sentences_without_spans_have_zeros():
    assert evaluate_spans([["O"]], [["O"]])["f1"] == 0
    assert evaluate_spans([["O"]], [["B-X"]])["per_class"]["X"]["recall"] == 0
