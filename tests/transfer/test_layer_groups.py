"""Freeze groups of layers, unfreeze them, and scale their learning rates."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn import models
from kerascnn.config import TrainingConfig, TransferConfig
from kerascnn.data.ragged import RaggedIds
from kerascnn.training import fit
from kerascnn.transfer import layer_groups
from tests.conformance.descriptors import NETWORKS, every_network_full_if_slow, model_name

VOCABULARY, CLASSES, DOCUMENTS, LENGTH = 50, 3, 48, 20


class WeightRecorder(keras.callbacks.Callback):
    """Records the weights of each group after each epoch."""

    def __init__(self, built):
        super().__init__()
        self.built = built
        self.epochs = [self._weights()]
        layers = [layer for layer in built.model.layers if layer.trainable_weights]
        self.groups_to_train = {layer_groups.group_name(layer, built.roles) for layer in layers}

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(self._weights())

    def _weights(self):
        found = {group: [] for group in layer_groups.LAYER_GROUPS}
        for layer in self.built.model.layers:
            found[layer_groups.group_name(layer, self.built.roles)] += layer.get_weights()
        return found

    def changed_groups(self, epoch):
        """Return the groups that an epoch, counted from 1, changed."""
        before, after = self.epochs[epoch - 1], self.epochs[epoch]
        return {group for group in before if not all(map(np.array_equal, before[group], after[group]))}


def make_dataset():
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(5, VOCABULARY, (DOCUMENTS, LENGTH)).astype(np.int32), np.arange(DOCUMENTS) % CLASSES
    ids[:, 3] = labels + 2
    return fit.EncodedDataset(RaggedIds(ids.reshape(-1), np.arange(DOCUMENTS + 1) * LENGTH), labels.astype(np.int32))


def train(name, transfer, *, epochs=3, network=None, **training):
    keras.utils.set_random_seed(0)
    built = models.get(model_name(name))(**network or {}).build(vocabulary_size=VOCABULARY, num_classes=CLASSES)
    record, data = WeightRecorder(built), make_dataset()
    settings = TrainingConfig(
        epochs=epochs, patience=9, batch_size=16, schedule="constant", warmup_ratio=0.0, **training
    )
    factors = layer_groups.learning_rate_factors(built, transfer.layerwise_lr_decay)
    callbacks = [record] if not transfer.freeze else [layer_groups.GradualUnfreezing(transfer, built.roles), record]
    fit.fit(built.model, data, data, settings, seed=0, learning_rate_factors=factors, callbacks=callbacks)
    return record


@every_network_full_if_slow
def test_frozen_groups_do_not_change_and_learn_afterwards(name):
    transfer = TransferConfig(freeze=("embedding", "encoder"), frozen_epochs=1)
    record = train(name, transfer, epochs=2, network=NETWORKS[name])
    assert record.changed_groups(1) == {"head"}
    # models without a token embedding, or with one in 8 bits, have no such group
    assert record.changed_groups(2) == record.groups_to_train


def test_gradual_unfreezing_starts_at_the_head():
    transfer = TransferConfig(freeze=("embedding", "encoder"), frozen_epochs=2, unfreeze="gradually")
    record = train("word_cnn", transfer, epochs=6, network={"ngrams": ()})
    changed = [record.changed_groups(epoch) for epoch in range(1, 7)]
    assert changed == [{"head"}] * 2 + [{"head", "encoder"}] * 2 + [{"head", "encoder", "embedding"}] * 2


def test_optimizer_keeps_its_state_when_group_is_unfrozen():
    frozen = TransferConfig(freeze=("embedding",), frozen_epochs=1)
    first = train("word_cnn", frozen, epochs=1, network={"ngrams": ()}).epochs
    both = train("word_cnn", frozen, epochs=2, network={"ngrams": ()}).epochs
    for before, after in zip(first[1]["head"], both[1]["head"], strict=True):
        np.testing.assert_array_equal(before, after)
    # in its first step, Adam changes every weight by the learning rate; later it does not
    moved = np.abs(both[2]["head"][0] - both[1]["head"][0])
    assert np.ptp(moved) > 1e-4


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("adadelta", marks=pytest.mark.full)])
def test_layerwise_lr_decay_scales_updates_of_lower_groups(optimizer):
    def largest_updates(factor):
        small = NETWORKS["word_cnn"]
        record = train(
            "word_cnn", TransferConfig(layerwise_lr_decay=factor), epochs=1, optimizer=optimizer, network=small
        )
        return {
            group: max(np.abs(a - b).max() for a, b in zip(before, record.epochs[1][group], strict=True))
            for group, before in record.epochs[0].items()
        }

    full, decayed = largest_updates(1.0), largest_updates(0.1)
    assert decayed["head"] == pytest.approx(full["head"], rel=0.2)
    assert decayed["encoder"] == pytest.approx(0.1 * full["encoder"], rel=0.3)
    assert decayed["embedding"] == pytest.approx(0.01 * full["embedding"], rel=0.3)
