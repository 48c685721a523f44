"""Encode batches of texts as ids of SentencePieces in the TensorFlow graph, with the operation of tensorflow-text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from kerascnn.text.rules import rules_from_json
from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.text.tf_tokenizer import apply_rules, load_tensorflow_text


class SentencePieceEncoder(tf.Module):
    """Callable that encodes a batch of texts; an ``ExportArchive`` has to track it.

    Args:
        model: The model.
        rules: The result of ``rules.build_rules``.
        max_length: Maximum number of pieces per document; the rest is cut.

    Raises:
        InputError: tensorflow-text cannot be imported.
    """

    def __init__(self, model: SentencePieceModel, rules: Sequence[Sequence[Any]], max_length: int) -> None:
        super().__init__(name="sentencepiece_encoder")
        self._rules = tuple(rules_from_json(rules))
        self._max_length = max_length
        text = load_tensorflow_text("text.split sentencepiece")
        with tf.init_scope():  # the model must outlive the graph that uses it first
            self._tokenizer = text.SentencepieceTokenizer(model.serialize(), out_type=tf.int32)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Encode documents: string (batch,) -> int32 (batch, length of the longest document), padded with 0."""
        ids = self._tokenizer.tokenize(apply_rules(texts, self._rules))[:, : self._max_length]
        return (ids + 1).to_tensor()  # in the file, the unknown piece has the id 0
