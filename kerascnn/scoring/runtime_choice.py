"""Choose the runtime for rows that are read one after another, whose number is not known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from kerascnn.data.records import Record
from kerascnn.runtimes.runtime import Runtime, choose_runtime, has_runtime

FEW_ROWS = 1024
"""More rows are predicted in TensorFlow: its start takes seconds, but then it predicts many texts together."""
FEW_CHARACTERS = 1_000_000
"""So are rows with more characters in all."""


def choose_for_records(
    folder: Path, runtime: Runtime, records: Iterator[Record], text_column: str
) -> tuple[Runtime, Iterator[Record]]:
    """Return the runtime to use for records, and all records.

    Args:
        folder: The bundle.
        runtime: ``auto``: an export of the bundle for few rows, TensorFlow for many.
        records: The records; the first ones are read.
        text_column: The column of their texts.

    Raises:
        InputError: The runtime, or every runtime, is not installed, or the bundle has no export for it.
    """
    chosen = choose_runtime(folder, runtime)
    if runtime != "auto" or chosen == "tensorflow" or not has_runtime("tensorflow"):
        return chosen, records
    head: list[Record] = []
    characters = 0
    for record in records:
        head.append(record)
        characters += len(record.fields[text_column])
        if len(head) > FEW_ROWS or characters > FEW_CHARACTERS:
            return "tensorflow", itertools.chain(head, records)
    return chosen, iter(head)


def choose_for_folder(folder: Path, runtime: Runtime) -> Runtime:
    """Return the runtime to use for the files of a folder: TensorFlow for ``auto``, if it is installed.

    Args:
        folder: The bundle.
        runtime: The runtime that the user chose.

    Raises:
        InputError: The runtime, or every runtime, is not installed, or the bundle has no export for it.
    """
    is_default = runtime == "auto" and has_runtime("tensorflow")
    return choose_runtime(folder, "tensorflow" if is_default else runtime)
