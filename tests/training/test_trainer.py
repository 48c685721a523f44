"""The training step."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn.layers import EnsembleHead, EnsembleModel
from kerascnn.training.losses import SparseCrossentropy
from kerascnn.training.trainer import Trainer


def make_model(head):
    """Make a model in which both features tell the class, the first one ten times as strongly."""
    ids = keras.Input((2,), dtype="int32")
    features = keras.layers.Lambda(lambda ids: keras.ops.cast(ids, "float32") * np.array([1.0, 0.1], "float32"))(ids)
    return (EnsembleModel if isinstance(head, EnsembleHead) else keras.Model)(ids, head(features))


@pytest.mark.parametrize(
    ("head", "is_learned"),
    [(EnsembleHead(2, group_sizes=[1, 1]), True), (keras.layers.Dense(2), False)],
    ids=["ensemble", "dense"],
)
def test_weaker_feature_is_learned_in_ensemble_only(head, is_learned):
    keras.utils.set_random_seed(0)
    model = make_model(head)
    ids = np.repeat([[5, 5], [-5, -5]], 20, axis=0).astype("int32")
    labels = np.repeat([1, 0], 20)
    head.set_weights([np.zeros((2, 2)), np.zeros(2)])
    trainer = Trainer(model, loss=SparseCrossentropy())
    trainer.compile(keras.optimizers.SGD(0.2), jit_compile=False)
    for _ in range(50):
        logs = trainer.train_step((ids, labels, np.full(len(ids), 1 / len(ids), np.float32)))
    assert 0 < float(logs["loss"]) < np.log(2)
    weaker = model(np.array([[0, 5]], "int32")).numpy()[0]
    assert (weaker[1] - weaker[0] > 0.5) == is_learned
    assert (np.argmax(model(ids), axis=1) == labels).all()
