"""The commands with a label for each token."""

from __future__ import annotations

import json

import pytest

from kerascnn.utils.errors import InputError
from pipelines import audit, evaluate, export, predict, train
from tests.tagged import SENTENCES, TAGS


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagging")
    pairs = zip(SENTENCES, TAGS, strict=True)
    sentences = ["".join(f"{a}\t{b}\n" for a, b in zip(tokens, tags, strict=True)) for tokens, tags in pairs]
    data = folder / "news.conll"
    data.write_text("\n".join(sentences))
    arguments = ["--data", str(data), "--epochs", "6", "--text.min-count", "1", "--learning-rate", "0.01"]
    train.main([*arguments, "--validation-data", str(data), "--output", str(folder / "bundle"), "--quiet"])
    return folder, data


def test_data_chooses_task_and_model(run):
    folder, _ = run
    manifest = json.loads((folder / "bundle" / "manifest.json").read_text())
    assert (manifest["task"], manifest["model"]) == ("tagging", "id_cnn")
    assert "span" in (folder / "bundle" / "README.md").read_text()
    metrics = json.loads((folder / "bundle" / "metrics.json").read_text())
    assert metrics["test"]["f1"] > 0.8


def test_predict_writes_conll_and_json(run, capsys):
    bundle = str(run[0] / "bundle")
    predict.main([bundle, "Anna met Bob Miller."])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == ["Anna\tB-PER", "met\tO", "Bob\tB-PER", "Miller\tI-PER"]
    predict.main([bundle, "Anna met Bob Miller.", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert [(e["text"], e["label"], e["start"]) for e in result["entities"]] == [
        ("Anna", "PER", 0),
        ("Bob Miller", "PER", 9),
    ]


def test_predict_keeps_tokens_and_columns_of_files(run, capsys, tmp_path):
    folder, _ = run
    (tmp_path / "in.conll").write_text("Anna\nmet\nBob\n")
    predict.main(
        [str(folder / "bundle"), "--input", str(tmp_path / "in.conll"), "--output", str(tmp_path / "out.conll")]
    )
    assert (tmp_path / "out.conll").read_text() == "Anna\tB-PER\nmet\tO\nBob\tB-PER\n\n"
    (tmp_path / "in.csv").write_text("id,text\n7,Anna met Bob\n")
    predict.main([str(folder / "bundle"), "--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.jsonl")])
    assert json.loads((tmp_path / "out.jsonl").read_text())["id"] == "7"
    with pytest.raises(InputError, match=r"written as \.conll or \.jsonl"):
        predict.main([str(folder / "bundle"), "Anna", "--output", str(tmp_path / "out.csv")])


def test_evaluate_reads_other_schemes(run, capsys, tmp_path):
    (tmp_path / "bioes.conll").write_text("Anna\tS-PER\nmet\tO\nBob\tB-PER\nMiller\tE-PER\n")
    evaluate.main([str(run[0] / "bundle"), "--data", str(tmp_path / "bioes.conll"), "--json"])
    assert json.loads(capsys.readouterr().out)["f1"] == 1


def test_audit_counts_spans_and_names_broken_tags(capsys, tmp_path):
    path = str(tmp_path / "broken.conll")
    with open(path, "w") as file:
        file.write("Anna\tB-PER\nMiller\tI-LOC\n\nRome\tB-LOC\n")
    audit.main(["--data", path, "--validation-data", path, "--test-data", path])
    out = capsys.readouterr().out
    assert "such as I-LOC after B-PER, token 2 in line 2" in out
    assert "LOC 2 (100.0%)" in out


def test_models_and_data_must_fit(run):
    folder, data = run
    with pytest.raises(InputError, match="rnn has labels of texts; give model id_cnn"):
        train.main(["--data", str(data), "--model", "rnn", "--output", str(folder / "x")])
    (folder / "rows.csv").write_text("text,label\n" + "".join(f"row {i},{i % 2}\n" for i in range(40)))
    with pytest.raises(InputError, match="id_cnn has a label for each token"):
        train.main(["--data", str(folder / "rows.csv"), "--model", "id_cnn", "--output", str(folder / "x")])
    with pytest.raises(InputError, match="give saved_model, tflite, onnx"):
        export.main([str(folder / "bundle"), "--format", "web"])
