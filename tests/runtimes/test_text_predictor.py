"""Every runtime predicts what TensorFlow predicts, in Python and by ``predict --runtime``, and names a wrong export."""

import csv
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kerascnn
from kerascnn.golden import PROBES, TOLERANCE
from kerascnn.runtimes.text_predictor import TextPredictor
from kerascnn.utils.errors import InputError
from tests.pipelines.conftest import command
from tests.sealing import edit_golden, edit_sealed

ROOT = Path(__file__).parents[2]
every_runtime = pytest.mark.parametrize("runtime", ["tflite", "onnx"])
every_export = pytest.mark.parametrize(
    ("name", "runtime"),
    [(name, "tflite") for name in ("news", "briefs", "reviews")] + [("news", "onnx"), ("briefs", "onnx")],
)


@pytest.fixture
def folder(exported, tmp_path):
    """A copy of the bundle of the news, which a test may change."""
    return shutil.copytree(exported["news"][1], tmp_path / "news")


@every_export
def test_predicts_as_tensorflow_does(name, runtime, exported):
    classifier, bundle, texts = exported[name]
    predictor = kerascnn.load(bundle, runtime=runtime)
    texts = [*texts[::9], *PROBES]
    np.testing.assert_allclose(predictor.predict_proba(texts), classifier.predict_proba(texts), atol=TOLERANCE)
    for method in ("predict", "predict_scored", "predict_top_k"):
        found, expected = getattr(predictor, method)(texts), getattr(classifier, method)(texts)
        if method != "predict":
            found, expected = ([[label for label, _ in row] for row in rows] for rows in (found, expected))
        assert type(found) is type(expected) and list(found) == list(expected), method
    assert predictor.classes_.tolist() == classifier.classes_.tolist()
    assert predictor.task is classifier.task
    assert predictor.thresholds == classifier.thresholds
    assert len(predictor.predict([])) == 0 and predictor.predict_proba([]).shape == (0, len(predictor.classes_))


@every_runtime
def test_rejects_what_a_text_classifier_rejects(runtime, exported):
    predictor = kerascnn.load(exported["news"][1], runtime=runtime)
    with pytest.raises(InputError, match="texts: give a list of texts"):
        predictor.predict("one text")
    with pytest.raises(InputError, match="row 1: a text must be a string"):
        predictor.predict_proba(["a", None])
    with pytest.raises(InputError, match="k: 0 is not a whole number"):
        predictor.predict_top_k(["a"], k=0)


def test_predictor_of_tflite_can_be_pickled(exported):
    predictor = kerascnn.load(exported["news"][1], runtime="tflite")
    again = pickle.loads(pickle.dumps(predictor))
    np.testing.assert_array_equal(again.predict_proba(PROBES), predictor.predict_proba(PROBES))
    assert "tflite" in repr(again)


@every_runtime
def test_export_of_another_bundle_is_an_error(runtime, exported, folder):
    part = "edge" if runtime == "tflite" else "onnx"
    shutil.rmtree(folder / part)
    shutil.copytree(exported["briefs"][1] / part, folder / part)
    with pytest.raises(InputError, match=r"belongs to another bundle|differ by|cannot run it"):
        kerascnn.load(folder, runtime=runtime)


@every_runtime
def test_changed_file_is_an_error_also_for_auto(runtime, folder):
    model = {"tflite": "edge/model_float32.tflite", "onnx": "onnx/model.onnx"}[runtime]
    if runtime == "onnx":
        shutil.rmtree(folder / "edge")
    content = bytearray((folder / model).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / model).write_bytes(content)
    for name in (runtime, "auto"):
        with pytest.raises(InputError, match="changed or damaged since it was"):
            kerascnn.load(folder, runtime=name)


@every_runtime
def test_other_golden_answers_are_an_error(runtime, folder):
    answers = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    answers["probabilities"][3] = answers["probabilities"][3][::-1]
    edit_golden(folder, "manifest.json", probabilities=answers["probabilities"])
    with pytest.raises(InputError, match=r"golden\.json: .*(has the labels|differ by)"):
        kerascnn.load(folder, runtime=runtime)


def test_other_thresholds_than_those_of_the_bundle_are_an_error(exported, tmp_path):
    folder = shutil.copytree(exported["briefs"][1], tmp_path / "briefs")
    thresholds = exported["briefs"][0].thresholds
    edit_sealed(folder / "edge" / "edge.json", thresholds=[1 - x for x in thresholds])
    with pytest.raises(InputError, match="belongs to another bundle"):
        kerascnn.load(folder, runtime="tflite")


def test_only_a_file_in_lower_precision_needs_to_be_asked_for(exported, folder):
    from kerascnn.export import tflite

    classifier, _, texts = exported["news"]
    shutil.rmtree(folder / "edge")
    shutil.rmtree(folder / "onnx")
    tflite.export(classifier.bundle_, folder, quantize=["dynamic"])
    assert isinstance(kerascnn.load(folder, runtime="auto"), kerascnn.TextClassifier)
    found = kerascnn.load(folder, runtime="tflite").predict(texts)
    assert np.mean(found == classifier.predict(texts)) > 0.95


SCRIPT = """
import json, sys

class Missing:
    # as in an environment without these packages
    names = ("tensorflow", "keras", "sklearn", "scipy", "pandas", "matplotlib", "pyarrow", "tensorflow_datasets")

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import kerascnn
from kerascnn.golden import PROBES
from kerascnn.utils.errors import InputError
from pipelines.predict import main

news, briefs, reviews, bare = sys.argv[1:]
main([news, "Shares fell after the warning"])
slow = {"asyncio", "tabulate", "tqdm", "typeguard", "yaml", "kerascnn.models"} & sys.modules.keys()
assert not slow, f"a quick answer does not need {slow}"
found = {}
for folder in (news, briefs, reviews):
    for runtime in (None, "auto", "tflite", "onnx")[: 3 if folder == reviews else 4]:
        predictor = kerascnn.load(folder, runtime=runtime)
        found[f"{folder} {runtime}"] = predictor.predict_proba(PROBES).tolist()
for folder, runtime in ((bare, None), (bare, "tflite"), (bare, "onnx"), (news, "tensorflow")):
    try:
        kerascnn.load(folder, runtime=runtime)
    except InputError as error:
        found[f"error {runtime}"] = str(error)
try:
    kerascnn.TextClassifier
except InputError as error:
    found["error TextClassifier"] = str(error)
for source in ("in.parquet", "folder"):
    try:
        main([news, "--input", source, "--output", "out.csv" if "." in source else "out"])
    except InputError as error:
        found[f"error {source}"] = str(error)
main([briefs, "--runtime", "onnx", "--top-k", "2", "--json", "Shares fell after the warning"])
print(json.dumps(found))
"""


def test_answers_in_an_environment_without_tensorflow(exported, tmp_path):
    bare = shutil.copytree(exported["news"][1], tmp_path / "bare")
    for part in ("edge", "onnx"):
        shutil.rmtree(bare / part)
    folders = [str(exported[name][1]) for name in ("news", "briefs", "reviews")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = [sys.executable, "-c", SCRIPT, *folders, str(bare)]
    (tmp_path / "folder").mkdir()
    for name in ("in.parquet", "folder/in.csv"):
        (tmp_path / name).write_text("text\na\n")
    finished = subprocess.run(program, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    head, row, listed, found = finished.stdout.splitlines()
    assert head == "text,label,score" and row.split(",")[1] == "business"
    assert {"label_1", "score_1", "label_2", "score_2"} < set(json.loads(listed))
    found = json.loads(found)
    for classifier, folder, _ in exported.values():
        for runtime in (None, "auto", "tflite", "onnx")[: 3 if folder.name == "reviews" else 4]:
            np.testing.assert_allclose(
                found[f"{folder} {runtime}"], classifier.predict_proba(PROBES), atol=TOLERANCE, err_msg=str(runtime)
            )
    assert "has no export, and TensorFlow is not installed; run python -m pipelines.export" in found["error None"]
    assert "has no folder edge; run python -m pipelines.export" in found["error tflite"]
    assert "has no onnx/model.onnx; run python -m pipelines.export" in found["error onnx"]
    assert "tensorflow is not installed; pip install" in found["error tensorflow"]
    for source in ("in.parquet", "folder"):
        assert "needs pyarrow, which is not installed; pip install pyarrow" in found[f"error {source}"]
    assert found["error TextClassifier"].startswith("TensorFlow is not installed; pip install")


def test_predictor_needs_an_export(exported):
    for runtime in ("tensorflow", "auto", "", None):
        with pytest.raises(InputError, match=r"runtime: .* is none of tflite, onnx; see kerascnn.load"):
            TextPredictor(exported["news"][1], runtime)


def test_predictor_needs_a_bundle(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="not a bundle"):
            TextPredictor(folder, "tflite")
        with pytest.raises(InputError, match="not a bundle"):
            kerascnn.load(folder, runtime="auto")


TEXTS = ("Shares fell after the profit warning", 'The striker scored twice, "late"', "", "股市上涨", "a" * 3000)


def read_answers(text, as_json):
    return [json.loads(line) for line in text.splitlines()] if as_json else list(csv.DictReader(io.StringIO(text)))


def is_close(found, expected):
    """Return whether two values are equal, or numbers, lists and joined numbers that differ by rounding."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(is_close, found, expected))
    try:
        pairs = zip(str(found).split(";"), str(expected).split(";"), strict=True)
        return all(abs(float(a) - float(b)) < 1e-4 for a, b in pairs)
    except ValueError:
        return found == expected


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("news", ()),
        ("news", ("--top-k", "3", "--json")),
        ("news", ("--abstain-below", "0.9")),
        ("briefs", ()),
        ("briefs", ("--label-separator", "|")),
        ("briefs", ("--json",)),
        ("briefs", ("--top-k", "2")),
    ],
)
def test_every_runtime_writes_the_same_columns_and_labels(name, options, exported):
    folder, found = exported[name][1], {}
    for runtime in ("tensorflow", "tflite", "onnx"):
        finished = command("predict", folder, *TEXTS, *options, "--runtime", runtime)
        assert finished.status == 0 and finished.err == "", finished.err
        found[runtime] = read_answers(finished.out, "--json" in options)
    for runtime in ("tflite", "onnx"):
        for row, expected in zip(found[runtime], found["tensorflow"], strict=True):
            assert list(row) == list(expected)
            assert all(is_close(row[column], expected[column]) for column in expected), (row, expected)


def test_folder_is_scored_with_a_named_runtime(exported, tmp_path):
    import pyarrow.parquet

    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(
        "text\n" + "\n".join(f"shares fell {i}" for i in range(30)), encoding="utf-8"
    )
    tables = {}
    for runtime in ("tensorflow", "tflite"):
        out = tmp_path / runtime
        finished = command(
            "predict", exported["news"][1], "--input", tmp_path / "in", "--output", out, "--runtime", runtime
        )
        assert finished.status == 0, finished.err
        tables[runtime] = pyarrow.parquet.read_table(out / "a.parquet")
    assert tables["tflite"].column("label").equals(tables["tensorflow"].column("label"))
    scores = [tables[name].column("score").to_pylist() for name in tables]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--explain", "--runtime", "tflite"), 1, "--explain needs TensorFlow; leave out --runtime tflite"),
        (("--runtime", "torch"), 2, "torch"),
    ],
)
def test_runtime_that_cannot_do_it_is_named(options, status, message, exported):
    finished = command("predict", exported["news"][1], "a text", *options)
    assert finished.status == status and message in finished.err + finished.out
