"""Forward maximum matching in the TensorFlow graph, for all characters of a batch at once, with core ops only.

The words become a trie that is stored as one sorted array of numbers. The array is a constant of the graph, so that no
layer, archive or server has to track it as it would a lookup table.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import tensorflow as tf

_CODE_POINTS = 2**21


def insert_spaces(texts: tf.Tensor, ranges: str, words: str) -> tf.Tensor:
    """Insert a space before each token that ``python_tokenizer.longest_match`` finds.

    Args:
        texts: Valid UTF-8, string (batch,).
        ranges: The characters that words consist of, ascending, as inside the brackets of a pattern: ``a-bx-y``.
        words: One or more words, separated by spaces.

    Returns:
        string (batch,); each text ends in a space.
    """
    bounds = np.array([ord(letter) for letter in ranges.replace("-", "")], np.int32)
    bounds[1::2] += 1
    # The space at the end ends every word, so that no word continues in the next text.
    codes = tf.strings.unicode_decode(tf.strings.join([texts, " "]), "UTF-8")
    letters = codes.values
    in_run = tf.searchsorted(bounds, letters, side="right") % 2 == 1
    is_start = _find_token_starts(in_run, _find_word_lengths(letters, in_run, words))
    num_spaces = tf.pad(tf.cumsum(tf.cast(is_start, tf.int32)), [[1, 0]])
    count = tf.size(letters)
    positions = tf.range(count) + num_spaces[1:]
    spaced = tf.tensor_scatter_nd_update(tf.fill([count + num_spaces[-1]], ord(" ")), positions[:, tf.newaxis], letters)
    row_splits = codes.row_splits + tf.cast(tf.gather(num_spaces, codes.row_splits), tf.int64)
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_splits(spaced, row_splits), "UTF-8")


def _find_word_lengths(letters: tf.Tensor, in_run: tf.Tensor, words: str) -> tf.Tensor:
    """Return the length of the longest word that begins at each position.

    All positions descend the trie together. A position drops out where no word continues.

    Returns:
        int32 (length,): 1 where no word begins, 0 outside of runs.
    """
    prefixes, ends_word, max_length = _build_trie(words)
    keys, is_word = tf.constant(prefixes), tf.constant(ends_word)  # one constant each, not one per use
    lengths = tf.cast(in_run, tf.int32)
    positions = tf.cast(tf.where(in_run)[:, 0], tf.int32)
    nodes = tf.zeros_like(positions, tf.int64)
    for length in range(1, max_length + 1):
        key = nodes * _CODE_POINTS + tf.cast(tf.gather(letters, positions + (length - 1)), tf.int64)
        index = tf.minimum(tf.searchsorted(keys, key), len(prefixes) - 1)
        is_found = tf.gather(keys, index) == key
        nodes, positions = tf.cast(index[is_found] + 1, tf.int64), positions[is_found]
        matched = positions[tf.gather(is_word, nodes)]
        lengths = tf.tensor_scatter_nd_update(lengths, matched[:, tf.newaxis], tf.fill([tf.size(matched)], length))
    return lengths


def _find_token_starts(in_run: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """Return the positions at which a token begins: the start of each run, and each end of a token within a run.

    Each step doubles the jumps (pointer jumping): after n steps, all starts less than 2**n tokens after the start of
    the run are known.

    Returns:
        bool (length,).
    """
    jumps = tf.range(tf.size(lengths)) + lengths
    is_start = in_run & ~tf.pad(in_run[:-1], [[1, 0]])

    def step(is_start: tf.Tensor, jumps: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        targets = jumps[is_start]
        updated = tf.tensor_scatter_nd_update(is_start, targets[:, tf.newaxis], tf.ones_like(targets, tf.bool))
        return updated, tf.gather(jumps, jumps), tf.reduce_any(updated != is_start)

    is_start, _, _ = tf.while_loop(lambda is_start, jumps, has_changed: has_changed, step, [is_start, jumps, True])
    return is_start & in_run


@lru_cache(maxsize=4)
def _build_trie(words: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Number the prefixes of the words from 1, sorted by length and then by code points; 0 is the empty prefix.

    Returns:
        For each prefix, the number of the prefix without its last letter, times ``_CODE_POINTS``, plus that letter,
        ascending int64 (prefixes,); whether it is a word, bool (1 + prefixes,); length of the longest word.
    """
    known = frozenset(words.split(" "))
    prefixes = sorted({word[:stop] for word in known for stop in range(1, len(word) + 1)})
    prefixes.sort(key=len)
    numbers = {prefix: number for number, prefix in enumerate(["", *prefixes])}
    keys = [numbers[prefix[:-1]] * _CODE_POINTS + ord(prefix[-1]) for prefix in prefixes]
    is_word = [prefix in known for prefix in numbers]
    return np.array(keys, np.int64), np.array(is_word), max(map(len, known))
