"""``predict --runtime``: the same output by every runtime."""

import csv
import io
import json

import pytest

from tests.pipelines.conftest import command

TEXTS = ("Shares fell after the profit warning", 'The striker scored twice, "late"', "", "股市上涨", "a" * 3000)


def read(text, as_json):
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
        found[runtime] = read(finished.out, "--json" in options)
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
