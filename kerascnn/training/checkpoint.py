"""Early stopping whose whole state lies on disk after each epoch, so that a killed run ends as an undisturbed one."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.errors import InputError

FILE = "state.npz"


class Checkpoint(keras.callbacks.Callback):
    """Keeps the best weights, stops when they get no better, and writes everything a restart needs after each epoch.

    The state is one file, written beside and renamed: weights, optimizer, seed generators, best weights, history.

    Args:
        monitor: ``accuracy`` or ``loss``, of the validation data.
        patience: Epochs without improvement before training stops.
        folder: Where the state is kept; None: nowhere.
        fingerprint: What must be the same for a run to go on (configuration, data), name to value.
    """

    def __init__(self, *, monitor: str, patience: int, folder: Path | None, fingerprint: dict[str, Any]) -> None:
        super().__init__()
        self.monitor, self.patience, self.folder, self.fingerprint = monitor, patience, folder, fingerprint
        self.history: list[dict[str, float]] = []
        self.seconds = 0.0  # of training, the validation after each epoch included
        self._best: list[np.ndarray] = []
        self._best_epoch = -1
        self._started = 0.0

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return len(self.history)

    @property
    def finished(self) -> bool:
        """Whether patience has run out: neither accuracy nor loss got better for so many epochs."""
        if not self.history:
            return False
        accuracies, losses = ([row[name] for row in self.history] for name in ("val_accuracy", "val_loss"))
        latest = max(accuracies.index(max(accuracies)), losses.index(min(losses)))
        return self.epoch - 1 - latest >= self.patience

    def restore(self) -> None:
        """Take up the state on disk, if there is one, into the model and its optimizer.

        Raises:
            InputError: The state belongs to another configuration or other data; the message names the difference.
        """
        if self.folder is None or not (self.folder / FILE).exists():
            return
        path = self.folder / FILE
        try:
            with np.load(path) as state:
                arrays = {name: state[name] for name in state.files}
            progress = json.loads(str(arrays.pop("progress")))
        except Exception as error:
            raise InputError(f"{path}: not a training state ({error}); delete it and train again") from None
        for name, value in self.fingerprint.items():
            if progress["fingerprint"].get(name) != value:
                raise InputError(
                    f"{path}: the interrupted run had {name} {progress['fingerprint'].get(name)!r}, this one has"
                    f" {value!r}; give the same settings and data, or train without --resume"
                )
        self.history, self.seconds, self._best_epoch = progress["history"], progress["seconds"], progress["best_epoch"]
        for variable, name in zip(self._variables(), _names("variable", self._variables()), strict=True):
            variable.assign(arrays[name])
        self._best = [arrays[name] for name in _names("best", self.model.weights)]

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Judge the epoch, keep its weights if they are the best so far, and write the state."""
        logs = {name: float(value) for name, value in (logs or {}).items()}
        if not np.isfinite([logs["loss"], logs["val_loss"]]).all():
            raise InputError(
                f"the loss became {logs['loss']} in epoch {epoch + 1}; lower --training.learning_rate"
                " or set --training.clip_norm 1"
            )
        now = time.perf_counter()
        self.seconds, self._started = self.seconds + now - self._started, now
        self.history.append({"epoch": epoch + 1, **logs})
        if self._best_epoch < 0 or self._score(epoch) > self._score(self._best_epoch):
            self._best_epoch, self._best = epoch, self.model.get_weights()
        if self.folder is not None:
            self._write(self.folder / FILE)
        if self.finished:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Put the best weights back."""
        self.restore_best()

    def restore_best(self) -> None:
        """Give the model the weights of its best epoch."""
        self.model.set_weights(self._best)

    def _score(self, epoch: int) -> tuple[float, float]:
        """Higher is better; equal accuracies are decided by the loss."""
        row = self.history[epoch]
        accuracy, loss = row["val_accuracy"], -row["val_loss"]
        return (accuracy, loss) if self.monitor == "accuracy" else (loss, accuracy)

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.model.variables, *self.model.optimizer.variables]

    def _write(self, path: Path) -> None:
        progress = {
            "fingerprint": self.fingerprint,
            "history": self.history,
            "seconds": self.seconds,
            "best_epoch": self._best_epoch,
        }
        values = [keras.ops.convert_to_numpy(variable) for variable in self._variables()]
        arrays = dict(zip(_names("variable", values), values, strict=True))
        arrays |= dict(zip(_names("best", self._best), self._best, strict=True))
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}")
        with open(beside, "wb") as file:
            np.savez(file, progress=np.array(json.dumps(progress)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)


def _names(prefix: str, values: list[Any]) -> list[str]:
    return [f"{prefix}_{i}" for i in range(len(values))]
