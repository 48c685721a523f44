"""Fixtures for all tests: short news and reviews from the demo corpora, and a browser."""

import csv
import io
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows
from kerascnn.text.sentencepiece import SentencePieceModel

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

SLOW_FILES = (
    "test_readme.py", "test_classifiers.py", "test_models.py", "test_train.py", "test_classifier.py", "test_edge.py",
    "test_checkpoint.py", "test_initial_model.py", "test_pretraining.py", "test_hub_cnn.py", "test_layer_groups.py",
    "test_export.py",
    "test_distribution.py", "test_workers.py", "test_docs.py", "test_tune.py", "test_predict_ray.py",
    "test_predict_folder.py",
)  # fmt: skip
"""Test files that take about a minute or more, the slowest first."""


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# no network traffic of its own; a sandbox does not work for root in a container
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
CHROMIUM_OPTIONS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items):
    """Run the slow files first; otherwise one process runs a slow file at the end while the others are idle."""
    items.sort(key=lambda item: SLOW_FILES.index(item.path.name) if item.path.name in SLOW_FILES else len(SLOW_FILES))


def pytest_make_parametrize_id(val, argname):
    """Name bytes by their argument: gzipped bytes contain the time, and all processes must see the same names."""
    return argname if isinstance(val, bytes) else None


def skip_without_browser(reason):
    """Skip the test, or fail it if a browser is required."""
    if os.environ.get("KERASCNN_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    """Start headless Chromium with playwright."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        skip_without_browser("needs playwright")
    if not CHROMIUM:
        skip_without_browser("needs Chromium")
    with sync_playwright() as driver:
        try:
            chromium = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        except Error as error:
            skip_without_browser(f"Chromium does not start: {error.message.splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def news():
    """Return the first sentences of 60 BBC articles per class: texts, labels."""
    return _first_texts_per_class("demo:bbc", 60)


@pytest.fixture(scope="session")
def reviews_zh():
    """Return 100 good and 100 bad Chinese reviews: texts, labels."""
    return _first_texts_per_class("demo:reviews_zh", 100)


@pytest.fixture(scope="session")
def sentencepiece_model(news, reviews_zh):
    """Return a SentencePiece model of the news and the reviews, with the usual rules of normalization (NFKC)."""
    return SentencePieceModel.parse(train_pieces([*news[0], *reviews_zh[0]]), "trained model")


@pytest.fixture(scope="session")
def briefs(news, reviews_zh):
    """Return 240 multi-label texts: texts, lists of labels.

    A text joins up to three articles of different classes, which are its labels; Chinese reviews have no label.
    """
    draw, texts, labels = random.Random(0), [], []
    articles = {name: [text for text, label in zip(*news, strict=True) if label == name] for name in set(news[1])}
    for number in range(240):
        names = sorted(draw.sample(sorted(articles), number % 4))
        texts.append(" ".join(draw.choice(articles[name])[:150] for name in names) or reviews_zh[0][number // 4])
        labels.append(names)
    return texts, labels


@pytest.fixture(scope="session")
def news_csv(news, tmp_path_factory):
    """Write the news into a CSV file with an id."""
    return _write_csv(tmp_path_factory.mktemp("data") / "news.csv", news)


@pytest.fixture(scope="session")
def reviews_zh_csv(reviews_zh, tmp_path_factory):
    """Write the reviews into a CSV file with an id."""
    return _write_csv(tmp_path_factory.mktemp("data") / "reviews.csv", reviews_zh)


def train_pieces(texts, **options):
    """Train a SentencePiece model and return its file."""
    import sentencepiece

    file = io.BytesIO()
    options = {"vocab_size": 1000, "character_coverage": 0.99, "hard_vocab_limit": False, **options}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=file, num_threads=1, minloglevel=2, **options
    )
    return file.getvalue()


def _first_texts_per_class(spec, count):
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
    """Return a function that writes text or bytes into a file of the test's folder and returns its path."""

    def write_file(name: str, content: str | bytes, encoding: str = "utf-8") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return str(path)

    return write_file


@pytest.fixture(scope="session")
def chinese_reviews() -> list[tuple[str, str]]:
    """Return 400 distinct Chinese reviews with their labels."""
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
