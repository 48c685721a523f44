"""A pretrained encoder as one layer."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerascnn.layers.types import Tensor
from kerascnn.utils.optional_packages import import_optional


@keras.saving.register_keras_serializable(package="kerascnn")
class PretrainedEncoder(keras.layers.Layer):
    """Maps token ids to contextual vectors with a keras-hub backbone; its dropout is off unless the layer is trainable.

    Args:
        network: Functional model of keras-hub layers. Its inputs are a dictionary of ``token_ids``, ``padding_mask``
            and, in some families, ``segment_ids``, each int32 (batch, time); its output is (batch, time, channels).

    Call arguments:
        ids: Integers (batch, time), 0 is padding.

    Returns:
        (batch, time, channels); the values at padding are arbitrary.
    """

    def __init__(self, *, network: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.network = network
        network.trainable = self.trainable

    def call(self, ids: Tensor, training: bool | None = None) -> Tensor:
        """Run the encoder, see the class."""
        known = {
            "token_ids": ids,
            "padding_mask": ops.cast(ids != 0, "int32"),
            "segment_ids": ops.zeros_like(ids),
        }
        inputs = {tensor.name: known[tensor.name] for tensor in self.network.inputs}
        return self.network(inputs, training=bool(training) and self.trainable)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> PretrainedEncoder:
        """Create the layer from the result of ``get_config``.

        Raises:
            InputError: keras-hub is not installed.
        """
        import_optional("keras_hub", "hub")  # registers the layers of the encoder with Keras
        config = dict(config)
        return cls(network=keras.saving.deserialize_keras_object(config.pop("network")), **config)
