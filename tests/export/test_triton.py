"""The configurations for Triton in the documentation: names, types and shapes are those of the exports."""

import re

import onnxruntime
import pytest
import tensorflow as tf

from kerascnn.export import onnx, saved_model
from tests.documents import ROOT

TYPES = {
    "TYPE_STRING": (tf.string, None),
    "TYPE_FP32": (tf.float32, "tensor(float)"),
    "TYPE_INT32": (tf.int32, "tensor(int32)"),
}
TENSOR = re.compile(r'name: "([^"]+)" data_type: (\w+) dims: \[ (-?\d+) \]( reshape { shape: \[ \] })?')


@pytest.fixture(scope="module")
def configurations():
    """The platform of each documented configuration to its inputs and outputs: name to data type and shape."""
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    found = {}
    for block in re.findall(r"```\n(platform: .*?)```", page, re.DOTALL):
        parts = re.fullmatch(r'platform: "(\w+)".*?\ninput (.*?)\noutput (.*)', block, re.DOTALL)
        found[parts[1]] = [
            {name: (kind, [None] if scalar else [None, None if size == "-1" else int(size)])
             for name, kind, size, scalar in TENSOR.findall(part)}
            for part in parts.groups()[1:]
        ]  # fmt: skip
        assert all(len(TENSOR.findall(part)) == part.count("name:") > 0 for part in parts.groups()[1:])
    return found


def test_saved_model(configurations, classifiers, tmp_path):
    version = saved_model.export(classifiers["news"].bundle_, tmp_path)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(version)).signature_def["serving_default"]
    for documented, found in zip(
        configurations["tensorflow_savedmodel"], (signature.inputs, signature.outputs), strict=True
    ):
        assert documented.keys() == found.keys()
        for name, (kind, shape) in documented.items():
            assert tf.as_dtype(found[name].dtype) == TYPES[kind][0]
            known = [None if dim.size < 0 else dim.size for dim in found[name].tensor_shape.dim]
            assert len(known) == len(shape) and all(a in (None, b) for a, b in zip(known, shape, strict=True))


@pytest.mark.parametrize("name", ["news", pytest.param("reviews", marks=pytest.mark.full)])
def test_onnx(name, configurations, classifiers, tmp_path):
    session = onnxruntime.InferenceSession(onnx.export(classifiers[name].bundle_, tmp_path))
    inputs, outputs = configurations["onnxruntime_onnx"]
    for documented, found in ((inputs, session.get_inputs()), (outputs, session.get_outputs())):
        assert [tensor.name for tensor in found] == list(documented)
        for tensor in found:
            kind, shape = documented[tensor.name]
            assert tensor.type == TYPES[kind][1] and len(tensor.shape) == len(shape)
    assert session.get_outputs()[0].shape[1] == len(classifiers[name].classes_)
