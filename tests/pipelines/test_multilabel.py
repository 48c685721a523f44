"""The commands on multi-label data, from a messy file to an export."""

import csv
import json

import pytest

from tests.pipelines import parts
from tests.pipelines.conftest import command

NETWORK = (
    "--model", "bow", "--network.ngrams", "1", "2", "--network.linear-ngrams", "--network.ngram-buckets", "4096",
    "--text.max-length", "96", "--text.min-count", "1",
)  # fmt: skip
TRAINING = (*NETWORK, "--epochs", "8", "--training.learning-rate", "0.03")


@pytest.fixture(scope="module")
def briefs_csv(briefs, tmp_path_factory):
    """The briefs with untidy labels: spaces, duplicates, trailing separators, empty cells."""
    path = tmp_path_factory.mktemp("data") / "briefs.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "topics"])
        for number, (text, labels) in enumerate(zip(*briefs, strict=True)):
            repeated = labels + labels[:1] * (number % 5 == 0)
            cell = ("; ", ";", " ;")[number % 3].join(repeated) + ";" * (number % 7 == 0)
            writer.writerow([number, text, " " * (number % 2) + cell])
    return path


@pytest.fixture(scope="module")
def reading(briefs_csv):
    """Options with which the file is read."""
    return ("--label-column", "topics", "--label-separator", ";")


@pytest.fixture(scope="module")
def bundle(briefs_csv, reading, tmp_path_factory):
    """The folder of the bundle, and the output of its training."""
    folder = tmp_path_factory.mktemp("bundles") / "briefs"
    prefixed = [f"--source.{name[2:]}" if name.startswith("--") else name for name in reading]
    finished = command("train", "--data", briefs_csv, "--output", folder, "--json", *prefixed, *TRAINING)
    assert finished.status == 0, finished.err
    return folder, finished


def test_training_logs_split_thresholds_and_metrics(bundle):
    folder, finished = bundle
    assert "60 training rows have no labels and were kept (first: " in finished.err
    assert "stratified by labels (iterative stratification), seed 0" in finished.err
    assert "thresholds with the highest F1 on the validation data for 5 labels" in finished.err
    assert "all labels right" in finished.err and "micro-F1" in finished.err
    metrics = json.loads(finished.out)["test"]
    assert metrics == json.loads((folder / "metrics.json").read_text())["test"]
    assert {"accuracy", "micro_f1", "macro_f1", "loss", "ece", "per_class", "confused", "reliability"} < set(metrics)
    assert "confusion_matrix" not in metrics
    assert metrics["micro_f1"] > 0.5
    thresholds = json.loads((folder / "manifest.json").read_text())["thresholds"]
    assert [values["threshold"] for values in metrics["per_class"].values()] == thresholds


def test_model_card_and_report_show_thresholds_and_no_confusion_matrix(bundle):
    folder, _ = bundle
    card, page = ((folder / name).read_text(encoding="utf-8") for name in ("README.md", "report.html"))
    assert "Gives a text any number of 5 labels: business" in card and "| threshold |" in card
    assert "Confusion matrix" not in card and not (folder / "confusion_matrix.png").exists()
    for words in ("5 labels, any number per text", "all labels right", "micro-F1", "threshold", "The worst mistakes"):
        assert words in page
    assert "true \\ predicted" not in page and page.count("below: <b") == 16


def test_evaluate_remembers_the_label_separator_of_the_training(bundle, briefs_csv, reading):
    folder, _ = bundle
    finished = command("evaluate", folder, "--data", briefs_csv, *reading, "--json")
    assert finished.status == 0, finished.err
    assert json.loads(finished.out)["rows"] == 240 and json.loads(finished.out)["micro_f1"] > 0.7
    assert command("evaluate", folder, "--data", briefs_csv, "--json").out == finished.out


def test_csv_joins_labels_with_the_separator_and_json_lists_them(bundle, briefs_csv, briefs, tmp_path):
    from kerascnn import load

    folder, _ = bundle
    expected = load(folder).predict_scored(briefs[0])
    for options, separator in (((), ";"), (("--label-separator", " | "), " | ")):
        finished = command("predict", folder, "--input", briefs_csv, "--output", tmp_path / "out.csv", *options)
        assert finished.status == 0, finished.err
        with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["id", "text", "topics", "label", "score"]
        for row, answer in zip(rows, expected, strict=True):
            assert row["label"] == separator.join(label for label, _ in answer)
            assert row["score"] == separator.join(str(round(score, 6)) for _, score in answer)
    assert any(not row["label"] for row in rows) and any(row["label"].count(" | ") == 2 for row in rows)
    lines = command("predict", folder, "--input", briefs_csv, "--json").out.splitlines()
    assert [json.loads(line)["label"] for line in lines] == [[label for label, _ in answer] for answer in expected]
    answer = command("predict", folder, briefs[0][3], "--top-k", "5", "--label-separator", "s")
    [row] = csv.DictReader(answer.out.splitlines())
    assert {row[f"label_{rank}"] for rank in range(1, 6)} == set(load(folder).classes_)


def test_folder_output_has_lists_or_joined_labels(bundle, briefs, tmp_path):
    from kerascnn import load

    (tmp_path / "in").mkdir()
    parts.write_part(tmp_path / "in" / "a.jsonl", briefs[0][:40])
    parts.write_part(tmp_path / "in" / "b.parquet", briefs[0][40:80])
    run = ("predict", bundle[0], "--input", tmp_path / "in", "--output", tmp_path / "out")
    expected = load(bundle[0]).predict_scored(briefs[0][:80])
    for options, of in (((), list), (("--label-separator", " | "), lambda values: " | ".join(map(str, values)))):
        finished = command(*run, *options)
        assert finished.status == 0 and "2 of 2 parts, 80 rows" in finished.err
        rows = [row for rows in parts.read_predictions(tmp_path / "out").values() for row in rows]
        assert [row["label"] for row in rows] == [of(label for label, _ in answer) for answer in expected]
        scores = [[round(score, 6) for _, score in answer] for answer in expected]
        if of is list:
            assert [row["score"] for row in rows] == [pytest.approx(values, abs=2e-6) for values in scores]
        else:
            assert [row["score"].count(" | ") for row in rows] == [max(0, len(values) - 1) for values in scores]
    assert any(not row["label"] for row in rows) and any(row["label"].count(" | ") > 1 for row in rows)
    assert command(*run, "--top-k", "5").status == 0
    assert {row["label_5"] for row in parts.read_predictions(tmp_path / "out")["a.parquet"]} <= set(
        load(bundle[0]).classes_
    )
    for options, message in (
        (("--label-separator", "s"), "the label 'business' contains the label separator 's'"),
        (("--abstain-below", "0.5"), "--abstain-below: the bundle is multi-label"),
    ):
        refused = command(*run, *options)
        assert refused.status == 1 and message in refused.err and refused.err.count("\n") == 1


def test_rejects_separator_that_is_part_of_a_label(bundle, briefs):
    finished = command("predict", bundle[0], briefs[0][0], "--label-separator", "s")
    assert finished.status == 1 and finished.out == ""
    assert (
        "the label 'business' contains the label separator 's'" in finished.err
        and "--output NAME.jsonl" in finished.err
    )


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        ("predict", ("a text", "--abstain-below", "0.5"), "--abstain-below: "),
        ("find_threshold", ("--data", "x.csv"), "multi-label, each label has its own threshold"),
        ("export", ("--format", "mediapipe"), "multi-label, but MediaPipe's text classifier has no thresholds"),
    ],
)
def test_rejects_single_label_options(verb, options, message, bundle):
    finished = command(verb, bundle[0], *options)
    assert finished.status == 1
    assert message in finished.err and finished.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--training.class-weights", "balanced"), "training.class_weights balanced"),
        (("--distillation.teacher", "teacher.csv"), "--teacher teacher.csv: no such file or folder"),
        (("--source.label-separator", "/"), "no training row has the label separator '/' between labels"),
    ],
)
def test_rejects_invalid_training_before_it_starts(options, message, briefs_csv, tmp_path):
    reading = ("--source.label-column", "topics", "--source.label-separator", ";")
    finished = command("train", "--data", briefs_csv, "--output", tmp_path / "x", *reading, *NETWORK, *options)
    assert finished.status == 1
    assert message in finished.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_audit_counts_labels_per_row_and_pairs(briefs_csv, briefs):
    reading = ("--source.label-column", "topics", "--source.label-separator", ";")
    finished = command("audit", "--data", briefs_csv, *reading, "--source.test-fraction", "0", *NETWORK)
    assert finished.status == 0, finished.err
    assert "labels    0 per row: " in finished.out and "pairs     " in finished.out
    options = ("--source.test-fraction", "0", "--source.validation-fraction", "0", "--json")
    found = json.loads(command("audit", "--data", briefs_csv, *reading, *options, *NETWORK).out)["splits"]["train"]
    assert found["labels_per_row"] == {"0": 60, "1": 60, "2": 60, "3": 60}
    pair = found["label_pairs"][0]
    assert pair[2] == sum({pair[0], pair[1]} <= set(labels) for labels in briefs[1])
    finished = command("audit", "--data", briefs_csv, *reading, "--label-errors", *NETWORK)
    assert finished.status == 1 and "--label-errors" in finished.err


@pytest.mark.full
def test_config_of_the_bundle_reproduces_its_training(bundle, tmp_path):
    folder, finished = bundle
    again = command("train", "--config", folder / "config.yaml", "--output", tmp_path / "again", "--json")
    assert again.status == 0, again.err
    assert json.loads(again.out)["test"]["rows"] == json.loads(finished.out)["test"]["rows"]
    assert json.loads((tmp_path / "again" / "manifest.json").read_text())["task"] == "multi_label"


def test_teacher_is_trained_and_distilled_with_texts_without_labels(briefs, briefs_csv, reading, tmp_path):
    more = tmp_path / "more.txt"
    more.write_text("".join(f"{text} {other}\n" for text, other in zip(briefs[0][:40], briefs[0][40:80], strict=True)))
    prefixed = [f"--source.{name[2:]}" if name.startswith("--") else name for name in reading]
    finished = command(
        "distill", "--teacher", "bow", "--data", briefs_csv, "--unlabelled", more, "--output", tmp_path / "student",
        "--json", *prefixed, *TRAINING,
    )  # fmt: skip
    assert finished.status == 0, finished.err
    assert "40 unlabelled texts" in finished.err and "-teacher: predicts all labels of " in finished.err
    comparison = json.loads(finished.out)["comparison"]
    assert all(values["micro_f1"] > 0.5 for values in comparison.values())
    assert "micro-F1" in next(line for line in finished.err.splitlines() if line.startswith("test data  "))
