"""Fixtures of the tests of sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kerascnn.config import Source
from kerascnn.data import read_rows


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
