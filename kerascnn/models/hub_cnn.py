"""``hub_cnn``: the convolutions of ``word_cnn`` over a pretrained encoder instead of word vectors."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig, PretrainedVocabulary
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("hub_cnn")
@dataclass(frozen=True, kw_only=True)
class HubCNN(ModelConfig):
    """Convolutions (Kim 2014) over the outputs of a pretrained keras-hub encoder, one vector per WordPiece token.

    The encoder determines the text settings, except for ``max_length`` and the steps before the tokenizer: ``html``,
    ``width``, ``normalize``. ``max_tokens`` and ``min_count`` have no effect: the whole vocabulary is used.
    Whitespace of every kind separates words, as in the original BERT; the tokenizer of keras-hub treats a no-break
    space as a letter.
    """

    paper: ClassVar[str] = "Devlin et al. 2019, BERT; Kim 2014"
    good_for: ClassVar[str] = "few labels: convolutions over a pretrained encoder, given by --network.preset"
    parameter_count: ClassVar[int] = 590_978
    text: ClassVar[TextConfig] = TextConfig(level="word", split="wordpiece", standardize=("html",), max_length=126)

    preset: str = ""
    """Folder of a pretrained encoder (BERT, DistilBERT or ELECTRA), written by save_to_preset of keras-hub. It is read
    when training starts; the bundle contains it afterwards (needs the extra hub)."""
    fine_tune: bool = False
    """Train the encoder, too; use a much lower learning rate for it (--transfer.layerwise-lr-decay 0.02)."""
    kernel_sizes: tuple[PositiveInt, ...] = (1, 2, 3)
    """Widths of the convolutions, in tokens, one number per convolution."""
    filters: PositiveInt = 128
    """Number of filters of each convolution."""
    pooling: Literal["max", "average", "both"] = "max"
    """Pooling of each filter over the text; both: maximum and average."""
    dropout: Rate = 0.5
    """Fraction of the features of the convolutions that is dropped in training, 0 to below 1."""
    encoder_dropout: Rate = 0.1
    """Fraction of the outputs of the encoder that is dropped in training, 0 to below 1."""

    def pretrained_vocabulary(self, settings: TextConfig, texts: Sequence[str] | None = None) -> PretrainedVocabulary:
        """Return the text settings and the vocabulary of the preset, see ``ModelConfig.pretrained_vocabulary``.

        Raises:
            InputError: The preset cannot be used, or the text settings contradict it.
        """
        from kerascnn.models import hub_presets
        from kerascnn.text.vocabulary import RESERVED_TOKENS
        from kerascnn.utils.errors import InputError

        _, sizes = hub_presets.read_preset_config(self.preset)
        longest = sizes["max_sequence_length"] - 2
        if settings.level != "word" or settings.split != "wordpiece":
            raise InputError("hub_cnn needs WordPiece tokens; leave out text.level and text.split")
        if settings.stop_words:
            raise InputError("text.stop_words: a pretrained encoder needs every word; leave it out")
        if settings.max_length > longest:
            raise InputError(
                f"text.max_length {settings.max_length}: the encoder in {self.preset} accepts at most {longest} tokens;"
                f" give --text.max-length {longest}"
            )
        pieces = hub_presets.read_preset_vocabulary(self.preset)
        if pieces.lowercase and "lowercase" not in settings.standardize:
            settings = dataclasses.replace(settings, standardize=(*settings.standardize, "lowercase"))
        return PretrainedVocabulary(settings, [*RESERVED_TOKENS, *pieces.tokens])

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the model with the pretrained encoder, see ``ModelConfig.build``.

        Raises:
            InputError: The preset cannot be used, or the Keras backend is not TensorFlow; on JAX the encoders of
                keras-hub reject inputs of variable length.
        """
        import keras

        from kerascnn import layers
        from kerascnn.models import hub_presets
        from kerascnn.utils.optional_packages import require_tensorflow_backend

        require_tensorflow_backend("hub_cnn")
        _, sizes = hub_presets.read_preset_config(self.preset)
        pieces = hub_presets.read_preset_vocabulary(self.preset)
        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.StartEndTokens(
            start=pieces.start, end=pieces.end, length=sizes["max_sequence_length"] - 2, name="start_end_tokens"
        )(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        encoder = layers.PretrainedEncoder(
            network=hub_presets.load_encoder(self.preset, pieces), trainable=self.fine_tune, name="encoder"
        )
        x = keras.layers.Dropout(self.encoder_dropout, name="encoder_dropout")(encoder(tokens))
        x = keras.layers.Multiply(name="vectors")([x, valid])
        branches = layers.convolution_branches(
            x, valid, kernel_sizes=self.kernel_sizes, filters=self.filters, pooling=self.pooling
        )
        features = keras.layers.Dropout(self.dropout, name="features")(branches.output)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        # Explanations name the pooled positions, although each output of the encoder depends on the whole text.
        roles = LayerRoles(head=(*branches.convolutions, "logits"), pooling=branches.pooling)
        return BuiltModel(keras.Model(ids, logits, name="hub_cnn"), roles)
