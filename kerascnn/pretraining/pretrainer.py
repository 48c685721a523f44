"""The training step of masked-token prediction, and the Keras model that carries it through ``fit``."""

from __future__ import annotations

import re

import keras
import numpy as np
import tensorflow as tf

PROBE_LENGTH = 2**20
"""A length that shows, against the length of a layer's output, how many tokens became one there."""


class Pretrainer(keras.Model):
    """Trains a network to name hidden tokens (Devlin et al. 2019, section 3.1) from their place and their document.

    What the network says at the place of a token (its states) and of the whole document (its features) goes through a
    dense layer and is compared with every row of the embedding (tied softmax, Press & Wolf 2017), in training with a
    sample of rows (Jean et al. 2015). A second loss of the same weight has the features alone (Le & Mikolov 2014,
    section 2.3, has a document's vector alone name its words): the words beside a hidden one tell so much of it that
    the features would else learn little of what a document is about, and that is what a classifier asks for.

    Args:
        network: Functional model, int32 (batch, length) -> logits, with the layers ``embedding`` and ``features``.
        states: Pattern of the names of the layers that tell what stands where, see ``ModelConfig.sequence_layers``.
        probabilities: Of each id among the wrong answers, float (vocabulary_size,); the bias starts from them.
        negative_samples: Draws of wrong answers for a batch, each counted once; 0: the answer is compared with all
            rows in training too.
    """

    def __init__(self, network: keras.Model, *, states: str, probabilities: np.ndarray, negative_samples: int) -> None:
        super().__init__()
        layers = [layer for layer in network.layers if re.fullmatch(states, layer.name)]
        outputs = {"features": network.get_layer("features").output, "states": [layer.output for layer in layers]}
        self.network = keras.Model(network.input, outputs)
        lengths = [shape[1] for shape in self.network.compute_output_shape((1, PROBE_LENGTH))["states"]]
        self.start = lengths[0] - PROBE_LENGTH  # positions that the network puts before the text
        self.strides = [round(lengths[0] / length) for length in lengths]
        self.table = network.get_layer("embedding")
        self.token, self.document = self._projection("token"), self._projection("document")
        self.bias = self.add_weight(shape=(self.table.input_dim,), name="bias")
        self.bias.assign(np.log(np.resize(probabilities + 1e-9, self.table.input_dim)))
        self.sampling_probabilities = (
            tf.constant(-np.expm1(negative_samples * np.log1p(-probabilities)), tf.float32)
            if negative_samples
            else None
        )
        self.loss_mean, self.accuracy = keras.metrics.Mean(name="loss"), keras.metrics.Mean(name="accuracy")

    def call(self, inputs, training=False):
        """What is known of each hidden token: from all that there is, and from the document alone.

        Args:
            inputs: ids (batch, length) int32, and the places of the hidden tokens (hidden, 2) int32.

        Returns:
            Two vectors a hidden token, float32 (hidden, embedding_dim).
        """
        ids, places = inputs
        outputs = self.network(ids, training=training)
        documents, positions = places[:, 0], places[:, 1] + self.start
        parts = [
            tf.gather_nd(states, tf.stack([documents, positions // stride], axis=1))
            for states, stride in zip(outputs["states"], self.strides, strict=True)
        ]
        features = tf.gather(outputs["features"], documents)
        vectors = self.token(tf.concat([*parts, features], axis=1)), self.document(features)
        return [tf.cast(vector, tf.float32) for vector in vectors]

    def train_step(self, data):
        """One update of the weights on one batch, see ``kerascnn.pretraining.masking``."""
        (ids, places, wrong), answers = data
        with tf.GradientTape() as tape:
            vectors = self((ids, places), training=True)
            losses = [
                self._full_loss(known, answers)[0]
                if self.sampling_probabilities is None
                else self._sampled_loss(known, answers, wrong)
                for known in vectors
            ]
            loss = self.optimizer.scale_loss(tf.reduce_mean(losses))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.loss_mean.update_state(losses[0])

    def test_step(self, data):
        """Cross-entropy over the whole vocabulary, and how often the answer is the most probable."""
        (ids, places, _), answers = data
        losses, hits = self._full_loss(self((ids, places))[0], answers)
        self.loss_mean.update_state(losses)
        self.accuracy.update_state(hits)

    def get_metrics_result(self):
        """The figures since they were set back; accuracy and perplexity of held-out documents only."""
        loss = self.loss_mean.result()
        if not float(self.accuracy.count):
            return {"loss": loss}
        return {"loss": loss, "perplexity": tf.exp(loss), "accuracy": self.accuracy.result()}

    @property
    def metrics(self):
        """What Keras sets back after each epoch."""
        return [self.loss_mean, self.accuracy]

    def _projection(self, name: str) -> keras.Sequential:
        dense = keras.layers.Dense(self.table.output_dim, activation="gelu")
        return keras.Sequential([dense, keras.layers.LayerNormalization()], name=name)

    def _full_loss(self, known, answers):
        """Cross-entropy and whether the answer is the most probable, float32 (hidden,) each."""
        logits = tf.matmul(known, self.table.embeddings.value, transpose_b=True) + self.bias
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=answers, logits=logits)
        return losses, tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == answers, tf.float32)

    def _sampled_loss(self, known, answers, wrong):
        """Cross-entropy among the answer and the wrong answers, corrected for how probably each is drawn at all."""
        labels = tf.cast(answers[:, None], tf.int64)
        return tf.nn.sampled_softmax_loss(
            weights=self.table.embeddings.value,
            biases=self.bias.value,
            labels=labels,
            inputs=known,
            num_sampled=tf.size(wrong),
            num_classes=self.table.input_dim,
            sampled_values=(
                tf.cast(wrong, tf.int64),
                tf.gather(self.sampling_probabilities, labels),
                tf.gather(self.sampling_probabilities, wrong),
            ),
        )
