"""Read a folder that has one folder per class and one file per text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import count_bytes, describe_too_large, read_lines
from kerascnn.data.records import Record
from kerascnn.utils.errors import InputError


def read_folder(folder: str, source: SourceConfig) -> Iterator[Record]:
    """Yield one record per file, labelled with the name of its folder; folders and files in the order of their names.

    Raises:
        InputError: The folder has no class folders, or a class folder has folders; a file cannot be decoded.
    """
    classes = sorted(path for path in Path(folder).iterdir() if path.is_dir() and not path.name.startswith("."))
    if not classes:
        raise InputError(
            f"{folder} contains no folders; a data folder has one folder per class, with one file per text "
            f"(for CSV files, give their names: {folder}{os.sep}*.csv)"
        )
    for class_folder in classes:
        for file in sorted(path for path in class_folder.iterdir() if not path.name.startswith(".")):
            if file.is_dir():
                raise InputError(
                    f"{file} is a folder inside the class {class_folder.name!r}; "
                    f"give the folder that contains the class folders, such as {class_folder}"
                )
            text = _read_text(str(file), source)
            yield Record({source.text_column: text, source.label_column: class_folder.name}, str(file), 1)


def _read_text(path: str, source: SourceConfig) -> str:
    lines, size = [], 0
    for line in read_lines(path, source.encoding, max_bytes=source.max_row_bytes, is_table=False):
        lines.append(line)
        size += count_bytes(line)
        if size > source.max_row_bytes:
            raise InputError(f"{path}: {describe_too_large(source.max_row_bytes)}")
    return "".join(lines)
