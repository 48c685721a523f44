"""Clean news for the tests of the audit."""

import pytest

from kerascnn.data.records import Row


@pytest.fixture(scope="module")
def clean(news):
    """Texts and labels, without the article that the news have in two versions."""
    return [(text, label) for text, label in zip(*news, strict=True) if text != news[0][298]]


@pytest.fixture(scope="module")
def rows(clean):
    """The news in files: 239 training, 30 validation and 30 test rows, with rows of every class in each."""
    report = {"train": [], "validation": [], "test": []}
    for number, (text, label) in enumerate(clean):
        name = ("validation", "test")[number % 2] if number % 10 in (3, 6) else "train"
        report[name].append(Row(text, (label,), f"{name}.csv", len(report[name]) + 2))
    return report
