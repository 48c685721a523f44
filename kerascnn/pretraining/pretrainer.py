"""The Keras model that trains a network by masked token prediction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.training.multi_step import MultiStepModel

PROBE_LENGTH = 2**20
"""Input length at which the length of an output shows by how much the network shortens a document."""


def expected_counts(probabilities: np.ndarray, negative_samples: int) -> tf.Tensor:
    """Return the probability that an id is among the negative samples of a batch, float32 (vocabulary_size,).

    Args:
        probabilities: Probability of each id in one draw, float (vocabulary_size,).
        negative_samples: Number of draws.
    """
    return tf.constant(-np.expm1(negative_samples * np.log1p(-probabilities)), tf.float32)


class Pretrainer(MultiStepModel):
    """Trains a network to predict masked tokens (Devlin et al. 2019, section 3.1).

    The outputs of the network at the position of a masked token and its features of the whole document go through a
    dense layer. The result is compared with every row of the embedding (tied softmax, Press & Wolf 2017), in training
    with a sample of the rows (Jean et al. 2015). A second loss of the same weight uses the features only (as the vector
    of a document predicts its words in Le & Mikolov 2014, section 2.3): the neighbors of a masked token predict it so
    well that the features would otherwise learn little about the topic of a document, which a classifier needs.

    Batches are those of ``kerascnn.pretraining.masking``.

    Args:
        network: Functional model, ids int32 (batch, length) -> logits.
        sequence_outputs: Tensors of the network, (batch, time, channels), that are aligned with the tokens; the longest
            first.
        features: Tensor of the network, (batch, channels), that describes a document.
        embedding: Token embedding of the network.
        probabilities: Probability of each id as a negative sample, float (vocabulary_size,); initializes the bias.
        negative_samples: Number of draws of negative samples per batch, duplicates included; 0: training compares with
            the whole vocabulary too.
    """

    def __init__(
        self,
        network: keras.Model,
        *,
        sequence_outputs: Sequence[keras.KerasTensor],
        features: keras.KerasTensor,
        embedding: keras.layers.Embedding,
        probabilities: np.ndarray,
        negative_samples: int,
    ) -> None:
        super().__init__()
        self.network = keras.Model(network.input, {"features": features, "sequence": list(sequence_outputs)})
        shapes = self.network.compute_output_shape((1, PROBE_LENGTH, *network.input_shape[2:]))["sequence"]
        lengths = [shape[1] for shape in shapes]
        self.prefix_length = lengths[0] - PROBE_LENGTH  # positions that the network adds before the document
        self.strides = [round(lengths[0] / length) for length in lengths]
        self.embedding = embedding
        self.token_projection, self.document_projection = self._projection("token"), self._projection("document")
        self.bias = self.add_weight(shape=(embedding.input_dim,), name="bias")
        self.bias.assign(np.log(np.resize(probabilities + 1e-9, embedding.input_dim)))
        self.expected_counts = expected_counts(probabilities, negative_samples) if negative_samples else None
        self.loss_tracker, self.accuracy = keras.metrics.Mean(name="loss"), keras.metrics.Mean(name="accuracy")

    def call(self, inputs: Any, training: bool = False) -> list[tf.Tensor]:
        """Return two vectors per masked token: from its position and the document, and from the document only.

        Args:
            inputs: ids (batch, length) int32, and mask_positions (masked, 2) int32.
            training: Whether dropout is active.

        Returns:
            float32 (masked, embedding_dim) each.
        """
        ids, mask_positions = inputs
        outputs = self.network(ids, training=training)
        documents, positions = mask_positions[:, 0], mask_positions[:, 1] + self.prefix_length
        parts = [
            tf.gather_nd(output, tf.stack([documents, positions // stride], axis=1))
            for output, stride in zip(outputs["sequence"], self.strides, strict=True)
        ]
        features = tf.gather(outputs["features"], documents)
        vectors = self.token_projection(tf.concat([*parts, features], axis=1)), self.document_projection(features)
        return [tf.cast(vector, tf.float32) for vector in vectors]

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Update the weights on one batch and return the logs."""
        (ids, mask_positions, negative_ids), targets = data
        with tf.GradientTape() as tape:
            vectors = self((ids, mask_positions), training=True)
            losses = [
                self._full_loss(vector, targets)[0]
                if self.expected_counts is None
                else self._sampled_loss(vector, targets, negative_ids)
                for vector in vectors
            ]
            loss = self.optimizer.scale_loss(tf.reduce_mean(losses))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.loss_tracker.update_state(losses[0])
        return self.training_logs()

    def test_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Evaluate one batch with the whole vocabulary and return the logs."""
        (ids, mask_positions, _), targets = data
        losses, is_correct = self._full_loss(self((ids, mask_positions))[0], targets)
        self.loss_tracker.update_state(losses)
        self.accuracy.update_state(is_correct)
        return self.get_metrics_result()

    def training_logs(self) -> dict[str, tf.Tensor]:
        """Return the loss since the epoch began; a sampled loss has no perplexity."""
        return {"loss": self.loss_tracker.result()}

    def get_metrics_result(self) -> dict[str, tf.Tensor]:
        """Return loss, perplexity and accuracy of the held-out documents since the last reset."""
        loss = self.loss_tracker.result()
        return {"loss": loss, "perplexity": tf.exp(loss), "accuracy": self.accuracy.result()}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Metrics that Keras resets after each epoch."""
        return [self.loss_tracker, self.accuracy]

    def _projection(self, name: str) -> keras.Sequential:
        dense = keras.layers.Dense(self.embedding.output_dim, activation="gelu")
        return keras.Sequential([dense, keras.layers.LayerNormalization()], name=name)

    def _full_loss(self, vectors: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the cross-entropy over the vocabulary, and 1 for each correct prediction; float32 (masked,) each."""
        logits = tf.matmul(vectors, self.embedding.embeddings.value, transpose_b=True) + self.bias
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        return losses, tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == targets, tf.float32)

    def _sampled_loss(self, vectors: tf.Tensor, targets: tf.Tensor, negative_ids: tf.Tensor) -> tf.Tensor:
        """Return the cross-entropy over target and negative samples, corrected for their probabilities; (masked,)."""
        assert self.expected_counts is not None
        labels = tf.cast(targets[:, None], tf.int64)
        return tf.nn.sampled_softmax_loss(
            weights=self.embedding.embeddings.value,
            biases=self.bias.value,
            labels=labels,
            inputs=vectors,
            num_sampled=tf.size(negative_ids),
            num_classes=self.embedding.input_dim,
            sampled_values=(
                tf.cast(negative_ids, tf.int64),
                tf.gather(self.expected_counts, labels),
                tf.gather(self.expected_counts, negative_ids),
            ),
        )
