"""Pieces of large files: their predictions and rejected rows become those of the whole file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import types
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerascnn.data.config import SourceConfig
from kerascnn.scoring import parts
from kerascnn.scoring.output_columns import OutputSpec
from kerascnn.scoring.score_folder import score_folder
from kerascnn.scoring.splitting import split_part
from kerascnn.scoring.worker import PartScorer
from kerascnn.tasks import SINGLE_LABEL

CLASSIFIER = types.SimpleNamespace(
    task=SINGLE_LABEL,
    classes_=np.array(["even", "odd"]),
    predict_scored=lambda texts: [[(("even", "odd")[len(text) % 2], len(text) / 1000)] for text in texts],
)
"""Labels texts by their number of characters."""


class Engine:
    """Scores with ``CLASSIFIER``, pieces in random order, and keeps what it has scored."""

    def __init__(self, fail=()):
        self.scored, self.fail = [], fail

    def __call__(self, job, waiting):
        scorer = PartScorer(job)
        scorer.classifier = CLASSIFIER
        for part in random.Random(0).sample(waiting, len(waiting)):
            self.scored.append(part)
            result = scorer(part)
            yield result._replace(error="damaged") if part.start in self.fail else result


def score(folder, output, engine, source=SourceConfig(), piece_bytes=0):  # noqa: B008
    bundle = folder.parent / "bundle"
    bundle.mkdir(exist_ok=True)
    (bundle / "manifest.json").write_text("{}")
    found, _ = parts.list_parts(folder, output, source)
    return score_folder(bundle, found, output, source, OutputSpec(), engine, piece_bytes=piece_bytes, verbose=False)


def read_output(output):
    """Return the rows of each Parquet file, and the text of the other files, by file name."""
    contents = {}
    for path in sorted(output.rglob("*")):
        is_parquet = path.suffix == ".parquet"
        if path.is_file():
            contents[path.name] = pyarrow.parquet.read_table(path).to_pylist() if is_parquet else path.read_text()
    return contents


def check_pieces(folder, source=SourceConfig(), piece_bytes=100):  # noqa: B008
    """Check that the output is that without pieces, and return what the engine scored."""
    summary = score(folder, folder.parent / "whole", Engine(), source)
    engine = Engine()
    split = score(folder, folder.parent / "split", engine, source, piece_bytes)
    assert split == summary or str(split).replace("/split/", "/whole/") == str(summary)
    assert read_output(folder.parent / "split") == read_output(folder.parent / "whole")
    return engine.scored


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def write_csv(path, texts, **options):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", **options)
        writer.writerow(("id", "text"))
        writer.writerows(enumerate(texts))


def test_csv_is_split_between_records(folder):
    write_csv(folder / "a.csv", [f'line one of {n}\nand "two",\n\n{n}' if n % 3 else f"short {n}" for n in range(60)])
    scored = check_pieces(folder)
    assert len(scored) > 5 and all(part.unit == "bytes" for part in scored)
    assert {part.start for part in scored} - {part.stop for part in scored} == {scored[0].header}


def test_json_lines_have_the_columns_of_all_pieces(folder):
    rows = [{"id": n, "text": f"text {n}", **({"label": "x"} if n == 33 else {}), f"k{n // 20}": n} for n in range(60)]
    lines = [json.dumps(row) for row in rows]
    lines[7] = lines[50] = "{broken"
    lines.insert(21, " ")
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n")
    assert len(check_pieces(folder)) > 5
    rejected = [json.loads(line) for line in (folder.parent / "split" / "a.rejected.jsonl").read_text().splitlines()]
    assert [row["line"] for row in rejected] == [8, 52]
    assert "predicted_label" in pyarrow.parquet.read_schema(folder.parent / "split" / "a.parquet").names


def test_parquet_is_split_between_row_groups(folder):
    table = pyarrow.table({"id": pyarrow.array(range(60), pyarrow.int16()), "text": [f"text {n}" for n in range(60)]})
    table = table.set_column(1, "text", pyarrow.array([None if n == 44 else f"text {n}" for n in range(60)]))
    pyarrow.parquet.write_table(table, folder / "a.parquet", row_group_size=10)
    scored = check_pieces(folder)
    assert len(scored) > 2 and all(part.unit == "row_groups" for part in scored)


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_rejected_rows_have_their_numbers_in_the_file(folder, ends):
    rows = ["\ufeffid,text", *(f"{n},text {n}" for n in range(50)), "", '7,"two', 'lines"', "8,too,many", "9,good", ""]
    rows[20] = "19,too,many"
    (folder / "a.csv").write_bytes(ends.join(rows).encode())
    assert len(check_pieces(folder)) > 3


def test_quote_that_is_never_closed_has_the_result_of_the_whole_file(folder):
    rows = [f"{n},text {n}" for n in range(60)]
    rows[25] = '25,"never closed'
    (folder / "a.csv").write_text("\n".join(["id,text", *rows, ""]))
    assert len(check_pieces(folder)) > 2


def test_quotes_inside_unquoted_fields_do_not_cut_records(folder):
    rows = [f'{n},a 5" nail' if n % 7 == 3 else f'{n},"first\nsecond {n}"' for n in range(60)]
    (folder / "a.csv").write_text("\n".join(["id,text", *rows, ""]))
    scored = check_pieces(folder, SourceConfig(quoting="standard"))
    assert scored[-1].unit == "", "the quotes do not tell where records end, so the file is scored as a whole"


FIELDS = st.text(st.sampled_from("a\"\n\r, 'é"), max_size=12)


@settings(deadline=None, max_examples=40)
@example(rows=[*[("", False)] * 4, ("\r\r", False), (",", True)], size=10)
@given(rows=st.lists(st.tuples(FIELDS, st.booleans()), min_size=5, max_size=25), size=st.integers(10, 80))
def test_any_table_has_the_result_of_the_whole_file(rows, size, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any") / "in"
    folder.mkdir()
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(("id", "text"))
    for field, is_raw in rows:
        text.write(f"1,{field}\n") if is_raw else csv.writer(text, lineterminator="\n").writerow((1, field))
    (folder / "a.csv").write_bytes(text.getvalue().encode())
    check_pieces(folder, SourceConfig(quoting="standard"), size)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.json", "b.csv", "utf16.csv"])
def test_does_not_split_what_cannot_be_split(folder, name):
    texts, source = [f"text {n}" for n in range(60)], SourceConfig()
    write_csv(folder / "a.csv", texts)
    data = (folder / "a.csv").read_bytes()
    (folder / "a.csv").unlink()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    elif name == "a.json":
        data = json.dumps([{"text": text} for text in texts], indent=1).encode()
    elif name == "utf16.csv":
        data, source = data.decode().encode("utf-16"), SourceConfig(encoding="utf-16")
    (folder / name).write_bytes(data)
    [part], _ = parts.list_parts(folder, folder.parent / "out", source)
    assert split_part(part, source, len(data) if name == "b.csv" else 20) == [part]


def test_finished_pieces_are_not_scored_again(folder):
    write_csv(folder / "a.csv", [f"text {n}" for n in range(60)])
    output, first, second = folder.parent / "split", Engine(fail=[8]), Engine()
    summary = score(folder, output, first, piece_bytes=100)
    assert summary.failed == {"a.csv": "damaged"}
    assert not (output / "a.parquet").exists()
    missing = {part.output for part in first.scored if part.start == 8}
    for path in missing:
        Path(path).unlink()
    score(folder, output, second, piece_bytes=100)
    assert {part.output for part in second.scored} == missing
    assert [path.name for path in output.iterdir()] == ["a.parquet"]
