"""Word segmentation of text without spaces, for ``text.split dictionary``.

A word has 2 to ``MAX_WORD_LENGTH`` Han or kana characters. While the training texts are counted, the words of a
dictionary are matched; after that only those in the vocabulary, in training and in serving. A bundle therefore needs
no dictionary. Words are found by forward maximum matching, see ``python_tokenizer.longest_match``.
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
"""Maximum number of characters in a word; longer entries are phrases or titles."""
MAX_WORDS = 500_000
"""Maximum number of words read from a dictionary. Large files of word vectors are sorted by decreasing frequency."""

_WORD = re.compile(f"[{IDEOGRAPH}]{{2,{MAX_WORD_LENGTH}}}")


def select_words(tokens: Iterable[str]) -> list[str]:
    """Return the tokens that are words of 2 to ``MAX_WORD_LENGTH`` Han or kana characters."""
    return [token for token in tokens if _WORD.fullmatch(token)]


def load_words(settings: TextConfig, vectors: str = "") -> list[str]:
    """Load the words to look for in the training texts.

    They come from the file `settings.dictionary`; if it is empty, from the file of word vectors; if that is empty too,
    from jieba's dictionary.

    Args:
        settings: Text settings.
        vectors: Path of a file of pretrained word vectors, or empty.

    Returns:
        The words; none unless `settings.split` is ``dictionary``.

    Raises:
        InputError: There is no dictionary, or it cannot be read, or it contains no word.
    """
    if not settings.uses_dictionary:
        if settings.dictionary:
            raise InputError(
                f"text.dictionary {settings.dictionary}: only text.split dictionary uses it; set that as well"
            )
        return []
    path = settings.dictionary or vectors or _jieba_dictionary()
    entries = _read_first_column(path) if settings.dictionary or not vectors else word_vectors.read_words(path)
    words = list(dict.fromkeys(itertools.islice(filter(_WORD.fullmatch, entries), MAX_WORDS)))
    if not words:
        raise InputError(
            f"{path}: no line begins with a word of two or more Han or kana characters; give another list with"
            " --text.dictionary FILE"
        )
    return words


def build_vocabulary(counts: Counter[str], settings: TextConfig) -> list[str]:
    """Build the vocabulary of counted tokens; words that are too rare for it count as their parts.

    Args:
        counts: Frequency of each token in the training texts, tokenized with the words of ``load_words``.
        settings: Text settings.

    Returns:
        The tokens by id, see ``vocabulary.select_frequent_tokens``.
    """
    tokens = vocabulary.select_frequent_tokens(counts, max_tokens=settings.max_tokens, min_count=settings.min_count)
    if not settings.uses_dictionary:
        return tokens
    split_counts = split_rare_words(counts, max(settings.min_count, counts[tokens[-1]]))
    return vocabulary.select_frequent_tokens(split_counts, max_tokens=settings.max_tokens, min_count=settings.min_count)


def split_rare_words(counts: Counter[str], min_count: int) -> Counter[str]:
    """Split every rare word, the longest first, into shorter words and characters, and return the new counts.

    Args:
        counts: Frequency of each token.
        min_count: Minimum frequency of a word that stays whole.
    """
    counts = Counter(counts)
    known = set(select_words(counts))
    for word in sorted(known, key=len, reverse=True):
        if counts[word] < min_count:
            known.remove(word)
            count = counts.pop(word)
            for part in python_tokenizer.longest_match(word, known, len(word)):
                counts[part] += count
    return counts


def _jieba_dictionary() -> str:
    """Return the path of the dictionary in the package jieba, without importing the package."""
    spec = importlib.util.find_spec("jieba")
    if spec is None or spec.origin is None:
        raise InputError(
            "text.split dictionary needs a list of words: give --text.dictionary FILE or --vectors FILE, or"
            ' pip install "kerascnn[zh]" for the dictionary of jieba'
        )
    return str(Path(spec.origin).with_name("dict.txt"))


def _read_first_column(path: str) -> Iterator[str]:
    """Yield the first word of each line of a file."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            for line in file:
                yield from line.split(maxsplit=1)[:1]
    except OSError as error:
        raise InputError(f"{path}: the list of words cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the list of words is not UTF-8 ({error.reason}); save it as UTF-8") from None
    except ValueError as error:  # a NUL character in the name
        raise InputError(f"{path!r}: the list of words cannot be read ({error})") from None
