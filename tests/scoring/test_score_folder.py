"""Score a folder of parts with engines that do not need a classifier."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.scoring import parts
from kerascnn.scoring.output_columns import OutputSpec
from kerascnn.scoring.score_folder import ScoringSummary, score_folder
from kerascnn.scoring.worker import PartResult, PartScorer, ScoringJob
from kerascnn.utils.errors import InputError


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def input_folder(tmp_path):
    """Write three parts and other files."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.csv", "b.JSONL", "c.tsv.gz", "notes.md", "_SUCCESS", ".hidden.csv"):
        (folder / name).write_text("text\n")
    return folder


def list_parts(folder, output):
    return parts.list_parts(folder, output, SourceConfig())


def write_predictions(job, part):
    """Write an output file with the metadata of a scored part."""
    metadata = parts.provenance(part, job.provenance()) | {"rows": 2, "rejected": 0}
    table = pyarrow.table({"text": ["x", "y"]}).replace_schema_metadata({parts.METADATA_KEY: json.dumps(metadata)})
    pyarrow.parquet.write_table(table, part.output)
    return PartResult(part.output, rows=2)


def score_with_fake_engine(bundle, found, output, *, fail=(), lose=(), top_k=1):
    """Score parts by name: some fail, some have no result; return the summary and the names of the scored parts."""
    scored = []

    def engine(job, remaining):
        assert Path(job.marker).exists()
        for part in remaining:
            name = Path(part.path).name
            scored.append(name)
            if name not in lose:
                yield PartResult(part.output, error="damaged") if name in fail else write_predictions(job, part)

    spec = OutputSpec(top_k=top_k)
    return score_folder(bundle, found, output, SourceConfig(), spec, engine, verbose=False), scored


def test_lists_parts_by_suffix_and_names_other_files(input_folder, tmp_path):
    found, others = list_parts(input_folder, tmp_path / "out")
    assert [Path(part.output).name for part in found] == ["a.parquet", "b.parquet", "c.parquet"]
    assert others == ["notes.md"]
    assert found[0].rejected_path == tmp_path / "out" / "a.rejected.jsonl"


def test_scores_remaining_parts_only(bundle, input_folder, tmp_path):
    output = tmp_path / "out"
    found, _ = list_parts(input_folder, output)
    summary, _ = score_with_fake_engine(bundle, found, output, fail=["b.JSONL"], lose=["c.tsv.gz"])
    assert summary.failed == {"b.JSONL": "damaged", "c.tsv.gz": "given up, see the messages above"}
    assert str(summary) == "1 of 3 parts, 2 rows"
    assert [path.name for path in output.iterdir()] == ["a.parquet"]
    summary, scored = score_with_fake_engine(bundle, found, output)
    assert sorted(scored) == ["b.JSONL", "c.tsv.gz"]
    assert str(summary) == "3 of 3 parts (1 finished before), 6 rows"


@pytest.mark.parametrize("change", ["part", "bundle", "columns"])
def test_scores_again_after_changes(change, bundle, input_folder, tmp_path):
    output = tmp_path / "out"
    score_with_fake_engine(bundle, list_parts(input_folder, output)[0], output)
    if change == "part":
        (input_folder / "a.csv").write_text("text\nnew\n")
    elif change == "bundle":
        (bundle / "manifest.json").write_text('{"temperature": 2}')
    found, _ = list_parts(input_folder, output)
    _, scored = score_with_fake_engine(bundle, found, output, top_k=2 if change == "columns" else 1)
    assert scored == (["a.csv"] if change == "part" else ["a.csv", "b.JSONL", "c.tsv.gz"])


def test_removes_partial_files_of_parts_only(bundle, input_folder, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    for name in (".a.parquet.host-1.partial", ".a.rejected.jsonl.host-1.partial", ".marker.0f.partial", ".x.partial"):
        (output / name).touch()
    score_with_fake_engine(bundle, list_parts(input_folder, output)[0], output)
    assert [path.name for path in output.glob(".*")] == [".x.partial"]


def test_summary_names_few_files():
    summary = ScoringSummary(5)
    for name in "abcd":
        summary.add(1, 2, Path(f"{name}.rejected.jsonl"))
    assert str(summary).endswith(
        "4 rows, 8 rows rejected, see a.rejected.jsonl, b.rejected.jsonl, c.rejected.jsonl and 1 more"
    )


def test_part_that_kills_its_workers_fails(input_folder, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    [part, *_], _ = list_parts(input_folder, output)
    (output / "marker").touch()
    for pid in range(4):
        (output / f".a.rejected.jsonl.host-{pid}.partial").touch()
    scorer = PartScorer(
        ScoringJob(bundle="", manifest="", source=SourceConfig(), output_spec=OutputSpec(), marker=f"{output}/marker")
    )
    scorer.classifier = None  # never used
    assert scorer(part).error == "4 workers died, perhaps out of memory; split the file into smaller ones"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["x.csv", "x.jsonl.gz"], "have the same output file x.parquet; rename one"),
        (["x.csv", "archive/"], r"holds both files of rows \(x\.csv\) and folders \(archive\)"),
    ],
)
def test_rejects_ambiguous_folder(names, message, tmp_path):
    for name in names:
        path = tmp_path / "in" / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()
    with pytest.raises(InputError, match=message):
        list_parts(tmp_path / "in", tmp_path / "out")
