"""Which runtime answers for a bundle."""

import pytest

import kerascnn
from kerascnn.runtimes import runtime
from kerascnn.runtimes.runtime import choose_runtime
from kerascnn.utils.errors import InputError


@pytest.mark.parametrize(
    ("exports", "installed", "expected"),
    [
        (["tflite", "onnx"], ["tensorflow", "tflite", "onnx"], "tflite"),
        (["onnx"], ["tensorflow", "tflite", "onnx"], "onnx"),
        (["tflite", "onnx"], ["tensorflow", "onnx"], "onnx"),
        (["tflite"], ["tensorflow", "onnx"], "tensorflow"),
        ([], ["tensorflow", "tflite", "onnx"], "tensorflow"),
        (["tflite"], ["tflite"], "tflite"),
        (["tflite"], [], "neither TensorFlow nor the runtime of an export is installed; pip install"),
        ([], ["tflite"], "has no export, and TensorFlow is not installed"),
    ],
)
def test_auto_takes_what_is_there(exports, installed, expected, tmp_path, monkeypatch):
    files = {"tflite": tmp_path / "edge" / "model_float32.tflite", "onnx": tmp_path / "onnx" / "model.onnx"}
    for name in exports:
        files[name].parent.mkdir()
        files[name].touch()
    monkeypatch.setattr(runtime, "has_runtime", lambda name: name in installed)
    if expected in ("tflite", "onnx", "tensorflow"):
        assert choose_runtime(tmp_path) == expected
    else:
        with pytest.raises(InputError, match=expected):
            choose_runtime(tmp_path)


@pytest.mark.parametrize("value", ["tensorflo", "", 3, "TFLite", ["tflite"]])
def test_unknown_runtime_is_named(value, tmp_path):
    with pytest.raises(InputError, match=r"^runtime: no runtime is called .*(did you mean|there are)"):
        kerascnn.load(tmp_path, runtime=value)
