"""Training step of a classifier."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn import models
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


@pytest.mark.parametrize("embedding_dropout", [0.0, 1e-9], ids=["table", "vectors"])
def test_trains_the_same_weights_as_stock_fit(embedding_dropout):
    config = models.get("word_cnn")(
        embedding_dim=6, filters=5, ngram_buckets=64, dropout=0.0, embedding_dropout=embedding_dropout
    )
    ids = np.random.default_rng(0).integers(1, 40, (12, 8)).astype("int32")
    ids[::3, 5:] = 0
    labels = np.arange(12) % 3
    trained, optimizer = [], "adam"
    for _ in range(2):
        keras.utils.set_random_seed(0)
        trained.append(config.build(vocabulary_size=40, num_classes=3).model)
    stock, model = trained
    before = stock.get_weights()
    stock.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stock.fit(ids, labels, epochs=3, batch_size=12, shuffle=False, verbose=0)
    trainer = Trainer(model, loss=SparseCrossentropy())
    trainer.compile(optimizer, jit_compile=False)
    for _ in range(3):
        trainer.train_step((ids, labels, np.full(12, 1 / 12, np.float32)))
    for found, expected, initial in zip(stock.get_weights(), model.get_weights(), before, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
        assert np.abs(expected - initial).max() > 1e-4
