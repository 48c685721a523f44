"""The predict command over a folder of files: every row once, bad ones put aside, nothing done twice."""

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

AWKWARD = ["", 'She said "never, ever"', "two\nlines\tand a tab", "好书，值得一看", "a\0b"]


@pytest.fixture(scope="module")
def bundle(news_bundle):
    return news_bundle[0]


@pytest.fixture(scope="module")
def given(news, tmp_path_factory):
    """A folder of parts, and the texts of each."""
    texts = [text for pair in zip(news[0], AWKWARD * 60, strict=True) for text in pair][:160]
    return parts.folder_of(tmp_path_factory.mktemp("given") / "in", texts)


@pytest.fixture
def small(tmp_path, news):
    """A folder of three short parts, that a test may change, and what a run said of it."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(("x.csv", "y.csv", "z.jsonl")):
        parts.write(folder / name, news[0][10 * number : 10 * number + 10])
    return folder


@pytest.mark.parametrize("options", [(), ("--top-k", "9"), ("--abstain-below", "0.9")], ids=str)
def test_every_row_of_every_part_gets_the_answer_of_a_single_file(options, bundle, given, tmp_path):
    folder, split = given
    finished = command("predict", bundle, "--input", folder, "--output", tmp_path / "out", *options)
    assert finished.status == 0, finished.err
    assert finished.err.splitlines()[-1] == f"wrote {tmp_path / 'out'}: 4 of 4 parts, 160 rows"
    parts.write(tmp_path / "all.csv", [text for texts in split.values() for text in texts])
    single = command("predict", bundle, "--input", tmp_path / "all.csv", "--output", tmp_path / "all.jsonl", *options)
    assert single.status == 0, single.err
    expected = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()]
    found = parts.answers(tmp_path / "out")
    assert list(found) == ["a.parquet", "b.parquet", "c.parquet", "d.parquet"]
    rows = [row for rows in found.values() for row in rows]
    for row, other in zip(rows, expected, strict=True):
        assert list(row) == list(other)
        for name in set(row) - {"id", "text"}:
            same = pytest.approx(other[name], abs=2e-6) if name.startswith("score") else other[name]
            assert row[name] == same
    if options == ("--abstain-below", "0.9"):
        assert {bool(row["label"]) for row in rows} == {True, False}


def test_columns_keep_their_values_and_those_of_parquet_their_types(bundle, given, tmp_path):
    folder, split = given
    assert command("predict", bundle, "--input", folder, "--output", tmp_path).status == 0
    for (name, texts), rows in zip(split.items(), parts.answers(tmp_path).values(), strict=True):
        numbers = range(len(texts)) if name == "d.parquet" else map(str, range(len(texts)))
        assert [row["id"] for row in rows] == list(numbers)
        # NUL is read as a space, as in a single file; Parquet keeps what it has
        kept = texts if name == "d.parquet" else [text.replace("\0", " ") for text in texts]
        assert [row["text"] for row in rows] == kept
    schema = pyarrow.parquet.read_schema(tmp_path / "d.parquet")
    assert schema.field("id").type == pyarrow.int16() and b"of" not in (schema.metadata or {})
    assert schema.field("score").type == pyarrow.float64()


def test_json_values_are_text_in_every_part_and_keys_may_come_later(bundle, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "one", "n": 1}\n{"text": "two", "n": "x", "tags": ["a"]}\n')
    (tmp_path / "in" / "b.jsonl").write_text('{"text": "three", "n": null, "label": "mine"}\n')
    finished = command("predict", bundle, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert finished.status == 0, finished.err
    found = parts.answers(tmp_path / "out")
    assert [(row["n"], row["tags"]) for row in found["a.parquet"]] == [("1", None), ("x", '["a"]')]
    [row] = found["b.parquet"]
    assert list(row) == ["text", "n", "label", "predicted_label", "score"]
    assert (row["n"], row["label"]) == ("", "mine")


def test_bad_rows_are_put_aside_with_their_reason_and_counted(bundle, small, tmp_path):
    with open(small / "x.csv", "ab") as file:
        file.write(b'10,a,comma\n11,"never closed\n12,caf\xe9\n13,good\n')
    with open(small / "z.jsonl", "a", encoding="utf-8") as file:
        file.write('{"text": 5}\n{"text": null}\n{"id": 12, "text": "good"}\n{"text": \n')
    finished = command("predict", bundle, "--input", small, "--output", tmp_path / "out", "--json")
    assert finished.status == 0, finished.err
    side = [tmp_path / "out" / name for name in ("x.rejected.jsonl", "z.rejected.jsonl")]
    assert f"wrote {tmp_path / 'out'}: 3 of 3 parts, 32 rows, 6 rows rejected, see {side[0]}, {side[1]}" in finished.err
    assert json.loads(finished.out) == {
        "parts": 3, "finished": 0, "rows": 32, "rejected": 6, "rejected_files": list(map(str, side)), "failed": {},
    }  # fmt: skip
    rows = [json.loads(line) for path in side for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(os.path.basename(row["file"]), row["row"], row["raw"]) for row in rows] == [
        ("x.csv", 12, "10,a,comma"), ("x.csv", 13, '11,"never closed'), ("x.csv", 14, r"12,caf\xe9"),
        ("z.jsonl", 11, '{"text": 5}'), ("z.jsonl", 12, '{"text": null}'), ("z.jsonl", 14, '{"text": '),
    ]  # fmt: skip
    reasons = ("3 fields", "broken quoting", "0xe9 is not utf-8", "not a string", "is null", "not JSON")
    assert all(reason in row["reason"] for row, reason in zip(rows, reasons, strict=True))
    found = parts.answers(tmp_path / "out")
    assert [row["id"] for row in found["x.parquet"]] == [*map(str, range(10)), "13"]
    assert [row["id"] for row in found["z.parquet"]] == [*map(str, range(10)), "12"]


def test_what_is_finished_is_not_scored_again_and_what_changed_is(bundle, small, tmp_path):
    out = tmp_path / "out"
    run = ("predict", bundle, "--input", small, "--output", out)
    with open(small / "x.csv", "a") as file:
        file.write("10,a,comma\n")
    assert command(*run).status == 0
    written = parts.times(out)
    again = command(*run)
    assert again.status == 0 and parts.times(out) == written
    assert "3 of 3 parts (3 finished before), 30 rows, 1 rows rejected" in again.err
    # one part is repaired: its side file goes, and the others stay
    (small / "x.csv").write_text((small / "x.csv").read_text().replace("10,a,comma", "10,a comma"))
    repaired = command(*run)
    assert "3 of 3 parts (2 finished before), 31 rows\n" in repaired.err
    assert sorted(path.name for path in out.iterdir()) == ["x.parquet", "y.parquet", "z.parquet"]
    changed = {name for name, when in parts.times(out).items() if when != written[name]}
    assert changed == {"x.parquet"}
    # other answers are output_spec
    assert "3 of 3 parts, 31 rows" in command(*run, "--top-k", "2").err
    assert "label_2" in parts.answers(out)["y.parquet"][0]
    # a classifier that was trained again
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    other = tmp_path / "other"
    other.mkdir()
    for path in bundle.iterdir():
        if path.is_file():
            (other / path.name).write_bytes(path.read_bytes())
    (other / "manifest.json").write_text(json.dumps(manifest | {"temperature": 7.0}), encoding="utf-8")
    assert "error: " in command("predict", other, *run[2:], "--top-k", "2").err, "the golden answers are others"
    (other / "manifest.json").write_text(json.dumps(manifest | {"distillation": {}}), encoding="utf-8")
    assert "3 of 3 parts, 31 rows" in command("predict", other, *run[2:], "--top-k", "2").err


def test_a_part_that_cannot_be_read_fails_alone_and_is_all_that_the_next_run_does(bundle, small, tmp_path, news):
    out = tmp_path / "out"
    (small / "w.csv.gz").write_bytes(gzip.compress(b"id,text\n" + os.urandom(99).hex().encode())[:-30])
    (small / "empty.csv").write_text("id,words\n1,a\n")
    finished = command("predict", bundle, "--input", small, "--output", out)
    assert finished.status == 1
    *_, first, second, wrote, error = finished.err.splitlines()
    assert first.startswith(f"{small / 'empty.csv'} failed: ") and "no column 'text'" in first
    assert second.startswith(f"{small / 'w.csv.gz'} failed: ") and "damaged gzip data" in second
    assert ": 3 of 5 parts, 30 rows" in wrote
    assert error.startswith("error: 2 of 5 parts failed")
    assert sorted(path.name for path in out.iterdir()) == ["x.parquet", "y.parquet", "z.parquet"]
    written = parts.times(out)
    (small / "empty.csv").unlink()
    parts.write(small / "w.csv.gz", news[0][:5])
    again = command("predict", bundle, "--input", small, "--output", out)
    assert again.status == 0 and "4 of 4 parts (3 finished before), 35 rows" in again.err
    assert parts.times(out).items() >= written.items()


def test_nothing_but_bad_rows_is_an_error(bundle, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("id,text\n1\n2\n")
    finished = command("predict", bundle, "--input", tmp_path / "in", "--output", tmp_path / "out")
    assert finished.status == 1 and "error: no row of" in finished.err and "a.rejected.jsonl" in finished.err
    table = pyarrow.parquet.read_table(tmp_path / "out" / "a.parquet")
    assert table.column_names == ["id", "text", "label", "score"] and len(table) == 0


def test_files_of_others_stay_where_they_are(bundle, small, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    (out / ".x.parquet.elsewhere-7.partial").write_text("left by a run that was killed")
    (small / "readme.md").write_text("about")
    (small / "_SUCCESS").write_text("")
    finished = command("predict", bundle, "--input", small, "--output", out)
    assert finished.status == 0, finished.err
    assert "left out, for their names are not those of files of rows: readme.md\n" in finished.err
    assert sorted(path.name for path in out.iterdir()) == ["notes.txt", "x.parquet", "y.parquet", "z.parquet"]
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), out / "y.parquet")
    refused = command("predict", bundle, "--input", small, "--output", out)
    assert refused.status == 1 and f"{out / 'y.parquet'} exists and was not written by this command" in refused.err
    assert pyarrow.parquet.read_table(out / "y.parquet").column_names == ["a"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--output -: "),
        (("--output", "out.csv"), "name a folder for its answers"),
        (("--output", "in"), "is the folder of the input"),
        (("--output", "out", "--explain"), "--explain is not for a folder"),
        (("--output", "out", "--workers", "2"), "--workers is for --engine ray"),
        (("--output", "out", "--engine", "ray", "--workers", "-1"), "--workers: -1"),
        (("--output", "out", "--input", "twice"), "have the same output file x.parquet"),
        (("--output", "out", "--input", "mixed"), "files of rows (x.csv) and folders (archive)"),
        (("--output", "out.csv", "--input", "in/x.csv", "--engine", "ray"), "give --input FOLDER"),
        (("--output", "out.csv", "--input", "-", "--engine", "ray"), "give --input FOLDER"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(options, message, bundle, small, tmp_path):
    for folder in ("twice", "mixed"):
        (tmp_path / folder).mkdir()
        parts.write(tmp_path / folder / "x.csv", ["a"])
    parts.write(tmp_path / "twice" / "x.jsonl.gz", ["a"])
    (tmp_path / "mixed" / "archive").mkdir()
    before = sorted(tmp_path.rglob("*"))
    finished = command("predict", bundle, "--input", "in", *options, cwd=tmp_path)
    assert finished.status == 1
    assert finished.err.startswith("error: ") and message in finished.err and finished.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_ray_that_is_missing_and_a_cluster_that_is_not_there_are_named(bundle, small, tmp_path, monkeypatch):
    run = ("predict", bundle, "--input", small, "--output", tmp_path / "out", "--engine", "ray")
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


def test_a_part_that_changes_while_it_is_scored_or_a_folder_that_is_another_gives_no_answers(bundle, small, tmp_path):
    from kerascnn.config import SourceConfig
    from kerascnn.scoring.output_columns import OutputSpec
    from kerascnn.scoring.parts import list_parts
    from kerascnn.scoring.worker import PartScorer, ScoringJob
    from kerascnn.utils.atomic_files import sha256

    [part, *_], _ = list_parts(small, tmp_path, SourceConfig())
    manifest = sha256(bundle / "manifest.json")
    job = {"bundle": str(bundle), "manifest": manifest, "source": SourceConfig(), "output_spec": OutputSpec()}
    (tmp_path / "marker").touch()
    assert "is another folder than here" in PartScorer(ScoringJob(**job, marker=str(tmp_path / "gone")))(part).error
    scorer = PartScorer(ScoringJob(**job, marker=str(tmp_path / "marker")))
    parts.write(small / "x.csv", ["another"])
    assert "changed during scoring" in scorer(part).error
    (small / "x.csv").unlink()
    assert "cannot be read" in scorer(part).error
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_folder_a_class_is_read_as_before(bundle, tmp_path):
    for name in ("one", "two"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "a.txt").write_text(f"the {name} text")
    finished = command("predict", bundle, "--input", tmp_path / "in")
    assert finished.status == 0, finished.err
    rows = list(csv.DictReader(finished.out.splitlines()))
    assert [(row["text"], row["label"]) for row in rows] == [("the one text", "one"), ("the two text", "two")]
    assert all(row["predicted_label"] for row in rows)


def test_an_answer_makes_way_for_an_earlier_one(bundle, tmp_path):
    (tmp_path / "a.csv").write_text("text,label,predicted_label\na text,x,y\n")
    [row] = csv.DictReader(command("predict", bundle, "--input", tmp_path / "a.csv").out.splitlines())
    assert list(row) == ["text", "label", "predicted_label", "predicted_predicted_label", "score"]
    assert (row["label"], row["predicted_label"]) == ("x", "y")


def test_a_run_that_was_killed_is_gone_on_with_by_the_same_command(bundle, news, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for number in range(12):
        parts.write(folder / f"{number:02}.csv", news[0] * 2)
    killed = start("predict", bundle, "--input", folder, "--output", out)
    while len(list(out.glob("*.parquet"))) < 2:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    written = parts.times(out)
    assert 2 <= len(written) < 12
    finished = command("predict", bundle, "--input", folder, "--output", out)
    assert finished.status == 0, finished.err
    assert f"12 of 12 parts ({len(written)} finished before), 7,200 rows" in finished.err
    assert parts.times(out).items() >= written.items()
    assert sorted(path.name for path in out.iterdir()) == [f"{number:02}.parquet" for number in range(12)]
    for rows in parts.answers(out).values():
        assert [row["id"] for row in rows] == list(map(str, range(600)))
