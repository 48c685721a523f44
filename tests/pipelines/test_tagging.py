"""The commands with a label for each token."""

from __future__ import annotations

import csv
import json

import pytest

import kerascnn
from kerascnn.runtimes.token_predictor import TokenPredictor
from kerascnn.utils.errors import InputError
from pipelines import audit, compare, distill, evaluate, export, predict, pretrain, train, tune
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
    with pytest.raises(InputError, match="bow has labels of texts; give teacher id_cnn"):
        distill.main(["--data", str(data), "--teacher", "bow", "--output", str(folder / "x"), "--quiet"])
    (folder / "rows.csv").write_text("text,label\n" + "".join(f"row {i},{i % 2}\n" for i in range(40)))
    with pytest.raises(InputError, match="id_cnn has a label for each token"):
        train.main(["--data", str(folder / "rows.csv"), "--model", "id_cnn", "--output", str(folder / "x")])
    with pytest.raises(InputError, match="give saved_model, tflite, web, onnx"):
        export.main([str(folder / "bundle"), "--format", "mediapipe"])


def test_training_exports_for_predictions_without_tensorflow(run, capsys):
    bundle = run[0] / "bundle"
    predictor = kerascnn.load(bundle, runtime="auto")
    assert isinstance(predictor, TokenPredictor)
    assert [e.label for e in predictor.predict_entities(["Anna met Bob Miller."])[0]] == ["PER", "PER"]
    predict.main([str(bundle), "Anna met Bob Miller.", "--runtime", "tflite"])
    assert capsys.readouterr().out.startswith("Anna\tB-PER\nmet\tO\n")
    with pytest.raises(InputError, match=r"has no onnx/model\.onnx"):
        kerascnn.load(bundle, runtime="onnx")


def test_evaluate_writes_report_and_mistakes(run, capsys, tmp_path):
    (tmp_path / "new.conll").write_text("Anna\tB-LOC\nmet\tO\nBob\tB-PER\n")
    command = [str(run[0] / "bundle"), "--data", str(tmp_path / "new.conll"), "--quiet"]
    evaluate.main([*command, "--report", str(tmp_path / "report"), "--json"])
    assert json.loads(capsys.readouterr().out)["token_accuracy"] < 1
    assert "<mark" in (tmp_path / "report" / "report.html").read_text("utf-8")
    with open(tmp_path / "report" / "mistakes.csv", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["token"], row["tag"], row["prediction"]) for row in rows] == [
        ("1", "Anna", "B-LOC", "B-PER")
    ]
    evaluate.main([*command, "--report", str(tmp_path / "report"), "--no-examples"])
    assert "<mark" not in (tmp_path / "report" / "report.html").read_text("utf-8")
    assert not (tmp_path / "report" / "mistakes.csv").exists()


def test_compare_counts_tokens(run, capsys, tmp_path):
    folder, data = run
    command = [str(folder / "bundle"), str(folder / "bundle"), "--data", str(data)]
    compare.main([*command, "--disagreements", str(tmp_path / "other.csv")])
    out = capsys.readouterr().out
    assert "span F1" in out
    assert "token accuracy: B - A = +0.0000" in out
    assert (tmp_path / "other.csv").read_text("utf-8-sig").startswith("file,row,line,text,token,tag,prediction_a")


def test_predict_reads_a_folder_of_files(run, capsys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.conll").write_text("Anna\nmet\nBob\n")
    (tmp_path / "in" / "b.csv").write_text("text\nRome is old\nBob met Anna\n")
    command = [str(run[0] / "bundle"), "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--quiet"]
    predict.main([*command, "--json"])
    assert json.loads(capsys.readouterr().out) == {"parts": 2, "written": 2, "skipped": 0, "rows": 3}
    assert json.loads((tmp_path / "out" / "a.jsonl").read_text())["tags"] == ["B-PER", "O", "B-PER"]
    predict.main([*command, "--json"])
    assert json.loads(capsys.readouterr().out)["skipped"] == 2
    (tmp_path / "in" / "a.conll").write_text("Rome\nis\nold\n")
    predict.main([*command, "--json"])
    assert json.loads(capsys.readouterr().out)["skipped"] == 1
    assert json.loads((tmp_path / "out" / "a.jsonl").read_text())["tokens"] == ["Rome", "is", "old"]
    with pytest.raises(InputError, match="name a folder for the predictions"):
        predict.main([*command[:3]])


def test_network_options_need_no_model(run, tmp_path):
    args = train.parse_arguments(["--data", str(run[1]), "--network.character-filters", "32", "--epochs", "3"])
    assert (args.run.model, args.run.network.character_filters) == ("id_cnn", 32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--training.label-smoothing", "0.2"], "are not smoothed; add --network.no-crf"),
        (["--text.stop-words", "words.txt"], "a tagger gives each token a tag"),
        (["--text.split", "whitespace"], "text.split whitespace: not for a tagger"),
        (["--text.standardize", "html", "lowercase"], "text.standardize html: a tagger keeps"),
        (["--init-from", "saved_models"], "saved_models"),
    ],
)
def test_settings_without_effect_are_refused(run, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        train.main(["--data", str(run[1]), *options, "--output", str(tmp_path / "x"), "--quiet"])


@pytest.mark.full
def test_student_learns_from_a_teacher_and_a_pretrained_encoder(run, capsys, tmp_path):
    folder, data = run
    (tmp_path / "more.txt").write_text("Carla met Anna in Paris.\nDavid Stone met Bob in New York.\n")
    pretrain.main(["--model", "id_cnn", "--data", str(data), "--epochs", "2", "--text.min-count", "1",
                   "--output", str(tmp_path / "encoder"), "--quiet"])  # fmt: skip
    command = ["--data", str(data), "--validation-data", str(data), "--test-data", str(data), "--epochs", "8",
               "--text.min-count", "1", "--learning-rate", "0.01", "--quiet"]  # fmt: skip
    distill.main([*command, "--teacher", str(folder / "bundle"), "--unlabelled", str(tmp_path / "more.txt"),
                  "--init-from", str(tmp_path / "encoder"), "--output", str(tmp_path / "student"),
                  "--json"])  # fmt: skip
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["test"]["f1"] > 0.8
    assert metrics["inherited_vocabulary"] > 0.8
    assert metrics["comparison"]["teacher"]["f1"] > 0.8
    manifest = json.loads((tmp_path / "student" / "manifest.json").read_text())
    assert manifest["distillation"]["teacher"] == str(folder / "bundle")
    assert manifest["data"]["unlabelled"]["rows"] == 2


@pytest.mark.full
def test_search_finds_settings_by_the_f1_of_spans(run, capsys, tmp_path):
    (tmp_path / "space.yaml").write_text("network.filters: [16, 32]\ntraining.learning_rate: [1e-2, 3e-3]\n")
    tune.main(["--data", str(run[1]), "--validation-data", str(run[1]), "--epochs", "3", "--space",
               str(tmp_path / "space.yaml"), "--trials", "2", "--objective", "span_f1", "--algorithm", "random",
               "--output", str(tmp_path / "search"), "--quiet", "--json"])  # fmt: skip
    answer = json.loads(capsys.readouterr().out)
    assert answer["best"]["metrics"]["span_f1"] > 0
