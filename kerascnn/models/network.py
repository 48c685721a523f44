"""What every model is: a frozen dataclass of its sizes that can build itself.

Nothing here imports Keras, so that settings, help texts and lists of models cost no start-up time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from kerascnn.settings import Settings, Size

if TYPE_CHECKING:
    import keras

    from kerascnn.text.vectorizer import Vectorizer

Step = Literal["html", "width", "lowercase", "punctuation"]


@dataclass(frozen=True, kw_only=True)
class Text(Settings):
    """How text becomes ids."""

    level: Literal["word", "character"] = "word"
    """What a token is."""
    split: Literal["unicode", "whitespace", "dictionary", "wordpiece"] = "unicode"
    """Words: unicode keeps runs of letters and digits whole; every Han or kana character and every mark is a token;
    dictionary keeps words of the vocabulary together in runs of Han and kana, from left to right the longest first;
    wordpiece takes words apart into the pieces of a pretrained encoder (hub_cnn only)."""
    words: str = ""
    """List of words that split dictionary starts from, one at the beginning of each line (jieba's dict.txt will do);
    empty: those of transfer.vectors, without such a file jieba's (extra zh)."""
    standardize: tuple[Step, ...] = ("html", "width", "lowercase")
    """Steps, in their fixed order: html drops tags and decodes entities, width folds full-width forms to ASCII,
    lowercase is Unicode's, punctuation drops marks and symbols."""
    normalize: Literal["none", "nfkc", "nfkc_casefold"] = "none"
    """Unicode normalization before the steps; needs tensorflow-text, also in the program that serves the model."""
    stop_words: str = ""
    """File of tokens to leave out, a line each."""
    max_tokens: Size = 50_000
    """Size of the vocabulary at the most, padding and unknown included."""
    min_count: Size = 2
    """A token that occurs less often in the training rows is unknown."""
    max_length: Size = 512
    """Tokens of a document that are read; the rest is cut."""

    @property
    def by_dictionary(self) -> bool:
        """Whether words of the vocabulary are looked for in text without spaces."""
        return self.level == "word" and self.split == "dictionary"


@dataclass(frozen=True, kw_only=True)
class Network(Settings):
    """The sizes of a model. Subclasses are frozen dataclasses too, registered under a name."""

    paper: ClassVar[str]
    """Where the architecture comes from."""
    good_for: ClassVar[str]
    """One line for ``--list-models``."""
    text: ClassVar[Text] = Text()
    """The text settings that this model starts from."""
    states: ClassVar[str] = ""
    """Pattern of the names of the layers that tell what stands where, (batch, time, channels), the finest first; empty:
    the model cannot be pretrained on tokens."""

    @property
    def pooled(self) -> str:
        """Pattern of the names of the pooling layers (``MaskedPooling``) that explain the logits.

        The logits are linear in their outputs together, and what they pool are vectors of tokens or n-grams, or
        convolutions over these. Empty: it is no such network, and integrated gradients explain it.
        """
        return ""

    @property
    def side_by_side(self) -> int:
        """How many of its costly operations wait for none of the others, 1 or more."""
        return 1

    def vectorizer(self, settings: Text) -> Vectorizer | None:
        """The vectorizer that the model was pretrained with; None: one is made from the training texts.

        Args:
            settings: How text becomes ids, as far as the pretraining leaves that open.
        """
        return None

    def parameters(self, *, vocabulary_size: int, classes: int) -> int:
        """Number of trainable weights of the model that ``build`` gives for the same arguments, without building it."""
        raise NotImplementedError

    def build(self, *, vocabulary_size: int, classes: int) -> keras.Model:
        """Build the untrained model.

        Args:
            vocabulary_size: Number of ids; 0 is padding, 1 is the unknown token.
            classes: Number of classes, 2 or more.

        Returns:
            A functional model ``ids (batch, length) int32 -> logits (batch, classes) float32`` of stock layers and
            ``keras.ops`` whose answer does not depend on how far a document is padded with 0. The layer named
            ``features`` gives what stands under the last dense layer, which is named ``logits``.
        """
        raise NotImplementedError
