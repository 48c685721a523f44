"""Learning-rate schedules: linear warm-up, then constant, linear or cosine decay to zero."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerascnn")
class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Linear warm-up to ``peak`` over ``warmup_steps`` steps, then ``decay`` until ``total_steps``.

    Args:
        peak: Highest learning rate.
        warmup_steps: Steps of the warm-up; 0: none.
        total_steps: Steps of the whole training.
        decay: ``constant``, ``linear`` (to 0) or ``cosine`` (half a period, to 0; Loshchilov & Hutter 2017).
    """

    def __init__(self, *, peak: float, warmup_steps: int, total_steps: int, decay: str) -> None:
        super().__init__()
        self.peak, self.warmup_steps, self.total_steps, self.decay = peak, warmup_steps, total_steps, decay

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step, float32 scalar."""
        step = ops.cast(step, "float32")
        warmup = ops.minimum((step + 1) / max(self.warmup_steps, 1), 1.0)
        decay_steps = max(self.total_steps - self.warmup_steps, 1)
        progress = ops.clip((step - self.warmup_steps) / decay_steps, 0.0, 1.0)
        if self.decay == "linear":
            factor = 1.0 - progress
        elif self.decay == "cosine":
            factor = 0.5 * (1.0 + ops.cos(progress * 3.141592653589793))
        else:
            factor = 1.0
        return self.peak * warmup * factor

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
            "decay": self.decay,
        }
