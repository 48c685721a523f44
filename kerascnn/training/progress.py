"""A progress bar on standard error while an epoch runs, and a line when it is done."""

from __future__ import annotations

import sys

import keras
from tqdm import tqdm


class Progress(keras.callbacks.Callback):
    """Shows the epochs; the bar only where standard error is a terminal.

    Args:
        epochs: Number of epochs at the most.
        documents: Training documents, the unit of the bar.
        batch_size: Documents in a batch.
    """

    def __init__(self, *, epochs: int, documents: int, batch_size: int) -> None:
        super().__init__()
        self.epochs, self.documents, self.batch_size = epochs, documents, batch_size
        self._bar: tqdm | None = None

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Open the bar."""
        title = f"epoch {epoch + 1}/{self.epochs}"
        self._bar = tqdm(
            total=self.documents, desc=title, unit=" documents", unit_scale=True, leave=False, disable=None
        )

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Move the bar to the end of a batch."""
        assert self._bar is not None
        self._bar.update(min((batch + 1) * self.batch_size, self.documents) - self._bar.n)
        if not self._bar.disable:
            figures = self.model.get_metrics_result()
            self._bar.set_postfix({name: f"{float(value):.4f}" for name, value in figures.items()}, refresh=False)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Close the bar, write the figures."""
        assert self._bar is not None
        self._bar.close()
        figures = "   ".join(f"{name} {float(value):.4f}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self.epochs}   {figures}", file=sys.stderr, flush=True)
