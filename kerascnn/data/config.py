"""Settings of the group ``source``: how rows are read and split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import annotated_types
import tyro

from kerascnn.data.encodings import check_encoding
from kerascnn.settings import FolderName, NonNegativeInt, Seed, Settings
from kerascnn.utils.errors import InputError

HalfFraction = Annotated[float, annotated_types.Interval(ge=0, le=0.5)]
"""A float from 0 to 0.5."""


@dataclass(frozen=True, kw_only=True)
class SourceConfig(Settings):
    """How rows are read and split into training, validation and test data."""

    text_column: Annotated[str, tyro.conf.arg(aliases=("--text-column",), metavar="COLUMN")] = "text"
    """Column or JSON key of the text. A bundle remembers it, and how labels are written, for the other commands."""
    label_column: Annotated[str, tyro.conf.arg(aliases=("--label-column",), metavar="COLUMN")] = "label"
    """Column or JSON key of the label. Lists of labels (JSON, Parquet) are multi-label data."""
    label_separator: Annotated[str, tyro.conf.arg(aliases=("--label-separator",), metavar="SEPARATOR")] = ""
    """Separator between the labels of a row, such as ; or |; makes the data multi-label."""
    label_columns: Annotated[
        tuple[str, ...], tyro.conf.arg(aliases=("--label-columns",), metavar="COLUMN [COLUMN ...]")
    ] = ()
    """One column per label (multi-label), named after it, that holds 1 if the row has the label and 0 if not; replaces
    label_column."""
    token_column: Annotated[str, tyro.conf.arg(metavar="COLUMN")] = ""
    """Tagging: number of the column of the tokens in a CoNLL file, from 1, or -1 for the last; name or number in
    CoNLL-U; JSON key of the list of tokens. Empty: the first column, form, or tokens."""
    tag_column: Annotated[str, tyro.conf.arg(metavar="COLUMN")] = ""
    """Tagging: the same for the tags, or the JSON key of the list of spans. Empty: the last column, upos, or the first
    of tags, ner_tags, pos_tags, upos, labels, label, spans, entities that fits."""
    normalize_labels: bool = False
    """Unite labels that look alike: composed and decomposed letters, full-width forms, invisible characters, kinds of
    dashes, numbers of spaces, 1 and 1.0. Upper and lower case stay different."""
    format: Literal["auto", "csv", "tsv", "jsonl", "parquet", "conll", "conllu"] = "auto"
    """File format; auto: by the extension (.csv, .tsv, .jsonl, .parquet, .conll, .conllu, also with .gz)."""
    delimiter: Annotated[str, tyro.conf.arg(metavar="CHARACTER")] = ""
    """Character between the columns of CSV and TSV files, or the word tab; empty: the comma (TSV: tab), or the
    semicolon, tab or vertical bar if the header has the columns with it."""
    quoting: Literal["auto", "standard", "none"] = "auto"
    """standard: fields in "quotes" may contain the delimiter and line breaks (RFC 4180). none: quotes of CSV and TSV
    files are part of the text. auto: as standard, but quotes that join lines that look like rows are an error."""
    column_names: Annotated[tuple[str, ...], tyro.conf.arg(metavar="COLUMN [COLUMN ...]")] = ()
    """Names of all columns of CSV and TSV files whose first line is a row; none: the first line has the names."""
    encoding: Annotated[str, tyro.conf.arg(metavar="ENCODING")] = "utf-8"
    """Text encoding of the files, any that Python knows (gb18030, latin-1); a byte order mark is skipped."""
    max_row_bytes: Annotated[int, annotated_types.Interval(ge=1, le=2**30)] = 16_000_000
    """Largest size of a row in bytes, which limits the memory that reading takes; a larger row is an error."""
    validation_fraction: HalfFraction = 0.1
    """Fraction of the training rows to use as validation data if none is given, up to 0.5."""
    test_fraction: HalfFraction = 0.1
    """Fraction of the training rows to use as test data if none is given, up to 0.5; 0: no test data. The two fractions
    together must be less than 1."""
    split_seed: Seed = 0
    """Seed of the stratified split. It differs from --seed so that runs with other seeds have the same test rows."""
    tfds_dir: FolderName = ""
    """Folder of prepared TensorFlow Datasets, for tfds: sources; empty: the default of that package."""
    in_memory_rows: NonNegativeInt = 1_000_000
    """Largest number of rows, estimated before reading, that a training holds in memory; more are trained on from files
    in cache_dir. 0: always from files."""
    cache_dir: FolderName = ""
    """Folder for the rows and ids of a training from files, found again by the next one; empty: .cache beside the
    output."""
    engine: Literal["local", "ray"] = "local"
    """What counts the tokens of a training from files: local, this process; ray, Ray on all cores of this machine or of
    the cluster at RAY_ADDRESS, whose machines share cache_dir (extra ray)."""
    workers: NonNegativeInt = 0
    """Number of Ray workers, one core each; 0: one for each core."""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            check_encoding(self.encoding)
        except InputError as error:
            raise InputError(f"encoding: {error}") from None
        if len(self.delimiter) > 1 and self.delimiter != "tab":
            raise InputError(f"delimiter: {self.delimiter!r} is more than one character; give one, or the word tab")
        if self.delimiter in ('"', "\n", "\r"):
            raise InputError(f"delimiter: {self.delimiter!r} has another meaning in CSV; give another character")
        if self.label_separator and self.label_columns:
            raise InputError(
                "label_separator is for one column of labels and label_columns are several columns; give one of the two"
            )
        if len(self.label_columns) == 1:
            raise InputError(
                f"label_columns: only {self.label_columns[0]!r}; give two columns or more, or train a classifier with"
                f" the two classes 0 and 1: --label-column {self.label_columns[0]}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of texts and labels."""
        return (self.text_column, *(self.label_columns or (self.label_column,)))
