"""Layers of the models: ``keras.ops`` and stock layers, so that they run on every Keras backend and in TFLite."""

from kerascnn.layers.branches import convolution_branches, join, ngram_branch, opened
from kerascnn.layers.embedding import Embedding
from kerascnn.layers.ensemble import Ensemble
from kerascnn.layers.gating import GatedLinearUnit, ResidualGatedBlock
from kerascnn.layers.length import FixedLength, KMaxPooling, OneHot
from kerascnn.layers.masking import PaddingMask
from kerascnn.layers.pooling import MaskedMaxPooling, MaskedPooling
from kerascnn.layers.position import SinusoidalPosition
from kerascnn.layers.pretrained import PretrainedEncoder
from kerascnn.layers.tokens import EnclosingTokens, HashedNGrams, StartToken, TokenDropout

__all__ = [
    "Embedding",
    "EnclosingTokens",
    "Ensemble",
    "FixedLength",
    "GatedLinearUnit",
    "HashedNGrams",
    "KMaxPooling",
    "MaskedMaxPooling",
    "MaskedPooling",
    "OneHot",
    "PaddingMask",
    "PretrainedEncoder",
    "ResidualGatedBlock",
    "SinusoidalPosition",
    "StartToken",
    "TokenDropout",
    "convolution_branches",
    "join",
    "ngram_branch",
    "opened",
]
