"""The baselines that run in environments of their own."""

import json
import os
import sys

import pytest

from kerascnn.encoders import minilm
from tests.pipelines.conftest import command
from tests.pipelines.test_benchmark import rows_of, split

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the interpreters are shell scripts")

# what the programs use of the packages; each classifier predicts the last word of a text if that is a label
PACKAGES = {
    "datasets": "class Dataset(dict):\n    from_dict = classmethod(lambda kind, columns: kind(columns))",
    "transformers": "set_seed = print",
    "numpy_like": """
        class Weights:
            size = 5
            numel = lambda self: 100
        """,
    "setfit": """
        from types import SimpleNamespace
        from numpy_like import Weights
        class SetFitModel:
            model_head = SimpleNamespace(coef_=Weights(), intercept_=Weights())
            model_body = SimpleNamespace(parameters=lambda: [Weights()])
            from_pretrained = classmethod(lambda kind, folder: kind())
            def predict(self, texts, as_numpy):
                return [self.labels.get(text.split()[-1], 0) for text in texts]
        TrainingArguments = SimpleNamespace
        class Trainer:
            def __init__(self, model, args, train_dataset):
                self.model, self.rows = model, train_dataset
            def train(self):
                self.model.labels = dict(zip([text.split()[-1] for text in self.rows["text"]], self.rows["label"]))
        """,
    "model2vec": "",
    "model2vec/distill": "distill = str",
    "model2vec/train": """
        from numpy_like import Weights
        class StaticModelForClassification:
            from_static_model = classmethod(lambda kind, model: kind())
            parameters = lambda self: [Weights()]
            def fit(self, texts, labels, random_seed):
                self.labels = dict(zip([text.split()[-1] for text in texts], labels))
            def predict(self, texts):
                return [self.labels.get(text.split()[-1], "") for text in texts]
        """,
}


@pytest.fixture
def python(tmp_path, monkeypatch):
    """Make an interpreter with stand-ins for the packages of the peers."""
    for module, code in PACKAGES.items():
        path = tmp_path / "packages" / (f"{module}.py" if module != "model2vec" else "model2vec/__init__.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.removeprefix(" " * 8) for line in code.splitlines()), encoding="utf-8")
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path}/packages exec {sys.executable} -S "$@"\n')
    interpreter.chmod(0o755)
    monkeypatch.setattr(minilm, "find_folder", lambda: tmp_path)
    return interpreter


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "data"
    place.mkdir()
    for name, count in {"train": 20, "test": 4}.items():
        rows = [
            json.dumps({"text": f'{name} "{i}",\nends in {word}', "label": f"{word}, é"}, ensure_ascii=False)
            for i in range(count)
            for word in ("good", "bad")
        ]
        (place / f"{name}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return place


@pytest.mark.parametrize("peer", ["setfit", "model2vec"])
def test_peer_trains_in_its_environment_and_is_a_row_of_the_results(peer, python, folder, tmp_path):
    given = ("--models", peer, f"--{peer}-python", python, "--data", folder, "--rows", 12, "--seeds", 0)
    finished = command("benchmark", "accuracy", *given, "--output", tmp_path / "accuracy.csv")
    assert finished.status == 0, finished.err
    [row] = rows_of(tmp_path / "accuracy.csv")
    assert (row["model"], row["rows"], row["training_rows"], row["test_rows"]) == (peer, "12", "12", "8")
    assert (float(row["accuracy"]), float(row["macro_f1"])) == (1, 1)
    assert int(row["parameters"]) == {"setfit": 110, "model2vec": 100}[peer]


def test_peer_needs_an_interpreter_that_has_its_package(news_csv, python, tmp_path):
    data = split(news_csv, tmp_path / "news")
    for given, complaint in {
        (): "setfit needs an environment of its own: python -m venv setfit_env",
        ("--setfit-python", "nowhere/python"): "--setfit-python nowhere/python: no such program",
        ("--setfit-python", sys.executable): "the package setfit is not installed there",
    }.items():
        # checked before the other model is trained
        finished = command(
            "benchmark", "accuracy", "--data", data, "--models", "tfidf_svm", "setfit", *given, cwd=tmp_path
        )
        assert finished.status == 1 and complaint in finished.err
        assert not (tmp_path / "accuracy.csv").exists()
