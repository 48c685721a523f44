"""Base class of the models' settings.

This module does not import Keras, so that settings, help texts and lists of models add no start-up time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from kerascnn.settings import Settings
from kerascnn.text.config import TextConfig
from kerascnn.text.sentencepiece import SentencePieceModel

if TYPE_CHECKING:
    from kerascnn.models.built_model import BuiltModel


@dataclass(frozen=True)
class PretrainedVocabulary:
    """The vocabulary that a model was pretrained with; the arguments of ``Vectorizer``."""

    settings: TextConfig
    """Text settings of the pretrained model."""
    tokens: Sequence[str]
    """Tokens by id; 0 is the padding token, 1 the unknown token."""
    sentencepiece: SentencePieceModel | None = None
    """With the split ``sentencepiece``, the model whose ``tokens`` these are."""


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """Settings of a model, which ``build`` turns into a Keras model. Subclasses are frozen dataclasses, too.

    Example::

        config = kerascnn.models.get("word_cnn")(filters=100)
        model = config.build(vocabulary_size=20_000, num_classes=2).model
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    """

    paper: ClassVar[str]
    """Publication of the architecture."""
    good_for: ClassVar[str]
    """Recommended use, one line for ``--list-models``."""
    parameter_count: ClassVar[int]
    """Number of trainable parameters with default settings, 2 classes and a vocabulary of 20,000 tokens, or of
    ``text.max_tokens`` if that is smaller, taggers of words with 100 characters; for ``--list-models``, which does not
    start TensorFlow. 0 if the model is solved: then the training texts decide on its size."""
    text: ClassVar[TextConfig] = TextConfig()
    """Default text settings of the model."""
    has_sequence_outputs: ClassVar[bool] = False
    """Whether ``build`` can return ``sequence_outputs``, so that the model can be pretrained on tokens."""
    has_sentence_vector: ClassVar[bool] = False
    """Whether the model has a sentence vector among its layers by role, which contrastive training needs."""

    tags_tokens: ClassVar[bool] = False
    """Whether the model has a label for each token, and not for the text."""

    learning_rate: ClassVar[float] = 2e-3
    """Highest learning rate, unless ``training.learning_rate`` is set."""
    contrastive_learning_rate: ClassVar[float] = 1e-4
    """The same for contrastive training, see ``kerascnn.transfer.contrastive``."""
    scripts: ClassVar[frozenset[str]] = frozenset()
    """Scripts that the pretrained weights of the model know, see ``kerascnn.audit.scripts``; empty: any."""

    @property
    def known_scripts(self) -> frozenset[str]:
        """Scripts that the pretrained weights know which the settings choose; empty: any."""
        return self.scripts

    @property
    def weights_origin(self) -> str:
        """Origin and license of the pretrained weights, as sentences of the model card; empty: none, or unknown."""
        return ""

    @property
    def is_linear(self) -> bool:
        """Whether the model is a linear classifier alone: without trainable weights, solved and not trained by epochs.

        Then ``kerascnn.linear.classifier`` builds it from the training documents, and ``build`` is not used.
        """
        return False

    @property
    def parallel_branches(self) -> int:
        """Number of expensive operations that do not depend on each other, 1 or more."""
        return 1

    def pretrained_vocabulary(
        self, settings: TextConfig, texts: Sequence[str] | None = None
    ) -> PretrainedVocabulary | None:
        """Return the text settings and the vocabulary that the model was pretrained with.

        Args:
            settings: Text settings; those that the pretrained model leaves open are kept.
            texts: Training texts. A model may leave out tokens that do not occur in them; None: it keeps all tokens.

        Returns:
            None: the vocabulary is built from the training texts.
        """
        return None

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained model.

        The logits do not depend on the padding of a document with 0.

        Args:
            vocabulary_size: Number of ids; 0 is padding, 1 is the out-of-vocabulary token.
            num_classes: Number of classes, 2 or more.
            return_sequences: Whether to return ``sequence_outputs``, for pretraining on tokens.

        Returns:
            A functional model ids, int32 (batch, length) -> logits, float32 (batch, classes), and its layers by role.
        """
        raise NotImplementedError

    def load_pretrained_weights(self, built: BuiltModel, vocabulary: Sequence[str]) -> None:
        """Set the pretrained weights of a model, if it has any that ``build`` does not set.

        Args:
            built: Result of ``build``.
            vocabulary: Tokens by id.
        """
