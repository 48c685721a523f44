"""``bow``: a linear support vector machine on tf-idf of n-grams, or a learned bag of n-gram vectors like fastText."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerascnn.models import register
from kerascnn.models.base import ModelConfig
from kerascnn.models.built_model import BuiltModel, LayerRoles
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError


@register("bow")
@dataclass(frozen=True, kw_only=True)
class BagOfNGrams(ModelConfig):
    """TF-IDF n-grams of words and of characters inside words, and a linear support vector machine.

    It is solved, not trained by epochs. With ``ngrams`` it is a learned bag of n-gram vectors (Joulin et al. 2017),
    which is trained like other models, with the support vector machine beside it.
    """

    paper: ClassVar[str] = "Wang & Manning 2012, Baselines and Bigrams"
    good_for: ClassVar[str] = "a first result in seconds; long documents and topics"
    parameter_count: ClassVar[int] = 0
    text: ClassVar[TextConfig] = TextConfig(level="word", max_tokens=50_000, min_count=1, max_length=512)

    linear_ngrams: tuple[PositiveInt, ...] = (1, 2)
    """Lengths of the n-grams of the linear classifier, in words; empty: no linear classifier."""
    linear_characters: tuple[PositiveInt, ...] = (2, 3, 4, 5)
    """Lengths of the n-grams of characters inside words, for the linear classifier; empty: none."""
    linear_vectors: bool = True
    """Whether the linear classifier uses the pretrained word vectors of --vectors, if there are any."""
    ngrams: tuple[PositiveInt, ...] = ()
    """Lengths of the n-grams of a learned bag of n-gram vectors, in words, for example 1 2; empty: no learned bag, the
    model is the linear classifier alone. The settings below are those of the learned bag."""
    ngram_buckets: PositiveInt = 2**18
    """Rows of the hash table for n-grams of two or more tokens, at most 524288."""
    ngram_dim: PositiveInt = 16
    """Dimension of the n-gram vectors."""
    start_token: bool = True
    """Add a start token to every text, so that an n-gram can recognize how a text begins."""
    dropout: Rate = 0.0
    """Fraction of the features that is dropped in training, 0 to below 1."""
    word_dropout: Rate = 0.0
    """Fraction of the words that is replaced by the unknown token in training, 0 to below 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.ngrams or self.linear_ngrams):
            raise InputError("ngrams and linear_ngrams are both empty; give at least one of them, such as 1 2")

    @property
    def is_linear(self) -> bool:
        """Whether there is no learned bag, see ``ModelConfig.is_linear``."""
        return not self.ngrams

    def build(self, *, vocabulary_size: int, num_classes: int, return_sequences: bool = False) -> BuiltModel:
        """Build the untrained bag, see ``ModelConfig.build``; the linear classifier beside it is added when solved.

        Raises:
            InputError: There is no learned bag.
        """
        import keras

        from kerascnn import layers

        if self.is_linear:
            raise InputError("bow without network.ngrams cannot be built before it is solved; train a TextClassifier")
        ids = keras.Input((None,), dtype="int32", name="ids")
        tokens = layers.TokenDropout(rate=self.word_dropout, name="word_dropout")(ids)
        tokens, vocabulary_size = layers.add_start_token(
            tokens, start_token=self.start_token, vocabulary_size=vocabulary_size
        )
        bag = layers.ngram_branch(
            tokens, sizes=self.ngrams, buckets=self.ngram_buckets, dim=self.ngram_dim, vocabulary_size=vocabulary_size
        )
        features = keras.layers.Dropout(self.dropout, name="features")(bag)
        logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(features)
        return BuiltModel(
            keras.Model(ids, logits, name="bow"),
            LayerRoles(head=("logits",), ngram_embeddings=("ngram_embedding",), pooling=("ngram_pooling",)),
        )
