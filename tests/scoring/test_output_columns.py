"""The columns that scoring adds to each row."""

from __future__ import annotations

import pytest

from kerascnn.data.records import Record
from kerascnn.scoring.output_columns import BATCH_ROWS, OutputSpec, add_predictions, unique_column
from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL
from kerascnn.utils.errors import InputError

LABELS = ["a", "b;c"]


class FakeClassifier:
    """Predicts the same labels for each text and records the number of texts per call."""

    def __init__(self, task, predictions):
        self.task = task
        self.predictions, self.calls = predictions, []

    def predict_scored(self, texts):
        self.calls.append(len(texts))
        return [self.predictions for _ in texts]

    def predict_top_k(self, texts, k):
        return [self.predictions[:k] for _ in texts]


SINGLE = FakeClassifier(SINGLE_LABEL, [("a", 0.75000012)])
MULTI = FakeClassifier(MULTI_LABEL, [("a", 0.9), ("b", 0.6)])
TRUTH = FakeClassifier(SINGLE_LABEL, [(True, 0.75)])
NUMBERS = FakeClassifier(MULTI_LABEL, [(1.0, 0.9), (2.5, 0.6)])
NO_LABEL = FakeClassifier(MULTI_LABEL, [])


@pytest.mark.parametrize(
    ("classifier", "spec", "expected"),
    [
        (SINGLE, {}, {"label": "a", "score": 0.75}),
        (SINGLE, {"abstain_below": 0.8}, {"label": "", "score": 0.75}),
        (SINGLE, {"separator": ";"}, {"label": "a", "score": 0.75}),
        (MULTI, {}, {"label": ["a", "b"], "score": [0.9, 0.6]}),
        (MULTI, {"separator": ";"}, {"label": "a;b", "score": "0.9;0.6"}),
        (MULTI, {"top_k": 2}, {"label_1": "a", "score_1": 0.9, "label_2": "b", "score_2": 0.6}),
        (MULTI, {"top_k": 9}, {"label_1": "a", "score_1": 0.9, "label_2": "b", "score_2": 0.6}),
        (TRUTH, {}, {"label": True, "score": 0.75}),
        (TRUTH, {"as_names": True}, {"label": "true", "score": 0.75}),
        (TRUTH, {"as_names": True, "abstain_below": 0.8}, {"label": "", "score": 0.75}),
        (NUMBERS, {"separator": ";"}, {"label": "1;2.5", "score": "0.9;0.6"}),
        (NO_LABEL, {"separator": ";"}, {"label": "", "score": ""}),
        (NO_LABEL, {}, {"label": [], "score": []}),
    ],
)
def test_columns_of_a_text(classifier, spec, expected):
    spec = OutputSpec(**spec)
    assert spec.predict_columns(classifier, ["text"]) == [expected]
    assert spec.column_names(2) == list(expected)


@pytest.mark.parametrize(
    ("task", "spec", "message"),
    [
        (MULTI_LABEL, {"abstain_below": 0.5}, "--abstain-below: "),
        (MULTI_LABEL, {"separator": ";"}, "the label 'b;c' contains the label separator ';'; .* or use a file"),
    ],
)
def test_rejects_columns_that_do_not_suit_the_classifier(task, spec, message):
    with pytest.raises(InputError, match=message):
        OutputSpec(**spec).check(LABELS, task=task, remedy="use a file")


def test_single_label_accepts_separator_in_labels():
    OutputSpec(abstain_below=0.5, separator=";").check(LABELS, task=SINGLE_LABEL, remedy="")


def test_predicts_in_batches_and_keeps_fields():
    classifier = FakeClassifier(SINGLE_LABEL, [("a", 0.5)])
    records = (Record({"text": str(i), "label": "x"}, "in.csv", i) for i in range(BATCH_ROWS + 1))
    rows = list(add_predictions(classifier, records, "text", OutputSpec()))
    assert classifier.calls == [BATCH_ROWS, 1]
    assert rows[-1] == {"text": str(BATCH_ROWS), "label": "x", "predicted_label": "a", "score": 0.5}


def test_unique_column_adds_prefix_until_name_is_free():
    assert unique_column("label", ["text"]) == "label"
    assert unique_column("label", ["label", "predicted_label"]) == "predicted_predicted_label"
