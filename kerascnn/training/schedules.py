"""Learning-rate schedules: linear warm-up, then constant, linear or cosine decay to zero."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to ``peak`` over ``warmup_steps``, then follows ``decay`` until ``total_steps``.

    Args:
        peak: Highest learning rate.
        warmup_steps: Steps of the rise; 0: none.
        total_steps: Steps of the whole training.
        decay: ``constant``, ``linear`` (to 0) or ``cosine`` (half a period, to 0; Loshchilov & Hutter 2017).
    """

    def __init__(self, *, peak: float, warmup_steps: int, total_steps: int, decay: str) -> None:
        super().__init__()
        self.peak, self.warmup_steps, self.total_steps, self.decay = peak, warmup_steps, total_steps, decay

    def __call__(self, step):
        """Learning rate at a step, float32 scalar."""
        step = ops.cast(step, "float32")
        rise = ops.minimum((step + 1) / max(self.warmup_steps, 1), 1.0)
        left = max(self.total_steps - self.warmup_steps, 1)
        done = ops.clip((step - self.warmup_steps) / left, 0.0, 1.0)
        if self.decay == "linear":
            fall = 1.0 - done
        elif self.decay == "cosine":
            fall = 0.5 * (1.0 + ops.cos(done * 3.141592653589793))
        else:
            fall = 1.0
        return self.peak * rise * fall

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "decay": self.decay,
        }
