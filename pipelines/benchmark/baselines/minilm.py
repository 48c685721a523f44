"""The baseline ``minilm``: vectors of the frozen sentence encoder all-MiniLM-L6-v2 and logistic regression."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from kerascnn.encoders import minilm
from kerascnn.utils.optional_packages import import_optional
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.benchmark.baselines.logistic_regression import TextEncoder, VectorClassifier, choose_cost
from pipelines.benchmark.data_sets import LabelledRows

LENGTH = 256
"""Largest number of tokens of a text, that of sentence-transformers for this encoder."""
BATCH = 32
STEP = 16
"""Batches are padded to multiples of this length, so that few lengths are compiled."""


@functools.cache
def load_encoder() -> TextEncoder:
    """Load the encoder of the installed package with keras-hub, which computes as sentence-transformers does.

    Raises:
        InputError: The package or keras-hub is not installed, or damaged.
    """
    import numpy as np

    folder = minilm.find_folder()
    start_tensorflow()
    hub = import_optional("keras_hub", "benchmark")
    backbone = hub.models.Backbone.from_preset(str(folder))
    # of Hugging Face: the tokenizer of keras-hub keeps accents
    tokenizer = import_optional("tokenizers", "benchmark").BertWordPieceTokenizer(str(folder / "vocab.txt"))
    tokenizer.enable_truncation(LENGTH)

    def encode(texts: Sequence[str]) -> Any:
        """Return the mean of the tokens' outputs of each text, scaled to length 1."""
        tokens = [text.ids for text in tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        vectors = np.empty((len(tokens), backbone.hidden_dim), np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            length = -(-len(tokens[batch[-1]]) // STEP) * STEP
            ids, mask = np.zeros((2, len(batch), length), np.int32)
            for row, i in enumerate(batch):
                ids[row, : len(tokens[i])], mask[row, : len(tokens[i])] = tokens[i], 1
            inputs = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": mask}
            outputs = np.asarray(backbone.predict_on_batch(inputs)["sequence_output"])
            vectors[batch] = (outputs * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return TextEncoder(encode, backbone.count_params())


def choose(rows: LabelledRows, seed: int) -> VectorClassifier:
    """Choose C of the logistic regression, see ``choose_cost``.

    Raises:
        InputError: The package or keras-hub is not installed, or damaged.
    """
    return choose_cost(load_encoder(), rows, seed)
