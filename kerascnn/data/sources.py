"""One way to read them all: files, a folder a class, prepared TensorFlow Datasets, demo data.

A source is named by a string: a path or glob, ``-`` (standard input), ``demo:NAME``, or
``tfds:NAME[/config][:version][:split]``.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from kerascnn.config import SourceConfig
from kerascnn.data import demo, readers, tfds
from kerascnn.data.encodings import STDIN, read_lines
from kerascnn.data.labels import parse_label
from kerascnn.data.records import BadRowHandler, Record, Row, raise_bad_row
from kerascnn.utils.errors import InputError, did_you_mean


def read_records(
    spec: str, source: SourceConfig, *, labelled: bool = False, on_bad_row: BadRowHandler = raise_bad_row
) -> Iterator[Record]:
    """Read one source with all its columns.

    Args:
        spec: Name of the source. Sources that have no columns of their own (a folder, demo and tfds data) yield
            the text and the label under the column names of ``source``.
        source: How to read it.
        labelled: Whether every record must have a label column.
        on_bad_row: Is given the rows of files that cannot be read, see ``files.read_file``.

    Yields:
        Records, in the order of the source.

    Raises:
        InputError: The source is missing or cannot be read; the message names the file and the row.
    """
    if spec.startswith(demo.PREFIX):
        yield from demo.read(spec, source)
    elif spec.startswith(tfds.PREFIX):
        yield from tfds.read(spec, source)
    elif spec == STDIN:
        yield from readers.read_file(spec, source, labelled=labelled, on_bad_row=on_bad_row)
    else:
        for path in _paths(spec):
            if os.path.isdir(path):
                yield from _read_folder(path, source)
            else:
                yield from readers.read_file(path, source, labelled=labelled, on_bad_row=on_bad_row)


def read_rows(specs: Sequence[str], source: SourceConfig, *, labelled: bool = True) -> Iterator[Row]:
    """Read several sources as texts with labels, one after the other.

    Args:
        specs: Names of sources, as for ``read_records``.
        source: How to read them.
        labelled: Whether the columns of labels must be there; where not, labels are empty.

    Yields:
        Rows as they are, but for the space around labels and the order of several.

    Raises:
        InputError: A source cannot be read or has no rows.
    """
    for spec in specs:
        record = None
        for record in read_records(spec, source, labelled=labelled):
            label = parse_label(record, source) if labelled else ""
            yield Row(record.fields[source.text_column], label, record.file, record.number)
        if record is None:
            raise InputError(f"{spec} has no rows; a header alone is not enough")


def read_texts(path: str, source: SourceConfig, *, on_bad_row: BadRowHandler = raise_bad_row) -> Iterator[Record]:
    """Read what is to be classified: any source, labelled or not, plain text (a text a line), or standard input.

    Args:
        path: Name of a source; ``-`` is standard input, a text a line unless ``source.format`` says otherwise.
        source: How to read it.
        on_bad_row: As for ``read_records``.

    Yields:
        Records with all columns, NUL characters replaced by spaces as in training.

    Raises:
        InputError: The source cannot be read.
    """
    for record in read_records(path, source, on_bad_row=on_bad_row):
        yield record._replace(fields={name: value.replace("\0", " ") for name, value in record.fields.items()})


def _paths(spec: str) -> list[str]:
    if os.path.exists(spec):
        return [spec]
    if paths := sorted(glob.glob(spec)):
        return paths
    folder = Path(spec).parent
    if spec in demo.DEMOS:
        hint = f"; did you mean {demo.PREFIX}{spec}?"
    elif folder.is_dir():
        near = did_you_mean(Path(spec).name, os.listdir(folder))
        hint = f" in {folder.resolve()}{near}" if near else f" in {folder.resolve()}"
    else:
        hint = f"; there is no folder {str(folder)!r} either"
    raise InputError(f"no file or folder {spec!r}{hint}")


def _read_folder(folder: str, source: SourceConfig) -> Iterator[Record]:
    """A folder a class, a text a file; both in the order of their names."""
    classes = sorted(path for path in Path(folder).iterdir() if path.is_dir() and not path.name.startswith("."))
    if not classes:
        raise InputError(
            f"{folder} holds no folders; a folder of data has a folder a class with a text a file in it "
            f"(of files with rows, give their names: {folder}{os.sep}*.csv)"
        )
    for class_folder in classes:
        articles = sorted(path for path in class_folder.iterdir() if not path.name.startswith("."))
        for article in articles:
            if article.is_dir():
                raise InputError(
                    f"{article} is a folder inside the class {class_folder.name!r}; "
                    f"give the folder whose folders are the classes, such as {class_folder}"
                )
            text = "".join(read_lines(str(article), source.encoding))
            yield Record({source.text_column: text, source.label_column: class_folder.name}, str(article), 1)
