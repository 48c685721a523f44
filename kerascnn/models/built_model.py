"""The result of ``ModelConfig.build``: a Keras model and the roles of its layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras

NO_FEATURES = "has no features; use a model with a network, such as word_cnn, or bow with ngrams=(1, 2)"


@dataclass(frozen=True, kw_only=True)
class LayerRoles:
    """Names of the layers of a model by role.

    Layer names survive cloning and saving. ``manifest.json`` stores the roles of a saved model.
    """

    head: tuple[str, ...] = ()
    """Layers that a new task trains from scratch; the last one computes the logits. Empty: a linear classifier alone,
    without trainable weights."""
    embeddings: tuple[str, ...] = ()
    """``Embedding`` layers with one row per token of the vocabulary."""
    ngram_embeddings: tuple[str, ...] = ()
    """``Embedding`` layers with one row per token of the vocabulary, followed by the buckets of longer n-grams."""
    pooling: tuple[str, ...] = ()
    """Pooling layers that explain the logits: together, the logits are a linear function of their outputs, and they
    pool vectors of tokens or n-grams, or convolutions of these. Empty: integrated gradients
    explain the model, or its coefficients if it is a linear classifier."""
    token_vectors: tuple[str, ...] = ()
    """The layer of a pretrained encoder whose output, (batch, time, channels), has one vector per token, computed from
    the ids alone and, unless the layer is trained, without dropout; empty: the model has none."""
    sentence_vector: tuple[str, ...] = ()
    """The layer of a pretrained encoder whose output, (batch, dimensions), is the vector of the text with an L2 norm of
    1, computed from the ids alone and without dropout; empty: the model has none."""

    @property
    def pretrained_layers(self) -> tuple[str, ...]:
        """The layers of pretrained encoders, from the output of the model to its input."""
        return (*self.sentence_vector, *self.token_vectors)

    @classmethod
    def from_dict(cls, roles: Mapping[str, Iterable[str]]) -> LayerRoles:
        """Create the roles from the result of ``to_dict``."""
        return cls(**{role: tuple(names) for role, names in roles.items()})

    def to_dict(self) -> dict[str, list[str]]:
        """Return the names of each role as lists, for JSON."""
        return {role: list(names) for role, names in dataclasses.asdict(self).items()}


@dataclass(frozen=True)
class BuiltModel:
    """A Keras model and the roles of its layers.

    Example::

        built = WordCNN().build(vocabulary_size=20_000, num_classes=2)
        built.model.summary()
        encoder = built.encoder()  # ids -> features
    """

    model: keras.Model
    """Functional model: ids, int32 (batch, length) -> logits, float32 (batch, classes)."""
    roles: LayerRoles
    sequence_outputs: tuple[Any, ...] = ()
    """Symbolic outputs with one vector per position, (batch, time, channels), those of the longest time axis first;
    empty unless ``build`` is called with ``return_sequences=True``."""

    @property
    def output_layer(self) -> keras.layers.Layer:
        """The layer that computes the output of the model."""
        return next(layer for layer in self.model.layers if layer.output is self.model.output)

    @property
    def features(self) -> Any:
        """Symbolic input of the last layer of the head, (batch, features).

        Raises:
            InputError: The model has no head.
        """
        if not self.roles.head:
            raise InputError(f"a model without a head, such as a linear classifier, {NO_FEATURES}")
        return self.head[-1].input

    @property
    def network_logits(self) -> Any:
        """Symbolic output of the head, (batch, classes): the logits without those of a linear member."""
        return self.head[-1].output

    @property
    def head(self) -> list[keras.layers.Layer]:
        """Layers that a new task trains from scratch; the last one computes the logits."""
        return self._layers(self.roles.head)

    @property
    def embeddings(self) -> list[keras.layers.Layer]:
        """``Embedding`` layers with one row per token of the vocabulary."""
        return self._layers(self.roles.embeddings)

    @property
    def pooling_layers(self) -> list[keras.layers.Layer]:
        """Pooling layers that explain the logits, see ``LayerRoles.pooling``."""
        return self._layers(self.roles.pooling)

    def encoder(self) -> keras.Model:
        """Return the model ids -> features, which shares its layers with the model."""
        import keras

        return keras.Model(self.model.input, self.features)

    def sentence_encoder(self) -> keras.Model | None:
        """Return the model ids -> sentence vectors, which shares its layers with the model; None if it has none."""
        import keras

        layers = self._layers(self.roles.sentence_vector)
        return keras.Model(self.model.input, layers[0].output) if layers else None

    @property
    def trains_sentence_encoder(self) -> bool:
        """Whether the sentence encoder has weights to train; False without a sentence encoder."""
        encoder = self.sentence_encoder()
        return encoder is not None and bool(encoder.trainable_variables)

    def _layers(self, names: Iterable[str]) -> list[keras.layers.Layer]:
        return [self.model.get_layer(name) for name in names]
