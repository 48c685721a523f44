"""Early stopping, the best weights and the state on disk."""

import time

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.utils.errors import InputError

SMALL = {"filters": 16, "ngrams": (), "linear_ngrams": (), "max_length": 64, "min_count": 1}


@pytest.fixture(scope="module")
def halves(news):
    texts, labels = news
    return (texts[::2], labels[::2]), (texts[1::2], labels[1::2])


def test_monitor_loss_keeps_the_weights_of_the_lowest_loss(halves):
    train, validation = halves
    settings = {"epochs": 12, "patience": 12, "learning_rate": 0.05, "schedule": "constant", "monitor": "loss"}
    # or the loss of the history would not be that of the evaluation
    settings |= {"label_smoothing": 0.0, "calibrate": False}
    classifier = TextClassifier(**settings, **SMALL).fit(*train, validation_data=validation)
    history = classifier.bundle_.history
    assert len(history) == 12
    lowest = min(row["val_loss"] for row in history)
    assert lowest < history[-1]["val_loss"]
    assert classifier.evaluate(*validation)["loss"] == pytest.approx(lowest, abs=1e-4)


def test_monitor_accuracy_keeps_the_weights_of_an_epoch_near_the_highest(halves, predict_one_class):
    predict_one_class(epochs=[11])  # or keeping nothing would pass too
    train, validation = halves
    settings = {"epochs": 12, "patience": 12, "learning_rate": 0.05, "schedule": "constant"}
    classifier = TextClassifier(**settings, **SMALL).fit(*train, validation_data=validation)
    rows = [(row["val_accuracy"], row["val_loss"]) for row in classifier.bundle_.history]
    assert len(rows) == 12
    best = checkpoint("accuracy", rows, documents=len(validation[0])).best_epoch
    assert rows[best - 1][0] > 0.5 > rows[-1][0]
    assert classifier.evaluate(*validation)["accuracy"] == pytest.approx(rows[best - 1][0], abs=1e-4)


def checkpoint(monitor, rows, documents=100):
    """Return a checkpoint after epochs with these (accuracy, loss)."""
    checkpoint = Checkpoint(monitor=monitor, num_documents=documents, patience=2, folder=None, fingerprint={})
    checkpoint.history = [{"val_accuracy": accuracy, "val_loss": loss} for accuracy, loss in rows]
    return checkpoint


def test_last_epoch_within_half_a_standard_error_of_the_highest_accuracy_is_best():
    # The standard error of 0.9 over 1,000 documents is 0.0095.
    rows = [(0.5, 2.0), (0.9, 1.0), (0.897, 1.5), (0.896, 1.6), (0.894, 0.5)]
    found = [checkpoint("accuracy", rows[:epoch], documents=1000).best_epoch for epoch in range(6)]
    assert found == [0, 1, 2, 3, 4, 4]


def test_accuracy_that_is_lower_by_a_few_documents_is_not_lower():
    rows = [(0.5, 2.0), (0.9, 1.0), (0.85, 1.5), (0.84, 0.5)]
    assert checkpoint("accuracy", rows, documents=100).best_epoch == 3
    assert checkpoint("accuracy", rows, documents=20).best_epoch == 4


def test_last_epoch_of_the_highest_macro_f1_is_best():
    found = checkpoint("macro_f1", [])
    found.history = [{"val_macro_f1": value, "val_loss": 1.0} for value in (0.5, 0.8, 0.8, 0.79)]
    assert found.best_epoch == 3


def test_patience_counts_the_epochs_after_the_best():
    rows = [(0.9, 1.0), (0.86, 2.0), (0.89, 3.0), (0.8, 0.9), (0.8, 0.9)]
    assert [epoch for epoch in range(6) if checkpoint("accuracy", rows[:epoch]).is_finished] == [5]
    assert [epoch for epoch in range(6) if checkpoint("loss", rows[:epoch]).is_finished] == [3]


def test_training_stops_when_patience_runs_out_and_keeps_the_best_weights(halves):
    train, validation = halves
    settings = {"epochs": 50, "patience": 2, "learning_rate": 0.05, "schedule": "constant", "monitor": "loss"}
    settings |= {"label_smoothing": 0.0, "calibrate": False}
    classifier = TextClassifier(**settings, **SMALL).fit(*train, validation_data=validation)
    losses = [row["val_loss"] for row in classifier.bundle_.history]
    assert len(losses) < 50
    assert np.argmin(losses) == len(losses) - 3
    assert classifier.evaluate(*validation)["loss"] == pytest.approx(min(losses), abs=1e-4)


def test_resumed_training_ends_with_the_weights_of_an_undisturbed_one(halves, tmp_path):
    train, validation = halves
    gradually = {"freeze": ("embedding", "encoder"), "frozen_epochs": 1, "unfreeze": "gradually"}
    settings = {"epochs": 4, "patience": 4, "deterministic": True, **gradually, **SMALL}

    class InterruptionError(Exception):
        """The process ends in the middle of the third epoch."""

    def interrupt(callback, batch, logs=None):
        if callback.epoch == 2 and batch == 1:
            raise InterruptionError

    whole = TextClassifier(**settings).fit(*train, validation_data=validation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kerascnn.training.multi_step.STEPS_PER_EXECUTION", 1)
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.on_train_batch_end", interrupt)
        with pytest.raises(InterruptionError):
            TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path)
    resumed = TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path, resume=True)
    for expected, found in zip(whole.bundle_.model.get_weights(), resumed.bundle_.model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert [row["epoch"] for row in resumed.bundle_.history] == [1, 2, 3, 4]


def test_state_is_written_less_often_to_a_slow_disk(halves, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr("kerascnn.training.state_file.os.fsync", lambda file: (written.append(file), time.sleep(1)))
    train, validation = halves
    settings = {"epochs": 4, "patience": 4, **SMALL}
    classifier = TextClassifier(**settings).fit(*train, validation_data=validation, folder=tmp_path)
    assert len(classifier.bundle_.history) == 4
    assert len(written) == 1, "four epochs do not take twenty seconds"
    assert (tmp_path / "state.npz").exists()


def test_rejects_damaged_state_by_name(halves, tmp_path):
    train, validation = halves
    (tmp_path / "state.npz").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(InputError, match=r"state\.npz: not a training state .* delete it"):
        TextClassifier(epochs=1, **SMALL).fit(*train, validation_data=validation, folder=tmp_path, resume=True)


def test_infinite_loss_stops_training_and_names_a_remedy(halves):
    train, validation = halves
    with pytest.raises(InputError, match=r"lower learning_rate or set global_clipnorm 1"):
        TextClassifier(learning_rate=1e30, epochs=2, **SMALL).fit(*train, validation_data=validation)


def test_tensorboard_logs_are_written_to_the_training_folder(halves, tmp_path):
    train, validation = halves
    TextClassifier(epochs=1, tensorboard=True, **SMALL).fit(*train, validation_data=validation, folder=tmp_path)
    assert list(tmp_path.glob("tensorboard/*/events.out.tfevents.*"))
    assert (tmp_path / "tensorboard" / "train" / "projector_config.pbtxt").is_file()
    with pytest.raises(InputError, match="needs a folder"):
        TextClassifier(epochs=1, tensorboard=True, **SMALL).fit(*train, validation_data=validation)
