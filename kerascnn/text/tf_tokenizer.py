"""Text to tokens in the TensorFlow graph: the rules of ``rules`` on a batch, with core ops alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import keras
import tensorflow as tf

from kerascnn.text import longest_match
from kerascnn.text.python_tokenizer import UNKNOWN_TOKEN
from kerascnn.text.rules import rules_from_json
from kerascnn.utils.errors import InputError

# Surrogates left out: over the whole range of code points RE2 would let overlong forms pass.
_VALID_UTF8 = r"[\x00-\x{d7ff}\x{e000}-\x{10ffff}]*"

_ASCII = r"[\x00-\x7f]*"

# Letters beside ASCII that ICU lowers otherwise where the locale is Turkish, Azeri or Lithuanian.
_LOCAL = (
    ("replace", "\u0130", "i\u0307"),
    ("replace", "\u00cc", "\u00ec"),
    ("replace", "\u00cd", "\u00ed"),
    ("replace", "\u0128", "\u0129"),
    ("replace", "\u012e", "\u012f"),
)


@keras.saving.register_keras_serializable(package="kerascnn")
class Tokenizer:
    """Splits a batch of texts into tokens; what a ``TextVectorization`` layer takes as `split`.

    Args:
        rules: As ``standardize.rules`` gives them, or as JSON gives those back.
        level: ``word`` or ``character``.
        max_length: Tokens of a document that are kept.
        stop_words: Tokens that are left out.
        pieces: WordPieces that words are taken apart into, see ``plain.split_into_pieces``; none: words stay whole.
    """

    def __init__(
        self,
        *,
        rules: Sequence[Sequence],
        level: str,
        max_length: int,
        stop_words: Sequence[str] = (),
        pieces: Sequence[str] = (),
    ) -> None:
        self.rules = rules_from_json(rules)
        self.level = level
        self.max_length = max_length
        self.stop_words = tuple(stop_words)
        self.pieces = tuple(pieces)

    def __call__(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Tokens of each document.

        Args:
            texts: string (batch,).

        Returns:
            string (batch, tokens), ragged, at most `max_length` tokens a document.
        """
        texts = apply_rules(texts, self.rules)
        if self.level == "word":
            tokens = tf.strings.split(texts)
        else:
            if not self.stop_words:  # all code points stay, so that a long document can be cut before the split
                texts = tf.strings.substr(texts, 0, self.max_length, unit="UTF8_CHAR")
            tokens = tf.strings.unicode_split(texts, "UTF-8")
        if self.stop_words:
            # A pattern and not a table: a table would have to be tracked wherever the tokenizer goes.
            stop = tf.strings.regex_full_match(tokens.values, "|".join(map(re.escape, self.stop_words)))
            tokens = tf.ragged.boolean_mask(tokens, tokens.with_values(~stop))
        if self.pieces:
            tokens = self._wordpiece.tokenize(tokens).merge_dims(-2, -1)
        return tokens[:, : self.max_length]

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "rules": self.rules,
            "level": self.level,
            "max_length": self.max_length,
            "stop_words": list(self.stop_words),
            "pieces": list(self.pieces),
        }

    @cached_property
    def _wordpiece(self) -> Any:
        with tf.init_scope():  # its model must outlive the graph that asks for it first
            return _tensorflow_text("text.split wordpiece").FastWordpieceTokenizer(
                [UNKNOWN_TOKEN, *self.pieces],
                unknown_token=UNKNOWN_TOKEN,
                token_out_type=tf.string,
                no_pretokenization=True,
            )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Tokenizer:
        """Build the tokenizer that ``get_config`` describes."""
        return cls(**config)


def apply_rules(texts: tf.Tensor, rules: Sequence[tuple]) -> tf.Tensor:
    """Run the rules on a batch of texts, string (batch,), one after the other."""
    for name, *arguments in rules:
        texts = _RULES[name](texts, *arguments)
    return texts


def _unless(texts: tf.Tensor, pattern: str, *rules: tuple) -> tf.Tensor:
    rows = tf.where(~tf.strings.regex_full_match(texts, pattern))
    return tf.tensor_scatter_nd_update(texts, rows, apply_rules(tf.gather_nd(texts, rows), rules))


def _repair(texts: tf.Tensor) -> tf.Tensor:
    """Transcode what is broken; to look first costs a tenth of transcoding everything."""
    return _unless(texts, _VALID_UTF8, ("transcode",))


def _transcode(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")


def _lower(texts: tf.Tensor) -> tf.Tensor:
    """Lower case as the root locale has it; ICU goes by LC_ALL and LANG, and would make ``I`` a dotless i in Turkey."""
    return _unless(tf.strings.lower(texts), _ASCII, *_LOCAL, ("lower_unicode",))


def _lower_unicode(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.lower(texts, encoding="utf-8")


def _width(texts: tf.Tensor) -> tf.Tensor:
    codes = tf.strings.unicode_decode(texts, "UTF-8")
    is_wide = (codes.values >= 0xFF01) & (codes.values <= 0xFF5E)
    return tf.strings.unicode_encode(codes.with_values(tf.where(is_wide, codes.values - 0xFEE0, codes.values)), "UTF-8")


def _tensorflow_text(setting: str = "text.normalize") -> Any:
    try:
        import tensorflow_text
    except ImportError:
        raise InputError(f"{setting} needs tensorflow-text; pip install it, or leave that setting out") from None
    return tensorflow_text


_RULES: dict[str, Callable[..., tf.Tensor]] = {
    "replace": tf.strings.regex_replace,
    "unless": _unless,
    "repair": _repair,
    "transcode": _transcode,
    "lower": _lower,
    "lower_unicode": _lower_unicode,
    "width": _width,
    "longest_match": longest_match.insert_spaces,
    "nfkc": lambda texts: _tensorflow_text().normalize_utf8(texts, "NFKC"),
    "nfkc_casefold": lambda texts: _tensorflow_text().case_fold_utf8(texts),
}
