"""Words of text without spaces: where they come from, and that the vocabulary alone decides afterwards."""

from __future__ import annotations

import json
import sys
from functools import cache

import pytest

from kerascnn.text import python_tokenizer, segmentation
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

LIST = "手机 100 n\n和平 5\n很好\n手机壳 3 n\n\nAT&T 3 nz\n好\n屏幕 7\n这是一个太长的词语了\n"
TEXTS = ["手机很好，手机屏幕iPhone", "手机壳很好！", "屏幕，屏 幕"]


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    """A function that gives the vectorizer of the texts for a `min_count`; the list and the stop words are gone."""
    folder = tmp_path_factory.mktemp("words")

    @cache
    def adapt(min_count):
        write(folder, LIST).with_name("stop.txt").write_text("和平\n", encoding="utf-8")
        settings = {
            "dictionary": str(folder / "words.txt"),
            "stop_words": str(folder / "stop.txt"),
            "min_count": min_count,
        }
        vectorizer = Vectorizer.adapt(TEXTS, TextConfig(split="dictionary", **settings))
        (folder / "words.txt").unlink()
        return vectorizer

    return adapt


def write(folder, content):
    """A list of words as jieba has it, with frequencies and parts of speech."""
    path = folder / "words.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_longest_word_that_begins_at_a_character_is_a_token(adapted):
    vectorizer = adapted(1)
    assert vectorizer.vocabulary[2:] == [",", "屏幕", "很好", "手机", "!", "iphone", "屏", "幕", "手机壳"]
    found = vectorizer.tokenize_text("手机壳屏幕屏 幕手机Ａ好手")
    assert found == ["手机壳", "屏幕", "屏", "幕", "手机", "a", "好", "手"]
    assert vectorizer.encode(["手机壳屏幕屏 幕手机Ａ好手"])[0].tolist() == [10, 3, 8, 9, 5, 1, 1, 1]


def test_a_word_that_is_too_rare_counts_as_its_parts(adapted):
    vectorizer = adapted(3)
    assert vectorizer.vocabulary == ["[PAD]", "[UNK]", "屏", "幕", "手机"], "手机 twice alone, once in 手机壳"
    assert vectorizer.tokenize_text("手机壳很好") == ["手机", "壳", "很", "好"]


def test_the_vectorizer_needs_no_list_once_it_is_made(adapted):
    vectorizer = adapted(1)
    saved = json.loads(json.dumps(vectorizer.get_config()))
    assert "dictionary" not in saved
    again = Vectorizer.from_config(saved, vectorizer.vocabulary)
    assert again.get_config() == vectorizer.get_config() and again.rules == vectorizer.rules
    rules = json.loads(json.dumps(again.rules))
    assert python_tokenizer.tokenize(TEXTS[1], rules, level="word", max_length=9) == ["手机壳", "很好", "!"]


def test_a_stop_word_stays_whole_although_the_vocabulary_lacks_it(adapted):
    assert "和平" not in adapted(1).vocabulary
    assert adapted(1).tokenize_text("和平手机和") == ["手机", "和"]


def test_vectors_give_the_words_where_no_list_is_named(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("4 2\n手机很 0.1 0.2\n好 0.3 0.4\nthe 0.5 0.6\nカメラ 0 1\n", encoding="utf-8")
    assert segmentation.load_words(TextConfig(split="dictionary"), str(vectors)) == ["手机很", "カメラ"]
    named = TextConfig(split="dictionary", dictionary=str(write(tmp_path, LIST)))
    assert segmentation.load_words(named, str(vectors)) == ["手机", "和平", "很好", "手机壳", "屏幕"]


def test_without_a_list_the_dictionary_of_jieba_is_read_or_its_extra_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(InputError, match=r'--text\.dictionary FILE.*--vectors FILE.*pip install "kerascnn\[zh\]"'):
        segmentation.load_words(TextConfig(split="dictionary"))
    monkeypatch.delitem(sys.modules, "jieba")
    package = tmp_path / "jieba"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('is not run')")
    write(package, LIST).rename(package / "dict.txt")
    monkeypatch.syspath_prepend(tmp_path)
    assert "手机壳" in segmentation.load_words(TextConfig(split="dictionary"))


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"film 3\n\xe5\xa5\xbd\n", {}, "no line begins with a word of two or more Han"),
        (b"\xff\xfe", {}, "not UTF-8"),
        (None, {}, "cannot be read"),
        (LIST.encode(), {"split": "unicode"}, "only text.split dictionary reads it"),
    ],
)
def test_a_list_that_cannot_be_used_is_named(content, settings, message, tmp_path):
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"words\.txt.*{message}"):
        Vectorizer.adapt(TEXTS, TextConfig(**{"split": "dictionary", "dictionary": str(path)} | settings))
