"""A SavedModel that takes raw text, as TensorFlow Serving wants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerascnn.bundle import Bundle
from kerascnn.golden import PROBES
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError

Outputs = dict[str, tf.Tensor]


class Endpoints:
    """What a client may ask; every method is a signature.

    Args:
        bundle: The classifier. Its vectorizer and labels become constants of the graph.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._model, self._temperature, self._thresholds = bundle.model, bundle.temperature, bundle.thresholds
        self._activation = getattr(tf.nn, bundle.task.activation)
        self._vectorizer, self._labels = bundle.vectorizer, bundle.labels
        # Functions of their own, which every signature calls: rules and network stand in the graph once.
        text, ids = tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None], tf.int32)
        self._from_ids = tf.function(self._probabilities, autograph=False, input_signature=[ids])
        self._from_text = tf.function(
            lambda text: self._from_ids(self._vectorizer(text)), autograph=False, input_signature=[text]
        )

    def serving_default(self, text: tf.Tensor) -> Outputs:
        """Text, string (batch,), to `probabilities` and `classes` (batch, classes) and `label` (batch,).

        Of multi-label bundles `assigned`, bool (batch, classes), instead of `label`: whether a label reaches its
        threshold.
        """
        return self._labelled(self._from_text(text))

    def ids(self, ids: tf.Tensor) -> Outputs:
        """The same from ids, int32 (batch, length), padded with 0."""
        return self._labelled(self._from_ids(ids))

    def examples(self, inputs: tf.Tensor) -> Outputs:
        """Serialized ``tf.train.Example`` with the feature `text`, string (batch,); outputs as Classify wants them."""
        features = {"text": tf.io.FixedLenFeature([], tf.string, default_value="")}
        probabilities = self._from_text(tf.io.parse_example(inputs, features)["text"])
        return {"scores": probabilities, "classes": self._classes(probabilities)}

    def top_k(self, text: tf.Tensor, k: tf.Tensor) -> Outputs:
        """The `k` most probable labels of each text: `labels` and `scores`, (batch, k), the best first."""
        k = tf.clip_by_value(k, 1, len(self._labels))
        scores, best = tf.math.top_k(self._from_text(text), k)
        return {"labels": tf.gather(tf.constant(self._labels), best), "scores": scores}

    def _probabilities(self, ids: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(ids)
        # Convolutions refuse a batch without a document, or without a token in any of them.
        ids = tf.pad(ids, [[0, tf.cast(shape[0] == 0, tf.int32)], [0, tf.cast(shape[1] == 0, tf.int32)]])
        return self._activation(self._model(ids, training=False) / self._temperature)[: shape[0]]

    def _labelled(self, probabilities: tf.Tensor) -> Outputs:
        outputs = {"probabilities": probabilities, "classes": self._classes(probabilities)}
        if self._thresholds is not None:
            return outputs | {"assigned": probabilities >= tf.constant(self._thresholds)}
        return outputs | {"label": tf.gather(tf.constant(self._labels), tf.argmax(probabilities, axis=-1))}

    def _classes(self, probabilities: tf.Tensor) -> tf.Tensor:
        return tf.tile(tf.constant([self._labels]), [tf.shape(probabilities)[0], 1])


def export(bundle: Bundle, bundle_folder: Path) -> Path:
    """Write the next version of a SavedModel: ``serving/1``, ``serving/2``, ...

    Returns:
        The folder of the new version.
    """
    serving = bundle_folder / "serving"
    last = latest_version(serving)
    folder = serving / str(int(last.name) + 1 if last else 1)
    with atomic_folder(folder) as beside:
        _write(bundle, beside)
        _name_classify(beside)
        write_warm_up(beside, bundle_folder.resolve().name)
    return folder


def latest_version(serving: Path) -> Path | None:
    """The folder of the highest version, which is the one that TensorFlow Serving loads."""
    versions = [path for path in serving.glob("*") if path.name.isdigit()]
    return max(versions, key=lambda path: int(path.name), default=None)


def load_predict_fn(folder: Path) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from texts to probabilities (texts, classes) that loads a version as TensorFlow Serving does.

    Raises:
        InputError: The folder holds no SavedModel, or a damaged one.
    """
    graph = tf.Graph()
    with graph.as_default():
        session = tf.compat.v1.Session(graph=graph)
        try:
            # In Python tf.saved_model.load also reads what the C++ loader of TensorFlow Serving cannot.
            loaded = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(folder))
        except (OSError, RuntimeError, tf.errors.OpError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{folder}: no whole SavedModel ({reason}); export it again") from None
    signature = loaded.signature_def["serving_default"]
    given, answer = signature.inputs["text"].name, signature.outputs["probabilities"].name

    def predict(texts: Sequence[str]) -> np.ndarray:
        return session.run(answer, {given: [text.encode("utf-8", "surrogatepass") for text in texts]})

    return predict


def _write(bundle: Bundle, folder: Path) -> None:
    endpoints, archive = Endpoints(bundle), keras.export.ExportArchive()
    # Variables are found by themselves (tracked, they would be written twice), the table of the vocabulary is not.
    archive.track(bundle.vectorizer.layer)
    text = tf.TensorSpec([None], tf.string, name="text")
    archive.add_endpoint("serving_default", endpoints.serving_default, input_signature=[text])
    archive.add_endpoint("ids", endpoints.ids, input_signature=[tf.TensorSpec([None, None], tf.int32, name="ids")])
    inputs = tf.TensorSpec([None], tf.string, name="inputs")
    archive.add_endpoint("examples", endpoints.examples, input_signature=[inputs])
    archive.add_endpoint("top_k", endpoints.top_k, input_signature=[text, tf.TensorSpec([], tf.int32, name="k")])
    archive.write_out(str(folder), verbose=False)


def _name_classify(folder: Path) -> None:
    """Mark `examples` as what the Classify call of TensorFlow Serving asks; TensorFlow 2 marks all as Predict."""
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(folder))
    updater.replace_method_name(signature_key="examples", method_name="tensorflow/serving/classify")
    updater.save()


def write_warm_up(folder: Path, name: str, texts: Sequence[str] = PROBES[:16]) -> None:
    """Write the requests that TensorFlow Serving answers to itself before it takes others.

    Args:
        folder: The version's folder.
        name: Name of the model.
        texts: What is asked; nothing of a user's.
    """
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    extra = folder / "assets.extra"
    extra.mkdir()
    with tf.io.TFRecordWriter(str(extra / "tf_serving_warmup_requests")) as writer:
        for batch in (texts[3:4], texts):
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = name, "serving_default"
            request.inputs["text"].CopyFrom(tf.make_tensor_proto(list(batch)))
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())
