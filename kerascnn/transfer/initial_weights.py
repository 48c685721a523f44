"""Another bundle that a training starts from: its tokens, its tables, its layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from kerascnn import bundle
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.transfer.embedding_vectors import TABLES
from kerascnn.utils.errors import InputError

MATCHING_SETTINGS = ("level", "split", "standardize", "normalize")
"""Text settings that decide what a token is."""
NGRAM_TABLE = "ngram_embedding"


def extend_vocabulary(vectorizer: Vectorizer, folder: str) -> Vectorizer:
    """The vectorizer of a bundle with the tokens of another one behind its own, so that its ids stay what they are.

    Args:
        vectorizer: Of the training texts.
        folder: The bundle to start from.

    Raises:
        InputError: They do not read text alike; the message names the setting.
    """
    origin = bundle.read_vectorizer(Path(folder))
    _check_text_settings(vectorizer.settings, origin.settings, folder)
    known = set(origin.vocabulary)
    added = [token for token in vectorizer.vocabulary if token not in known]
    return Vectorizer(vectorizer.settings, [*origin.vocabulary, *added], vectorizer.stop_words)


def _check_text_settings(text: TextConfig, origin: TextConfig, folder: str) -> None:
    for name in MATCHING_SETTINGS:
        ours, theirs = getattr(text, name), getattr(origin, name)
        if ours != theirs:
            raise InputError(
                f"{folder} reads text with text.{name} {theirs!r}, this run with {ours!r}; give both the same"
            )


@dataclass(frozen=True)
class CopiedWeights:
    """What a model took over."""

    tokens: int
    """Tokens of the other bundle, whose rows the tables have now."""
    layers: tuple[str, ...]
    """Layers that have its weights."""
    new: tuple[str, ...]
    """Layers with weights that it has not, or in another size."""


def copy_weights(model: keras.Model, folder: str, size: int) -> CopiedWeights:
    """Copy the weights of a bundle into a model whose vocabulary begins with that of the bundle.

    Args:
        model: Untrained.
        folder: The bundle to start from.
        size: Tokens of the model's vocabulary.

    Raises:
        InputError: The bundle is damaged, or nothing of it fits the model.
    """
    tokens = len(bundle.read_vectorizer(Path(folder)).vocabulary)
    sources = {layer.name: layer.get_weights() for layer in bundle.read_model(Path(folder)).layers}
    copied, new = [], []
    for layer in (layer for layer in model.layers if layer.get_weights()):
        weights, found = layer.get_weights(), sources.get(layer.name, [])
        if layer.name in (*TABLES, NGRAM_TABLE) and found and found[0].shape[1] == weights[0].shape[1]:
            layer.set_weights([_copy_rows(weights[0], found[0], size, tokens)])
        elif layer.name != "logits" and [w.shape for w in weights] == [w.shape for w in found]:
            layer.set_weights(found)
        else:
            new.append(layer.name)
            continue
        copied.append(layer.name)
    if not copied:
        raise InputError(f"{folder}: no layer fits the model; give both the same network settings, embedding_dim first")
    return CopiedWeights(tokens, tuple(copied), tuple(new))


def _copy_rows(weights: np.ndarray, found: np.ndarray, size: int, tokens: int) -> np.ndarray:
    """A table whose first rows are those of the other one, and the last ones too if as many stand behind the tokens.

    These are the start token's and the hashed n-grams' rows.
    """
    rows = weights.copy()
    rows[:tokens] = found[:tokens]
    if len(weights) - size == len(found) - tokens:
        rows[size:] = found[tokens:]
    return rows
