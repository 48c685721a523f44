"""Real text for all tests: short news and reviews from the demo corpora."""

import csv
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kerascnn.config import SourceConfig
from kerascnn.data.sources import read_rows

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

LONG = (
    "test_readme.py", "test_classifiers.py", "test_networks.py", "test_train.py", "test_classifier.py", "test_edge.py",
    "test_checkpoint.py", "test_initial_model.py", "test_pretraining.py", "test_hub_cnn.py", "test_layer_groups.py",
    "test_export.py",
    "test_distribution.py", "test_workers.py", "test_docs.py", "test_tune.py", "test_predict_ray.py",
    "test_predict_folder.py",
)  # fmt: skip
"""Files that take most of a minute or more, the longest first."""


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# no calls home, and root in a container has no sandbox
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
OPTIONS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items):
    """Begin with the long files, so that none is left over for one process while the others have nothing to do."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


def pytest_make_parametrize_id(val, argname):
    """Name bytes by their argument: packed ones hold the time, and all processes must see the same names."""
    return argname if isinstance(val, bytes) else None


def unavailable(reason):
    """Skip; where browsers are required, fail."""
    if os.environ.get("KERASCNN_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium, driven by playwright."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        unavailable("needs playwright")
    if not CHROMIUM:
        unavailable("needs Chromium")
    with sync_playwright() as driver:
        try:
            chromium = driver.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        except Error as error:
            unavailable(f"Chromium does not start: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def news():
    """The first sentences of 60 BBC articles of each class: texts, labels."""
    return _few_of_each("demo:bbc", 60)


@pytest.fixture(scope="session")
def reviews_zh():
    """100 good and 100 bad Chinese reviews: texts, labels."""
    return _few_of_each("demo:reviews_zh", 100)


@pytest.fixture(scope="session")
def briefs(news, reviews_zh):
    """240 texts with any number of labels: up to three articles of different classes one after the other, of which each
    class is a label, and Chinese reviews, to which none applies."""
    draw, texts, labels = random.Random(0), [], []
    articles = {name: [text for text, label in zip(*news, strict=True) if label == name] for name in set(news[1])}
    for number in range(240):
        names = sorted(draw.sample(sorted(articles), number % 4))
        texts.append(" ".join(draw.choice(articles[name])[:150] for name in names) or reviews_zh[0][number // 4])
        labels.append(names)
    return texts, labels


@pytest.fixture(scope="session")
def news_csv(news, tmp_path_factory):
    """The news as a CSV file with an id."""
    return _write_csv(tmp_path_factory.mktemp("data") / "news.csv", news)


@pytest.fixture(scope="session")
def reviews_zh_csv(reviews_zh, tmp_path_factory):
    """The reviews as a CSV file with an id."""
    return _write_csv(tmp_path_factory.mktemp("data") / "reviews.csv", reviews_zh)


def _few_of_each(spec, count):
    from kerascnn.config import SourceConfig
    from kerascnn.data.sources import read_rows

    texts, labels, seen = [], [], {}
    for row in read_rows([spec], SourceConfig()):
        text = " ".join(row.text.split())[:300]
        if seen.setdefault(row.label, 0) < count and text not in texts:
            seen[row.label] += 1
            texts.append(text)
            labels.append(row.label)
    return texts, labels


def _write_csv(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        writer.writerows((number, *row) for number, row in enumerate(zip(*rows, strict=True)))
    return path


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
    rows = read_rows(["demo:reviews_zh"], SourceConfig())
    by_label: dict[str, dict[str, None]] = {"neg": {}, "pos": {}}
    for row in rows:
        by_label[row.label].setdefault(row.text.strip())
    shared = by_label["neg"].keys() & by_label["pos"].keys()
    return [
        (text, label)
        for label, texts in by_label.items()
        for text in [text for text in texts if text not in shared][:200]
    ]
