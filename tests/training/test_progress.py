"""The lines on standard error during and after a training."""

import keras
import pytest

from kerascnn import TextClassifier
from kerascnn.training.progress import advise_more_epochs, describe_kept_epoch

ADVICE = "the last epoch was the best: more epochs may help; try --epochs 12 (twice as many)"
RISING = (0.3, 0.5, 0.6, 0.7, 0.75, 0.8)
SMALL = {"filters": 8, "ngrams": (), "linear_ngrams": (), "max_length": 64, "min_count": 1, "refit_rows": 0}


def advise(accuracies, planned=6, monitor="accuracy", losses=()):
    """Return the advice after epochs with these accuracies of 100 validation documents."""
    losses = losses or [1 - accuracy for accuracy in accuracies]
    history = [{"val_accuracy": high, "val_loss": low} for high, low in zip(accuracies, losses, strict=True)]
    return advise_more_epochs(history, planned, monitor=monitor, num_documents=100)


def test_more_epochs_are_advised_if_the_last_one_was_the_best_and_accuracy_was_rising():
    assert advise(RISING) == ADVICE
    assert advise(RISING, monitor="loss") == ADVICE


@pytest.mark.parametrize(
    "accuracies",
    [
        (0.3, 0.5, 0.7, 0.79, 0.8, 0.8),  # less than half a standard error, 0.02, in the last third
        (0.3, 0.5, 0.6, 0.7, 0.81, 0.8),
        (0.3, 0.5, 0.6, 0.7, 0.9, 0.8),
        (0.3, 0.5, 0.6, 0.7, 0.9, 1.0),
    ],
)
def test_more_epochs_are_not_advised_if_accuracy_was_no_longer_rising(accuracies):
    assert advise(accuracies) == ""


def test_more_epochs_are_not_advised_after_early_stopping_a_worse_last_epoch_or_a_single_one():
    assert advise(RISING, planned=8) == ""
    assert advise(RISING, monitor="loss", losses=(0.9, 0.8, 0.7, 0.6, 0.4, 0.5)) == ""
    assert advise(RISING[:1], planned=1) == ""
    assert advise((), planned=6) == ""


@pytest.mark.parametrize(
    ("monitor", "values", "line"),
    [
        ("accuracy", (0.5, 0.9, 0.8), "kept epoch 2 of 3: its val_accuracy 0.9000 is the highest"),
        (
            "accuracy",
            (0.5, 0.9, 0.89),
            "kept epoch 3 of 3: its val_accuracy 0.8900 differs from the highest, 0.9000 in",
        ),
        ("loss", (0.5, 0.4, 0.6), "kept epoch 2 of 3: its val_loss 0.4000 is the lowest"),
        ("macro_f1", (0.5, 0.6, 0.6), "kept epoch 3 of 3: its val_macro_f1 0.6000 is the highest"),
        ("accuracy", (), ""),
    ],
)
def test_line_says_which_epoch_is_kept_and_why(monitor, values, line):
    history = [{f"val_{monitor}": value} for value in values]
    assert describe_kept_epoch(history, monitor=monitor, num_documents=100).startswith(line)
    assert describe_kept_epoch([{"loss": 0.5}], monitor=monitor, num_documents=0) == ""


@pytest.fixture
def rise():
    """A callback that replaces the accuracy of each epoch by one that rises."""
    return keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_accuracy=0.1 + 0.2 * epoch))


def test_verbose_fit_ends_with_the_advice(news, rise, capsys):
    texts, labels = news
    TextClassifier(epochs=3, **SMALL).fit(texts, labels, callbacks=[rise], verbose=True)
    kept, advice = capsys.readouterr().err.splitlines()[-2:]
    assert kept.startswith("kept epoch 3 of 3: its val_accuracy 0.5000 is the highest")
    assert advice == ADVICE.replace("--epochs 12", "epochs 6"), "an argument, as no command runs"
    TextClassifier(epochs=3, **SMALL).fit(texts, labels, callbacks=[rise])
    assert ADVICE[:20] not in capsys.readouterr().err


def test_fit_that_a_callback_stopped_gives_no_advice(news, rise, capsys):
    texts, labels = news
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=100, patience=1)
    TextClassifier(epochs=5, **SMALL).fit(texts, labels, callbacks=[rise, stop], verbose=True)
    assert "epoch 2/5" in (err := capsys.readouterr().err) and ADVICE[:20] not in err
