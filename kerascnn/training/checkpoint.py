"""Early stopping and checkpoints: a run that is interrupted and resumed ends with the same weights as any other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.training.state_file import damaged_state, read_state, write_state
from kerascnn.utils.errors import InputError, to_one_line

FILE_NAME = "state.npz"
# A state of 100 MB would otherwise take longer to write than an epoch of a few thousand documents.
WRITE_INTERVAL = 20
"""Shortest time between two writes of the state, in multiples of the time that the last write took."""

MIN_DIFFERENCE = 5
"""Documents of validation that an accuracy must be lower by to count as lower. If two epochs disagree on five documents
and one is right on all of them, a sign test still finds no difference at the level of 5 %."""

Logs = Mapping[str, Any]


class Checkpoint(keras.callbacks.Callback):
    """Keeps the weights of the best epoch, stops when they no longer improve, and writes the state of the training.

    By accuracy, the best epoch is the last one within half a standard error, or ``MIN_DIFFERENCE`` documents, of the
    highest accuracy. The highest is often luck, and among equal epochs the later one, with its lower learning rate,
    predicts new documents better. This is the one-standard-error rule (Breiman et al. 1984, section 3.4.3), halved
    because two epochs misclassify mostly the same documents: their difference has a smaller error than either accuracy.
    By loss, the epoch with the lowest loss is best. By macro-F1, which has no simple standard error, it is the last
    epoch with the highest value.

    The state is one file, written under another name and renamed: weights, optimizer, seed generators, best weights,
    history. It is written after the first epoch, and later whenever this takes at most a twentieth of the time.

    Args:
        monitor: Validation metric that decides: ``accuracy``, ``macro_f1`` or ``loss``.
        num_documents: Number of validation documents.
        patience: Epochs after the best one before training stops.
        folder: Folder of the state; None: do not write it.
        fingerprint: Name to value of everything that must be equal for a run to resume (settings, data).
        is_writer: Whether this process writes the state; one of several workers does.
    """

    def __init__(
        self,
        *,
        monitor: str,
        num_documents: int,
        patience: int,
        folder: Path | None,
        fingerprint: dict[str, Any],
        is_writer: bool = True,
    ) -> None:
        super().__init__()
        self.monitor, self.num_documents, self.patience = monitor, num_documents, patience
        self.folder, self.fingerprint, self.is_writer = folder, fingerprint, is_writer
        self.history: list[dict[str, float]] = []
        self.seconds = 0.0
        """Time of training so far, with the validation after each epoch."""
        self.preparation_seconds = 0.0
        """Time that was spent before the first epoch."""
        self._best_weights: list[np.ndarray] = []
        self._epoch_start = self._next_write = 0.0

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """Number of the epoch with the best weights, from 1; 0 before the first."""
        return find_best_epoch(self.history, self.monitor, self.num_documents)

    @property
    def is_finished(self) -> bool:
        """Whether patience has run out."""
        return self.epoch - self.best_epoch >= self.patience

    def speed(self, num_documents: int) -> dict[str, float]:
        """Return epochs, seconds and documents per second for ``metrics.json``.

        Args:
            num_documents: Number of training documents.
        """
        return {
            "epochs": self.epoch,
            "seconds": round(self.seconds, 2),
            "documents_per_second": round(self.epoch * num_documents / max(self.seconds, 1e-9), 1),
        }

    def restore(self) -> None:
        """Load the state on disk, if there is one, into the model and its optimizer.

        Raises:
            InputError: The state belongs to other settings or other data; the message names the difference.
        """
        if self.folder is None or not (self.folder / FILE_NAME).exists():
            return
        path = self.folder / FILE_NAME
        progress, arrays = read_state(path)
        found = progress.get("fingerprint", {})
        for name, value in self.fingerprint.items():
            if found.get(name) != value:
                raise InputError(
                    f"{path}: the interrupted run had {name} {found.get(name)!r}, this one has {value!r}; give the same"
                    " settings and data, or train without --resume"
                )
        variables = self._variables()
        try:
            values = [arrays[name] for name in _array_names("variable", variables)]
            best_weights = [arrays[name] for name in _array_names("best", self.model.weights)]
            expected = [tuple(variable.shape) for variable in [*variables, *self.model.weights]]
            if [array.shape for array in [*values, *best_weights]] != expected:
                raise ValueError("its arrays have other shapes than the model")
            self.history, self.seconds = list(progress["history"]), float(progress["seconds"])
        except (KeyError, ValueError, TypeError) as error:
            raise damaged_state(path, to_one_line(error)) from None
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self._best_weights = best_weights

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._epoch_start = time.perf_counter() - self.preparation_seconds

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Record the epoch, keep its weights if they are the best so far, and write the state."""
        logs = {name: float(value) for name, value in (logs or {}).items()}
        if not np.isfinite([logs["loss"], logs.get("val_loss", 0.0)]).all():
            raise InputError(
                f"the loss became {logs['loss']} in epoch {epoch + 1}; lower --training.learning_rate"
                " or set --training.global_clipnorm 1"
            )
        now = time.perf_counter()
        self.seconds, self._epoch_start = self.seconds + now - self._epoch_start, now
        self.history.append({"epoch": epoch + 1, **logs})
        if self.best_epoch == self.epoch:
            self._best_weights = self.model.get_weights()
        if self.folder is not None and self.is_writer and now >= self._next_write:
            self._write(self.folder / FILE_NAME)
            self._next_write = time.perf_counter() + WRITE_INTERVAL * (time.perf_counter() - now)
        if self.is_finished:
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restore the weights of the best epoch."""
        self.restore_best()

    def restore_best(self) -> None:
        """Give the model the weights of its best epoch."""
        self.model.set_weights(self._best_weights)

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _write(self, path: Path) -> None:
        progress = {"fingerprint": self.fingerprint, "history": self.history, "seconds": self.seconds}
        values = [keras.ops.convert_to_numpy(variable) for variable in self._variables()]
        arrays = dict(zip(_array_names("variable", values), values, strict=True))
        arrays |= dict(zip(_array_names("best", self._best_weights), self._best_weights, strict=True))
        write_state(path, progress, arrays)


def find_best_epoch(history: Sequence[Mapping[str, float]], monitor: str, num_documents: int) -> int:
    """Return the number of the epoch whose weights are kept, from 1; 0 before the first. Without validation, the last.

    Args:
        history: Logs of the epochs.
        monitor: Validation metric that decides, see ``Checkpoint``.
        num_documents: Number of validation documents.
    """
    if not history or f"val_{monitor}" not in history[0]:
        return len(history)
    values = np.array([row[f"val_{monitor}"] for row in history])
    if monitor == "loss":
        return 1 + int(np.argmin(values))
    highest, tolerance = values.max(), 0.0
    if monitor == "accuracy":
        # 1e-6: accuracies are float32
        tolerance = max(compute_standard_error(highest, num_documents) / 2, MIN_DIFFERENCE / num_documents) + 1e-6
    return 1 + int(np.flatnonzero(values >= highest - tolerance)[-1])


def compute_standard_error(accuracy: float, num_documents: int) -> float:
    """Return the standard error of an accuracy over a number of documents."""
    return float(np.sqrt(accuracy * (1 - accuracy) / num_documents))


def _array_names(prefix: str, values: Iterable[Any]) -> list[str]:
    return [f"{prefix}_{position}" for position, _ in enumerate(values)]
