"""Words of text without spaces, which the split ``dictionary`` finds: where they come from, and how rare ones count.

A word is two to ``MAX_WORD_LENGTH`` Han or kana characters. While the training texts are counted, the words of a list
are matched; from then on those of the vocabulary alone, in training as in serving, so that a bundle needs no list
beside it. Matching is forward maximum matching, see ``plain.match``.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from kerascnn.text import python_tokenizer, vocabulary, word_vectors
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import IDEOGRAPH
from kerascnn.utils.errors import InputError

MAX_WORD_LENGTH = 8
"""Characters of a word at the most; what is longer is a phrase or a title."""
MAX_WORDS = 500_000
"""Words of a list that are read, the first ones; large files of vectors go by falling frequency."""

_WORD = re.compile(f"[{IDEOGRAPH}]{{2,{MAX_WORD_LENGTH}}}")


def select_words(tokens: Iterable[str]) -> list[str]:
    """The words among some tokens."""
    return [token for token in tokens if _WORD.fullmatch(token)]


def load_words(settings: TextConfig, vectors: str = "") -> list[str]:
    """The words to look for in training texts.

    They come from the file `settings.dictionary`; without one from the file of vectors; without either from jieba's
    dictionary.

    Args:
        settings: How text becomes ids.
        vectors: File of pretrained vectors; may be empty.

    Raises:
        InputError: There is no list, or it cannot be read, or it holds no word.
    """
    if not settings.uses_dictionary:
        if settings.dictionary:
            raise InputError(
                f"text.dictionary {settings.dictionary}: only text.split dictionary reads it; choose that as well"
            )
        return []
    path = settings.dictionary or vectors or _jieba()
    first_column = _lines(path) if settings.dictionary or not vectors else word_vectors.read_words(path)
    words = list(dict.fromkeys(itertools.islice(filter(_WORD.fullmatch, first_column), MAX_WORDS)))
    if not words:
        raise InputError(
            f"{path}: no line begins with a word of two or more Han or kana characters; name a list of words with"
            " --text.dictionary FILE"
        )
    return words


def build_vocabulary(counts: Counter[str], settings: TextConfig) -> list[str]:
    """Build the vocabulary of counted tokens; words that are too rare for it count as their parts.

    Args:
        counts: How often each token occurs in the training texts, where `candidates` were kept together.
        settings: How text becomes ids.
    """
    sizes = {"max_tokens": settings.max_tokens, "min_count": settings.min_count}
    tokens = vocabulary.build_vocabulary(counts, **sizes)
    if not settings.uses_dictionary:
        return tokens
    in_parts = split_rare_words(counts, max(settings.min_count, counts[tokens[-1]]))
    return vocabulary.build_vocabulary(in_parts, **sizes)


def split_rare_words(counts: Counter[str], least: int) -> Counter[str]:
    """Counts of tokens after every rare word was taken apart, the longest first, into shorter words and characters.

    Args:
        counts: How often each token occurs.
        least: How often a word must occur to stay whole.
    """
    counts = Counter(counts)
    known = set(select_words(counts))
    for word in sorted(known, key=len, reverse=True):
        if counts[word] < least:
            known.remove(word)
            count = counts.pop(word)
            for part in python_tokenizer.longest_match(word, known, len(word)):
                counts[part] += count
    return counts


def _jieba() -> str:
    """Path of the dictionary that the package jieba carries; nothing of the package is run."""
    found = importlib.util.find_spec("jieba")
    if found is None or found.origin is None:
        raise InputError(
            "text.split dictionary needs words: name a list with --text.dictionary FILE or vectors with --vectors FILE,"
            ' or pip install "kerascnn[zh]" for the dictionary of jieba'
        )
    return str(Path(found.origin).with_name("dict.txt"))


def _lines(path: str) -> Iterator[str]:
    """What each line of a file begins with, up to a space."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            for line in file:
                yield from line.split(maxsplit=1)[:1]
    except OSError as error:
        raise InputError(f"{path}: the list of words cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the list of words is not UTF-8 ({error.reason}); save it as UTF-8") from None
