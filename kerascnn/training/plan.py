"""How long to train, and in what batches: what the settings leave open follows from the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kerascnn.config import TrainingConfig

BASE_STEPS = 800
"""Steps of a training with few classes. Chosen on validation data: a short training whose learning rate falls to zero
beats a long one that is stopped early."""
BASE_CLASSES = 4
"""Number of classes above which steps grow with its square root: each class must be distinguished from all others, and
a step shows fewer documents of each."""
MIN_EPOCHS, MAX_EPOCHS = 3, 50
MIN_BATCH_SIZE, MAX_BATCH_SIZE = 16, 64
MIN_STEPS_PER_EPOCH = 16
"""Steps of an epoch below which batches become smaller: with 200 documents, large batches are almost all documents."""
MIN_PATIENCE = 3


@dataclass(frozen=True)
class TrainingPlan:
    """Batches and epochs of a training."""

    batch_size: int
    """Documents per batch."""
    steps_per_epoch: int
    """Batches per epoch; the last one may be smaller."""
    epochs: int
    """Largest number of epochs."""
    patience: int
    """Epochs without improvement after which training stops."""

    @property
    def steps(self) -> int:
        """Steps of all epochs."""
        return self.steps_per_epoch * self.epochs


def plan_training(settings: TrainingConfig, num_documents: int, num_classes: int = 2) -> TrainingPlan:
    """Return the settings, and what follows from the data for those that are 0.

    - Batches have 64 documents, or fewer if an epoch would have less than 16 steps, but at least 16.
    - Epochs are enough for 800 steps, with more than four classes for 800 times the square root of classes / 4; at
      least 3, because every document should be seen, and at most 50.
    - Training stops after a third of all epochs without improvement, at least 3: the learning rate falls to zero over
      all epochs, so that the last ones often are the best.

    Args:
        settings: The settings.
        num_documents: Number of training documents.
        num_classes: Number of classes or labels.
    """
    default_batch_size = min(max(num_documents // MIN_STEPS_PER_EPOCH, MIN_BATCH_SIZE), MAX_BATCH_SIZE)
    batch_size = settings.batch_size or default_batch_size
    steps_per_epoch = -(-num_documents // batch_size)
    steps = BASE_STEPS * math.sqrt(max(num_classes, BASE_CLASSES) / BASE_CLASSES)
    epochs = settings.epochs or min(max(MIN_EPOCHS, math.ceil(steps / steps_per_epoch)), MAX_EPOCHS)
    return TrainingPlan(batch_size, steps_per_epoch, epochs, settings.patience or max(MIN_PATIENCE, epochs // 3))
