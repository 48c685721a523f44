"""Kill writers of kerascnn that need no TensorFlow at each of their file events; print what is wrong as JSON.

python -m tests.kill_writers FOLDER WRITER …

A process of its own: copies of a process with the threads of TensorFlow could wait for each other.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_texts
from kerascnn.manifest import read_manifest
from kerascnn.scoring.output_columns import OutputSpec, add_predictions
from kerascnn.scoring.parts import Part, list_parts
from kerascnn.scoring.score_folder import score_folder
from kerascnn.scoring.table_writer import RowWriter
from kerascnn.scoring.worker import PartResult, PartScorer, ScoringJob
from kerascnn.tasks import SINGLE_LABEL
from kerascnn.training.state_file import read_state, write_state
from kerascnn.utils import atomic_files
from kerascnn.utils.errors import InputError
from pipelines.benchmark.results import ResultsFile
from tests.kill_events import kill_at_each_event, list_files

TEXTS = ("a fine day", "a bad day", "no day")


class StubClassifier:
    """Predicts the length of a text."""

    task = SINGLE_LABEL
    classes_ = np.array(["long", "short"])

    def predict_scored(self, texts: Sequence[str]) -> list[list[tuple[str, float]]]:
        """Return a label and a score for each text."""
        return [[("long" if len(text) > 8 else "short", 0.75)] for text in texts]


def write_rows(path: Path, count: int = 3) -> None:
    """Write a CSV file of texts."""
    path.write_text("text\n" + "\n".join(TEXTS[:count]) + "\n")


def kill_folder_writer(root: Path, by: str, *, keep: bool) -> Iterator[str]:
    """Check ``atomic_folder``."""
    bundle, old = root / "bundle", {"a": "old", "sub/other": "old"}
    new = {"a": "new", "b": "new"} | ({"sub/other": "old"} if keep else {})

    def setup() -> None:
        shutil.rmtree(root, ignore_errors=True)
        for name, content in old.items():
            (bundle / name).parent.mkdir(parents=True, exist_ok=True)
            (bundle / name).write_text(content)

    def write() -> None:
        with atomic_files.atomic_folder(bundle, keep=keep) as partial_folder:
            for name in ("a", "b"):
                (partial_folder / name).write_text("new")

    def inspect() -> tuple[Any, Any]:
        existed = bundle.exists()
        with contextlib.suppress(InputError):
            read_manifest(bundle)  # as every reader does first
        return existed or by == "renames", list_files(bundle), sorted(path.name for path in root.iterdir())

    return check(kill_at_each_event(setup, write, inspect, by), [(True, old), (True, new)], (True, new), ["bundle"])


def kill_file_writer(root: Path, *, name: str) -> Iterator[str]:
    """Check ``atomic_write``, with the rows of a prediction."""
    path, source = root / name, SourceConfig()
    open_text = gzip.open if name.endswith(".gz") else open

    def write_predictions(count: int) -> None:
        write_rows(root / "rows.csv", count)
        with atomic_files.atomic_write(path) as file:
            writer = RowWriter(file, "csv")
            records = read_texts(str(root / "rows.csv"), source)
            for row in add_predictions(StubClassifier(), records, "text", OutputSpec()):
                writer.write(row)

    def setup() -> None:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        write_predictions(1)

    def inspect() -> tuple[Any, Any]:
        with open_text(path, "rt") as file:
            lines = file.read().splitlines()
        return lines, sorted(other.name for other in root.iterdir())

    table = ["text,label,score", "a fine day,long,0.75", "a bad day,long,0.75", "no day,short,0.75"]
    left = sorted([name, "rows.csv"])
    return check(kill_at_each_event(setup, partial(write_predictions, 3), inspect), [table[:2], table], table, left)


def kill_state_writer(root: Path) -> Iterator[str]:
    """Check the state of a training."""
    path = root / "news.training" / "state.npz"

    def write(epoch: int) -> None:
        write_state(path, {"epoch": epoch}, {"weights": np.full(3, epoch)})

    def setup() -> None:
        shutil.rmtree(root, ignore_errors=True)
        write(1)

    def inspect() -> tuple[Any, Any]:
        progress, arrays = read_state(path)
        return [progress["epoch"], *arrays["weights"].tolist()], sorted(other.name for other in path.parent.iterdir())

    found = kill_at_each_event(setup, partial(write, 2), inspect)
    return check(found, [[1, 1, 1, 1], [2, 2, 2, 2]], [2, 2, 2, 2], ["state.npz"])


def kill_state_remover(root: Path) -> Iterator[str]:
    """Check the removal of the state of a training, which must not seem to be that of another training."""
    state = root / "news.training"

    def setup() -> None:
        shutil.rmtree(root, ignore_errors=True)
        state.mkdir(parents=True)
        for name in ("choice.json", "state.npz"):
            (state / name).write_text(name)

    def inspect() -> tuple[Any, Any]:
        return list_files(state), sorted(path.name for path in root.iterdir())

    whole = {name: name for name in ("choice.json", "state.npz")}
    return check(kill_at_each_event(setup, partial(atomic_files.remove_folder, state), inspect), [whole, {}], {}, [])


def kill_results_writer(root: Path) -> Iterator[str]:
    """Check the results of a benchmark."""
    path = root / "results.csv"

    def add(model: str) -> None:
        file = ResultsFile(path, ("model", "accuracy"))
        file.add({"model": model, "accuracy": 0.5})

    def setup() -> None:
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        add("bow")

    def inspect() -> tuple[Any, Any]:
        return path.read_text().split()[1:3], sorted(other.name for other in root.iterdir())

    rows = ["bow,0.5", "word_cnn,0.5"]
    return check(kill_at_each_event(setup, partial(add, "word_cnn"), inspect), [rows[:1], rows], rows, ["results.csv"])


def kill_folder_scorer(root: Path) -> Iterator[str]:
    """Check the predictions of a folder: each part is whole or missing, and the next run writes the missing ones."""
    import pyarrow.parquet

    bundle, rows, output = root / "bundle", root / "rows", root / "predictions"

    def setup() -> None:
        shutil.rmtree(root, ignore_errors=True)
        for folder in (bundle, rows):
            folder.mkdir(parents=True)
        (bundle / "manifest.json").write_text("{}")
        write_rows(rows / "a.csv")
        (rows / "b.csv").write_bytes(b"text\nfine\n\xff\n")

    def engine(job: ScoringJob, parts: Sequence[Part]) -> Iterator[PartResult]:
        scorer = PartScorer(job)
        scorer.__dict__["classifier"] = StubClassifier()
        yield from map(scorer, parts)

    def write() -> None:
        source = SourceConfig()
        parts, _ = list_parts(rows, output, source)
        summary = score_folder(bundle, parts, output, source, OutputSpec(), engine, verbose=False)
        assert (summary.rows, summary.rejected, summary.failed) == (4, 1, {})

    def inspect() -> tuple[Any, Any]:
        tables = {path.name: len(pyarrow.parquet.read_table(path)) for path in output.glob("[!.]*.parquet")}
        if "b.parquet" in tables:
            tables |= {path.name: len(path.read_text().splitlines()) for path in output.glob("[!.]*.jsonl")}
        left = sorted([*root.iterdir(), *(output.iterdir() if output.exists() else ())])
        return tables, [path.name for path in left]

    first, both = {"a.parquet": 3}, {"a.parquet": 3, "b.parquet": 1, "b.rejected.jsonl": 1}
    left = ["bundle", "predictions", "a.parquet", "b.parquet", "b.rejected.jsonl", "rows"]
    return check(kill_at_each_event(setup, write, inspect), [{}, first, both], both, left)


def check(found: list[tuple[Any, Any]], allowed: Sequence[Any], final: Any, left: list[str]) -> Iterator[str]:
    """Yield what is wrong.

    Args:
        found: What there is after each kill, and after the next run; each with the names of all files as the last item.
        allowed: What there may be after a kill.
        final: What there must be after the next run.
        left: Names of all files then.
    """
    if len(found) < 4:
        yield f"{len(found)} events only"
    for event, (after_kill, after_rerun) in enumerate(found, 1):
        *state, _ = after_kill
        if (state[0] if len(state) == 1 else tuple(state)) not in allowed:
            yield f"event {event}: {after_kill}"
        *state, names = after_rerun
        if (state[0] if len(state) == 1 else tuple(state)) != final or names != left:
            yield f"event {event}, after the next run: {after_rerun}"


WRITERS: dict[str, Callable[[Path], Iterator[str]]] = {
    "folder": partial(kill_folder_writer, by="exchange", keep=False),
    "folder, kept": partial(kill_folder_writer, by="exchange", keep=True),
    "folder, by renames": partial(kill_folder_writer, by="renames", keep=False),
    "folder, kept, by renames": partial(kill_folder_writer, by="renames", keep=True),
    "predictions": partial(kill_file_writer, name="labelled.csv"),
    "gzipped predictions": partial(kill_file_writer, name="labelled.csv.gz"),
    "training state": kill_state_writer,
    "removed training state": kill_state_remover,
    "benchmark results": kill_results_writer,
    "predictions of a folder": kill_folder_scorer,
}

if __name__ == "__main__":
    place, *names = sys.argv[1:]
    results = {name: list(WRITERS[name](Path(place) / name)) for name in names}
    print(json.dumps(results))
