"""Forward maximum matching in the TensorFlow graph, for all characters of a batch at once, with core ops alone.

The words become a trie that is one sorted array of numbers. It is a constant of the graph, which no layer, archive or
server has to track as it would a table.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import tensorflow as tf

_CODE_POINTS = 2**21


def insert_spaces(texts: tf.Tensor, ranges: str, words: str) -> tf.Tensor:
    """Put a space before every token of words and single characters, see ``python_tokenizer.longest_match``.

    Args:
        texts: Valid UTF-8, string (batch,).
        ranges: The characters that words are made of, ascending, as in the brackets of a pattern: ``a-bx-y``.
        words: One or more, between spaces.

    Returns:
        string (batch,), with a space at the end of each.
    """
    bounds = np.array([ord(letter) for letter in ranges.replace("-", "")], np.int32)
    bounds[1::2] += 1
    # The space at the end ends every word, so that none reaches into the next text.
    codes = tf.strings.unicode_decode(tf.strings.join([texts, " "]), "UTF-8")
    letters = codes.values
    in_run = tf.searchsorted(bounds, letters, side="right") % 2 == 1
    begins = _begins(in_run, _lengths(letters, in_run, words))
    spaces = tf.pad(tf.cumsum(tf.cast(begins, tf.int32)), [[1, 0]])
    count = tf.size(letters)
    places = tf.range(count) + spaces[1:]
    spaced = tf.tensor_scatter_nd_update(tf.fill([count + spaces[-1]], ord(" ")), places[:, tf.newaxis], letters)
    row_splits = codes.row_splits + tf.cast(tf.gather(spaces, codes.row_splits), tf.int64)
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_splits(spaced, row_splits), "UTF-8")


def _lengths(letters: tf.Tensor, in_run: tf.Tensor, words: str) -> tf.Tensor:
    """Length of the longest word that begins at each position, 1 where none does, 0 outside of runs; int32 (length,).

    All positions walk down the trie together, and fall out where no word goes on.
    """
    beginnings, ends, longest = _trie(words)
    keys, is_word = tf.constant(beginnings), tf.constant(ends)  # once each, not anew wherever they are read
    lengths = tf.cast(in_run, tf.int32)
    positions = tf.cast(tf.where(in_run)[:, 0], tf.int32)
    nodes = tf.zeros_like(positions, tf.int64)
    for length in range(1, longest + 1):
        wanted = nodes * _CODE_POINTS + tf.cast(tf.gather(letters, positions + (length - 1)), tf.int64)
        found = tf.minimum(tf.searchsorted(keys, wanted), len(beginnings) - 1)
        goes_on = tf.gather(keys, found) == wanted
        nodes, positions = tf.cast(found[goes_on] + 1, tf.int64), positions[goes_on]
        ended = positions[tf.gather(is_word, nodes)]
        lengths = tf.tensor_scatter_nd_update(lengths, ended[:, tf.newaxis], tf.fill([tf.size(ended)], length))
    return lengths


def _begins(in_run: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Positions at which a token begins, bool (length,): the first of each run, and each that the last one leads to.

    After n turns all are known that lie less than 2**n tokens behind the first: the jumps double (pointer jumping).
    """
    jumps = tf.range(tf.size(lengths)) + lengths
    begins = in_run & ~tf.pad(in_run[:-1], [[1, 0]])

    def turn(begins: tf.Tensor, jumps: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        targets = jumps[begins]
        more = tf.tensor_scatter_nd_update(begins, targets[:, tf.newaxis], tf.ones_like(targets, tf.bool))
        return more, tf.gather(jumps, jumps), tf.reduce_any(more != begins)

    begins, _, _ = tf.while_loop(lambda begins, jumps, grew: grew, turn, [begins, jumps, True])
    return begins & in_run


@lru_cache(maxsize=4)
def _trie(words: str) -> tuple[np.ndarray, np.ndarray, int]:
    """The beginnings of words, numbered from 1 by length and then by code points; 0 is the empty one.

    Returns:
        For each beginning the number of that without its last letter, times ``_CODE_POINTS``, plus that letter,
        ascending int64 (beginnings,); whether it is a word, bool (1 + beginnings,); length of the longest word.
    """
    known = frozenset(words.split(" "))
    beginnings = sorted({word[:stop] for word in known for stop in range(1, len(word) + 1)})
    beginnings.sort(key=len)
    numbers = {beginning: number for number, beginning in enumerate(["", *beginnings])}
    keys = [numbers[beginning[:-1]] * _CODE_POINTS + ord(beginning[-1]) for beginning in beginnings]
    is_word = [beginning in known for beginning in numbers]
    return np.array(keys, np.int64), np.array(is_word), max(map(len, known))
