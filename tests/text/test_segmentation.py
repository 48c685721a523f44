"""Word segmentation: the sources of words, and tokenization by the vocabulary alone."""

from __future__ import annotations

import json
import sys
from functools import cache

import pytest

from kerascnn.text import python_tokenizer, segmentation
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

DICTIONARY = "手机 100 n\n和平 5\n很好\n手机壳 3 n\n\nAT&T 3 nz\n好\n屏幕 7\n这是一个太长的词语了\n"
TEXTS = ["手机很好，手机屏幕iPhone", "手机壳很好！", "屏幕，屏 幕"]


@pytest.fixture(scope="module")
def adapt_vectorizer(tmp_path_factory):
    """Function that adapts a vectorizer to the texts with a `min_count` and then deletes the dictionary."""
    folder = tmp_path_factory.mktemp("words")

    @cache
    def adapt(min_count):
        write(folder, DICTIONARY).with_name("stop.txt").write_text("和平\n", encoding="utf-8")
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
    """Write a dictionary in jieba's format, with frequencies and parts of speech."""
    path = folder / "words.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_longest_word_at_a_character_is_a_token(adapt_vectorizer):
    vectorizer = adapt_vectorizer(1)
    assert vectorizer.vocabulary[2:] == [",", "屏幕", "很好", "手机", "!", "iphone", "屏", "幕", "手机壳"]
    tokens = vectorizer.tokenize_text("手机壳屏幕屏 幕手机Ａ好手")
    assert tokens == ["手机壳", "屏幕", "屏", "幕", "手机", "a", "好", "手"]
    assert vectorizer.encode(["手机壳屏幕屏 幕手机Ａ好手"])[0].tolist() == [10, 3, 8, 9, 5, 1, 1, 1]


def test_rare_word_counts_as_its_parts(adapt_vectorizer):
    vectorizer = adapt_vectorizer(3)
    assert vectorizer.vocabulary == ["[PAD]", "[UNK]", "屏", "幕", "手机"], "手机: twice as a word, once in 手机壳"
    assert vectorizer.tokenize_text("手机壳很好") == ["手机", "壳", "很", "好"]


def test_adapted_vectorizer_needs_no_dictionary(adapt_vectorizer):
    vectorizer = adapt_vectorizer(1)
    config = json.loads(json.dumps(vectorizer.get_config()))
    assert "dictionary" not in config
    again = Vectorizer.from_config(config, vectorizer.vocabulary)
    assert again.get_config() == vectorizer.get_config() and again.rules == vectorizer.rules
    rules = json.loads(json.dumps(again.rules))
    assert python_tokenizer.tokenize(TEXTS[1], rules, level="word", max_length=9) == ["手机壳", "很好", "!"]


def test_stop_word_outside_the_vocabulary_stays_whole(adapt_vectorizer):
    assert "和平" not in adapt_vectorizer(1).vocabulary
    assert adapt_vectorizer(1).tokenize_text("和平手机和") == ["手机", "和"]


def test_words_come_from_word_vectors_without_a_dictionary(tmp_path):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("4 2\n手机很 0.1 0.2\n好 0.3 0.4\nthe 0.5 0.6\nカメラ 0 1\n", encoding="utf-8")
    assert segmentation.load_words(TextConfig(split="dictionary"), str(vectors)) == ["手机很", "カメラ"]
    with_dictionary = TextConfig(split="dictionary", dictionary=str(write(tmp_path, DICTIONARY)))
    assert segmentation.load_words(with_dictionary, str(vectors)) == ["手机", "和平", "很好", "手机壳", "屏幕"]


def test_jieba_is_the_default_dictionary_and_its_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(InputError, match=r'--text\.dictionary FILE.*--vectors FILE.*pip install "kerascnn\[zh\]"'):
        segmentation.load_words(TextConfig(split="dictionary"))
    monkeypatch.delitem(sys.modules, "jieba")
    package = tmp_path / "jieba"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('must not be imported')")
    write(package, DICTIONARY).rename(package / "dict.txt")
    monkeypatch.syspath_prepend(tmp_path)
    assert "手机壳" in segmentation.load_words(TextConfig(split="dictionary"))


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        (b"film 3\n\xe5\xa5\xbd\n", {}, "no line begins with a word of two or more Han"),
        (b"\xff\xfe", {}, "not UTF-8"),
        (None, {}, "cannot be read"),
        (DICTIONARY.encode(), {"split": "unicode"}, "only text.split dictionary uses it"),
    ],
)
def test_rejects_unusable_dictionary(content, settings, message, tmp_path):
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"words\.txt.*{message}"):
        Vectorizer.adapt(TEXTS, TextConfig(**{"split": "dictionary", "dictionary": str(path)} | settings))
