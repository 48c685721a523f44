"""Start a tagger from another tagger, or from a pretrained encoder of one: its vocabularies and its weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kerascnn.bundle import load_model
from kerascnn.models import BuiltModel
from kerascnn.tagger_bundle import load_token_vectorizer
from kerascnn.text.token_vectorizer import TokenVectorizer
from kerascnn.transfer.initial_weights import copy_rows
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log

MATCHING_SETTINGS = ("level", "standardize")
"""Settings of ``TextConfig`` that decide what a token is."""
_CHARACTERS = "characters"


def load_start(folder: Path, vectorizer: TokenVectorizer) -> TokenVectorizer:
    """Read the vectorizer of the bundle to start from.

    Raises:
        InputError: It is not a tagger, or its tokens differ; the message names the setting.
    """
    source = load_token_vectorizer(folder)
    pairs = [
        (f"text.{name}", getattr(vectorizer.settings, name), getattr(source.settings, name))
        for name in MATCHING_SETTINGS
    ]
    for name, new, old in [*pairs, ("network.word_length", vectorizer.word_length, source.word_length)]:
        if new != old:
            raise InputError(f"{folder} has {name} {old!r}, this run has {new!r}; use the same value")
    return source


def inherit_vocabulary(vectorizer: TokenVectorizer, folder: Path) -> TokenVectorizer:
    """Return a vectorizer with the vocabularies of a bundle, followed by the new tokens and characters.

    Raises:
        InputError: See ``load_start``.
    """
    source = load_start(folder, vectorizer)
    words, letters = (
        list(dict.fromkeys([*old, *new]))
        for old, new in ((source.vocabulary, vectorizer.vocabulary), (source.characters, vectorizer.characters))
    )
    return TokenVectorizer(vectorizer.settings, words, letters, word_length=vectorizer.word_length)


def copy_weights(built: BuiltModel, vectorizer: TokenVectorizer, name: str, *, verbose: bool) -> dict[str, float]:
    """Copy weights from a bundle to the layers of the same name and size; the last layers stay new.

    Args:
        built: Untrained model.
        vectorizer: Its vectorizer, see ``inherit_vocabulary``.
        name: Folder of the bundle.
        verbose: Print what is copied to standard error.

    Returns:
        Metrics that are known before training.

    Raises:
        InputError: The bundle is damaged, or no layer has the same name and size.
    """
    source_vectorizer = load_token_vectorizer(Path(name))
    sources = {layer.name: layer.get_weights() for layer in load_model(Path(name)).layers}
    sizes = {layer: (len(vectorizer.vocabulary), len(source_vectorizer.vocabulary)) for layer in built.roles.embeddings}
    sizes[_CHARACTERS] = (len(vectorizer.characters), len(source_vectorizer.characters))
    copied, new = [], []
    for layer in built.model.layers:
        weights, source = layer.get_weights(), sources.get(layer.name, [])
        if not weights:
            continue
        if layer.name not in built.roles.head and _is_alike(weights, source, is_table=layer.name in sizes):
            if layer.name in sizes:
                source = [copy_rows(weights[0], source[0], *sizes[layer.name]), *source[1:]]
            layer.set_weights(source)
            copied.append(layer.name)
        else:
            new.append(layer.name)
    if not copied:
        raise InputError(
            f"{name}: no layer has the same size as in the new model; use the same network settings, above all"
            " network.embedding_dim"
        )
    if verbose:
        log(f"{name}: copied the weights of {', '.join(copied)}; new weights in {', '.join(new)}")
    return {"inherited_vocabulary": len(source_vectorizer.vocabulary) / len(vectorizer.vocabulary)}


def _is_alike(weights: Sequence[np.ndarray], source: Sequence[np.ndarray], *, is_table: bool) -> bool:
    """Return whether weights have the shapes of others, except for the number of rows of a table, the first one."""
    shapes = [[array.shape for array in arrays] for arrays in (weights, source)]
    if is_table and source:
        return shapes[0][0][1:] == shapes[1][0][1:] and shapes[0][1:] == shapes[1][1:]
    return shapes[0] == shapes[1]
