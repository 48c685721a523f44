"""Progress of a training on standard error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from tqdm import tqdm

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
        self._bar = tqdm(
            total=self.num_documents, desc=title, unit=" documents", unit_scale=True, leave=False, disable=None
        )

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
