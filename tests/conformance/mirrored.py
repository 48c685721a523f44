"""Train models on one device and on two virtual devices, in a process of its own, because devices are set only once.

The first epoch trains only the head. Prints a JSON object: model -> {"one": validation losses on one device, "two":
validation losses on two devices, "changed": the groups that the first epoch and the other epochs change on two devices,
"apart": the largest difference of a weight, or null if rounding has too much effect}.
"""

import dataclasses
import json
import sys

import keras
import numpy as np
import tensorflow as tf

from kerascnn import models
from kerascnn.config import TrainingConfig, TransferConfig
from kerascnn.data.batches import training_batches, validation_batches
from kerascnn.data.ragged import RaggedIds, RaggedTargets
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.training.distributed.strategies import mirror_model
from kerascnn.training.losses import SparseCrossentropy
from kerascnn.training.multi_step import run_epochs
from kerascnn.training.optimizers import build_optimizer
from kerascnn.training.tagging import TaggingLoss
from kerascnn.training.trainer import Trainer
from kerascnn.transfer.layer_groups import LAYER_GROUPS, GradualUnfreezing, group_name
from tests.conformance.descriptors import BATCH_NORMALIZED, NETWORKS, TAGGERS, model_name

VOCABULARY, CLASSES = 50, 3


def without_dropout(network, settings):
    dropouts = {f.name: 0.0 for f in dataclasses.fields(network) if f.name.endswith("dropout")}
    return network(**settings | dropouts)


def build(name, ids, labels):
    """Return a model, its documents and targets, and its loss."""
    row_splits = np.arange(0, ids.size + 1, ids.shape[1])
    size = {"vocabulary_size": VOCABULARY, "num_classes": CLASSES}
    if name not in TAGGERS:
        built = without_dropout(models.get(model_name(name)), NETWORKS[name]).build(**size)
        return built, RaggedIds(ids.reshape(-1), row_splits), labels, SparseCrossentropy()
    network = without_dropout(models.get(name), TAGGERS[name])
    has_characters = network.text.level == "word"
    built = network.build(**size, num_characters=VOCABULARY if has_characters else 0)
    tokens = np.repeat(ids.reshape(-1, 1), 1 + network.word_length, axis=1) if has_characters else ids.reshape(-1)
    tags = RaggedTargets(ids.reshape(-1) % CLASSES, row_splits)
    return built, RaggedIds(tokens, row_splits), tags, TaggingLoss()


def train(name, strategy, ids, labels):
    keras.utils.set_random_seed(0)
    built, documents, targets, loss = build(name, ids, labels)
    model, record = built.model, Record(built.roles)
    schedule = GradualUnfreezing(TransferConfig(freeze=("embedding", "encoder"), frozen_epochs=1), built.roles)
    checkpoint = Checkpoint(monitor="loss", num_documents=len(documents), patience=9, folder=None, fingerprint={})
    with mirror_model(strategy, model) as there:
        trainer = Trainer(there, loss=loss)
        optimizer = build_optimizer(TrainingConfig(learning_rate=0.001, schedule="constant", global_clipnorm=0.1), 100)
        trainer.compile(optimizer=optimizer, jit_compile=False)
        trainer(documents.to_padded(np.arange(1)))
        optimizer.build(trainer.trainable_variables)
        # the last batch has one document for both
        run_epochs(
            trainer,
            lambda epoch, shard: training_batches(documents, targets, 31, seed=0, first_epoch=epoch, shard=shard),
            lambda shard: validation_batches(documents, targets, 31, shard=shard),
            checkpoint, steps_per_epoch=2, epochs=4, resume=False, callbacks=[schedule, checkpoint, record],
        )  # fmt: skip
    losses = [row["val_loss"] for row in checkpoint.history]
    return losses, model, [record.changed(0, 1), record.changed(1, -1)]


class Record(keras.callbacks.Callback):
    """Records the weights of each group before and after each epoch."""

    def __init__(self, roles):
        super().__init__()
        self.roles = roles

    def on_train_begin(self, logs=None):
        self.seen = [self._weights()]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self._weights())

    def changed(self, before, after):
        first, last = self.seen[before], self.seen[after]
        return [group for group in LAYER_GROUPS if not all(map(np.array_equal, first[group], last[group]))]

    def _weights(self):
        layers = self.model.model.layers
        return {
            group: [w for x in layers if group_name(x, self.roles) == group for w in x.get_weights()]
            for group in LAYER_GROUPS
        }


def main():
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    two = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    rng = np.random.default_rng(0)
    ids, labels = rng.integers(5, VOCABULARY, (32, 20)).astype(np.int32), np.arange(32) % CLASSES
    ids[:, 3] = labels + 2
    found = {}
    for name in sys.argv[1:]:
        shared, mirrored, changed = train(name, two, ids, labels)
        single, alone, _ = train(name, tf.distribute.get_strategy(), ids, labels)
        apart = max(np.abs(a - b).max() for a, b in zip(mirrored.get_weights(), alone.get_weights(), strict=True))
        apart = None if name in BATCH_NORMALIZED else float(apart)
        found[name] = {"one": single, "two": shared, "changed": changed, "apart": apart}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
