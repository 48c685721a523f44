"""Batches, epochs and patience that follow from the data."""

import pytest

from kerascnn.config import TrainingConfig
from kerascnn.training.plan import TrainingPlan, plan_training


@pytest.mark.parametrize(
    ("documents", "classes", "batch_size", "steps_per_epoch", "epochs", "patience"),
    [
        (200, 2, 16, 13, 50, 16),
        (500, 2, 31, 17, 48, 16),
        (1_000, 2, 62, 17, 48, 16),
        (5_000, 4, 64, 79, 11, 3),
        (5_000, 77, 64, 79, 45, 15),
        (50_000, 2, 64, 782, 3, 3),
        (50_000, 75, 64, 782, 5, 3),
        (1, 2, 16, 1, 50, 16),
    ],
)
def test_open_settings_follow_from_documents_and_classes(
    documents, classes, batch_size, steps_per_epoch, epochs, patience
):
    found = plan_training(TrainingConfig(), documents, classes)
    assert found == TrainingPlan(batch_size, steps_per_epoch, epochs, patience)


def test_settings_that_are_given_stay():
    found = plan_training(TrainingConfig(batch_size=8, epochs=2, patience=7), 100)
    assert found == TrainingPlan(batch_size=8, steps_per_epoch=13, epochs=2, patience=7)
    assert found.steps == 26
