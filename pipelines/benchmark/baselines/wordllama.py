"""The baseline ``wordllama``: the mean of WordLlama's static vectors and logistic regression."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from kerascnn.encoders.wordllama import PACKAGE, TOKENIZER, WEIGHTS
from kerascnn.utils.optional_packages import import_optional
from pipelines.benchmark.baselines.logistic_regression import TextEncoder, VectorClassifier, choose_cost
from pipelines.benchmark.data_sets import LabelledRows


@functools.cache
def load_encoder() -> TextEncoder:
    """Load the vectors of the installed package.

    Raises:
        InputError: The package is not installed or damaged.
    """
    import numpy as np

    weights, rules = PACKAGE.find_file(WEIGHTS), PACKAGE.find_file(TOKENIZER)
    table = import_optional("safetensors.numpy", "benchmark").load_file(weights)["embedding.weight"].astype(np.float32)
    tokenizer = import_optional("tokenizers", "benchmark").Tokenizer.from_file(str(rules))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def encode(texts: Sequence[str]) -> Any:
        """Return the mean of the pieces' vectors of each text, scaled to length 1; zeros if a text has no pieces."""
        pieces = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        means = [table[text.ids].mean(0) if text.ids else np.zeros(table.shape[1], np.float32) for text in pieces]
        vectors = np.stack(means)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    return TextEncoder(encode, table.size)


def choose(rows: LabelledRows, seed: int) -> VectorClassifier:
    """Choose C of the logistic regression, see ``choose_cost``.

    Raises:
        InputError: The package is not installed or damaged.
    """
    return choose_cost(load_encoder(), rows, seed)
