"""Convert Unicode code points to ids in the graph, so that clients of a character model need no vocabulary."""

from __future__ import annotations

import dataclasses
import unicodedata

import numpy as np
import tensorflow as tf

from kerascnn.export.checks import check_code_points
from kerascnn.text import python_tokenizer
from kerascnn.text.rules import build_rules
from kerascnn.text.vectorizer import Vectorizer

PAGE_SIZE = 128
"""Code points per page of the table. Equal pages, such as those without a known character, are stored once."""
_REMOVED, _SPACE, _UNKNOWN = -1, -2, 1
# A private use character, which no rule changes.
_SEPARATOR = "\ue000"


class CodePointEncoder:
    """Converts code points to the ids of a character vectorizer by a lookup table, and then collapses spaces.

    The table has the result of the vectorizer's rules for each single character: lower case, full-width forms, spaces,
    and removed characters. Rules that depend on more than one character are not applied: markup (the step `html`),
    `İ` (two characters in lower case) and the Greek final sigma. A client may apply them to the text before; applying
    the rules twice is the same as once.

    Args:
        vectorizer: Vectorizer of a character model.

    Raises:
        InputError: The vectorizer has a setting that a table from characters to ids cannot express.
    """

    def __init__(self, vectorizer: Vectorizer) -> None:
        check_code_points(vectorizer.settings)
        self._space_id = vectorizer.encode_text("a a")[1]
        pages = _build_table(vectorizer).reshape(-1, PAGE_SIZE)
        unique_pages, page_numbers = np.unique(pages, axis=0, return_inverse=True)
        dtype = np.int16 if len(vectorizer.vocabulary) < 2**15 else np.int32
        # At most 0x110000 / PAGE_SIZE pages, which fit in 16 bits.
        self._pages, self._page_numbers = (
            unique_pages.reshape(-1).astype(dtype),
            page_numbers.reshape(-1).astype(np.int16),
        )

    def __call__(self, codes: tf.Tensor) -> tf.Tensor:
        """Encode one document.

        Args:
            codes: Code points, int32 (1, length); 0 is padding.

        Returns:
            int32 (1, length), padded with 0.
        """
        codes = tf.clip_by_value(tf.reshape(codes, [-1]), 0, 0x10FFFF)
        page = tf.cast(tf.gather(tf.constant(self._page_numbers), codes // PAGE_SIZE), tf.int32)
        ids = tf.cast(tf.gather(tf.constant(self._pages), page * PAGE_SIZE + codes % PAGE_SIZE), tf.int32)
        ids = _pack(ids, (ids != _REMOVED) & (codes != 0))
        is_space = ids == _SPACE
        # A document of the full length may continue, so a space at its end is kept.
        following = tf.concat([ids[1:], [_UNKNOWN]], 0)
        at_start = tf.cumsum(tf.cast(~is_space, tf.int32)) == 0
        ids = _pack(ids, (ids != 0) & ~(is_space & ((following == _SPACE) | (following == 0) | at_start)))
        return tf.where(ids == _SPACE, self._space_id, ids)[tf.newaxis]


def _pack(ids: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
    """Move the ids where `kept` is true to the front and pad with 0; all (length,)."""
    length = ids.shape[0]
    positions = tf.where(kept, tf.cumsum(tf.cast(kept, tf.int32)) - 1, length)
    return tf.scatter_nd(positions[:, tf.newaxis], ids, [length + 1])[:length]


def _build_table(vectorizer: Vectorizer) -> np.ndarray:
    """Return the id of every code point, int32 (0x110000,)."""
    ids = {token: number for number, token in enumerate(vectorizer.vocabulary) if number > 1}
    # No rule changes private use characters, or unassigned ones outside of the basic plane.
    categories = map(unicodedata.category, map(chr, range(0x110000)))
    codes = [
        code for code, name in enumerate(categories) if name not in ("Co", "Cs") and (name != "Cn" or code < 2**16)
    ]
    steps = tuple(step for step in vectorizer.settings.standardize if step != "html")
    without_markup = build_rules(dataclasses.replace(vectorizer.settings, standardize=steps))
    results = python_tokenizer.apply_rules(_SEPARATOR.join(map(chr, codes)), without_markup).split(_SEPARATOR)
    table = np.full(0x110000, _UNKNOWN, np.int32)
    for token, number in ids.items():
        table[ord(token)] = number
    table[0xD800:0xE000] = _SPACE
    for code, characters in zip(codes, results, strict=True):
        if characters in ("", " "):
            table[code] = _SPACE if characters else _REMOVED
        else:
            table[code] = ids.get(characters[0], _UNKNOWN)
    return table
