"""LazyAdam: Adam wherever a row is touched, silence wherever it is not."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.training.optimizers import LazyAdam

ROWS, DIM = 6, 3


def embedding_gradient(table, rows, weights):
    """The gradient of sum(weights * table[rows]), as training computes it."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table, rows) * weights)
    return tape.gradient(loss, table)


def train(optimizer, batches, dense=False):
    """The table after a step a batch; dense: with the gradient of the whole table, which stock Adam needs."""
    table = keras.Variable(np.random.default_rng(0).normal(size=(ROWS, DIM)).astype("float32"))
    optimizer.build([table])

    @tf.function(reduce_retracing=True)
    def step(rows, weights):
        gradient = embedding_gradient(table.value, rows, weights)
        assert isinstance(gradient, tf.IndexedSlices)
        optimizer.apply([tf.convert_to_tensor(gradient) if dense else gradient], [table])

    for rows, weights in batches:
        step(tf.constant(rows), tf.constant(weights))
    return table.numpy()


def random_batches(rows_of_batch, batches=5):
    rng = np.random.default_rng(1)
    for _ in range(batches):
        rows = np.asarray(rows_of_batch, "int32")
        yield rows, rng.normal(size=(len(rows), DIM)).astype("float32")


EVERY_ROW_SOME_TWICE = [3, 0, 1, 5, 2, 4, 3, 3, 0]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"clipnorm": 0.5},
        {"global_clipnorm": 0.5},
        {"clipvalue": 0.1},
        {"weight_decay": 0.1},
        {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 2},
        {"amsgrad": True},
        {"gradient_accumulation_steps": 2},
    ],
    ids=str,
)
def test_equals_adam_when_every_batch_touches_every_row(settings):
    batches = list(random_batches(EVERY_ROW_SOME_TWICE))
    lazy = train(LazyAdam(0.05, row_beta_1=0.9, **settings), batches)
    dense = train(keras.optimizers.Adam(0.05, **settings), batches, dense=True)
    np.testing.assert_allclose(lazy, dense, rtol=0, atol=2e-6)


def test_rows_have_a_momentum_of_their_own():
    batches = list(random_batches(EVERY_ROW_SOME_TWICE))
    for row_beta_1 in (0.0, 0.5):
        lazy = train(LazyAdam(0.05, row_beta_1=row_beta_1), batches)
        dense = train(keras.optimizers.Adam(0.05, beta_1=row_beta_1), batches, dense=True)
        np.testing.assert_allclose(lazy, dense, rtol=0, atol=2e-6)


def test_equals_adam_under_loss_scaling_for_mixed_precision():
    batches = list(random_batches(EVERY_ROW_SOME_TWICE))
    scaled = keras.optimizers.LossScaleOptimizer
    lazy = train(scaled(LazyAdam(0.05, row_beta_1=0.9), initial_scale=4.0), batches)
    dense = train(scaled(keras.optimizers.Adam(0.05), initial_scale=4.0), batches, dense=True)
    np.testing.assert_allclose(lazy, dense, rtol=0, atol=2e-6)


def test_leaves_untouched_rows_alone_to_the_bit():
    both = list(random_batches([1, 4])) + list(random_batches([4]))
    before, after = train(LazyAdam(0.05), []), train(LazyAdam(0.05), both)
    changed = (before != after).any(axis=1)
    assert changed.tolist() == [False, True, False, False, True, False]
    row_1_resting = train(LazyAdam(0.05), both[:5])[1]
    np.testing.assert_array_equal(after[1], row_1_resting)


def test_sums_repeated_rows_before_it_steps():
    once = train(LazyAdam(0.05), [(np.array([2], "int32"), np.full((1, DIM), 3.0, "float32"))])
    thrice = train(LazyAdam(0.05), [(np.array([2, 2, 2], "int32"), np.full((3, DIM), 1.0, "float32"))])
    np.testing.assert_array_equal(once, thrice)


def test_dense_gradients_take_the_step_of_adam_but_for_rounding():
    kernels = []
    for optimizer in (LazyAdam(0.05), keras.optimizers.Adam(0.05)):
        kernel = keras.Variable(np.ones((ROWS, DIM), "float32"))
        optimizer.build([kernel])
        for _, gradient in random_batches(range(ROWS)):
            optimizer.apply([tf.constant(gradient)], [kernel])
        kernels.append(kernel.numpy())
    np.testing.assert_allclose(*kernels, rtol=0, atol=2e-6)


def test_is_saved_and_loaded_with_its_settings():
    settings = LazyAdam(0.02, beta_1=0.8, row_beta_1=0.3, global_clipnorm=1.5)
    loaded = keras.optimizers.deserialize(keras.optimizers.serialize(settings))
    assert isinstance(loaded, LazyAdam)
    assert loaded.get_config() == settings.get_config()
