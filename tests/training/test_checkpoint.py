"""Early stopping and what it keeps."""

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.errors import InputError

SMALL = {"filters": 16, "ngram_buckets": 4096, "max_length": 64, "min_count": 1}


@pytest.fixture(scope="module")
def halves(news):
    texts, labels = news
    return (texts[::2], labels[::2]), (texts[1::2], labels[1::2])


@pytest.mark.parametrize(("monitor", "best"), [("accuracy", max), ("loss", min)])
def test_the_weights_of_the_best_epoch_are_kept(monitor, best, halves):
    train, validation = halves
    settings = {"epochs": 12, "patience": 12, "learning_rate": 0.05, "schedule": "constant", "monitor": monitor}
    settings["label_smoothing"] = 0.0  # or the loss of the history would not be that of the evaluation
    classifier = TextClassifier(**settings, **SMALL).fit(*train, validation_data=validation)
    history = classifier.bundle_.history
    assert len(history) == 12
    kept = classifier.evaluate(*validation)
    assert kept[monitor] == pytest.approx(best(row[f"val_{monitor}"] for row in history), abs=1e-4)


def test_training_stops_when_neither_accuracy_nor_loss_got_better_for_patience_epochs(halves):
    train, validation = halves
    settings = {"epochs": 50, "patience": 2, "learning_rate": 0.05, "schedule": "constant"}
    history = TextClassifier(**settings, **SMALL).fit(*train, validation_data=validation).bundle_.history
    assert 3 <= len(history) < 50
    accuracies, losses = [row["val_accuracy"] for row in history], [row["val_loss"] for row in history]
    assert max(accuracies[-2:]) <= max(accuracies[:-2]) and min(losses[-2:]) >= min(losses[:-2])


def test_resuming_in_python_gives_the_weights_of_an_undisturbed_training(halves, tmp_path):
    train, validation = halves
    settings = {"epochs": 4, "patience": 4, "deterministic": True, **SMALL}

    class PowerError(Exception):
        """The plug is pulled in the middle of the third epoch."""

    def pull_the_plug(callback, batch, logs=None):
        if callback.epoch == 2 and batch == 1:
            raise PowerError

    whole = TextClassifier(**settings).fit(*train, validation_data=validation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.on_train_batch_end", pull_the_plug)
        with pytest.raises(PowerError):
            TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path)
    resumed = TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path, resume=True)
    for expected, found in zip(whole.bundle_.model.get_weights(), resumed.bundle_.model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert [row["epoch"] for row in resumed.bundle_.history] == [1, 2, 3, 4]


def test_a_damaged_state_is_refused_by_name(halves, tmp_path):
    train, validation = halves
    (tmp_path / "state.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(InputError, match=r"state\.npz: not a training state .* delete it"):
        TextClassifier(epochs=1, **SMALL).fit(*train, validation_data=validation, folder=tmp_path, resume=True)


def test_a_loss_that_is_not_finite_stops_with_a_remedy(halves):
    train, validation = halves
    with pytest.raises(InputError, match=r"lower --training\.learning_rate"):
        TextClassifier(learning_rate=1e30, epochs=2, **SMALL).fit(*train, validation_data=validation)


def test_tensorboard_logs_stand_in_the_folder_of_the_training(halves, tmp_path):
    train, validation = halves
    TextClassifier(epochs=1, tensorboard=True, **SMALL).fit(*train, validation_data=validation, folder=tmp_path)
    assert list(tmp_path.glob("tensorboard/*/events.out.tfevents.*"))
    with pytest.raises(InputError, match="needs a folder"):
        TextClassifier(epochs=1, tensorboard=True, **SMALL).fit(*train, validation_data=validation)
