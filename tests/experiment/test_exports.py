"""Exports at the end of a training."""

import json
from types import SimpleNamespace

import pytest

import kerascnn
from kerascnn.config import default_config
from kerascnn.experiment import exports
from kerascnn.experiment.exports import MAX_PARAMETERS, check_exports, write_exports
from kerascnn.runtimes.text_predictor import TextPredictor
from kerascnn.tasks import SINGLE_LABEL
from kerascnn.utils.errors import InputError
from tests.pipelines.conftest import command

FAST = ("--model", "bow", "--training.refit-rows", "0", "--text.max-length", "64")


def fail(name, bundle, folder):
    """Stop in the middle of an export."""
    (folder / "edge").mkdir()
    raise InputError("golden.json: the probabilities\ndiffer by 0.1")


def test_training_writes_what_predict_answers_with(news_csv, tmp_path, monkeypatch):
    folder = tmp_path / "news"
    finished = command("train", *FAST, "--data", news_csv, "--output", folder, "--export", "auto")
    assert finished.status == 0, finished.err
    assert (folder / "edge" / "model_float32.tflite").is_file()
    assert "edge" not in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert finished.err.endswith(f"  python -m pipelines.export {folder} --format saved_model\n")
    text = "Shares fell after the warning"
    answers = [command("predict", folder, text, "--runtime", name).out for name in ("auto", "tflite", "tensorflow")]
    assert answers[0] == answers[1] and answers[0].splitlines()[0] == "text,label,score"
    (row, score), (expected, expected_score) = (answers[i].splitlines()[1].rsplit(",", 1) for i in (0, 2))
    assert row == expected and float(score) == pytest.approx(float(expected_score), abs=1e-4)
    assert isinstance(kerascnn.load(folder), kerascnn.TextClassifier), "TensorFlow is installed"
    assert isinstance(kerascnn.load(folder, runtime="auto"), TextPredictor)
    for names in ([], ["model_float32.tflite"]):  # as an interrupted export leaves it
        for name in names:
            (folder / "edge" / name).unlink()
        resumed = command("train", *FAST, "--data", news_csv, "--output", folder, "--export", "tflite", "--resume")
        assert resumed.status == 0 and (folder / "edge" / "model_float32.tflite").is_file(), resumed.err
        assert resumed.err.splitlines()[0] == f"{folder} is finished already"
    monkeypatch.setattr(exports, "_write", fail)
    failed = command(
        "train", *FAST, "--data", news_csv, "--output", folder, "--export", "onnx", "--overwrite", "--json"
    )
    assert failed.status == 1 and json.loads(failed.out)["test"] and f"wrote {folder}; next:" in failed.err
    assert failed.err.splitlines()[-1].endswith("differ by 0.1")
    again = command("train", *FAST, "--data", news_csv, "--output", folder, "--export", "none", "--overwrite")
    assert again.status == 0 and not (folder / "edge").exists(), "an export of the old bundle does not stay"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--export", "auto", "tflite"), "auto and none exclude other formats"),
        (("--export", "tflite", "--text.level", "character", "--text.normalize", "nfkc"), "text.normalize nfkc"),
    ],
)
def test_formats_are_checked_before_the_training(options, message, news_csv, tmp_path):
    finished = command("train", *FAST, "--data", news_csv, "--output", tmp_path / "out", *options)
    assert finished.status == 1 and message in finished.err, finished.err
    assert not (tmp_path / "out").exists()


@pytest.fixture
def bundle():
    """A bundle as far as the choice of exports looks at it."""
    text = SimpleNamespace(level="word", normalize="none", stop_words="")
    model = SimpleNamespace(count_params=lambda: 1000)
    return SimpleNamespace(model=model, task=SINGLE_LABEL, config=SimpleNamespace(text=text))


def test_a_failed_export_does_not_lose_the_training(bundle, tmp_path, monkeypatch):
    messages = []
    monkeypatch.setattr(exports, "_write", fail)
    write_exports(("auto",), bundle, tmp_path, messages.append)
    assert not (tmp_path / "edge").exists()
    assert [message.partition(" was not written, ")[2] for message in messages] == [
        "so that predictions need TensorFlow: golden.json: the probabilities differ by 0.1"
    ]
    with pytest.raises(InputError, match="differ by"):
        write_exports(("tflite",), bundle, tmp_path, messages.append)


def test_auto_leaves_out_large_models_and_a_missing_interpreter(bundle, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(exports, "_write", lambda name, bundle, folder: written.append(name))
    write_exports(("none",), bundle, tmp_path, written.append)
    monkeypatch.setattr(exports, "has_runtime", lambda name: False)
    write_exports(("auto",), bundle, tmp_path, written.append)
    monkeypatch.setattr(exports, "has_runtime", lambda name: True)
    bundle.model.count_params = lambda: MAX_PARAMETERS + 1
    write_exports(("auto",), bundle, tmp_path, written.append)
    assert written == []
    bundle.model.count_params = lambda: MAX_PARAMETERS
    write_exports(("auto",), bundle, tmp_path, written.append)
    assert written == ["tflite"]


def test_missing_package_of_a_format_is_named_before_the_training(monkeypatch, tmp_path):
    monkeypatch.setattr("kerascnn.utils.optional_packages.is_installed", lambda name: False)
    config = default_config("bow")
    with pytest.raises(InputError, match=r"tf2onnx is not installed; pip install \"kerascnn\[onnx\]\""):
        check_exports(("onnx",), config, SINGLE_LABEL, tmp_path)
