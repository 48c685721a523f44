"""English and Chinese texts for tests of sources."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

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
    """Return rows as a spreadsheet writes them."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
