"""An export answers for few rows, TensorFlow for many."""

import pytest

from kerascnn.data.records import Record
from kerascnn.runtimes import runtime
from kerascnn.scoring import runtime_choice
from kerascnn.scoring.runtime_choice import FEW_CHARACTERS, FEW_ROWS, choose_for_folder, choose_for_records


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a TFLite export, where every runtime is installed."""
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "model_float32.tflite").touch()
    set_installed(monkeypatch, "tensorflow", "tflite", "onnx")
    return tmp_path


def set_installed(monkeypatch, *names):
    for module in (runtime, runtime_choice):
        monkeypatch.setattr(module, "has_runtime", lambda name: name in names)


def records(count, text="a"):
    return (Record({"text": text}, "in.csv", number) for number in range(count))


@pytest.mark.parametrize(
    ("count", "text", "expected"),
    [
        (0, "a", "tflite"),
        (1, "a", "tflite"),
        (FEW_ROWS, "a", "tflite"),
        (FEW_ROWS + 1, "a", "tensorflow"),
        (2, "a" * FEW_CHARACTERS, "tensorflow"),
    ],
)
def test_auto_depends_on_rows_and_characters_and_loses_no_row(count, text, expected, folder):
    chosen, rest = choose_for_records(folder, "auto", records(count, text), "text")
    assert chosen == expected
    assert [record.number for record in rest] == list(range(count))


def test_only_the_rows_that_decide_are_read(folder):
    endless = records(10**9)
    chosen, rest = choose_for_records(folder, "auto", endless, "text")
    assert chosen == "tensorflow" and next(rest).number == 0 and next(endless).number == FEW_ROWS + 1


@pytest.mark.parametrize("name", ["tensorflow", "tflite", "onnx"])
def test_a_named_runtime_is_used_for_any_number_of_rows(name, folder):
    assert choose_for_records(folder, name, records(FEW_ROWS + 1), "text")[0] == name
    assert choose_for_folder(folder, name) == name


def test_without_tensorflow_the_export_answers_for_all(folder, monkeypatch):
    set_installed(monkeypatch, "tflite")
    assert choose_for_records(folder, "auto", records(FEW_ROWS + 1), "text")[0] == "tflite"
    assert choose_for_folder(folder, "auto") == "tflite"


def test_folders_are_for_tensorflow(folder):
    assert choose_for_folder(folder, "auto") == "tensorflow"
