"""``sample_weight`` and ``class_weight`` in ``TextClassifier.fit``."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.utils.errors import InputError

SETTINGS = {
    "model": "bow",
    "ngrams": (1, 2),
    "linear_ngrams": (),
    "ngram_buckets": 1024,
    "max_length": 64,
    "epochs": 3,
    "patience": 3,
    "batch_size": 16,
}
SETTINGS |= {"learning_rate": 0.02, "deterministic": True, "min_count": 1}


@pytest.fixture(scope="module")
def halves(news):
    texts, labels = news
    return (texts[::2], labels[::2]), (texts[1::2], labels[1::2])


def fit(halves, *, settings=None, **options):
    train, validation = halves
    return TextClassifier(**SETTINGS | (settings or {})).fit(*train, **{"validation_data": validation} | options)


def assert_same_weights(classifier, other):
    for expected, found in zip(classifier.model_.get_weights(), other.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_weights_of_one_change_nothing(halves):
    plain = fit(halves)
    assert_same_weights(fit(halves, sample_weight=[1] * len(halves[0][0])), plain)
    assert_same_weights(fit(halves, class_weight={"sports": 1.0}), plain)


def test_class_weight_is_a_sample_weight_of_each_document_of_the_class(halves):
    labels = halves[0][1]
    by_class = fit(halves, class_weight={"sports": 3.0, "tech": 0.5})
    by_document = fit(halves, sample_weight=[{"sports": 3.0, "tech": 0.5}.get(label, 1.0) for label in labels])
    assert_same_weights(by_class, by_document)
    both = fit(
        halves, class_weight={"sports": 3.0}, sample_weight=[0.5 if label == "tech" else 1.0 for label in labels]
    )
    assert_same_weights(both, by_document)


def test_documents_of_weight_zero_teach_nothing(halves):
    (_, labels), validation = halves
    weights = [0.0 if label == "sports" else 1.0 for label in labels]
    classifier = fit(halves, sample_weight=weights)
    without = fit(halves)
    rows = [row for row, label in enumerate(validation[1]) if label == "sports"]
    sport = list(classifier.classes_).index("sports")
    share = classifier.predict_proba([validation[0][row] for row in rows])[:, sport].mean()
    assert share < 0.5 * without.predict_proba([validation[0][row] for row in rows])[:, sport].mean()


def test_balanced_class_weights_are_those_of_scikit_learn(halves):
    from sklearn.utils.class_weight import compute_class_weight

    labels = halves[0][1]
    skewed = ["sports" if label == "tech" else label for label in labels]
    classes = np.unique(skewed)
    weights = dict(zip(classes, compute_class_weight("balanced", classes=classes, y=skewed), strict=True))
    data = (halves[0][0], skewed), (halves[1][0], ["sports" if label == "tech" else label for label in halves[1][1]])
    assert_same_weights(fit(data, class_weight=weights), fit(data, settings={"class_weights": "balanced"}))


def test_sample_weights_follow_their_documents_through_the_validation_split(halves):
    labels = halves[0][1]
    weights = np.array([5.0 if label == "sports" else 1.0 for label in labels])
    split = {"validation_data": None}
    assert_same_weights(fit(halves, sample_weight=weights, **split), fit(halves, class_weight={"sports": 5.0}, **split))


def test_sample_weights_apply_to_multi_label_data(briefs):
    texts, labels = briefs
    data = (texts[::2], labels[::2]), (texts[1::2], labels[1::2])
    half = [float(row % 2) for row in range(len(texts[::2]))]
    weighted, plain = fit(data, sample_weight=half), fit(data)
    assert not np.array_equal(weighted.model_.get_weights()[-1], plain.model_.get_weights()[-1])
    assert_same_weights(fit(data, sample_weight=np.ones(len(half))), plain)


def test_class_weights_leave_soft_labels_alone_and_sample_weights_do_not(halves):
    labels = halves[0][1]
    soft_labels = np.eye(5)[[sorted(set(labels)).index(label) for label in labels]] * 0.8 + 0.04
    only_soft = {"settings": {"soft_label_weight": 1.0}, "soft_labels": soft_labels}
    plain = fit(halves, **only_soft)
    assert_same_weights(fit(halves, class_weight={"sports": 9.0}, **only_soft), plain)
    weighted = fit(halves, sample_weight=[9.0 if label == "sports" else 1.0 for label in labels], **only_soft)
    assert not np.array_equal(weighted.model_.get_weights()[-1], plain.model_.get_weights()[-1])


def test_weighted_training_resumes_with_the_same_weights_only(halves, tmp_path):
    class PowerError(Exception):
        """The process ends at the beginning of the third epoch."""

    def stop(callback, epoch, logs=None):
        if epoch == 2:
            raise PowerError

    weights = np.linspace(0.5, 1.5, len(halves[0][0]))
    options = {"sample_weight": weights, "class_weight": {"sports": 2.0}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.on_epoch_begin", stop)
        with pytest.raises(PowerError):
            fit(halves, folder=tmp_path, **options)
    with pytest.raises(InputError, match="the interrupted run had the sample weights"):
        fit(halves, folder=tmp_path, resume=True, class_weight={"sports": 2.0})
    with pytest.raises(InputError, match="the interrupted run had the class weights"):
        fit(halves, folder=tmp_path, resume=True, sample_weight=weights, class_weight={"sports": 3.0})
    assert_same_weights(fit(halves, folder=tmp_path, resume=True, **options), fit(halves, **options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_weight": [1.0]}, r"sample_weight: expected the shape \(texts,\) = \(150,\), found \(1,\)"),
        ({"sample_weight": [1.0] * 149 + [-1]}, "sample_weight, row 149: -1.0 is not a number of 0 or more"),
        ({"sample_weight": [1.0] * 149 + [np.nan]}, "sample_weight, row 149: nan is not a number"),
        ({"sample_weight": [0] * 150}, "sample_weight: all weights are 0"),
        ({"sample_weight": ["a"] * 150}, "sample_weight: .*; give one number per text"),
        ({"class_weight": {"sprot": 2.0}}, "class_weight: no training row has the label 'sprot'.*sports"),
        ({"class_weight": {"sports": -2.0}}, "class_weight: 'sports' has the weight -2.0; give a number of 0 or more"),
        (
            {"class_weight": {"sports": 2.0}, "settings": {"class_weights": "balanced"}},
            "class_weight and training.class_weights balanced both weight the classes; give one",
        ),
    ],
    ids=["shape", "negative", "nan", "zero", "strings", "unknown label", "negative class", "twice"],
)
def test_rejects_invalid_weights(halves, options, message):
    with pytest.raises(InputError, match=message):
        fit(halves, **options)


def test_rejects_class_weights_of_multi_label_data(briefs):
    texts, labels = briefs
    with pytest.raises(InputError, match="class_weight needs classes that exclude each other"):
        TextClassifier(**SETTINGS).fit(texts, labels, class_weight={"sports": 2.0})
