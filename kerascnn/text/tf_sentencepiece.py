"""Encode batches of texts as ids of SentencePieces in the TensorFlow graph, with the operation of tensorflow-text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kerascnn.text.rules import rules_from_json
from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.text.tf_tokenizer import apply_rules, load_tensorflow_text


class SentencePieceEncoder(tf.Module):
    """Callable that encodes a batch of texts: string (batch,) -> int32 (batch, length of the longest), padded with 0.

    Args:
        model: The model.
        rules: The result of ``rules.build_rules``.
        max_length: Maximum number of pieces per document; the rest is cut.

    Raises:
        InputError: tensorflow-text cannot be imported.
    """

    def __init__(self, model: SentencePieceModel, rules: Sequence[Sequence[Any]], max_length: int) -> None:
        super().__init__(name="sentencepiece_encoder")
        text = load_tensorflow_text("text.split sentencepiece")
        content = model.serialize()
        rules = rules_from_json(rules)

        def encode(texts: tf.Tensor) -> tf.Tensor:
            # A tokenizer of the graph: what it holds outside of a graph is lost when tf.random.set_seed clears caches.
            tokenizer = text.SentencepieceTokenizer(content, out_type=tf.int32)
            ids = tokenizer.tokenize(apply_rules(texts, rules))[:, :max_length]
            return (ids + 1).to_tensor()  # in the file, the unknown piece has the id 0

        self._encode = tf.function(encode, autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Encode documents."""
        return self._encode(texts)
