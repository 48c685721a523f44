"""Read labelled rows from named sources, check them, and split them into training, validation and test data."""

from kerascnn.data.demo import DEMOS
from kerascnn.data.records import Record, Row, location
from kerascnn.data.sources import read_records, read_rows, read_texts
from kerascnn.data.splits import Splits, load_splits, split_rows
from kerascnn.data.unlabelled import select_unlabelled_rows
from kerascnn.data.validation import select_evaluation_rows

__all__ = [
    "DEMOS",
    "Record",
    "Row",
    "Splits",
    "load_splits",
    "location",
    "read_records",
    "read_rows",
    "read_texts",
    "select_evaluation_rows",
    "select_unlabelled_rows",
    "split_rows",
]
