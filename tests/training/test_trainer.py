"""The training step."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn.layers import EnsembleHead
from kerascnn.training.losses import SparseCrossentropy
from kerascnn.training.trainer import Trainer


def two_views(last):
    """A model whose first feature tells the class loudly, whose second tells it softly."""
    ids = keras.Input((2,), dtype="int32")
    features = keras.layers.Lambda(lambda ids: keras.ops.cast(ids, "float32") * np.array([1.0, 0.1], "float32"))(ids)
    return keras.Model(ids, last(features))


@pytest.mark.parametrize(
    ("last", "learns"),
    [(EnsembleHead(2, parts=[1, 1], name="logits"), True), (keras.layers.Dense(2, name="logits"), False)],
    ids=["ensemble", "dense"],
)
def test_only_in_an_ensemble_the_weaker_half_learns_to_answer_alone(last, learns):
    keras.utils.set_random_seed(0)
    model = two_views(last)
    ids = np.repeat([[5, 5], [-5, -5]], 20, axis=0).astype("int32")
    labels = np.repeat([1, 0], 20)
    last.set_weights([np.zeros((2, 2)), np.zeros(2)])
    trainer = Trainer(model, loss=SparseCrossentropy())
    trainer.compile(keras.optimizers.SGD(0.2), jit_compile=False)
    for _ in range(50):
        trainer.train_step((ids, labels, np.full(len(ids), 1 / len(ids), np.float32)))
    alone = model(np.array([[0, 5]], "int32")).numpy()[0]
    confident = alone[1] - alone[0] > 0.5
    assert confident == learns
    assert (np.argmax(model(ids), axis=1) == labels).all()
