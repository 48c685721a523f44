"""Read named sources: files, folders with one folder per class, TensorFlow Datasets and demo data.

A source is named by a string: a path or a glob pattern, also of an object store (``s3://bucket/rows-*.csv``), ``-``
(standard input), ``demo:NAME``, or ``tfds:NAME[/config][:version][:split]``.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from kerascnn.data import demo, tfds
from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import STDIN
from kerascnn.data.labels import parse_labels
from kerascnn.data.readers import read_file, read_folder
from kerascnn.data.records import SINGLE_LABEL_TASK, BadRowHandler, Record, Row, raise_bad_row
from kerascnn.utils.errors import InputError, did_you_mean
from kerascnn.utils.remote_files import find_remote, is_remote


def read_records(
    spec: str, source: SourceConfig, *, labelled: bool = False, on_bad_row: BadRowHandler = raise_bad_row
) -> Iterator[Record]:
    """Read one source with all its columns.

    Args:
        spec: The source. Sources without columns of their own (folders, demo data, TensorFlow Datasets) yield the text
            and the label under the column names of ``source``.
        source: Format, encoding and columns.
        labelled: Whether the label columns are required.
        on_bad_row: Handles rows of files that cannot be read, see ``readers.read_file``.

    Yields:
        Records, in the order of the source.

    Raises:
        InputError: The source is missing or cannot be read; the message names the file and the row.
    """
    try:
        if spec.startswith(demo.PREFIX):
            yield from demo.read_demo(spec, source)
        elif spec.startswith(tfds.PREFIX):
            yield from tfds.read_tfds(spec, source)
        elif spec == STDIN:
            yield from read_file(spec, source, labelled=labelled, on_bad_row=on_bad_row)
        else:
            for path in find_paths(spec):
                if os.path.isdir(path):
                    yield from read_folder(path, source)
                else:
                    yield from read_file(path, source, labelled=labelled, on_bad_row=on_bad_row)
    except OSError as error:  # a name that is too long, a folder without permission, a disk that fails
        raise InputError(f"{error.filename or spec} cannot be read: {error.strerror or error}") from None


def read_rows(specs: Sequence[str], source: SourceConfig, *, labelled: bool = True) -> Iterator[Row]:
    """Read several sources one after the other as texts with labels.

    Args:
        specs: Sources, as for ``read_records``.
        source: Format, encoding and columns.
        labelled: Whether the label columns are required; otherwise all labels are empty.

    Yields:
        Rows, with labels stripped and, if there are several, sorted.

    Raises:
        InputError: A source cannot be read or has no rows.
    """
    for spec in specs:
        record = None
        for record in read_records(spec, source, labelled=labelled):
            labels, task = parse_labels(record, source) if labelled else ((), SINGLE_LABEL_TASK)
            text, is_typed = record.fields[source.text_column], not (source.label_columns or source.label_separator)
            label_type = record.label_type if is_typed else "str"
            tokens = record.tokens or ()
            yield Row(text, labels, record.file, record.number, task, record.line, label_type, tokens)
        if record is None:
            raise InputError(f"{spec} has no rows; a header alone is not enough")


def read_texts(spec: str, source: SourceConfig, *, on_bad_row: BadRowHandler = raise_bad_row) -> Iterator[Record]:
    """Read the texts to classify: any source, labelled or not, or plain text with one text per line.

    Args:
        spec: A source; ``-`` is standard input, plain text unless ``source.format`` is set.
        source: Format, encoding and columns.
        on_bad_row: As for ``read_records``.

    Yields:
        Records with all columns, with NUL characters replaced by spaces as in training.

    Raises:
        InputError: The source cannot be read.
    """
    for record in read_records(spec, source, on_bad_row=on_bad_row):
        yield record._replace(fields={column: value.replace("\0", " ") for column, value in record.fields.items()})


def find_paths(pattern: str) -> list[str]:
    """Return the paths of a source that is a path, an address or a glob pattern, sorted.

    Raises:
        InputError: There are none.
    """
    if is_remote(pattern):
        return find_remote(pattern)
    if os.path.exists(pattern):
        return [pattern]
    if paths := sorted(glob.glob(pattern)):
        return paths
    folder = Path(pattern).parent
    if pattern in demo.DEMOS:
        hint = f"; did you mean {demo.PREFIX}{pattern}?"
    elif folder.is_dir():
        hint = f" in {folder.resolve()}{did_you_mean(Path(pattern).name, os.listdir(folder))}"
    else:
        hint = f"; the folder {str(folder)!r} does not exist either"
    raise InputError(f"no file or folder {pattern!r}{hint}")
