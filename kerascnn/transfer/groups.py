"""Groups of layers, from the tokens up: embedding, encoder, head."""

from __future__ import annotations

from collections.abc import Collection

import keras

from kerascnn.transfer.vectors import TABLES


def group_of(layer: keras.layers.Layer) -> str:
    """The group of a layer: ``embedding``, the table of tokens; ``head``, the last layer; ``encoder``, all between."""
    if layer.name in TABLES:
        return "embedding"
    return "head" if layer.name == "logits" else "encoder"


def freeze(model: keras.Model, groups: Collection[str]) -> None:
    """Keep the weights of some groups as they are in training, statistics of batch normalization included."""
    for layer in model.layers:
        if group_of(layer) in groups:
            layer.trainable = False
