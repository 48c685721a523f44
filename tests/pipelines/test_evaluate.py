"""The evaluate command: metrics of a bundle on labelled data."""

import csv
import json
import re

import pytest

from tests.pipelines.conftest import command


def test_metrics_agree_with_predictions(news_bundle, news_csv):
    folder, _ = news_bundle
    finished = command("evaluate", folder, "--data", news_csv, "--json")
    assert finished.status == 0, finished.err
    metrics = json.loads(finished.out)
    predicted = command("predict", folder, "--input", news_csv).out
    rows = list(csv.DictReader(predicted.splitlines()))
    hits = sum(row["label"] == row["predicted_label"] for row in rows)
    assert metrics["accuracy"] == pytest.approx(hits / len(rows))
    assert sum(map(sum, metrics["confusion_matrix"])) == metrics["rows"] == len(rows)


def test_prints_one_line_per_class(reviews_zh_bundle, reviews_zh_csv):
    folder, _ = reviews_zh_bundle
    finished = command("evaluate", folder, "--data", reviews_zh_csv)
    assert finished.status == 0, finished.err
    assert [line.split()[0] for line in finished.out.splitlines()[:3]] == ["class", "neg", "pos"]
    assert "macro-F1" in finished.out


def test_rejects_unknown_label_with_its_row(news_bundle, tmp_path):
    folder, _ = news_bundle
    (tmp_path / "test.csv").write_text("text,label\na match,sport\nrain tomorrow,weather\n", encoding="utf-8")
    finished = command("evaluate", folder, "--data", tmp_path / "test.csv")
    assert finished.status == 1
    assert "test.csv, row 2" in finished.err and "'sport'" in finished.err and "'sports'" in finished.err


@pytest.fixture(scope="module")
def wrong_csv(news, tmp_path_factory):
    """News of which some have a wrong label, and one begins like a formula."""
    path, texts, labels = tmp_path_factory.mktemp("wrong") / "wrong.csv", *news
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((text, label) for text, label in zip(texts[::4], labels[::4], strict=True))
        writer.writerow(["=1+1 football match", "tech"])
    return path


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_mistakes_are_a_row_each(news_bundle, wrong_csv, tmp_path):
    folder, _ = news_bundle
    finished = command("evaluate", folder, "--data", wrong_csv, "--json", "--mistakes", tmp_path / "mistakes.csv")
    assert finished.status == 0, finished.err
    matrix = json.loads(finished.out)["confusion_matrix"]
    mistakes, rows = read_csv(tmp_path / "mistakes.csv"), read_csv(wrong_csv)
    assert len(mistakes) == sum(map(sum, matrix)) - sum(row[i] for i, row in enumerate(matrix)) > 0
    assert f"wrote {len(mistakes)} of {len(rows)} rows to {tmp_path / 'mistakes.csv'}" in finished.err
    for mistake in mistakes:
        row = rows[int(mistake["row"]) - 2]
        assert (row["text"], row["label"]) == (mistake["text"], mistake["label"]) != ("", mistake["prediction"])
        assert mistake["label"] != mistake["prediction"] and 0 < float(mistake["probability"]) <= 1
    predicted = read_predictions(folder, wrong_csv)
    assert all(predicted[mistake["text"]] == mistake["prediction"] for mistake in mistakes)
    safe = ("--mistakes", tmp_path / "safe.csv", "--spreadsheet-safe")
    assert command("evaluate", folder, "--data", wrong_csv, *safe).status == 0
    assert "'=1+1 football match" in [row["text"] for row in read_csv(tmp_path / "safe.csv")]
    finished = command("evaluate", folder, "--data", wrong_csv, "--mistakes", tmp_path / "mistakes.jsonl")
    lines = (tmp_path / "mistakes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == [mistake["text"] for mistake in mistakes]


def read_predictions(folder, path):
    rows = csv.DictReader(command("predict", folder, "--input", path).out.splitlines())
    return {row["text"]: row["predicted_label"] for row in rows}


def read_page(path):
    """Content of a page without the marks of words."""
    return re.sub("</?mark[^>]*>", "", path.read_text(encoding="utf-8"))


def test_report_shows_the_new_data(news_bundle, wrong_csv, tmp_path, monkeypatch):
    folder, _ = news_bundle
    finished = command(
        "evaluate", folder, "--data", wrong_csv, "--json", "--report", tmp_path / "report", "--plots", "svg"
    )
    assert finished.status == 0, finished.err
    metrics, files = json.loads(finished.out), {path.name for path in (tmp_path / "report").iterdir()}
    assert files >= {"report.html", "metrics.json", "mistakes.csv", "confusion_matrix.png"}
    drawn = {path.name for path in (tmp_path / "report" / "plots").iterdir()}
    assert drawn == {"confusion_matrix.svg", "reliability.svg", "roc.svg", "precision_recall.svg", "coverage.svg"}
    assert json.loads((tmp_path / "report" / "metrics.json").read_text(encoding="utf-8")) == metrics
    page = read_page(tmp_path / "report" / "report.html")
    assert f"{100 * metrics['accuracy']:.1f}\u00a0%" in page and str(wrong_csv) in page and "football match" in page
    assert f"<h1>{folder} on {wrong_csv}</h1>" in page and "Metrics on the new data" in page
    again = command("evaluate", folder, "--data", wrong_csv, "--report", tmp_path / "report", "--no-examples")
    assert again.status == 0 and not (tmp_path / "report" / "mistakes.csv").exists(), again.err

    def fail(*args, **kwargs):
        raise OSError("no font")

    monkeypatch.setattr("kerascnn.evaluation.evaluation_report.render_report", fail)
    failed = command("evaluate", folder, "--data", wrong_csv, "--report", tmp_path / "report", "--json")
    assert failed.status == 1 and json.loads(failed.out) == metrics and "no font" in failed.err
    monkeypatch.undo()
    silent = ("--report", tmp_path / "silent.html", "--no-examples")
    assert command("evaluate", folder, "--data", wrong_csv, *silent).status == 0
    page = read_page(tmp_path / "silent.html")
    assert str(wrong_csv) in page and "football match" not in page


def test_outputs_are_checked_before_work(news_bundle, news_csv, tmp_path):
    folder, _ = news_bundle
    before = (folder / "metrics.json").read_bytes()
    (tmp_path / "file.txt").write_text("text")
    for options, message in (
        (("--report", folder), "is a bundle, whose own report would be replaced"),
        (
            ("--report", tmp_path / "a.html", "--plots", "pdf"),
            "--plots writes into the folder of a report; give --report",
        ),
        (("--report", tmp_path / "file.txt"), "a report is a file NAME.html or a folder"),
        (("--report", tmp_path / "missing" / "a.html"), "create it first"),
        (("--mistakes", tmp_path / "a.xlsx"), "--mistakes"),
    ):
        finished = command("evaluate", folder, "--data", news_csv, *options)
        assert finished.status == 1 and message in finished.err, finished.err
    assert (folder / "metrics.json").read_bytes() == before


def test_outputs_replace_no_input_and_not_each_other(news_bundle, news_csv, tmp_path):
    folder, data = news_bundle[0], tmp_path / "mistakes.csv"
    data.write_bytes(before := news_csv.read_bytes())
    (tmp_path / "link.csv").symlink_to(data)
    replaced = "would replace data that is read"
    for options, message in (
        (("--mistakes", data), f"--mistakes {data} {replaced}"),
        (("--mistakes", tmp_path / "link.csv"), replaced),
        (("--mistakes", f"{tmp_path}/../{tmp_path.name}/mistakes.csv"), replaced),
        (("--mistakes", folder / "history.csv"), "would replace a file of the bundle"),
        (("--report", folder.parent / "x.html", "--mistakes", folder / "history.csv"), "a file of the bundle"),
        (("--report", tmp_path), "has files that are no report"),
    ):
        (tmp_path / "r").mkdir(exist_ok=True)
        finished = command("evaluate", folder, "--data", data, *options)
        assert finished.status == 1 and message in finished.err, finished.err
    finished = command("evaluate", folder, "--data", f"{tmp_path}/mis*.csv", "--mistakes", data)
    assert finished.status == 1 and replaced in finished.err
    assert data.read_bytes() == before and [*(tmp_path / "r").iterdir()] == []
