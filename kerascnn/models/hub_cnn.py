"""``hub_cnn``: word_cnn's convolutions over a pretrained encoder in place of word vectors."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig

if TYPE_CHECKING:
    import keras

    from kerascnn.text.vectorizer import Vectorizer

_USUAL_WIDTH = 768


@register("hub_cnn")
@dataclass(frozen=True, kw_only=True)
class HubCNN(ModelConfig):
    """Convolutions (Kim 2014) over the vectors that a pretrained encoder of keras-hub gives for each piece of a word.

    The text settings are the encoder's own, but for ``max_length`` and what is done before: ``html``, ``width``,
    ``normalize``. ``max_tokens`` and ``min_count`` do not count: its vocabulary is taken whole.
    Spaces of every kind part words, as in BERT itself; keras-hub's own tokenizer takes a no-break space for a letter.
    """

    paper: ClassVar[str] = "Devlin et al. 2019, BERT; Kim 2014"
    good_for: ClassVar[str] = "few labels: convolutions over a pretrained encoder, which --network.preset adds"
    text: ClassVar[TextConfig] = TextConfig(level="word", split="wordpiece", standardize=("html",), max_length=126)

    preset: str = ""
    """Folder of a pretrained encoder (BERT, DistilBERT or ELECTRA), as save_to_preset of keras-hub writes it; read when
    training begins, afterwards the bundle holds it (needs the extra hub)."""
    fine_tune: bool = False
    """Train the encoder as well, with a far lower learning rate than the rest (--transfer.layerwise-lr-decay 0.02)."""
    kernel_sizes: tuple[PositiveInt, ...] = (1, 2, 3)
    """Pieces that the convolutions see at once, a convolution a number."""
    filters: PositiveInt = 128
    """Filters of each convolution."""
    pooling: Literal["max", "average", "both"] = "max"
    """What is kept of a filter's answers over the text."""
    dropout: Rate = 0.5
    """Part of the convolutions' features, 0 to below 1, that is dropped in training."""
    encoder_dropout: Rate = 0.1
    """Part of the encoder's numbers, 0 to below 1, that is dropped in training."""

    @property
    def pooling_layers(self) -> str:
        """See ``ModelConfig.pooling_layers``; what stands where has seen the whole text through the encoder."""
        return r"head_pooling_\d+"

    def vectorizer(self, settings: TextConfig) -> Vectorizer:
        """See ``ModelConfig.vectorizer``.

        Raises:
            InputError: The preset cannot be used, or the settings contradict it.
        """
        from kerascnn.models import hub_presets
        from kerascnn.text.vectorizer import Vectorizer
        from kerascnn.text.vocabulary import RESERVED_TOKENS
        from kerascnn.utils.errors import InputError

        _, sizes = hub_presets.read_config(self.preset)
        longest = sizes["max_sequence_length"] - 2
        if settings.level != "word" or settings.split != "wordpiece":
            raise InputError("hub_cnn reads WordPieces; leave out text.level and text.split")
        if settings.stop_words:
            raise InputError("text.stop_words: a pretrained encoder reads every word; leave it out")
        if settings.max_length > longest:
            raise InputError(
                f"text.max_length {settings.max_length}: the encoder in {self.preset} reads {longest} pieces or fewer;"
                f" give --text.max-length {longest}"
            )
        pieces = hub_presets.read_vocabulary(self.preset)
        if pieces.lowercase and "lowercase" not in settings.standardize:
            settings = dataclasses.replace(settings, standardize=(*settings.standardize, "lowercase"))
        return Vectorizer(settings, [*RESERVED_TOKENS, *pieces.tokens])

    def parameters(self, *, vocabulary_size: int, num_classes: int) -> int:
        """See ``ModelConfig.parameters``; without a preset those over an encoder of 768 channels."""
        from kerascnn.models import hub_presets

        width, encoder = _USUAL_WIDTH, 0
        if self.preset:
            family, sizes = hub_presets.read_config(self.preset)
            width = sizes["hidden_dim"]
            encoder = (
                hub_presets.count_parameters(sizes, segments=family != "DistilBertBackbone") if self.fine_tune else 0
            )
        features = len(self.kernel_sizes) * self.filters * (2 if self.pooling == "both" else 1)
        convolutions = sum((size * width + 1) * self.filters for size in self.kernel_sizes)
        return encoder + convolutions + (features + 1) * num_classes

    def build(self, *, vocabulary_size: int, num_classes: int) -> keras.Model:
        """Build the model, untrained but for its encoder, see ``ModelConfig.build``.

        Raises:
            InputError: The preset cannot be used, or Keras does not run on TensorFlow; on JAX keras-hub's encoders
                refuse texts of any length.
        """
        import keras

        from kerascnn import layers
        from kerascnn.models import hub_presets
        from kerascnn.utils.optional_packages import require_tensorflow_backend

        require_tensorflow_backend("hub_cnn")
        _, sizes = hub_presets.read_config(self.preset)
        pieces = hub_presets.read_vocabulary(self.preset)
        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.StartEndTokens(
            start=pieces.start, end=pieces.end, length=sizes["max_sequence_length"] - 2, name="enclosing_tokens"
        )(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        encoder = layers.PretrainedEncoder(
            network=hub_presets.load_encoder(self.preset, pieces), trainable=self.fine_tune, name="encoder"
        )
        x = keras.layers.Dropout(self.encoder_dropout, name="encoder_dropout")(encoder(tokens))
        x = keras.layers.Multiply(name="vectors")([x, valid])
        branches = layers.convolution_branches(
            x, valid, kernel_sizes=self.kernel_sizes, filters=self.filters, pooling=self.pooling, prefix="head_"
        )
        features = keras.layers.Dropout(self.dropout, name="features")(
            layers.concatenate(branches, name="convolutions")
        )
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return keras.Model(ids, logits, name="hub_cnn")
