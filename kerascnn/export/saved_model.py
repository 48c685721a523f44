"""Export a SavedModel that classifies raw text in TensorFlow Serving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerascnn.bundle import Bundle
from kerascnn.export.model_check import check_model
from kerascnn.export.warmup import write_warmup_requests
from kerascnn.golden import PredictFn
from kerascnn.runtimes.file_hashes import check_file_hashes, write_file_hashes
from kerascnn.utils.atomic_files import atomic_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import suppress_native_stderr
from kerascnn.utils.tensorflow_startup import check_fork, claim_process

Outputs = dict[str, tf.Tensor]
HASHES = Path("assets.extra", "files.json")
"""File of a version with the hashes of the others; TensorFlow ignores it."""


class ServingSignatures:
    """The signatures of the SavedModel; each public method is one.

    Args:
        bundle: The classifier. Its vectorizer and labels become constants of the graph.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._model, self._temperature, self._thresholds = bundle.model, bundle.temperature, bundle.thresholds
        self._task, self._activation = bundle.task, getattr(tf.nn, bundle.task.activation)
        self._vectorizer, self._labels = bundle.vectorizer, bundle.labels
        # Separate functions that all signatures call, so that the graph contains the rules and the model only once.
        text, ids = tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None], tf.int32)
        self._predict_ids = tf.function(self._compute_probabilities, autograph=False, input_signature=[ids])
        self._predict_text = tf.function(
            lambda text: self._predict_ids(self._vectorizer(text)), autograph=False, input_signature=[text]
        )

    def serving_default(self, text: tf.Tensor) -> Outputs:
        """Classify texts.

        Args:
            text: string (batch,).

        Returns:
            `probabilities` float32 (batch, labels), `classes` string (batch, labels), and the prediction, see
            ``Task.serving_outputs``: `label` string (batch,), or for multi-label bundles `assigned` bool
            (batch, labels).
        """
        return self._add_predictions(self._predict_text(text))

    def ids(self, ids: tf.Tensor) -> Outputs:
        """Classify documents given as ids, int32 (batch, length), padded with 0; outputs as of `serving_default`."""
        return self._add_predictions(self._predict_ids(ids))

    def examples(self, inputs: tf.Tensor) -> Outputs:
        """Classify serialized ``tf.train.Example`` messages, string (batch,), by their feature `text`.

        Returns:
            `scores` and `classes`, (batch, labels), as the Classify API requires.
        """
        features = {"text": tf.io.FixedLenFeature([], tf.string, default_value="")}
        probabilities = self._predict_text(tf.io.parse_example(inputs, features)["text"])
        return {"scores": probabilities, "classes": self._tile_labels(probabilities)}

    def top_k(self, text: tf.Tensor, k: tf.Tensor) -> Outputs:
        """Return the `k` most probable labels of each text: `labels` and `scores`, (batch, k), best first."""
        k = tf.clip_by_value(k, 1, len(self._labels))
        scores, indices = tf.math.top_k(self._predict_text(text), k)
        return {"labels": tf.gather(tf.constant(self._labels), indices), "scores": scores}

    def _compute_probabilities(self, ids: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(ids)
        # Convolutions fail on a batch without documents, or without any token.
        ids = tf.pad(ids, [[0, tf.cast(shape[0] == 0, tf.int32)], [0, tf.cast(shape[1] == 0, tf.int32)]])
        return self._activation(self._model(ids, training=False) / self._temperature)[: shape[0]]

    def _add_predictions(self, probabilities: tf.Tensor) -> Outputs:
        outputs = {"probabilities": probabilities, "classes": self._tile_labels(probabilities)}
        return outputs | self._task.serving_outputs(probabilities, self._labels, self._thresholds)

    def _tile_labels(self, probabilities: tf.Tensor) -> tf.Tensor:
        return tf.tile(tf.constant([self._labels]), [tf.shape(probabilities)[0], 1])


def export(bundle: Bundle, bundle_folder: Path) -> Path:
    """Write the next version of the SavedModel: ``serving/1``, ``serving/2``, ...

    Returns:
        The folder of the new version.

    Raises:
        InputError: The model predicts NaN.
    """
    serving = bundle_folder / "serving"
    check_model(bundle)
    latest = latest_version(serving)
    folder = serving / str(int(latest.name) + 1 if latest else 1)
    with atomic_folder(folder) as partial:
        with suppress_native_stderr():
            _write(bundle, partial)
            _set_classify_method(partial)
        write_warmup_requests(partial, bundle_folder.resolve().name)
        write_file_hashes(partial, partial / HASHES)
    return folder


def latest_version(serving: Path) -> Path | None:
    """Return the folder of the highest version, which TensorFlow Serving loads."""
    versions = [path for path in serving.glob("*") if path.name.isdigit()]
    return max(versions, key=lambda path: int(path.name), default=None)


def load_predict_fn(folder: Path) -> PredictFn:
    """Load a version as TensorFlow Serving does.

    Returns:
        A function from texts to probabilities, float32 (texts, labels).

    Raises:
        InputError: The folder contains no SavedModel, or a damaged one, or a file is changed.
    """
    check_fork()
    check_file_hashes(folder, folder / HASHES)
    claim_process()
    graph = tf.Graph()
    with graph.as_default():
        session = tf.compat.v1.Session(graph=graph)
        try:
            # tf.saved_model.load also reads models that the C++ loader of TensorFlow Serving rejects; this does not.
            loaded = tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(folder))
        except (OSError, RuntimeError, tf.errors.OpError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{folder}: not a complete SavedModel ({reason}); export it again") from None
    signature = loaded.signature_def["serving_default"]
    input_name, output_name = signature.inputs["text"].name, signature.outputs["probabilities"].name

    def predict(texts: Sequence[str]) -> np.ndarray:
        check_fork()
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        return np.asarray(session.run(output_name, {input_name: encoded}))

    return predict


def _write(bundle: Bundle, folder: Path) -> None:
    signatures, archive = ServingSignatures(bundle), keras.export.ExportArchive()
    # The archive finds the variables (tracked, they would be written twice), but not the vocabulary's lookup table.
    archive.track(bundle.vectorizer.layer)
    text = tf.TensorSpec([None], tf.string, name="text")
    archive.add_endpoint("serving_default", signatures.serving_default, input_signature=[text])
    archive.add_endpoint("ids", signatures.ids, input_signature=[tf.TensorSpec([None, None], tf.int32, name="ids")])
    inputs = tf.TensorSpec([None], tf.string, name="inputs")
    archive.add_endpoint("examples", signatures.examples, input_signature=[inputs])
    archive.add_endpoint("top_k", signatures.top_k, input_signature=[text, tf.TensorSpec([], tf.int32, name="k")])
    archive.write_out(str(folder), verbose=False)


def _set_classify_method(folder: Path) -> None:
    """Set the method of `examples` to Classify; TensorFlow 2 writes every signature as Predict."""
    updater = tf.compat.v1.saved_model.signature_def_utils.MethodNameUpdater(str(folder))
    updater.replace_method_name(signature_key="examples", method_name="tensorflow/serving/classify")
    updater.save()
