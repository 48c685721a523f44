"""The predict command on a folder of files: each row once, invalid rows in separate files, finished parts skipped."""

import csv
import gzip
import json
import os
import signal
import socket
import sys
import time

import pyarrow
import pyarrow.parquet
import pytest

from tests.pipelines import parts
from tests.pipelines.conftest import command, start
from tests.sealing import edit_sealed

AWKWARD = ["", 'She said "never, ever"', "two\nlines\tand a tab", "好书，值得一看", "a\0b"]


@pytest.fixture(scope="module")
def bundle(news_bundle):
    return news_bundle[0]


@pytest.fixture(scope="module")
def input_folder(news, tmp_path_factory):
    """Write parts of every format; return the folder, and the texts of each part."""
    texts = [text for pair in zip(news[0], AWKWARD * 60, strict=True) for text in pair][:160]
    return parts.write_folder(tmp_path_factory.mktemp("given") / "in", texts)


@pytest.fixture
def small_folder(tmp_path, news):
    """Write a folder of three short parts that a test may change."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(("x.csv", "y.csv", "z.jsonl")):
        parts.write_part(folder / name, news[0][10 * number : 10 * number + 10])
    return folder


@pytest.mark.parametrize("options", [(), ("--top-k", "9"), ("--abstain-below", "0.9")], ids=str)
def test_predicts_same_as_single_file(options, bundle, input_folder, tmp_path):
    folder, split = input_folder
    finished = command("predict", bundle, "--input", folder, "--output", tmp_path / "out", *options)
    assert finished.status == 0, finished.err
    assert finished.err.splitlines()[-1] == f"wrote {tmp_path / 'out'}: 4 of 4 parts, 160 rows"
    parts.write_part(tmp_path / "all.csv", [text for texts in split.values() for text in texts])
    single = command("predict", bundle, "--input", tmp_path / "all.csv", "--output", tmp_path / "all.jsonl", *options)
    assert single.status == 0, single.err
    expected = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()]
    found = parts.read_predictions(tmp_path / "out")
    assert list(found) == ["a.parquet", "b.parquet", "c.parquet", "d.parquet"]
    rows = [row for rows in found.values() for row in rows]
    for row, other in zip(rows, expected, strict=True):
        assert list(row) == list(other)
        for name in set(row) - {"id", "text"}:
            same = pytest.approx(other[name], abs=2e-6) if name.startswith("score") else other[name]
            assert row[name] == same
    if options == ("--abstain-below", "0.9"):
        assert {bool(row["label"]) for row in rows} == {True, False}


def test_keeps_values_and_parquet_types_of_columns(bundle, input_folder, tmp_path):
    folder, split = input_folder
    assert command("predict", bundle, "--input", folder, "--output", tmp_path).status == 0
    for (name, texts), rows in zip(split.items(), parts.read_predictions(tmp_path).values(), strict=True):
        numbers = range(len(texts)) if name == "d.parquet" else map(str, range(len(texts)))
        assert [row["id"] for row in rows] == list(numbers)
        # NUL is read as a space, as in a single file; Parquet keeps what it has
        kept = texts if name == "d.parquet" else [text.replace("\0", " ") for text in texts]
        assert [row["text"] for row in rows] == kept
    schema = pyarrow.parquet.read_schema(tmp_path / "d.parquet")
    assert schema.field("id").type == pyarrow.int16() and b"of" not in (schema.metadata or {})
    assert schema.field("score").type == pyarrow.float64()


def test_json_values_become_strings_and_keys_may_come_later(bundle, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "one", "n": 1}\n{"text": "two", "n": "x", "tags": ["a"]}\n')
    (tmp_path / "in" / "b.jsonl").write_text('{"text": "three", "n": null, "label": "mine"}\n')
    finished = command("predict", bundle, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert finished.status == 0, finished.err
    found = parts.read_predictions(tmp_path / "out")
    assert [(row["n"], row["tags"]) for row in found["a.parquet"]] == [("1", None), ("x", '["a"]')]
    [row] = found["b.parquet"]
    assert list(row) == ["text", "n", "label", "predicted_label", "score"]
    assert (row["n"], row["label"]) == ("", "mine")


def test_rejected_rows_are_written_with_reason_and_counted(bundle, small_folder, tmp_path):
    with open(small_folder / "x.csv", "ab") as file:
        file.write(b'10,a,comma\n11,"never closed\n12,caf\xe9\n13,good\n')
    with open(small_folder / "z.jsonl", "a", encoding="utf-8") as file:
        file.write('{"text": 5}\n{"text": null}\n{"id": 12, "text": "good"}\n{"text": \n')
    finished = command("predict", bundle, "--input", small_folder, "--output", tmp_path / "out", "--json")
    assert finished.status == 0, finished.err
    rejected = [tmp_path / "out" / name for name in ("x.rejected.jsonl", "z.rejected.jsonl")]
    assert (
        f"wrote {tmp_path / 'out'}: 3 of 3 parts, 32 rows, 6 rows rejected, see {rejected[0]}, {rejected[1]}"
        in finished.err
    )
    assert json.loads(finished.out) == {
        "parts": 3, "finished": 0, "rows": 32, "rejected": 6, "rejected_files": list(map(str, rejected)), "failed": {},
    }  # fmt: skip
    rows = [json.loads(line) for path in rejected for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(os.path.basename(row["file"]), row["row"], row["raw"]) for row in rows] == [
        ("x.csv", 12, "10,a,comma"), ("x.csv", 13, '11,"never closed'), ("x.csv", 14, r"12,caf\xe9"),
        ("z.jsonl", 11, '{"text": 5}'), ("z.jsonl", 12, '{"text": null}'), ("z.jsonl", 14, '{"text": '),
    ]  # fmt: skip
    reasons = ("3 fields", "broken quoting", "0xe9 is not utf-8", "not a string", "is null", "not JSON")
    assert all(reason in row["reason"] for row, reason in zip(rows, reasons, strict=True))
    found = parts.read_predictions(tmp_path / "out")
    assert [row["id"] for row in found["x.parquet"]] == [*map(str, range(10)), "13"]
    assert [row["id"] for row in found["z.parquet"]] == [*map(str, range(10)), "12"]


def test_skips_finished_parts_and_scores_changed_parts_again(bundle, small_folder, tmp_path):
    out = tmp_path / "out"
    run = ("predict", bundle, "--input", small_folder, "--output", out)
    with open(small_folder / "x.csv", "a") as file:
        file.write("10,a,comma\n")
    assert command(*run).status == 0
    written = parts.file_versions(out)
    again = command(*run)
    assert again.status == 0 and parts.file_versions(out) == written
    assert "3 of 3 parts (3 finished before), 30 rows, 1 rows rejected" in again.err
    # a repaired part loses its file of rejected rows; other parts stay
    (small_folder / "x.csv").write_text((small_folder / "x.csv").read_text().replace("10,a,comma", "10,a comma"))
    repaired = command(*run)
    assert "3 of 3 parts (2 finished before), 31 rows\n" in repaired.err
    assert sorted(path.name for path in out.iterdir()) == ["x.parquet", "y.parquet", "z.parquet"]
    changed = {name for name, when in parts.file_versions(out).items() if when != written[name]}
    assert changed == {"x.parquet"}
    # other answers are output_spec
    assert "3 of 3 parts, 31 rows" in command(*run, "--top-k", "2").err
    assert "label_2" in parts.read_predictions(out)["y.parquet"][0]
    # another classifier
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    other = tmp_path / "other"
    other.mkdir()
    for path in bundle.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    edit_sealed(other / "manifest.json", temperature=7.0)
    assert "error: " in command("predict", other, *run[2:], "--top-k", "2").err, "the golden probabilities differ"
    edit_sealed(other / "manifest.json", temperature=manifest["temperature"], distillation={})
    assert "3 of 3 parts, 31 rows" in command("predict", other, *run[2:], "--top-k", "2").err


def test_unreadable_part_fails_alone_and_is_retried(bundle, small_folder, tmp_path, news):
    out = tmp_path / "out"
    (small_folder / "w.csv.gz").write_bytes(gzip.compress(b"id,text\n" + os.urandom(99).hex().encode())[:-30])
    (small_folder / "empty.csv").write_text("id,words\n1,a\n")
    finished = command("predict", bundle, "--input", small_folder, "--output", out)
    assert finished.status == 1
    *_, first, second, wrote, error = finished.err.splitlines()
    assert first.startswith(f"{small_folder / 'empty.csv'} failed: ") and "no column 'text'" in first
    assert second.startswith(f"{small_folder / 'w.csv.gz'} failed: ") and "damaged gzip data" in second
    assert ": 3 of 5 parts, 30 rows" in wrote
    assert error.startswith("error: 2 of 5 parts failed")
    assert sorted(path.name for path in out.iterdir()) == ["x.parquet", "y.parquet", "z.parquet"]
    written = parts.file_versions(out)
    (small_folder / "empty.csv").unlink()
    parts.write_part(small_folder / "w.csv.gz", news[0][:5])
    again = command("predict", bundle, "--input", small_folder, "--output", out)
    assert again.status == 0 and "4 of 4 parts (3 finished before), 35 rows" in again.err
    assert parts.file_versions(out).items() >= written.items()


BAD_PARTS = {
    "header not UTF-8": ("b.csv", b"id,text,gr\xfc\xdfe\n1,a,3\n", "byte 0xfc is not utf-8"),
    "two columns of a name": (
        "b.parquet",
        pyarrow.table([["a"], ["b"]], names=["text", "text"]),
        "two columns are named 'text'",
    ),
    "text not UTF-8": (
        "b.parquet",
        pyarrow.table({"text": pyarrow.array([b"goal", b"caf\xe9"]).view(pyarrow.string())}),
        "cannot be read ('utf-8' codec can't decode byte 0xe9",
    ),
    "no line is JSON": ("b.jsonl", b"not json\n{}\n", "not JSON"),
    "date in year 50,000": (
        "b.parquet",
        pyarrow.table({"text": ["a"], "day": pyarrow.array([2**24], pyarrow.int32()).view(pyarrow.date32())}),
        "",
    ),
    "unexpected error": ("b.csv", b"id,text\n1,raises RuntimeError\n", "RuntimeError: no more luck"),
}


@pytest.mark.parametrize("case", BAD_PARTS)
def test_bad_part_does_not_stop_the_others(case, bundle, small_folder, tmp_path, monkeypatch):
    from kerascnn.classifier import TextClassifier

    predict = TextClassifier.predict_scored

    def predict_or_raise(self, texts):
        if "raises RuntimeError" in texts:
            raise RuntimeError("no more luck")
        return predict(self, texts)

    monkeypatch.setattr(TextClassifier, "predict_scored", predict_or_raise)
    name, content, message = BAD_PARTS[case]
    if isinstance(content, bytes):
        (small_folder / name).write_bytes(content)
    else:
        pyarrow.parquet.write_table(content, small_folder / name)
    out = tmp_path / "out"
    finished = command("predict", bundle, "--input", small_folder, "--output", out)
    assert "Traceback" not in finished.err
    assert {"x.parquet", "y.parquet", "z.parquet"} <= {path.name for path in out.iterdir()}
    rejected = out / "b.rejected.jsonl"
    assert message in finished.err + (rejected.read_text() if rejected.exists() else "")


def test_only_rejected_rows_is_an_error(bundle, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id,text\n1\n2\n")
    finished = command("predict", bundle, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert finished.status == 1 and "error: no row of" in finished.err and "a.rejected.jsonl" in finished.err
    table = pyarrow.parquet.read_table(tmp_path / "out" / "a.parquet")
    assert table.column_names == ["id", "text", "label", "score"] and len(table) == 0


def test_quiet_prints_errors_only(bundle, small_folder, tmp_path):
    (small_folder / "readme.md").write_text("about")
    run = ("predict", bundle, "--input", small_folder, "--output", tmp_path / "out", "--quiet")
    finished = command(*run)
    assert (finished.status, finished.out, finished.err) == (0, "", "")
    (small_folder / "empty.csv").write_text("id,words\n1,a\n")
    failed = command(*run)
    assert failed.status == 1 and failed.err.startswith("error: 1 of 4 parts failed")


def test_keeps_foreign_files(bundle, small_folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / ".x.parquet.elsewhere-7.partial").write_text("left by a run that was killed")
    (small_folder / "readme.md").write_text("about")
    (small_folder / "_SUCCESS").write_text("")
    finished = command("predict", bundle, "--input", small_folder, "--output", out)
    assert finished.status == 0, finished.err
    assert "skipped files with other suffixes: readme.md\n" in finished.err
    assert sorted(path.name for path in out.iterdir()) == ["notes.txt", "x.parquet", "y.parquet", "z.parquet"]
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), out / "y.parquet")
    refused = command("predict", bundle, "--input", small_folder, "--output", out)
    assert refused.status == 1 and f"{out / 'y.parquet'} exists and was not written by this command" in refused.err
    assert pyarrow.parquet.read_table(out / "y.parquet").column_names == ["a"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--output -: "),
        (("--output", "out.csv"), "name a folder for the predictions"),
        (("--output", "in"), "is the input folder"),
        (("--output", "out", "--explain"), "--explain does not work with a folder"),
        (("--output", "out", "--workers", "2"), "--workers needs --engine ray"),
        (("--output", "out", "--engine", "ray", "--workers", "-1"), "--workers: -1"),
        (("--output", "out", "--input", "twice"), "have the same output file x.parquet"),
        (("--output", "out", "--input", "mixed"), "files of rows (x.csv) and folders (archive)"),
        (("--output", "out.csv", "--input", "in/x.csv", "--engine", "ray"), "name a folder for the predictions"),
        (("--output", "out.csv", "--input", "-", "--engine", "ray"), "give --input FOLDER"),
    ],
)
def test_rejects_invalid_options_before_writing(options, message, bundle, small_folder, tmp_path):
    for folder in ("twice", "mixed"):
        (tmp_path / folder).mkdir()
        parts.write_part(tmp_path / folder / "x.csv", ["a"])
    parts.write_part(tmp_path / "twice" / "x.jsonl.gz", ["a"])
    (tmp_path / "mixed" / "archive").mkdir()
    before = sorted(tmp_path.rglob("*"))
    finished = command("predict", bundle, "--input", "in", *options, cwd=tmp_path)
    assert finished.status == 1
    assert finished.err.startswith("error: ") and message in finished.err and finished.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_names_missing_ray_and_unreachable_cluster(bundle, small_folder, tmp_path, monkeypatch):
    run = ("predict", bundle, "--input", small_folder, "--output", tmp_path / "out", "--engine", "ray")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "ray.data", None)
        missing = command(*run)
    assert missing.status == 1
    assert missing.err.startswith("error: ray.data cannot be imported") and 'pip install "kerascnn[ray]"' in missing.err
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    refused = command(*run)
    assert refused.status == 1
    assert refused.err.startswith(f"error: RAY_ADDRESS {address}: no Ray cluster answers there")
    assert not any(path.is_file() for path in (tmp_path / "out").rglob("*"))


def test_changed_part_or_other_output_folder_fails(bundle, small_folder, tmp_path):
    from kerascnn.data.config import SourceConfig
    from kerascnn.scoring.output_columns import OutputSpec
    from kerascnn.scoring.parts import list_parts
    from kerascnn.scoring.worker import PartScorer, ScoringJob
    from kerascnn.utils.atomic_files import sha256

    [part, *_], _ = list_parts(small_folder, tmp_path, SourceConfig())
    manifest = sha256(bundle / "manifest.json")
    job = {"bundle": str(bundle), "manifest": manifest, "source": SourceConfig(), "output_spec": OutputSpec()}
    (tmp_path / "marker").touch()
    assert (
        "is not the output folder of this run"
        in PartScorer(ScoringJob(**job, marker=str(tmp_path / "gone")))(part).error
    )
    scorer = PartScorer(ScoringJob(**job, marker=str(tmp_path / "marker")))
    parts.write_part(small_folder / "x.csv", ["another"])
    assert "changed during scoring" in scorer(part).error
    (small_folder / "x.csv").unlink()
    assert "cannot be read" in scorer(part).error
    assert list(tmp_path.glob("*.parquet")) == []


def test_reads_folder_with_one_subfolder_per_class(bundle, tmp_path):
    for name in ("one", "two"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "a.txt").write_text(f"the {name} text")
    finished = command("predict", bundle, "--input", tmp_path / "in")
    assert finished.status == 0, finished.err
    rows = list(csv.DictReader(finished.out.splitlines()))
    assert [(row["text"], row["label"]) for row in rows] == [("the one text", "one"), ("the two text", "two")]
    assert all(row["predicted_label"] for row in rows)


def test_new_columns_do_not_replace_input_columns(bundle, tmp_path):
    (tmp_path / "a.csv").write_text("text,label,predicted_label\na text,x,y\n")
    [row] = csv.DictReader(command("predict", bundle, "--input", tmp_path / "a.csv").out.splitlines())
    assert list(row) == ["text", "label", "predicted_label", "predicted_predicted_label", "score"]
    assert (row["label"], row["predicted_label"]) == ("x", "y")


def test_same_command_continues_killed_run(bundle, news, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(12):
        parts.write_part(folder / f"{number:02}.csv", news[0] * 2)
    killed = start("predict", bundle, "--input", folder, "--output", out)
    while len(list(out.glob("*.parquet"))) < 2:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    written = parts.file_versions(out)
    assert 2 <= len(written) < 12
    finished = command("predict", bundle, "--input", folder, "--output", out)
    assert finished.status == 0, finished.err
    assert f"12 of 12 parts ({len(written)} finished before), 7,200 rows" in finished.err
    assert parts.file_versions(out).items() >= written.items()
    assert sorted(path.name for path in out.iterdir()) == [f"{number:02}.parquet" for number in range(12)]
    for rows in parts.read_predictions(out).values():
        assert [row["id"] for row in rows] == list(map(str, range(600)))
