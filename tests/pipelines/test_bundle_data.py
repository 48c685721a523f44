"""The columns of a training serve the other commands of its bundle."""

import json

import pytest

from tests.pipelines.conftest import command

LINES = ["fine lovely film", "lovely good film", "good fine film", "dull bad film", "bad slow film", "slow dull film"]


def write_rows(path, text, label, values=("good", "bad")):
    rows = [f"{line} {n},{values[n % 6 >= 3]}" for n, line in enumerate(LINES * 4)]
    path.write_text("\n".join([f"{text},{label}", *rows]) + "\n", encoding="utf-8")
    return path


def train(folder, data, *options):
    finished = command("train", "--data", data, "--output", folder, "--model", "bow", "--text.min-count", "1", *options)
    assert finished.status == 0, finished.err
    return folder


@pytest.fixture(scope="module")
def renamed(tmp_path_factory):
    """A bundle of a table whose columns have other names than the default."""
    folder = tmp_path_factory.mktemp("renamed")
    data = write_rows(folder / "mail.csv", "Message", "Category")
    return train(folder / "bundle", data, "--text-column", "Message", "--label-column", "Category"), data


def test_columns_need_not_be_repeated(renamed, tmp_path):
    folder, data = renamed
    for name in ("evaluate", "find_threshold"):
        finished = command(name, folder, "--data", data, "--json")
        assert finished.status == 0, finished.err
    assert command("compare", folder, folder, "--data", data).status == 0
    predicted = command("predict", folder, "--input", data)
    assert predicted.out.splitlines()[0] == "Message,Category,label,score", predicted.err
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(data.read_bytes())
    finished = command("predict", folder, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert finished.status == 0 and "24 rows" in finished.err


def test_options_override_the_columns(renamed, tmp_path):
    folder, _ = renamed
    data = write_rows(tmp_path / "default.csv", "text", "label")
    finished = command("evaluate", folder, "--data", data)
    assert finished.status == 1
    assert "no column 'Message', there are 'text', 'label'; name it with --text-column" in finished.err
    finished = command("evaluate", folder, "--data", data, "--text-column", "text", "--label-column", "label", "--json")
    assert json.loads(finished.out)["accuracy"] == 1, finished.err
    finished = command("predict", folder, "--input", data, "--source.text_column", "text")
    assert finished.status == 0, finished.err


def test_forms_of_labels_are_remembered(tmp_path):
    joined = write_rows(tmp_path / "joined.csv", "text", "tags", ("good;short", "bad"))
    folder = train(tmp_path / "bundle", joined, "--label-column", "tags", "--label-separator", ";")
    finished = command("evaluate", folder, "--data", joined, "--json", "--mistakes", tmp_path / "mistakes.csv")
    assert finished.status == 0, finished.err
    columns = tmp_path / "columns.csv"
    rows = [f"{line},{int(n < 3)},{int(n >= 3)},{int(n < 3)}" for n, line in enumerate(LINES)]
    columns.write_text("\n".join(["text,good,bad,short", *rows]) + "\n", encoding="utf-8")
    finished = command("evaluate", folder, "--data", columns, "--label-columns", "good", "bad", "short", "--json")
    assert finished.status == 0, finished.err
    other = train(
        tmp_path / "columns", columns, "--label-columns", "good", "bad", "short", "--source.test-fraction", "0"
    )
    assert command("evaluate", other, "--data", columns).status == 0
    finished = command("evaluate", other, "--data", joined, "--label-column", "tags", "--label-separator", ";")
    assert finished.status == 0, finished.err


def test_normalized_labels_are_remembered(tmp_path):
    data = write_rows(tmp_path / "mixed.csv", "text", "label", ("１", "2"))
    folder = train(tmp_path / "bundle", data, "--source.normalize-labels")
    finished = command("evaluate", folder, "--data", data, "--json")
    assert finished.status == 0, finished.err
