"""Outputs of frozen layers are computed once, and the training is the same."""

import keras
import numpy as np
import pytest

from kerascnn.config import TrainingConfig
from kerascnn.data.ragged import RaggedIds
from kerascnn.layers import MaskedGlobalPooling1D, PaddingMask, StartEndTokens
from kerascnn.training import frozen_outputs
from kerascnn.training.distributed.strategies import create_strategy
from kerascnn.training.fit import EncodedDataset, fit
from kerascnn.training.frozen_outputs import compute_outputs, split_at_frozen_layer

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="training needs TensorFlow")
NAMES = ("vector", "tokens")


def build_model(*, frozen=NAMES):
    """Build a model of which the layers below ``vector``, those below ``tokens``, or none are frozen."""
    keras.utils.set_random_seed(3)
    ids = keras.Input((None,), dtype="int32", name="ids")
    enclosed = StartEndTokens(start=48, end=49, name="start_end_tokens")(ids)
    tokens = keras.layers.Embedding(50, 8, trainable=not frozen, name="tokens")(enclosed)
    x = keras.layers.Dense(6, name="dense", trainable="vector" not in frozen)(tokens)
    vector = MaskedGlobalPooling1D(pooling="average", name="vector")(x, PaddingMask(name="valid")(enclosed))
    bag = keras.layers.Embedding(50, 3, name="bag")(ids)  # beside the frozen layers
    bag = MaskedGlobalPooling1D(pooling="average", name="bag_mean")(bag, PaddingMask(name="bag_valid")(ids))
    features = keras.layers.Dropout(0.3, seed=1, name="features")(keras.layers.Concatenate()([vector, bag]))
    return keras.Model(ids, keras.layers.Dense(3, name="logits")(features))


@pytest.fixture
def dataset():
    rng = np.random.default_rng(1)
    lengths = [0, 1, *rng.integers(1, 20, 60)]
    ids = RaggedIds(rng.integers(1, 48, sum(lengths)).astype(np.int32), np.cumsum([0, *lengths]))
    return EncodedDataset(ids, rng.integers(0, 3, len(lengths)), sample_weight=rng.random(len(lengths), np.float32))


def train(model, dataset, **arguments):
    settings = TrainingConfig(epochs=3, batch_size=16, patience=9)
    fit(model, dataset, dataset, settings, seed=0, pretrained_layers=NAMES, **arguments)
    return model.get_weights()


@pytest.mark.parametrize("frozen", [NAMES, ("tokens",)], ids=["vectors", "sequences"])
def test_weights_are_those_of_a_training_that_runs_the_frozen_layers(frozen, dataset, monkeypatch):
    model = build_model(frozen=frozen)
    found = train(model, dataset)
    monkeypatch.setattr(frozen_outputs, "MAX_BYTES", 0)
    expected = build_model(frozen=frozen)
    for array, other in zip(found, train(expected, dataset), strict=True):
        np.testing.assert_allclose(array, other, atol=1e-6)
    split = split_at_frozen_layer(model, NAMES)
    assert len(split.lower.output_shape) == (2 if frozen is NAMES else 3)


def test_trains_under_a_strategy_with_one_device(dataset):
    model, expected = build_model(), build_model()
    train(model, dataset, strategy=create_strategy("mirrored"))
    train(expected, dataset)
    for array, other in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(array, other, atol=1e-5)


def test_outputs_are_those_of_the_layer(dataset):
    split = split_at_frozen_layer(build_model(frozen=("tokens",)), NAMES)
    [documents] = compute_outputs(split, [dataset.ids])
    rows = np.array([5, 0, 1, 9])
    ids, outputs = documents.to_inputs(rows)
    expected = np.asarray(split.lower(ids))
    assert outputs.shape == expected.shape
    for number, row in enumerate(rows):
        steps = dataset.ids.lengths[row] + 2
        np.testing.assert_allclose(outputs[number, :steps], expected[number, :steps], atol=1e-6)
        assert not outputs[number, steps:].any()


def test_trainable_layers_are_not_split():
    assert split_at_frozen_layer(build_model(frozen=()), NAMES) is None


def test_model_is_saved_as_before(dataset, tmp_path):
    model = build_model()
    config = model.get_config()
    train(model, dataset)
    assert model.get_config() == config
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    ids = dataset.ids.to_padded(np.arange(9))
    np.testing.assert_array_equal(loaded(ids), model(ids))
