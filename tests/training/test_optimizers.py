"""Optimizers by name and as objects; LazyAdam against Adam."""

from __future__ import annotations

from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import TextClassifier
from kerascnn.config import OptimizerName, TrainingConfig
from kerascnn.training.optimizers import AllReduceOptimizer, LazyAdam, build_optimizer, set_learning_rate_factors
from kerascnn.utils.errors import InputError

ROWS, DIM = 6, 3


def embedding_gradient(table, rows, weights):
    """Return the gradient of sum(weights * table[rows]), sparse as in training."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table, rows) * weights)
    return tape.gradient(loss, table)


def train(optimizer, batches, dense=False):
    """Return the table after one step per batch; dense: with the gradient of the whole table, which Adam needs."""
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
def test_lazy_adam_equals_adam_if_every_batch_touches_every_row(settings):
    batches = list(random_batches(EVERY_ROW_SOME_TWICE))
    lazy = train(LazyAdam(0.05, row_beta_1=0.9, **settings), batches)
    dense = train(keras.optimizers.Adam(0.05, **settings), batches, dense=True)
    np.testing.assert_allclose(lazy, dense, rtol=0, atol=2e-6)


def test_row_beta_1_is_the_beta_1_of_rows():
    batches = list(random_batches(EVERY_ROW_SOME_TWICE))
    for row_beta_1 in (0.0, 0.5):
        lazy = train(LazyAdam(0.05, row_beta_1=row_beta_1), batches)
        dense = train(keras.optimizers.Adam(0.05, beta_1=row_beta_1), batches, dense=True)
        np.testing.assert_allclose(lazy, dense, rtol=0, atol=2e-6)


def test_lazy_adam_equals_adam_under_loss_scaling():
    batches = list(random_batches(EVERY_ROW_SOME_TWICE))
    scaled = keras.optimizers.LossScaleOptimizer
    lazy = train(scaled(LazyAdam(0.05, row_beta_1=0.9), initial_scale=4.0), batches)
    dense = train(scaled(keras.optimizers.Adam(0.05), initial_scale=4.0), batches, dense=True)
    np.testing.assert_allclose(lazy, dense, rtol=0, atol=2e-6)


def test_lazy_adam_does_not_change_untouched_rows():
    both = list(random_batches([1, 4])) + list(random_batches([4]))
    before, after = train(LazyAdam(0.05), []), train(LazyAdam(0.05), both)
    changed = (before != after).any(axis=1)
    assert changed.tolist() == [False, True, False, False, True, False]
    row_1_resting = train(LazyAdam(0.05), both[:5])[1]
    np.testing.assert_array_equal(after[1], row_1_resting)


def test_lazy_adam_sums_repeated_rows():
    once = train(LazyAdam(0.05), [(np.array([2], "int32"), np.full((1, DIM), 3.0, "float32"))])
    thrice = train(LazyAdam(0.05), [(np.array([2, 2, 2], "int32"), np.full((3, DIM), 1.0, "float32"))])
    np.testing.assert_array_equal(once, thrice)


def test_lazy_adam_equals_adam_for_dense_gradients():
    kernels = []
    for optimizer in (LazyAdam(0.05), keras.optimizers.Adam(0.05)):
        kernel = keras.Variable(np.ones((ROWS, DIM), "float32"))
        optimizer.build([kernel])
        for _, gradient in random_batches(range(ROWS)):
            optimizer.apply([tf.constant(gradient)], [kernel])
        kernels.append(kernel.numpy())
    np.testing.assert_allclose(*kernels, rtol=0, atol=2e-6)


def test_lazy_adam_can_be_serialized():
    settings = LazyAdam(0.02, beta_1=0.8, row_beta_1=0.3, global_clipnorm=1.5)
    loaded = keras.optimizers.deserialize(keras.optimizers.serialize(settings))
    assert isinstance(loaded, LazyAdam)
    assert loaded.get_config() == settings.get_config()


def test_every_keras_optimizer_has_a_name():
    kinds = [kind for kind in vars(keras.optimizers).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, keras.optimizers.Optimizer)]
    found = set()
    for kind in kinds:
        try:
            found.add(type(keras.optimizers.get(kind.__name__.lower())).__name__.lower())
        except (
            KeyError,
            TypeError,
            ValueError,
        ):  # wrappers of other optimizers, and what keras.optimizers.get does not know
            continue
    assert found - {"optimizer"} == set(get_args(OptimizerName))


@pytest.mark.parametrize("name", get_args(OptimizerName))
def test_every_optimizer_lowers_a_loss_of_dense_and_sparse_gradients(name):
    learning_rate = {"adadelta": 1.0, "ftrl": 0.5, "sgd": 0.05, "adagrad": 0.2}.get(name, 0.02)
    settings = TrainingConfig(
        optimizer=name, learning_rate=learning_rate, weight_decay=1e-4, global_clipnorm=5.0, schedule="constant"
    )
    optimizer = build_optimizer(settings, total_steps=40)
    assert isinstance(optimizer, AllReduceOptimizer)
    table = keras.Variable(np.random.default_rng(0).normal(size=(ROWS, DIM)).astype("float32"), name="embeddings")
    kernel = keras.Variable(np.eye(DIM, dtype="float32"), name="kernel")
    optimizer.build([table, kernel])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.matmul(tf.gather(table.value, [0, 1, 1, 3]), kernel.value) - 1.0))
        gradients = tape.gradient(loss, [table.value, kernel.value])
        assert isinstance(gradients[0], tf.IndexedSlices)
        optimizer.apply(gradients, [table, kernel])
        return loss

    losses = [float(step()) for _ in range(40)]
    assert losses[-1] < 0.9 * losses[0]


def test_optimizer_object_is_a_template_of_the_one_that_trains(news):
    given = keras.optimizers.RMSprop(keras.optimizers.schedules.CosineDecay(0.01, 30), rho=0.8, clipnorm=2.0)
    optimizer = build_optimizer(TrainingConfig(weight_decay=0.5), 100, given)
    assert isinstance(optimizer, AllReduceOptimizer) and isinstance(optimizer, keras.optimizers.RMSprop)
    assert optimizer.get_config() == given.get_config()
    assert not given.built
    scaled = build_optimizer(TrainingConfig(dtype_policy="mixed_float16"), 100, given)
    assert isinstance(scaled, keras.optimizers.LossScaleOptimizer)
    assert scaled.inner_optimizer.get_config() == given.get_config()


def test_adamw_decays_weights_by_the_default_of_keras():
    optimizer = build_optimizer(TrainingConfig(optimizer="adamw"), 100)
    assert isinstance(optimizer, LazyAdam)
    assert optimizer.weight_decay == keras.optimizers.AdamW().weight_decay
    assert build_optimizer(TrainingConfig(optimizer="adamw", weight_decay=0.1), 100).weight_decay == 0.1
    assert build_optimizer(TrainingConfig(), 100).weight_decay is None


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_learning_rate_factors_scale_the_steps_of_weights(name):
    variables = [keras.Variable(np.zeros(2, np.float32), name=key) for key in ("whole", "tenth")]
    optimizer = build_optimizer(TrainingConfig(optimizer=name, schedule="constant", warmup_ratio=0.0), 10)
    optimizer.build(variables)
    set_learning_rate_factors(optimizer, variables, {variables[1].path: 0.1})
    optimizer.apply([tf.ones(2), tf.ones(2)], variables)
    whole, tenth = (variable.numpy() for variable in variables)
    np.testing.assert_allclose(tenth, 0.1 * whole, rtol=1e-5)
    assert whole[0] < 0


def test_classifier_trains_with_an_optimizer_object(news):
    texts, labels = news
    settings = {"filters": 8, "ngrams": (), "linear_ngrams": (), "min_count": 1, "epochs": 1}
    classifier = TextClassifier(optimizer=keras.optimizers.SGD(0.3, momentum=0.9), **settings)
    classifier.fit(texts, labels)
    assert not classifier.optimizer.built
    assert classifier.bundle_.config.training.optimizer == "sgd"
    assert classifier.bundle_.metrics["optimizer"]["config"]["momentum"] == 0.9


@pytest.mark.parametrize("optimizer", ["adm", 3, keras.optimizers.Adam])
def test_rejects_unknown_optimizers_and_names_the_choices(optimizer):
    with pytest.raises(InputError, match=r"optimizer: .*'adam'.*'adamw'.*'sgd'"):
        TextClassifier(optimizer=optimizer).to_config()
