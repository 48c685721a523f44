"""A rare class: reviews, one good one for 20 bad ones."""

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows
from kerascnn.utils.errors import InputError

SMALL = {
    "model": "bow",
    "linear_ngrams": (),
    "level": "character",
    "ngram_buckets": 4096,
    "ngrams": (1, 2),
    "max_length": 64,
    "batch_size": 16,
}


@pytest.fixture(scope="module")
def skewed():
    """300 bad and 15 good reviews for training, 200 and 10 for validation."""
    kinds = {"neg": {}, "pos": {}}
    for row in read_rows(["demo:reviews_zh"], SourceConfig()):
        kinds[row.label].setdefault(row.text)
    bad, good = (list(kinds[name])[:500] for name in ("neg", "pos"))
    train = [*bad[:300], *good[:15]], ["neg"] * 300 + ["pos"] * 15
    validation = [*bad[300:500], *good[15:25]], ["neg"] * 200 + ["pos"] * 10
    return train, validation


def fitted(skewed, **settings):
    """Return a classifier after one epoch, when predictions depend mostly on the class frequencies."""
    train, validation = skewed
    settings = {"epochs": 1, "learning_rate": 0.004, "calibrate": False, **settings}
    return TextClassifier(**SMALL, **settings).fit(*train, validation_data=validation)


@pytest.fixture(scope="module")
def plain(skewed):
    return fitted(skewed)


def test_monitor_macro_f1_keeps_the_weights_of_the_highest_macro_f1(skewed, predict_one_class):
    predict_one_class(epochs=[0, 5])  # or keeping the first or the last would do
    settings = {"epochs": 6, "patience": 6, "learning_rate": 0.1, "schedule": "constant"}
    classifier = fitted(skewed, monitor="macro_f1", class_weights="balanced", **settings)
    found = [row["val_macro_f1"] for row in classifier.bundle_.history]
    assert found[0] == found[-1] < max(found)
    assert classifier.evaluate(*skewed[1])["macro_f1"] == pytest.approx(max(found), abs=1e-6)


@pytest.mark.parametrize("settings", [{"sampling": "balanced"}, {"focal_gamma": 2.0}], ids=str)
def test_balanced_sampling_and_focal_loss_raise_the_probability_of_a_rare_class(settings, plain, skewed):
    def rare(classifier):
        return classifier.predict_proba(skewed[1][0])[:, 1].mean()

    assert rare(fitted(skewed, **settings)) > 2 * rare(plain)


def test_balanced_sampling_resumes_to_the_weights_of_an_undisturbed_training(skewed, tmp_path):
    class InterruptionError(Exception):
        """The process ends in the middle of the third epoch."""

    def interrupt(callback, batch, logs=None):
        if callback.epoch == 2 and batch == 3:
            raise InterruptionError

    train, validation = skewed
    settings = {
        **SMALL,
        "epochs": 3,
        "patience": 3,
        "deterministic": True,
        "sampling": "balanced",
        "monitor": "macro_f1",
    }
    whole = TextClassifier(**settings).fit(*train, validation_data=validation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerascnn.training.multi_step.STEPS_PER_EXECUTION", 1)
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.on_train_batch_end", interrupt)
        with pytest.raises(InterruptionError):
            TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path)
    with pytest.raises(
        InputError, match=r"the interrupted run had training\.sampling 'balanced', this one has 'shuffled'"
    ):
        TextClassifier(**settings | {"sampling": "shuffled"}).fit(
            *train, validation_data=validation, folder=tmp_path, resume=True
        )
    resumed = TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path, resume=True)
    for expected, found in zip(whole.bundle_.model.get_weights(), resumed.bundle_.model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert resumed.bundle_.history == whole.bundle_.history


def test_rejects_balancing_the_classes_twice():
    with pytest.raises(InputError, match="class_weights balanced and sampling balanced both balance the classes"):
        TextClassifier(class_weights="balanced", sampling="balanced").to_config()


def test_balanced_sampling_takes_soft_labels_of_unlabelled_texts(skewed):
    (texts, labels), validation = skewed
    known = [label if row % 2 == 0 else None for row, label in enumerate(labels)]
    taught = np.tile([0.3, 0.7], (len(texts), 1))
    classifier = TextClassifier(**SMALL, epochs=1, sampling="balanced", focal_gamma=1.0, monitor="macro_f1")
    classifier.fit(texts, known, soft_labels=taught, validation_data=validation)
    assert np.isfinite([[row["loss"], row["macro_f1"]] for row in classifier.bundle_.history]).all()
