"""Types of labels: a bundle stores names, and gives back what the training data had."""

import json

import numpy as np
import pandas as pd
import pytest

import kerascnn
from kerascnn import TextClassifier
from kerascnn.data.config import SourceConfig
from kerascnn.data.label_types import (
    choose_label_type,
    find_label_name,
    merge_label_types,
    name_label,
    parse_label_names,
)
from kerascnn.data.sources import read_rows
from kerascnn.data.splits import split_rows
from kerascnn.utils.errors import InputError
from tests.pipelines.conftest import command
from tests.sealing import edit_sealed

TEXTS = ["fine lovely film", "lovely good film", "good fine film", "dull bad film", "bad slow film", "slow dull film"]
TEXTS *= 4
TABLE_LABELS = {
    "int": [3, 3, 3, -1, -1, -1],
    "bool": [True, True, True, False, False, False],
    "float": [1.0, 1.0, 1.0, 2.0, 2.0, 2.0],
    "str": ["1", "1", "1", "2", "2", "2"],
}


def small(**settings):
    return TextClassifier(model="bow", min_count=1, max_length=16, refit_rows=0, **settings)


def first_value(classes):
    return type(classes.tolist()[0])


@pytest.mark.parametrize(
    ("name", "container"), [("int", np.asarray), ("bool", pd.Series), ("float", list), ("str", list)]
)
def test_labels_of_python_survive_save_and_load(name, container, tmp_path):
    labels = TABLE_LABELS[name] * 4
    classifier = small().fit(TEXTS, container(labels))
    classifier.save(tmp_path / "bundle")
    loaded = kerascnn.load(tmp_path / "bundle")
    assert loaded.classes_.tolist() == classifier.classes_.tolist()
    assert first_value(loaded.classes_) is first_value(classifier.classes_) is type(labels[0])
    assert loaded.predict(TEXTS).tolist() == labels == [best[0][0] for best in loaded.predict_scored(TEXTS)]
    assert loaded.score(TEXTS, container(labels)) == loaded.evaluate(TEXTS, container(labels))["accuracy"] == 1
    if name != "str":  # scikit-learn compares arrays of the same kind
        assert loaded.predict(TEXTS).dtype == classifier.predict(TEXTS).dtype


def test_lists_of_numbers_survive_save_and_load(tmp_path):
    labels = [[1, 20], [1], [20], [], [1], [20]] * 4
    small().fit(TEXTS, labels).save(tmp_path / "bundle")
    loaded = kerascnn.load(tmp_path / "bundle")
    assert loaded.classes_.tolist() == [1, 20] and first_value(loaded.classes_) is int
    assert {label for found in loaded.predict(TEXTS) for label in found} <= {1, 20}


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_indicator_matrix_survives_save_and_load(dtype, tmp_path):
    columns = ["good", "bad"] if dtype == "int8" else [7, 8]
    matrix = pd.DataFrame([[1, 0], [1, 0], [1, 1], [0, 1], [0, 1], [0, 0]] * 4, columns=columns).astype(dtype)
    classifier = small().fit(TEXTS, matrix)
    classifier.save(tmp_path / "bundle")
    loaded, predicted = kerascnn.load(tmp_path / "bundle"), classifier.predict(TEXTS)
    assert predicted.dtype == loaded.predict(TEXTS).dtype == dtype
    assert (loaded.predict(TEXTS) == predicted).all() and loaded.classes_.tolist() == columns
    assert loaded.score(TEXTS, matrix) == classifier.score(TEXTS, matrix)
    edit_sealed(tmp_path / "bundle" / "manifest.json", indicator_dtype="O")
    with pytest.raises(InputError, match=r"manifest.json: indicator_dtype 'O' is no type of numbers"):
        kerascnn.load(tmp_path / "bundle")


@pytest.fixture(scope="module", params=["parquet", pytest.param("csv", marks=pytest.mark.full)])
def typed_data(request, tmp_path_factory):
    """Write whole numbers into a file; CSV has no types."""
    path = tmp_path_factory.mktemp("data") / f"stars.{request.param}"
    table = pd.DataFrame({"text": [f"{text} {n}" for n, text in enumerate(TEXTS)], "label": TABLE_LABELS["int"] * 4})
    if request.param == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    return path, str if request.param == "csv" else int


@pytest.fixture(scope="module")
def typed_bundle(typed_data, tmp_path_factory):
    path, kind = typed_data
    folder = tmp_path_factory.mktemp("bundles") / "stars"
    finished = command("train", "--data", path, "--output", folder, "--model", "bow", "--text.min-count", "1")
    assert finished.status == 0, finished.err
    return folder, kind


def test_labels_of_files_have_their_type(typed_bundle, tmp_path):
    folder, kind = typed_bundle
    assert first_value(kerascnn.load(folder).classes_) is kind
    row = json.loads(command("predict", folder, "a lovely film", "--json").out)
    assert row["label"] == kind(3) and type(row["label"]) is kind
    ranked = json.loads(command("predict", folder, "a lovely film", "--json", "--top-k", "2").out)
    assert [ranked["label_1"], ranked["label_2"]] == [kind(3), kind(-1)]
    unsure = json.loads(command("predict", folder, "a lovely film", "--json", "--abstain-below", "1").out)
    assert unsure["label"] == ("" if kind is str else None)
    assert command("predict", folder, "a lovely film").out.splitlines()[1].startswith("a lovely film,3,")
    explained = json.loads(command("predict", folder, "a lovely film", "--json", "--explain").out)
    assert type(explained["label"]) is kind


def test_folder_of_predictions_has_typed_labels(typed_bundle, tmp_path):
    folder, kind = typed_bundle
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("text\na lovely film\na bad film\n", encoding="utf-8")
    finished = command("predict", folder, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert finished.status == 0, finished.err
    assert pd.read_parquet(tmp_path / "out" / "a.parquet")["label"].tolist() == [kind(3), kind(-1)]


@pytest.mark.full
def test_exports_predict_labels_of_the_same_type(typed_bundle):
    folder, kind = typed_bundle
    assert command("export", folder, "--format", "onnx").status == 0
    finished = command("predict", folder, "a lovely film", "--json", "--runtime", "onnx")
    assert finished.status == 0, finished.err
    label = json.loads(finished.out)["label"]
    assert type(label) is kind and label == kind(3)


@pytest.mark.parametrize("spelling", ["3,-1", "3.0,-1.0"])
def test_evaluation_reads_labels_of_any_type(typed_bundle, spelling, tmp_path):
    folder, kind = typed_bundle
    good, bad = spelling.split(",")
    (tmp_path / "new.csv").write_text(f"text,label\na lovely film,{good}\na bad film,{bad}\n", encoding="utf-8")
    finished = command("evaluate", folder, "--data", tmp_path / "new.csv", "--json")
    if kind is str and spelling != "3,-1":
        assert "new.csv, row 2: the evaluation data has the label '3.0'" in finished.err
    else:
        assert finished.status == 0, finished.err
        assert json.loads(finished.out)["accuracy"] == 1


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ("1 2", "int"), ("true false", "bool"), ("1.5 2", "float"), ('1 "2"', "str"), ("true 0", "str"),
        ("[1] [1,2]", "int"), ('[1] ["a"]', "str"), ("1 null 2", "int"), ("1 1.0 2", "float"),
    ],
)  # fmt: skip
def test_types_of_json_labels(labels, kind, write):
    lines = [f'{{"text": "a film {n}", "label": {label}}}' for n, label in enumerate(labels.split() * 9)]
    rows = read_rows([write("a.jsonl", "\n".join(lines))], SourceConfig())
    assert split_rows(rows, None, None, SourceConfig(test_fraction=0)).label_type == kind


def test_types_of_labels_are_merged():
    assert merge_label_types(["int", "int"]) == "int"
    assert merge_label_types(["int", "float"]) == "float"
    assert merge_label_types(["int", "str"]) == merge_label_types(["bool", "int"]) == merge_label_types([]) == "str"
    assert choose_label_type(["1", "2"], "int") == "int"
    assert choose_label_type(["1", "one"], "int") == choose_label_type(["1", "1.0"], "float") == "str"
    assert choose_label_type([str(2**70), "1"], "int") == "str"
    assert parse_label_names(["true", "False"], "bool") == [True, False]
    assert find_label_name("True", ["false", "true"], "bool") == "true"
    assert [name_label(value) for value in (True, 1.0, 2.5, 0.1 + 0.2, 3, "a")] == [
        "true", "1", "2.5", "0.30000000000000004", "3", "a",
    ]  # fmt: skip
    assert find_label_name("perhaps", ["false", "true"], "bool") == "perhaps"


def test_manifest_must_have_a_fitting_type(tmp_path):
    small().fit(TEXTS, TABLE_LABELS["str"] * 4).save(tmp_path / "bundle")
    edit_sealed(tmp_path / "bundle" / "manifest.json", label_type="bool")
    with pytest.raises(InputError, match=r"manifest.json: label_type bool: '2' is neither true nor false"):
        kerascnn.load(tmp_path / "bundle")
    edit_sealed(tmp_path / "bundle" / "manifest.json", label_type="complex")
    with pytest.raises(InputError, match=r"manifest.json: label_type 'complex' is none of str, int, float, bool"):
        kerascnn.load(tmp_path / "bundle")
