"""Load and split rows that are kept in files, with the same result as ``splits.load_splits`` in memory."""

from __future__ import annotations

import dataclasses
import glob
import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerascnn.data import tfds
from kerascnn.data.cache import Cache, read_values
from kerascnn.data.config import SourceConfig
from kerascnn.data.issues import Issue, IssueExample
from kerascnn.data.records import Row
from kerascnn.data.sources import find_paths, read_rows
from kerascnn.data.splits import Splits, find_held_out, split_indexed_rows
from kerascnn.data.stored_rows import StoredRows, write_rows
from kerascnn.data.validation import iterate_clean_rows
from kerascnn.tasks import get_task, infer_task_of_rows
from kerascnn.utils.atomic_files import sha256, write_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.remote_files import describe_remote, is_remote

PEEKED_ROWS = 1000
"""Rows at the start that show the task of all rows."""
SPLIT_SETTINGS = (
    "validation_fraction", "test_fraction", "split_seed", "in_memory_rows", "cache_dir", "engine", "workers",
)  # fmt: skip
"""Settings of ``SourceConfig`` that do not change which rows are read."""


def load_stored_splits(
    data: Sequence[str],
    validation_data: Sequence[str],
    test_data: Sequence[str],
    source: SourceConfig,
    cache: Cache,
    *,
    verbose: bool = False,
) -> Splits:
    """Read all sources of a run into files, unless the cache has them, and split the rows.

    Args:
        data: Sources of the training rows.
        validation_data: Sources of the validation rows, see ``load_splits``.
        test_data: The same for test rows.
        source: How to read and split.
        cache: Where the files are.
        verbose: Show a progress bar.

    Returns:
        The same splits as ``load_splits``, with ``StoredRows``.

    Raises:
        InputError: As for ``load_splits``.
    """
    issues: list[Issue] = []
    specs = {"train": data}
    for name, given in (("validation", validation_data), ("test", test_data)):
        if found := find_held_out(data, given, name, source, issues):
            specs[name] = found
    settings = {name: value for name, value in source.to_dict().items() if name not in SPLIT_SETTINGS}
    key = {"source": settings, "data": {name: [_hash_source(spec, source) for spec in specs[name]] for name in specs}}

    def write(folder: Path) -> dict[str, Any]:
        return _write_splits(folder, specs, source, verbose=verbose)

    folder = cache.find_or_write("rows", key, write)
    values = read_values(folder)
    label_sets = [tuple(labels) for labels in json.loads((folder / "labels.json").read_bytes())]
    files, task = json.loads((folder / "files.json").read_bytes()), get_task(values["task"])
    rows = {name: StoredRows(folder / name, label_sets, files, task.name) for name in specs}
    splits = split_indexed_rows({name: part.to_indexed() for name, part in rows.items()}, source, task)
    issues += [_parse_issue(issue) for issue in values["issues"]]
    return dataclasses.replace(splits, issues=issues + splits.issues)


def _write_splits(
    folder: Path, specs: Mapping[str, Sequence[str]], source: SourceConfig, *, verbose: bool
) -> dict[str, Any]:
    issues: list[Issue] = []
    label_sets: dict[tuple[str, ...], int] = {}
    files: dict[str, int] = {}
    rows: Iterable[Row] = progress_bar(read_rows(specs["train"], source), title="reading", unit="rows", verbose=verbose)
    iterator = iter(rows)
    peeked = list(itertools.islice(iterator, PEEKED_ROWS))
    task = infer_task_of_rows(peeked)
    titles = {"train": "training"}
    for name in specs:
        read = itertools.chain(peeked, iterator) if name == "train" else read_rows(specs[name], source)
        cleaned = iterate_clean_rows(read, titles.get(name, name), issues, task=task)
        write_rows(folder / name, cleaned, label_sets, files)
    write_json(folder / "labels.json", list(label_sets))
    write_json(folder / "files.json", list(files))
    return {"task": task.name, "issues": [dataclasses.asdict(issue) for issue in issues]}


def _parse_issue(values: dict[str, Any]) -> Issue:
    return Issue(**{**values, "examples": tuple(IssueExample(*example) for example in values["examples"])})


def _hash_source(spec: str, source: SourceConfig) -> list[str]:
    """Return the name of a source and a hash of its content.

    A TensorFlow Dataset has a version, demo data is part of a package, and an object store knows when a file changed.
    """
    if is_remote(spec):
        return [spec, *(describe_remote(path)[1] for path in find_paths(spec))]
    if spec.startswith(tfds.PREFIX):
        return [spec, tfds.find_version(spec, source)]
    paths = [spec] if os.path.exists(spec) else sorted(glob.glob(spec))
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(Path(path).rglob("*")) if os.path.isdir(path) else [Path(path)]:
            if file.is_file():
                try:
                    digest.update(f"{file}\0{sha256(file)}\0".encode("utf-8", "surrogatepass"))
                except OSError as error:
                    raise InputError(f"{file} cannot be read: {error.strerror or error}") from None
    return [spec, digest.hexdigest()]
