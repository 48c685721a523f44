"""Tokenize batches of texts in the TensorFlow graph.

Only core ops are used, except for ``text.normalize`` and WordPieces, which need tensorflow-text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from kerascnn.text import longest_match
from kerascnn.text.python_tokenizer import UNKNOWN_TOKEN
from kerascnn.text.rules import Rule, rules_from_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.thread_safety import LockedCachedProperty

# Without surrogates: over the whole range of code points RE2 would accept overlong encodings.
_VALID_UTF8 = r"[\x00-\x{d7ff}\x{e000}-\x{10ffff}]*"

_ASCII = r"[\x00-\x7f]*"

# Letters that ICU lowers differently in a Turkish, Azeri or Lithuanian locale, besides ASCII.
_LOCALE_DEPENDENT = (
    ("replace", "\u0130", "i\u0307"),
    ("replace", "\u00cc", "\u00ec"),
    ("replace", "\u00cd", "\u00ed"),
    ("replace", "\u0128", "\u0129"),
    ("replace", "\u012e", "\u012f"),
)


@keras.saving.register_keras_serializable(package="kerascnn")
class Tokenizer:
    """Callable that splits a batch of texts into tokens; the `split` argument of a ``TextVectorization`` layer.

    Args:
        rules: The result of ``rules.build_rules``, or its JSON form.
        level: ``word`` or ``character``.
        max_length: Maximum number of tokens per document; the rest is cut.
        stop_words: Tokens to remove.
        pieces: Known WordPieces; words are split into them as by ``python_tokenizer.split_into_pieces``. If empty,
            words stay whole.
    """

    def __init__(
        self,
        *,
        rules: Sequence[Sequence[Any]],
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
        """Split each document into tokens.

        Args:
            texts: string (batch,).

        Returns:
            Ragged string (batch, tokens), at most `max_length` tokens per document.
        """
        texts = apply_rules(texts, self.rules)
        if self.level == "word":
            tokens = tf.strings.split(texts)
        else:
            if not self.stop_words:  # every code point is a token, so a long document can be cut before the split
                texts = tf.strings.substr(texts, 0, self.max_length, unit="UTF8_CHAR")
            tokens = tf.strings.unicode_split(texts, "UTF-8")
        if self.stop_words:
            # A pattern instead of a lookup table: a table would have to be tracked wherever the tokenizer is used.
            is_stop = tf.strings.regex_full_match(tokens.values, "|".join(map(re.escape, self.stop_words)))
            tokens = tf.ragged.boolean_mask(tokens, tokens.with_values(~is_stop))
        if self.pieces:
            tokens = self._wordpiece.tokenize(tokens).merge_dims(-2, -1)
        return tokens[:, : self.max_length]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        return {
            "rules": self.rules,
            "level": self.level,
            "max_length": self.max_length,
            "stop_words": list(self.stop_words),
            "pieces": list(self.pieces),
        }

    @LockedCachedProperty
    def _wordpiece(self) -> Any:
        with tf.init_scope():  # its model must outlive the graph that uses it first
            return load_tensorflow_text("text.split wordpiece").FastWordpieceTokenizer(
                [UNKNOWN_TOKEN, *self.pieces],
                unknown_token=UNKNOWN_TOKEN,
                token_out_type=tf.string,
                no_pretokenization=True,
            )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Tokenizer:
        """Create the tokenizer from the result of ``get_config``."""
        return cls(**config)


def apply_rules(texts: tf.Tensor, rules: Sequence[Rule]) -> tf.Tensor:
    """Apply the rules to a batch of texts, string (batch,), one after the other."""
    for name, *arguments in rules:
        texts = _RULES[name](texts, *arguments)
    return texts


def load_tensorflow_text(setting: str) -> Any:
    """Import tensorflow-text, which only some settings need.

    Args:
        setting: The setting that needs it, for the error message.

    Raises:
        InputError: It cannot be imported.
    """
    try:
        import tensorflow_text
    except ImportError as error:
        raise InputError(
            f"{setting} needs tensorflow-text, which cannot be imported ({error}); pip install tensorflow-text, or"
            " change this setting"
        ) from None
    return tensorflow_text


def _unless(texts: tf.Tensor, pattern: str, *rules: Rule) -> tf.Tensor:
    rows = tf.where(~tf.strings.regex_full_match(texts, pattern))
    return tf.tensor_scatter_nd_update(texts, rows, apply_rules(tf.gather_nd(texts, rows), rules))


def _repair(texts: tf.Tensor) -> tf.Tensor:
    """Transcode invalid texts only: the check takes a tenth of the time of transcoding everything."""
    return _unless(texts, _VALID_UTF8, ("transcode",))


def _transcode(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")


def _lower(texts: tf.Tensor) -> tf.Tensor:
    """Lower texts as in the root locale. ICU follows LC_ALL and LANG: in Turkish ``I`` would become a dotless i."""
    return _unless(tf.strings.lower(texts), _ASCII, *_LOCALE_DEPENDENT, ("lower_unicode",))


def _lower_unicode(texts: tf.Tensor) -> tf.Tensor:
    return tf.strings.lower(texts, encoding="utf-8")


def _width(texts: tf.Tensor) -> tf.Tensor:
    codes = tf.strings.unicode_decode(texts, "UTF-8")
    is_wide = (codes.values >= 0xFF01) & (codes.values <= 0xFF5E)
    return tf.strings.unicode_encode(codes.with_values(tf.where(is_wide, codes.values - 0xFEE0, codes.values)), "UTF-8")


def _nfkc(texts: tf.Tensor) -> tf.Tensor:
    return load_tensorflow_text("text.normalize nfkc").normalize_utf8(texts, "NFKC")


def _nfkc_casefold(texts: tf.Tensor) -> tf.Tensor:
    return load_tensorflow_text("text.normalize nfkc_casefold").case_fold_utf8(texts)


_RULES: dict[str, Callable[..., tf.Tensor]] = {
    "replace": tf.strings.regex_replace,
    "unless": _unless,
    "repair": _repair,
    "transcode": _transcode,
    "lower": _lower,
    "lower_unicode": _lower_unicode,
    "width": _width,
    "longest_match": longest_match.insert_spaces,
    "nfkc": _nfkc,
    "nfkc_casefold": _nfkc_casefold,
}
