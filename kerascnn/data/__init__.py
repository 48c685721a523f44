"""From a named source to rows of text and label, and from rows to training, validation and test data."""

from kerascnn.data.demo import DEMOS
from kerascnn.data.records import Record, Row, where
from kerascnn.data.sources import read_records, read_rows, read_texts
from kerascnn.data.splits import Splits, load_splits, split_rows
from kerascnn.data.unlabelled import unlabelled_rows
from kerascnn.data.validation import usable_rows

__all__ = [
    "DEMOS",
    "Record",
    "Row",
    "Splits",
    "load_splits",
    "read_records",
    "read_rows",
    "read_texts",
    "split_rows",
    "unlabelled_rows",
    "usable_rows",
    "where",
]
