"""The vocabulary: selection of its tokens, and the files that store it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from kerascnn.text import python_tokenizer
from kerascnn.text.escaped_lines import read_escaped_lines, write_escaped_lines
from kerascnn.utils.errors import InputError

PADDING_TOKEN = "[PAD]"
"""The token of id 0, which pads the documents of a batch to one length."""
UNKNOWN_TOKEN = python_tokenizer.UNKNOWN_TOKEN
"""The token of id 1, which replaces out-of-vocabulary tokens."""
RESERVED_TOKENS = (PADDING_TOKEN, UNKNOWN_TOKEN)
"""The first tokens of every vocabulary. Neither matches the same characters in a text."""


def select_frequent_tokens(counts: Counter[str], *, max_tokens: int, min_count: int) -> list[str]:
    """Choose the most frequent tokens. Equally frequent tokens are ordered by code point.

    Args:
        counts: Frequency of each token.
        max_tokens: Maximum size of the vocabulary, the two reserved tokens included.
        min_count: Minimum frequency of a token.

    Returns:
        The tokens by id: padding, unknown, then by decreasing frequency.
    """
    frequent = [token for token, count in counts.items() if count >= min_count and token not in RESERVED_TOKENS]
    frequent.sort(key=lambda token: (-counts[token], token))
    return [*RESERVED_TOKENS, *frequent[: max(0, max_tokens - len(RESERVED_TOKENS))]]


def write_vocabulary(path: str | Path, tokens: Sequence[str]) -> None:
    """Write a vocabulary, one token per line."""
    write_escaped_lines(path, tokens)


def read_vocabulary(path: str | Path) -> list[str]:
    """Read the vocabulary that ``write_vocabulary`` wrote.

    Raises:
        InputError: A line is invalid or repeated, or the first two lines are not the reserved tokens.
    """
    tokens = read_escaped_lines(path)
    for number, reserved in enumerate(RESERVED_TOKENS):
        if tokens[number : number + 1] != [reserved]:
            found = repr(tokens[number]) if number < len(tokens) else "the end of the file"
            raise InputError(f"{path}, line {number + 1}: expected {reserved}, found {found}")
    return tokens


def read_stop_word_lines(path: str | Path) -> list[str]:
    """Read the lines of a file of stop words.

    Raises:
        InputError: The file is missing or not UTF-8.
    """
    try:
        return Path(path).read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: the stop words cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the stop words are not UTF-8 (byte {error.start}); save them as UTF-8") from None
    except ValueError as error:  # a NUL character in the name
        raise InputError(f"{str(path)!r}: the stop words cannot be read ({error})") from None


def read_stop_words(path: str | Path, tokenize: Callable[[str], list[str]]) -> tuple[str, ...]:
    """Read a file of stop words, one per line, and standardize them as the texts are.

    Args:
        path: The file, UTF-8.
        tokenize: Function that splits a text into tokens without removing stop words.

    Raises:
        InputError: The file is missing or not UTF-8, or a line is not exactly one token.
    """
    stop_words: dict[str, None] = {}
    for number, line in enumerate(read_stop_word_lines(path), start=1):
        tokens = tokenize(line)
        if len(tokens) > 1:
            raise InputError(f"{path}, line {number}: {line!r} is {len(tokens)} tokens; a stop word must be one token")
        stop_words |= dict.fromkeys(tokens)
    return tuple(stop_words)
