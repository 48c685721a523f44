"""Initialize a model with the weights of another bundle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from kerascnn import bundle
from kerascnn.layers import MaxPooledConv1D
from kerascnn.models import BuiltModel
from kerascnn.utils.errors import InputError


@dataclass(frozen=True)
class CopiedWeights:
    """Result of ``copy_weights``."""

    tokens: int
    """Number of tokens of the other bundle."""
    layers: tuple[str, ...]
    """Names of the layers whose weights are copied."""
    new_layers: tuple[str, ...]
    """Names of the layers that the other bundle does not have in the same size; they keep their new weights."""


def copy_weights(built: BuiltModel, folder: str, vocabulary_size: int) -> CopiedWeights:
    """Copy weights from a bundle to the layers of the same name and size; the last layer stays new.

    The vocabulary of the model starts with the vocabulary of the bundle, see ``initial_vocabulary``. Embeddings may
    have more rows than those of the bundle.

    Args:
        built: Untrained model.
        folder: Folder of the bundle.
        vocabulary_size: Number of tokens in the vocabulary of the model.

    Raises:
        InputError: The bundle is damaged, or no layer has the same name and size.
    """
    tokens = len(bundle.load_vectorizer(Path(folder)).vocabulary)
    sources = {layer.name: layer.get_weights() for layer in _flatten_layers(bundle.load_model(Path(folder)))}
    tables = (*built.roles.embeddings, *built.roles.ngram_embeddings)
    copied, new = [], []
    for layer in (layer for layer in _flatten_layers(built.model) if layer.get_weights()):
        weights, source = layer.get_weights(), sources.get(layer.name, [])
        if layer.name in tables and source and source[0].shape[1] == weights[0].shape[1]:
            pairs = zip(weights, source, strict=True)  # an 8-bit table also has the scale and the offset of each row
            layer.set_weights([copy_rows(*pair, vocabulary_size, tokens) for pair in pairs])
        elif layer is not built.output_layer and [w.shape for w in weights] == [w.shape for w in source]:
            layer.set_weights(source)
        else:
            new.append(layer.name)
            continue
        copied.append(layer.name)
    if not copied:
        raise InputError(
            f"{folder}: no layer has the same size as in the new model; use the same network settings, above all"
            " network.embedding_dim"
        )
    return CopiedWeights(tokens, tuple(copied), tuple(new))


def _flatten_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers of a model, with each convolution of a ``MaxPooledConv1D`` as a layer of its own."""
    for layer in model.layers:
        yield from layer.convolutions if isinstance(layer, MaxPooledConv1D) else [layer]


def copy_rows(table: np.ndarray, source: np.ndarray, vocabulary_size: int, source_size: int) -> np.ndarray:
    """Return a table with the first rows of another one, those of its vocabulary.

    The rows after the vocabulary, of the start token and of the hashed n-grams, are copied too if both tables have the
    same number of them.
    """
    rows = table.copy()
    rows[:source_size] = source[:source_size]
    if len(table) - vocabulary_size == len(source) - source_size:
        rows[vocabulary_size:] = source[source_size:]
    return rows
