"""Real text in small files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from kerascnn.config import Source
from kerascnn.data import read_rows

ENGLISH = [
    ("The plot is a mess, but the acting saves it.", "positive"),
    ('She said "never again" and, frankly,\nI agree.', "negative"),
    ("A café in Paris; naïve, charming — and 90 minutes too long…", "negative"),
    ("One of the best films of the year.", "positive"),
]
CHINESE = [
    ("酒店位置很好，服务员态度也不错。", "好评"),
    ("房间太小，空调坏了，再也不来了！", "差评"),
    ("物流很快，书的质量也好", "好评"),
    ("味道一般，价格偏高。", "差评"),
]


def csv_text(rows: Iterable[Iterable[str]], header: Iterable[str] = ("text", "label"), delimiter: str = ",") -> str:
    """Rows as a spreadsheet writes them."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a file of text or bytes into the test's folder and return its path."""

    def write_file(name: str, content: str | bytes, encoding: str = "utf-8") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return str(path)

    return write_file


@pytest.fixture(scope="session")
def chinese_reviews() -> list[tuple[str, str]]:
    """400 Chinese reviews with their labels, all different."""
    rows = read_rows(["demo:reviews_zh"], Source())
    by_label: dict[str, dict[str, None]] = {"neg": {}, "pos": {}}
    for row in rows:
        by_label[row.label].setdefault(row.text.strip())
    shared = by_label["neg"].keys() & by_label["pos"].keys()
    return [
        (text, label)
        for label, texts in by_label.items()
        for text in [text for text in texts if text not in shared][:200]
    ]
