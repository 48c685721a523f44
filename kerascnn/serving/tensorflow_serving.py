"""The REST interface of TensorFlow Serving: the same requests, answers and signatures as an exported SavedModel."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.serving.errors import RequestError
from kerascnn.serving.json_body import parse_json_object
from kerascnn.serving.served_model import ServedModel
from kerascnn.serving.served_tagger import SIGNATURES as TAG_SIGNATURES
from kerascnn.serving.served_tagger import ServedTagger
from kerascnn.utils.arguments import shorten

VERSION = "1"
"""Version of each model; a bundle has only one."""
SIGNATURES = {"serving_default": ("text",), "ids": ("ids",), "top_k": ("k", "text")}
"""Signatures of Predict and their inputs."""
CLASSIFY_SIGNATURE = "examples"
"""Signature of Classify."""


@dataclass(frozen=True)
class PredictRequest:
    """A parsed request for predictions."""

    signature_name: str
    inputs: dict[str, Any]
    """Value of each input."""
    is_row_format: bool
    """Whether it has `instances`, and the answer `predictions`, instead of `inputs` and `outputs`."""


def check_version(version: str, name: str) -> None:
    """Raise ``RequestError`` if a model does not have this version."""
    if version != VERSION:
        raise RequestError(
            404, f"Servable not found for request: Specific({name}, {shorten(version)}); the version is {VERSION}"
        )


def describe_status() -> dict[str, Any]:
    """Return the answer to GET /v1/models/NAME."""
    status = {"error_code": "OK", "error_message": ""}
    return {"model_version_status": [{"version": VERSION, "state": "AVAILABLE", "status": status}]}


def describe_metadata(model: ServedModel | ServedTagger) -> dict[str, Any]:
    """Return the answer to GET /v1/models/NAME/metadata: the inputs and outputs of the signatures."""
    if isinstance(model, ServedTagger):
        return _describe_signatures(model.name, _list_tag_signatures())
    text, labels = _describe_tensor("DT_STRING", -1), len(model.labels)
    prediction = (
        {"assigned": _describe_tensor("DT_BOOL", -1, labels)}
        if model.task.predicts_list
        else {"label": _describe_tensor("DT_STRING", -1)}
    )
    probabilities, classes = _describe_tensor("DT_FLOAT", -1, labels), _describe_tensor("DT_STRING", -1, labels)
    best = {"labels": _describe_tensor("DT_STRING", -1, -1), "scores": _describe_tensor("DT_FLOAT", -1, -1)}
    signatures = {
        "serving_default": ({"text": text}, {"probabilities": probabilities, "classes": classes, **prediction}),
        "ids": (
            {"ids": _describe_tensor("DT_INT32", -1, -1)},
            {"probabilities": probabilities, "classes": classes, **prediction},
        ),
        "top_k": ({"text": text, "k": _describe_tensor("DT_INT32")}, best),
        CLASSIFY_SIGNATURE: ({"inputs": text}, {"scores": probabilities, "classes": classes}),
    }
    return _describe_signatures(model.name, signatures)


def _list_tag_signatures() -> dict[str, Any]:
    """Return inputs and outputs of the signatures of a tagger."""
    strings, integers = _describe_tensor("DT_STRING", -1, -1), _describe_tensor("DT_INT32", -1, -1)
    tags = {"tags": strings, "scores": _describe_tensor("DT_FLOAT", -1, -1)}
    return {
        "serving_default": ({"tokens": strings}, tags),
        "text": (
            {"text": _describe_tensor("DT_STRING", -1)},
            {**tags, "tokens": strings, "starts": integers, "ends": integers},
        ),
    }


def _describe_signatures(model_name: str, signatures: dict[str, Any]) -> dict[str, Any]:
    described = {
        name: {
            "inputs": inputs,
            "outputs": outputs,
            "method_name": f"tensorflow/serving/{'classify' if name == CLASSIFY_SIGNATURE else 'predict'}",
        }
        for name, (inputs, outputs) in signatures.items()
    }
    return {
        "model_spec": {"name": model_name, "signature_name": "", "version": VERSION},
        "metadata": {"signature_def": {"signature_def": described}},
    }


def _describe_tensor(kind: str, *sizes: int) -> dict[str, Any]:
    dims = [{"size": str(size), "name": ""} for size in sizes]
    return {"dtype": kind, "tensor_shape": {"dim": dims, "unknown_rank": False}, "name": ""}


async def predict(model: ServedModel | ServedTagger, body: bytes) -> dict[str, Any]:
    """Return the answer to POST /v1/models/NAME:predict.

    Raises:
        RequestError: The request is malformed, or beyond a limit.
    """
    if isinstance(model, ServedTagger):
        request = parse_predict_request(body, TAG_SIGNATURES)
        outputs = await model.run_signature(request.signature_name, request.inputs)
    else:
        request = parse_predict_request(body)
        outputs = await _run_signature(model, request)
    if request.is_row_format:
        rows = zip(*outputs.values(), strict=True)
        return {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}
    return {"outputs": outputs}


async def classify(model: ServedModel, body: bytes) -> dict[str, Any]:
    """Return the answer to POST /v1/models/NAME:classify: label and probability pairs of each example.

    Raises:
        RequestError: The request is malformed, or beyond a limit.
    """
    content = parse_json_object(body)
    if (name := content.get("signature_name", "")) != CLASSIFY_SIGNATURE:
        raise RequestError(
            400, f"Expected the signature {CLASSIFY_SIGNATURE!r} for classify. Received: {shorten(name)}"
        )
    examples = content.get("examples")
    if not isinstance(examples, list) or not examples:
        raise RequestError(400, "When method is classify, key 'examples' is expected, a list of at least one example")
    context = content.get("context", {})
    rows = [_merge_example(context, example) for example in examples]
    probabilities = await model.predict_proba([_read_feature(row) for row in rows])
    return {"results": [[list(pair) for pair in zip(model.labels, row, strict=True)] for row in probabilities.tolist()]}


def parse_predict_request(body: bytes, signatures: Mapping[str, tuple[str, ...]] = SIGNATURES) -> PredictRequest:
    """Parse a request in the row format (`instances`) or in the columnar format (`inputs`).

    Args:
        body: The body of the request.
        signatures: Name of each signature to its inputs.

    Raises:
        RequestError: It has another form than TensorFlow Serving takes.
    """
    content = parse_json_object(body)
    signature_name = content.get("signature_name", "")
    if not isinstance(signature_name, str):
        raise RequestError(400, f"'signature_name' key must be a string value. Received: {shorten(signature_name)}")
    signature_name = signature_name or "serving_default"
    if signature_name not in signatures:
        served = ", ".join(signatures)
        raise RequestError(
            400,
            f"Serving signature name: {shorten(signature_name)} not found in signature def; this server has {served}",
        )
    if "instances" in content and "inputs" in content:
        raise RequestError(400, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
    names = signatures[signature_name]
    if "instances" in content:
        return PredictRequest(signature_name, _parse_instances(content["instances"], names), True)
    if "inputs" in content:
        return PredictRequest(signature_name, _parse_inputs(content["inputs"], names), False)
    raise RequestError(400, "Missing 'inputs' or 'instances' key")


async def _run_signature(model: ServedModel, request: PredictRequest) -> dict[str, list[Any]]:
    """Return the outputs of a signature by name, each a list with a value for each text."""
    if request.signature_name == "ids":
        ids = _read_ids(request.inputs["ids"], len(model.classifier.bundle_.vectorizer.vocabulary))
        return _list_predictions(model, await model.predict_proba_of_ids(ids))
    texts = _read_texts(request.inputs["text"])
    if request.signature_name == "top_k":
        k = request.inputs["k"]
        if isinstance(k, bool) or not isinstance(k, int):
            raise RequestError(400, f"the input k is one whole number, in 'inputs'. Received: {shorten(k)}")
        return _select_top_k(model, await model.predict_proba(texts), k)
    return _list_predictions(model, await model.predict_proba(texts))


def _list_predictions(model: ServedModel, probabilities: np.ndarray) -> dict[str, list[Any]]:
    """Return probabilities and predictions, as ``ServingSignatures`` does in a SavedModel."""
    outputs = {"probabilities": probabilities.tolist(), "classes": [model.labels] * len(probabilities)}
    predictions = model.task.predict(probabilities, model.thresholds)
    if model.task.predicts_list:
        return outputs | {"assigned": (predictions == 1).tolist()}
    return outputs | {"label": [model.labels[position] for position in predictions.tolist()]}


def _select_top_k(model: ServedModel, probabilities: np.ndarray, k: int) -> dict[str, list[Any]]:
    """Return the ``k`` most probable labels of each text and their probabilities, best first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, : max(1, k)]
    labels = [[model.labels[position] for position in row] for row in order.tolist()]
    return {"labels": labels, "scores": np.take_along_axis(probabilities, order, axis=1).tolist()}


def _parse_instances(instances: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the values of each input: those of all instances in a list."""
    if not isinstance(instances, list) or not instances:
        raise RequestError(400, f"Expecting 'instances' to be a list with values. Received: {shorten(instances)}")
    has_objects = _is_named(instances[0])
    if not has_objects and len(names) > 1:
        raise RequestError(400, f"'instances' is a plain list, but the inputs are {', '.join(names)}")
    for number, instance in enumerate(instances):
        place = f"Failed to process element: {number} of 'instances' list."
        if _is_named(instance) != has_objects:
            raise RequestError(400, f"{place} Expecting {'an object' if has_objects else 'a value'} as in element 0")
        if has_objects and set(instance) != set(names):
            raise RequestError(400, f"{place} JSON object keys must be equal to: {', '.join(names)}")
    return {name: [instance[name] if has_objects else instance for instance in instances] for name in names}


def _parse_inputs(inputs: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the value of each input."""
    if not _is_named(inputs):
        if len(names) > 1:
            raise RequestError(400, f"'inputs' is a plain value or list, but the inputs are {', '.join(names)}")
        return {names[0]: inputs}
    if missing := [name for name in names if name not in inputs]:
        raise RequestError(400, f"Missing named input: {missing[0]} in 'inputs' object.")
    return {name: inputs[name] for name in names}


def _is_named(value: Any) -> bool:
    """Return whether a value is an object of named inputs, and not a text in Base64."""
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str)


def _read_texts(values: Any) -> list[str]:
    if not isinstance(values, list):
        raise RequestError(400, f"the input text is a list of strings. Received: {shorten(values)}")
    return [_read_text(value, f"element {number} of the input text") for number, value in enumerate(values)]


def _read_ids(rows: Any, num_tokens: int) -> np.ndarray:
    """Return documents of one length given as ids, int32 (documents, length)."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise RequestError(400, f"the input ids is a list of lists of ids. Received: {shorten(rows)}")
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise RequestError(400, f"element {number} of the input ids has {len(row)} ids, element 0 {len(rows[0])}")
        wrong = [value for value in row if type(value) is not int or not 0 <= value < num_tokens]
        if wrong:
            raise RequestError(
                400, f"element {number} of the input ids: {shorten(wrong[0])} is not an id from 0 to {num_tokens - 1}"
            )
    return np.array(rows, np.int32).reshape(len(rows), len(rows[0]) if rows else 0)


def _read_text(value: Any, place: str) -> str:
    """Return a text, which may be in Base64; invalid UTF-8 is replaced, as the rules of all models do."""
    if _is_base64(value):
        try:
            return base64.b64decode(value["b64"], validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise RequestError(400, f"{place}: Unable to base64 decode") from None
    if not isinstance(value, str):
        raise RequestError(400, f"{place}: JSON Value: {shorten(value)} is not of expected type: string")
    return value


def _merge_example(context: Any, example: Any) -> dict[str, Any]:
    if not isinstance(context, dict) or not isinstance(example, dict):
        raise RequestError(400, f"Example must be JSON object. Received: {shorten(example)}")
    return {**context, **example}


def _read_feature(example: dict[str, Any]) -> str:
    """Return the feature `text` of an example: a text, or a list of one; without it the text is empty."""
    value = example.get("text", "")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return _read_text(value, "feature text")
