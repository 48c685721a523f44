"""Warm-up requests: a file that TensorFlow Serving replays before a model version takes real requests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from kerascnn.golden import PROBES
from kerascnn.utils.stderr import log

_PATH = Path("assets.extra", "tf_serving_warmup_requests")


def write_warmup_requests(version_folder: Path, model_name: str, texts: Sequence[str] = PROBES[:16]) -> bool:
    """Write warm-up requests for the signature ``serving_default`` into a SavedModel.

    Without the package tensorflow-serving-api, one line on standard error says how to install it.

    Args:
        version_folder: The SavedModel.
        model_name: Name under which TensorFlow Serving serves the model.
        texts: Texts of the requests; never texts of the training data.

    Returns:
        Whether the file was written.
    """
    try:
        from tensorflow_serving.apis.predict_pb2 import PredictRequest
        from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
    except ImportError as error:
        log(
            f"no warm-up requests written, so the first request to the server will be slow: {error};"
            ' pip install "kerascnn[serving]" and export again'
        )
        return False
    path = version_folder / _PATH
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for batch in (texts[3:4], texts):
            request = PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = model_name, "serving_default"
            request.inputs["text"].CopyFrom(tf.make_tensor_proto(list(batch)))
            record = PredictionLog()
            record.predict_log.request.CopyFrom(request)
            writer.write(record.SerializeToString())
    return True
