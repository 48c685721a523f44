"""Keras layers of the models.

They use ``keras.ops`` and stock layers, so that they run on every Keras backend and convert to builtin TFLite ops.
"""

from kerascnn.layers.blocks import add_start_token, concatenate, convolution_branches, ngram_branch
from kerascnn.layers.embedding import Embedding
from kerascnn.layers.ensemble_head import EnsembleHead
from kerascnn.layers.ensemble_model import EnsembleModel
from kerascnn.layers.fixed_length import FixedLength
from kerascnn.layers.gated_linear_unit import GatedLinearUnit
from kerascnn.layers.hashed_ngrams import HashedNGrams
from kerascnn.layers.k_max_pooling import KMaxPooling1D
from kerascnn.layers.linear_chain_crf import LinearChainCRF
from kerascnn.layers.masked_global_pooling import MaskedGlobalPooling1D
from kerascnn.layers.masked_max_pooling import MaskedMaxPooling1D
from kerascnn.layers.max_pooled_conv1d import MaxPooledConv1D
from kerascnn.layers.one_hot import OneHot
from kerascnn.layers.padding_mask import PaddingMask
from kerascnn.layers.pretrained_encoder import PretrainedEncoder
from kerascnn.layers.quantized_embedding import QuantizedEmbedding
from kerascnn.layers.residual_gated_block import ResidualGatedBlock
from kerascnn.layers.sinusoidal_position_encoding import SinusoidalPositionEncoding
from kerascnn.layers.start_end_tokens import StartEndTokens
from kerascnn.layers.start_token import StartToken
from kerascnn.layers.tfidf_linear import TfidfLinear
from kerascnn.layers.token_dropout import TokenDropout
from kerascnn.layers.weighted_sum import WeightedSum
from kerascnn.layers.word_characters import WordCharacters

__all__ = [
    "Embedding",
    "EnsembleHead",
    "EnsembleModel",
    "FixedLength",
    "GatedLinearUnit",
    "HashedNGrams",
    "KMaxPooling1D",
    "LinearChainCRF",
    "MaskedGlobalPooling1D",
    "MaskedMaxPooling1D",
    "MaxPooledConv1D",
    "OneHot",
    "PaddingMask",
    "PretrainedEncoder",
    "QuantizedEmbedding",
    "ResidualGatedBlock",
    "SinusoidalPositionEncoding",
    "StartEndTokens",
    "StartToken",
    "TfidfLinear",
    "TokenDropout",
    "WeightedSum",
    "WordCharacters",
    "add_start_token",
    "concatenate",
    "convolution_branches",
    "ngram_branch",
]
