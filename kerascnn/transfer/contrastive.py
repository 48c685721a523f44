"""Contrastive training of a sentence encoder, which suits few labels; the head is solved afterwards."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from kerascnn.config import TrainingConfig
from kerascnn.training import fit
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.contrastive_loss import SupervisedContrastiveLoss
from kerascnn.training.fit import EncodedDataset

MAX_ROWS = 1000
"""Training rows up to which contrastive training is chosen by itself."""
BATCH_SIZE = 16
"""Texts per batch: each one is compared with all others of its batch, and small batches make more steps."""
MAX_EPOCHS, MIN_EPOCHS = 16, 4
MAX_ENCODINGS = 5000
"""Texts that are encoded in all epochs, unless there are fewer than ``MIN_EPOCHS`` epochs."""
WINDOW_BATCHES = 4
"""Batches within which documents are sorted by length: texts must also be compared with longer and shorter ones."""
PRETRAINED_SHARE = 0.4
"""Weight of the pretrained weights in the mean with those after the training."""


def plan_epochs(num_documents: int) -> int:
    """Return for how many epochs to train a pretrained encoder: 4 (Devlin et al. 2019, A.3), more if texts are few."""
    return min(max(round(MAX_ENCODINGS / num_documents), MIN_EPOCHS), MAX_EPOCHS)


def plan_contrastive(settings: TrainingConfig, num_documents: int) -> TrainingConfig:
    """Return the settings with the epochs and the batch size of a contrastive training, where they are 0."""
    epochs, batch_size = settings.epochs or plan_epochs(num_documents), settings.batch_size or BATCH_SIZE
    return dataclasses.replace(settings, epochs=epochs, batch_size=batch_size)


def plan_steps(settings: TrainingConfig, num_documents: int) -> int:
    """Return the number of batches of an epoch."""
    return -(-num_documents // plan_contrastive(settings, num_documents).batch_size)


def tune_encoder(encoder: keras.Model, train: EncodedDataset, settings: TrainingConfig, **options: Any) -> Checkpoint:
    """Train an encoder so that texts with the same label get similar vectors, as SetFit does (Tunstall et al. 2022).

    SetFit encodes two texts for each pair. Here the texts of a batch are encoded once and form all pairs. With several
    devices, the texts of a device form pairs.

    In the end, each weight is a mean of its values before and after the training (Wortsman et al. 2022, Robust
    fine-tuning of zero-shot models): few labels teach much that is wrong, and the encoder keeps more of what it knew.

    Args:
        encoder: Functional model, int32 (batch, length) -> vectors with an L2 norm of 1, float (batch, dimensions).
        train: Training documents.
        settings: How to train, see ``plan_contrastive``.
        **options: See ``fit.fit``.

    Returns:
        The history of the epochs, which has the loss alone, and the seconds they took.
    """
    loss = SupervisedContrastiveLoss()
    settings = plan_contrastive(settings, len(train.targets))
    variables = encoder.trainable_variables
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    trained = fit.fit(encoder, train, None, settings, loss=loss, window_batches=WINDOW_BATCHES, **options)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(PRETRAINED_SHARE * value + (1 - PRETRAINED_SHARE) * keras.ops.convert_to_numpy(variable))
    return trained


def average_weights(encoder: keras.Model, other: keras.Model) -> None:
    """Set each trained weight to its mean in two trainings with one start, a model soup (Wortsman et al. 2022)."""
    for variable, value in zip(encoder.trainable_variables, other.trainable_variables, strict=True):
        variable.assign((variable + value) / 2)
