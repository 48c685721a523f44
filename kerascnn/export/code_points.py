"""Unicode code points to ids inside the graph, so that a client of a character model needs no vocabulary."""

from __future__ import annotations

import dataclasses
import unicodedata

import numpy as np
import tensorflow as tf

from kerascnn.text import python_tokenizer
from kerascnn.text.rules import build_rules
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

PAGE = 128
"""Code points on a page; equal pages, such as those without a known character, are kept once."""
_DROPPED, _SPACE, _UNKNOWN = -1, -2, 1
# A character of private use, which no rule touches.
_MARK = "\ue000"


class CodePoints:
    """Maps code points to the ids of a character vectorizer: a table for each character, then spaces put right.

    The table holds what the vectorizer's rules make of each character alone: lower case, full-width forms, spaces,
    and what vanishes. What takes more than one character to see is left to the client, who may run the rules before
    (they change nothing that went through them once) or leave it: markup (the step `html`), `İ` (two characters in
    lower case) and the Greek sigma at the end of a word.

    Args:
        vectorizer: Of a character model.

    Raises:
        InputError: The vectorizer has a setting that one character to one id cannot express.
    """

    def __init__(self, vectorizer: Vectorizer) -> None:
        settings = vectorizer.settings
        for name, plainest in (("normalize", "none"), ("stop_words", "")):
            if (value := getattr(settings, name)) != plainest:
                raise InputError(
                    f"text.{name} {value}: cannot be expressed as one code point to one id, which the TFLite file of a"
                    f" character model needs; train with --text.{name} {plainest!r}"
                )
        self._space_id = vectorizer.encode_text("a a")[1]
        pages = _table(vectorizer).reshape(-1, PAGE)
        kept, numbers = np.unique(pages, axis=0, return_inverse=True)
        smallest = np.int16 if len(vectorizer.vocabulary) < 2**15 else np.int32
        # No more than 0x110000 / PAGE pages, which 16 bits count.
        self._pages, self._page_of = kept.reshape(-1).astype(smallest), numbers.reshape(-1).astype(np.int16)

    def __call__(self, codes: tf.Tensor) -> tf.Tensor:
        """Ids of one document.

        Args:
            codes: Code points, int32 (1, length); 0 is padding.

        Returns:
            int32 (1, length), padded with 0.
        """
        codes = tf.clip_by_value(tf.reshape(codes, [-1]), 0, 0x10FFFF)
        page = tf.cast(tf.gather(tf.constant(self._page_of), codes // PAGE), tf.int32)
        ids = tf.cast(tf.gather(tf.constant(self._pages), page * PAGE + codes % PAGE), tf.int32)
        ids = _pack(ids, (ids != _DROPPED) & (codes != 0))
        is_space = ids == _SPACE
        # A document that fills the whole length goes on behind it, so that a space at its end stays.
        following = tf.concat([ids[1:], [_UNKNOWN]], 0)
        at_start = tf.cumsum(tf.cast(~is_space, tf.int32)) == 0
        ids = _pack(ids, (ids != 0) & ~(is_space & ((following == _SPACE) | (following == 0) | at_start)))
        return tf.where(ids == _SPACE, self._space_id, ids)[tf.newaxis]


def _pack(ids: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
    """The kept ids one after the other, then 0; (length,) each."""
    length = ids.shape[0]
    place = tf.where(kept, tf.cumsum(tf.cast(kept, tf.int32)) - 1, length)
    return tf.scatter_nd(place[:, tf.newaxis], ids, [length + 1])[:length]


def _table(vectorizer: Vectorizer) -> np.ndarray:
    """The id of every code point, int32 (0x110000,)."""
    ids = {token: number for number, token in enumerate(vectorizer.vocabulary) if number > 1}
    # No rule touches private use, nor what has no meaning yet beyond the basic plane.
    categories = map(unicodedata.category, map(chr, range(0x110000)))
    codes = [
        code for code, name in enumerate(categories) if name not in ("Co", "Cs") and (name != "Cn" or code < 2**16)
    ]
    steps = tuple(step for step in vectorizer.settings.standardize if step != "html")
    without_markup = build_rules(dataclasses.replace(vectorizer.settings, standardize=steps))
    found = python_tokenizer.apply_rules(_MARK.join(map(chr, codes)), without_markup).split(_MARK)
    table = np.full(0x110000, _UNKNOWN, np.int32)
    for token, number in ids.items():
        table[ord(token)] = number
    table[0xD800:0xE000] = _SPACE
    for code, characters in zip(codes, found, strict=True):
        if characters in ("", " "):
            table[code] = _SPACE if characters else _DROPPED
        else:
            table[code] = ids.get(characters[0], _UNKNOWN)
    return table
