"""Progress of a training on standard error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from tqdm import tqdm

from kerascnn.training.checkpoint import compute_standard_error, find_best_epoch
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.stderr import log

Logs = Mapping[str, Any]


class ProgressBar(keras.callbacks.Callback):
    """Shows a bar while an epoch runs, if standard error is a terminal, and prints a line of metrics after it.

    Args:
        epochs: Largest number of epochs.
        num_documents: Number of training documents, the unit of the bar.
        batch_size: Documents per batch.
    """

    def __init__(self, *, epochs: int, num_documents: int, batch_size: int) -> None:
        super().__init__()
        self.epochs, self.num_documents, self.batch_size = epochs, num_documents, batch_size
        self._bar: tqdm[Any] | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Open the bar."""
        title = f"epoch {epoch + 1}/{self.epochs}"
        self._bar = progress_bar(total=self.num_documents, title=title, unit="documents")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar to the end of a batch."""
        assert self._bar is not None
        self._bar.update(min((batch + 1) * self.batch_size, self.num_documents) - self._bar.n)
        if not self._bar.disable:
            self._bar.set_postfix({name: f"{value:.4f}" for name, value in (logs or {}).items()}, refresh=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Close the bar and print the metrics."""
        assert self._bar is not None
        self._bar.close()
        metrics = "   ".join(f"{name} {float(value):.4f}" for name, value in (logs or {}).items())
        log(f"epoch {epoch + 1}/{self.epochs}   {metrics}")


class EpochsAdvisor(keras.callbacks.Callback):
    """Notes the planned number of epochs, for the lines after the training."""

    planned = 0
    """Largest number of epochs; 0 if no epoch has run."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Note the number."""
        self.planned = self.params["epochs"]

    def log_advice(self, history: Sequence[Mapping[str, float]], monitor: str, num_documents: int) -> None:
        """Print which epoch was kept, and advice if there is any; for the arguments see ``advise_more_epochs``."""
        if kept := describe_kept_epoch(history, monitor=monitor, num_documents=num_documents):
            log(kept)
        if advice := advise_more_epochs(history, self.planned, monitor=monitor, num_documents=num_documents):
            log(advice)


def describe_kept_epoch(history: Sequence[Mapping[str, float]], *, monitor: str, num_documents: int) -> str:
    """Return one line that says which epoch was kept and why; an empty text without validation.

    Args:
        history: Logs of the epochs.
        monitor: Validation metric that decides on the best epoch, see ``Checkpoint``.
        num_documents: Number of validation documents.
    """
    name = f"val_{monitor}"
    if not history or name not in history[0]:
        return ""
    best = find_best_epoch(history, monitor, num_documents)
    values = [row[name] for row in history]
    value, extreme = values[best - 1], (min if monitor == "loss" else max)(values)
    if value == extreme:
        reason = f"its {name} {value:.4f} is the {'lowest' if monitor == 'loss' else 'highest'}"
    else:
        reason = (
            f"its {name} {value:.4f} differs from the highest, {extreme:.4f} in epoch {values.index(extreme) + 1}, by"
            " less than chance does, and the latest of such epochs predicts new texts best"
        )
    return f"kept epoch {best} of {len(history)}: {reason}"


def advise_more_epochs(
    history: Sequence[Mapping[str, float]], planned: int, *, monitor: str, num_documents: int
) -> str:
    """Return one line that advises more epochs, or an empty text.

    It does so if the last of all planned epochs is the best one and has the highest validation accuracy, which has
    risen by more than half a standard error over the last third of the epochs.

    Args:
        history: Logs of the epochs; without validation there is no advice.
        planned: Largest number of epochs; with fewer in the history, the training was stopped early.
        monitor: Validation metric that decides on the best epoch, see ``Checkpoint``.
        num_documents: Number of validation documents.
    """
    epochs = len(history)
    if (
        not 2 <= epochs == planned
        or "val_accuracy" not in history[0]
        or find_best_epoch(history, monitor, num_documents) < epochs
    ):
        return ""
    accuracies = [row["val_accuracy"] for row in history]
    last, earlier = accuracies[-1], accuracies[-1 - max(1, epochs // 3)]
    tolerance = compute_standard_error(last, num_documents) / 2
    if last == 1 or last < max(accuracies) or last - earlier <= tolerance:
        return ""
    return f"the last epoch was the best: more epochs may help; try --epochs {2 * epochs} (twice as many)"
