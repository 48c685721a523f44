"""Files of real texts, and what is read from them."""

from __future__ import annotations

import io
import json

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text

REAL = ENGLISH + CHINESE


def read_pairs(path: str, **settings: object) -> list[tuple[str, str]]:
    return [(row.text, row.label) for row in read_rows([path], SourceConfig(**settings))]


def error(path: str, **settings: object) -> str:
    with pytest.raises(InputError) as caught:
        read_pairs(path, **settings)
    message = str(caught.value)
    assert "\n" not in message
    return message


def content(suffix: str, rows: list[tuple[str, str]]) -> bytes:
    if suffix == ".parquet":
        sink = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({"text": [t for t, _ in rows], "label": [x for _, x in rows]}), sink)
        return sink.getvalue()
    if suffix in (".jsonl", ".ndjson", ".json"):
        return "".join(json.dumps({"text": t, "label": x}, ensure_ascii=False) + "\n" for t, x in rows).encode()
    return csv_text(rows, delimiter="\t" if suffix == ".tsv" else ",").encode()
