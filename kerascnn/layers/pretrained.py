"""An encoder that was pretrained elsewhere, as one layer."""

from __future__ import annotations

import keras
from keras import ops

from kerascnn.utils.optional_packages import import_optional


@keras.saving.register_keras_serializable(package="kerascnn")
class PretrainedEncoder(keras.layers.Layer):
    """Token ids to a vector a token by a keras-hub backbone; its dropout rests while the layer is not trainable.

    Args:
        network: Functional model of keras-hub layers, which takes a dictionary of `token_ids`, `padding_mask` and, in
            some families, `segment_ids`, each int32 (batch, time), and gives (batch, time, channels).

    Returns of a call:
        (batch, time, channels), at padding anything.
    """

    def __init__(self, *, network: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.network = network
        network.trainable = self.trainable

    def call(self, ids, training=None):
        """Args: ids (batch, time) int, 0 is padding."""
        known = {
            "token_ids": ids,
            "padding_mask": ops.cast(ids != 0, "int32"),
            "segment_ids": ops.zeros_like(ids),
        }
        inputs = {tensor.name: known[tensor.name] for tensor in self.network.inputs}
        return self.network(inputs, training=bool(training) and self.trainable)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config):
        """Build the layer that ``get_config`` describes.

        Raises:
            InputError: keras-hub, whose layers it holds, is not installed.
        """
        import_optional("keras_hub", "hub")  # registers its layers with Keras
        config = dict(config)
        return cls(network=keras.saving.deserialize_keras_object(config.pop("network")), **config)
