"""The export command: artifacts of a bundle, and the table that verifies them."""

import json
import shutil
import sys

import pytest

from tests.pipelines.conftest import command, files_with_text
from tests.sealing import update_hash

ARTIFACTS = ["model.keras", "serving/1", "edge/model_dynamic.tflite", "edge/model_float32.tflite", "onnx/model.onnx"]


@pytest.fixture(scope="module")
def exported(news_bundle, tmp_path_factory):
    """A copy of the bundle with artifacts, and the output of the command."""
    folder = shutil.copytree(news_bundle[0], tmp_path_factory.mktemp("exported") / "news")
    formats = ("--format", "saved_model", "tflite", "onnx", "projector", "--quantize", "none", "dynamic")
    finished = command("export", folder, *formats)
    assert finished.status == 0, finished.err
    return folder, finished


def test_logs_each_written_artifact(exported):
    folder, finished = exported
    for name in ("serving/1", "edge", "onnx/model.onnx", "projector"):
        assert f"wrote {folder / name}\n" in finished.err
        assert (folder / name).exists()
    assert f"next: tensorboard --logdir {folder / 'projector'} shows the words" in finished.err
    assert (folder / "projector" / "projector_config.pbtxt").is_file()


def test_no_artifact_holds_texts_of_the_data(exported, news):
    assert files_with_text(exported[0], news[0]) == ["report.html"], "the one that training wrote"


def test_artifacts_predict_the_golden_texts_like_the_bundle(exported, news_csv):
    finished = command("export", exported[0], "--verify", "--data", news_csv, "--json")
    assert finished.status == 0, finished.err
    rows = {row["artifact"]: row for row in json.loads(finished.out)}
    assert list(rows) == ARTIFACTS
    for name, row in rows.items():
        # 8-bit weights may decide otherwise where labels are almost as probable as each other, as for texts without a
        # known word: a few of the 25 golden texts
        difference, agreement = (0.05, 22 / 25) if "dynamic" in name else (1e-4, 1.0)
        assert row["difference"] < difference and row["agreement"] >= agreement
        assert row["data_agreement"] >= 0.99
        assert row["accuracy"] > 0.7
        assert row["bytes"] > 0 and row["milliseconds"] > 0 and row["documents_per_second"] > 0
        assert row["data_milliseconds"] > 0 and row["data_documents_per_second"] > 0
    assert rows["edge/model_dynamic.tflite"]["bytes"] < rows["edge/model_float32.tflite"]["bytes"]


def test_prints_a_table_of_artifacts(exported):
    finished = command("export", exported[0], "--verify")
    assert finished.status == 0, finished.err
    head, _, *lines = finished.out.splitlines()
    assert head.startswith("| artifact | bytes | largest difference | agreement |")
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == ARTIFACTS


def test_int8_is_calibrated_on_training_data_or_given_data(news_bundle, news_csv, tmp_path):
    folder = shutil.copytree(news_bundle[0], tmp_path / "news")
    settings = folder / "config.yaml"
    finished = command("export", folder, "--format", "tflite", "--quantize", "int8")
    assert finished.status == 0, finished.err
    assert (folder / "edge" / "model_int8.tflite").exists()
    # the training data no longer exists
    settings.write_text(settings.read_text(encoding="utf-8").replace(str(news_csv), "gone.csv"), encoding="utf-8")
    update_hash(settings)
    finished = command("export", folder, "--format", "tflite", "--quantize", "int8", cwd=tmp_path)
    assert finished.status == 1
    assert "gone.csv" in finished.err and "--calibration-data" in finished.err
    finished = command("export", folder, "--format", "tflite", "--quantize", "int8", "--calibration-data", news_csv)
    assert finished.status == 0, finished.err


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("onnx/model.onnx", "changed or damaged"),
        ("edge/model_float32.tflite", "changed or damaged"),
        ("serving/1/saved_model.pb", "changed or damaged"),
    ],
)
def test_damaged_artifact_is_named_in_one_line(name, complaint, exported, tmp_path):
    folder = shutil.copytree(exported[0], tmp_path / "news")
    (folder / name).write_bytes((folder / name).read_bytes()[:500])
    finished = command("export", folder, "--verify")
    assert finished.status == 1
    assert finished.err.strip().splitlines()[-1].startswith("error: ")
    assert complaint in finished.err and name.split("/")[0] in finished.err


def test_call_without_format_lists_formats(news_bundle):
    finished = command("export", news_bundle[0])
    assert finished.status == 1
    assert "--format saved_model" in finished.err and "--verify" in finished.err


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("tflite", "ai_edge_litert", "edge"), ("onnx", "tf2onnx", "onnx"), ("mediapipe", "mediapipe.tasks", "mediapipe")],
)
def test_missing_package_is_named_with_its_extra(name, package, extra, news_bundle, tmp_path, monkeypatch):
    folder = shutil.copytree(news_bundle[0], tmp_path / "news")
    monkeypatch.setitem(sys.modules, package, None)
    finished = command("export", folder, "--format", name)
    assert finished.status == 1
    assert finished.err.startswith("error: ") and f'pip install "kerascnn[{extra}]"' in finished.err
    assert not (folder / "edge").exists() and not (folder / "onnx").exists()


def test_options_and_settings_are_checked_before_the_model_is_loaded(news_bundle, tmp_path):
    folder = shutil.copytree(news_bundle[0], tmp_path / "news")
    (folder / "model.keras").unlink()  # its loading would be the next error
    for options, complaint in (
        (("--format", "tflite", "web", "--quantize", "none", "int8"), "give one --quantize with web, not none, int8"),
        (("--format", "saved_model", "--quantize", "int8"), "--quantize applies to tflite, mediapipe, web"),
        (("--format", "tflite", "--calibration-data", "a.csv"), "--calibration-data is for int8"),
        (("--format", "tflite", "--data", "a.csv"), "--data compares the artifacts on labelled data; add --verify"),
    ):
        finished = command("export", folder, *options)
        assert finished.status == 1
        assert finished.err.startswith("error: ") and complaint in finished.err and finished.err.count("\n") == 1
    assert not (folder / "edge").exists()
