"""Early stopping whose whole state lies on disk between epochs, so that a killed run ends as an undisturbed one."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerascnn.utils.errors import InputError

FILE = "state.npz"
# A state of 100 MB would else take longer than an epoch of a few thousand documents.
PAUSE = 20
"""Times as long as the writing of a state took there is none afterwards."""


class Checkpoint(keras.callbacks.Callback):
    """Keeps the best weights, stops when they get no better, and writes everything a restart needs.

    The best epoch by accuracy is the last one within half a standard error of the highest: the highest itself is often
    luck, and among equals the later epoch, with its lower learning rate, answers new documents better. This is the
    one-standard-error rule (Breiman et al. 1984, section 3.4.3), halved because two epochs of a training err on much
    the same documents, so that their difference is known better than either accuracy. By loss the lowest is best, by
    macro-F1, whose error the counts do not tell, the last of the highest.

    The state is one file, written beside and renamed: weights, optimizer, seed generators, best weights, history. It is
    written after the first epoch, and after each other one from which on that takes a twentieth of the time at most.

    Args:
        monitor: ``accuracy``, ``macro_f1`` or ``loss``, of the validation data.
        documents: Number of validation documents.
        patience: Epochs after the best one before training stops.
        folder: Where the state is kept; None: nowhere.
        fingerprint: What must be the same for a run to go on (configuration, data), name to value.
        writes: Whether the state is written here; of several processes one does.
    """

    def __init__(
        self,
        *,
        monitor: str,
        documents: int,
        patience: int,
        folder: Path | None,
        fingerprint: dict[str, Any],
        writes: bool = True,
    ) -> None:
        super().__init__()
        self.monitor, self.documents, self.patience = monitor, documents, patience
        self.folder, self.fingerprint, self.writes = folder, fingerprint, writes
        self.history: list[dict[str, float]] = []
        self.seconds = 0.0  # of training, the validation after each epoch included
        self._best: list[np.ndarray] = []
        self._started = self._rests_until = 0.0

    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return len(self.history)

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are kept, from 1; 0 before the first."""
        if not self.history:
            return 0
        values = np.array([row[f"val_{self.monitor}"] for row in self.history])
        if self.monitor == "loss":
            return 1 + int(np.argmin(values))
        highest = values.max()
        standard_error = np.sqrt(highest * (1 - highest) / self.documents) if self.monitor == "accuracy" else 0.0
        return 1 + int(np.flatnonzero(values >= highest - standard_error / 2)[-1])

    @property
    def finished(self) -> bool:
        """Whether patience has run out."""
        return self.epoch - self.best_epoch >= self.patience

    def speed(self, documents: int) -> dict[str, float]:
        """Epochs, seconds and documents per second of a training of so many documents, for ``metrics.json``."""
        return {
            "epochs": self.epoch,
            "seconds": round(self.seconds, 2),
            "documents_per_second": round(self.epoch * documents / max(self.seconds, 1e-9), 1),
        }

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
        self.history, self.seconds = progress["history"], progress["seconds"]
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
                " or set --training.global_clipnorm 1"
            )
        now = time.perf_counter()
        self.seconds, self._started = self.seconds + now - self._started, now
        self.history.append({"epoch": epoch + 1, **logs})
        if self.best_epoch == self.epoch:
            self._best = self.model.get_weights()
        if self.folder is not None and self.writes and now >= self._rests_until:
            self._write(self.folder / FILE)
            self._rests_until = time.perf_counter() + PAUSE * (time.perf_counter() - now)
        if self.finished:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Put the best weights back."""
        self.restore_best()

    def restore_best(self) -> None:
        """Give the model the weights of its best epoch."""
        self.model.set_weights(self._best)

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.variables, *self.model.optimizer.variables]

    def _write(self, path: Path) -> None:
        progress = {"fingerprint": self.fingerprint, "history": self.history, "seconds": self.seconds}
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
