"""Split one text into the pieces of a unigram SentencePiece model, in plain Python, with the standard library only.

The result is that of the C++ library (github.com/google/sentencepiece) in tensorflow-text 2.21, even where its sums are
rounded: text is normalized by the rules in the model, then the segmentation with the highest sum of scores is chosen
(Kudo 2018, arXiv 1804.10959, section 3.2).

This file imports nothing from the package but ``python_tokenizer``, which export copies to the same folder.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, TypeVar

if __package__:
    from kerascnn.text.python_tokenizer import UNKNOWN_TOKEN
else:
    from python_tokenizer import UNKNOWN_TOKEN  # type: ignore[no-redef]

_SPACE = "\u2581"
# Enumerations of sentencepiece_model.proto.
_UNIGRAM = 1
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = 1, 2, 3, 4, 5, 6
_MODEL_TYPES = {2: "bpe", 3: "word", 4: "char"}
# A piece that no text has costs this much more than the least probable one (kUnkPenalty in unigram_model.cc).
_UNKNOWN_PENALTY = 10.0

Model = TypeVar("Model", bound="UnigramModel")
Part = tuple[str, int, int]
"""A part of the result, and the range of the source that it comes from: start, and end (exclusive)."""


@dataclass(frozen=True)
class UnigramModel:
    """The content of a model file that decides on the segmentation."""

    pieces: tuple[str, ...]
    """All pieces but the unknown one, in the order of the file."""
    scores: tuple[float, ...]
    """Log probability of each piece, in float32."""
    control: frozenset[str]
    """Pieces that no text matches: those of the types control, unused and user-defined."""
    charsmap: bytes = b""
    """Normalization rules: the size of a double-array trie, the trie, and the replacements; empty: none."""
    add_dummy_prefix: bool = True
    """Whether a space is added before the text."""
    remove_extra_whitespaces: bool = True
    """Whether spaces are removed at both ends of the text and after another space."""
    escape_whitespaces: bool = True
    """Whether U+2581 replaces spaces."""

    @classmethod
    def from_bytes(cls: type[Model], content: bytes) -> Model:
        """Read a model file.

        Raises:
            ValueError: It is damaged, or not a unigram model, or it has byte pieces or spaces after words.
        """
        try:
            return cls._read(content)
        except (AttributeError, LookupError, OverflowError, TypeError, UnicodeDecodeError, struct.error):
            raise ValueError("damaged, or not a SentencePiece model") from None

    @classmethod
    def _read(cls: type[Model], content: bytes) -> Model:
        scores: dict[str, float] = {}
        control: list[str] = []
        trainer: dict[int, Any] = {}
        normalizer: dict[int, Any] = {}
        num_pieces = num_unknown = 0
        for number, value in read_fields(content):
            if number == 1:
                fields = dict(read_fields(value))
                piece, score, kind = fields[1].decode(), fields.get(2, 0.0), fields.get(3, _NORMAL)
                num_pieces += 1
                if kind == _BYTE:
                    raise ValueError("a model with byte fallback, which is not supported")
                if kind == _UNKNOWN:
                    num_unknown += 1
                    continue
                if kind != _NORMAL:
                    control.append(piece)
                scores[piece] = score
            elif number in (2, 3):
                (trainer if number == 2 else normalizer).update(read_fields(value))
        if (kind := trainer.get(3, _UNIGRAM)) != _UNIGRAM:
            raise ValueError(f"a model of the type {_MODEL_TYPES.get(kind, kind)}; supported is unigram")
        if trainer.get(24):
            raise ValueError("a model with spaces at the end of words, which is not supported")
        charsmap = normalizer.get(2, b"")
        trie_size = int.from_bytes(charsmap[:4], "little")
        is_valid_trie = 0 < trie_size < len(charsmap) - 4 and trie_size % 1024 == 0 and charsmap.endswith(b"\0")
        if (charsmap and not is_valid_trie) or not all(map(isfinite, scores.values())):
            raise IndexError
        if num_unknown != 1 or len(scores) != num_pieces - 1 or "" in scores or len(control) == len(scores):
            raise IndexError
        return cls(
            tuple(scores), tuple(scores.values()), frozenset(control), charsmap,
            *(bool(normalizer.get(number, True)) for number in (3, 4, 5)),
        )  # fmt: skip


def read_fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the number and the value of each field of a protocol buffers message: int, float or bytes."""
    position, end = 0, len(message)
    while position < end:
        tag, position = _read_varint(message, position)
        wire_type = tag & 7
        if wire_type == 2:
            size, position = _read_varint(message, position)
            if position + size > end:
                raise IndexError
            yield tag >> 3, message[position : position + size]
            position += size
        elif wire_type == 5:
            yield tag >> 3, struct.unpack_from("<f", message, position)[0]
            position += 4
        elif wire_type == 0:
            value, position = _read_varint(message, position)
            yield tag >> 3, value
        elif wire_type == 1:
            position += 8
        else:
            raise IndexError


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    """Return an integer, and the position after it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


class PieceTokenizer:
    """Splits text into pieces.

    Args:
        model: The model.
    """

    def __init__(self, model: UnigramModel) -> None:
        self._normalizer = _Normalizer(model)
        self._scores = tuple(array("f", model.scores))
        # Number of each piece that text matches, from 1, and 0 for the other prefixes of these pieces.
        self._numbers: dict[str, int] = {}
        for number, piece in enumerate(model.pieces, start=1):
            if piece not in model.control:
                self._numbers[piece] = number
                for stop in range(len(piece) - 1, 0, -1):
                    if piece[:stop] in self._numbers:  # and with it all of its prefixes
                        break
                    self._numbers[piece[:stop]] = 0
        lowest = min(self._scores[number - 1] for number in self._numbers.values() if number)
        [self._unknown_score] = array("f", [lowest - _UNKNOWN_PENALTY])

    def tokenize(self, text: str) -> list[str]:
        """Split a text into pieces; each run of characters without a piece is one ``[UNK]``."""
        return [piece for piece, _, _ in self._segment("".join(part for part, _, _ in self._normalizer(text)))]

    def tokenize_with_offsets(self, text: str) -> list[Part]:
        """Return the pieces of ``tokenize``, each with the range of the text that it comes from."""
        letters, spans = [], []
        for part, start, end in self._normalizer(text):
            letters.append(part)
            if len(part) == end - start:
                spans += [(index, index + 1) for index in range(start, end)]
            else:
                spans += [(start, end)] * len(part)
        tokens: list[Part] = []
        for piece, start, stop in self._segment("".join(letters)):
            first = start + (stop - start > 1 and piece.startswith(_SPACE))  # without the space before a word
            tokens.append((piece, spans[first][0], max(end for _, end in spans[first:stop])))
        return tokens

    def _segment(self, text: str) -> list[Part]:
        """Return the best segmentation of a normalized text (Viterbi), as pieces with their ranges in it."""
        size = len(text)
        get_number, scores, unknown_score = self._numbers.get, self._scores, self._unknown_score
        # As in the C++ library, sums are stored as float32; those with a piece are compared before they are rounded.
        rounded = array("f", [0.0])
        best = array("f", [0.0]) + array("f", [-inf]) * size
        starts = [0] * (size + 1)
        is_known = bytearray(size + 1)
        for start in range(size):
            sum_before = best[start]
            for end in range(start + 1, size + 1):
                number = get_number(text[start:end])
                if number is None:
                    break
                if number:
                    score = sum_before + scores[number - 1]
                    if score > best[end]:
                        best[end], starts[end], is_known[end] = score, start, True
            if not get_number(text[start]):
                rounded[0] = sum_before + unknown_score
                if rounded[0] > best[start + 1]:
                    best[start + 1], starts[start + 1], is_known[start + 1] = rounded[0], start, False
        parts: list[Part] = []
        end = size
        while end > 0:
            start = starts[end]
            if is_known[end]:
                parts.append((text[start:end], start, end))
            elif parts and parts[-1][0] == UNKNOWN_TOKEN:
                parts[-1] = (UNKNOWN_TOKEN, start, parts[-1][2])
            else:
                parts.append((UNKNOWN_TOKEN, start, end))
            end = start
        parts.reverse()
        return parts


class _Normalizer:
    """Normalizes text by the rules of a model: the longest rule that begins at a character replaces its source."""

    def __init__(self, model: UnigramModel) -> None:
        size = int.from_bytes(model.charsmap[:4], "little")
        self._units = struct.unpack(f"<{size // 4}I", model.charsmap[4 : 4 + size])
        self._replacements = model.charsmap[4 + size :]
        self._strips = model.remove_extra_whitespaces
        self._adds_prefix = model.add_dummy_prefix
        self._space = _SPACE if model.escape_whitespaces else " "
        # ASCII letters that no rule changes unless a character beyond ASCII follows, such as a combining mark.
        plain = [
            c
            for c in map(chr, range(33, 127))
            if all(self._find_rule(c + d, 0) == (c, 1) for d in map(chr, range(128)))
        ]
        self._plain_run = re.compile(f"[{re.escape(''.join(plain))}]+(?![^\0-\x7f])") if plain else None

    def __call__(self, text: str) -> list[Part]:
        """Return the parts of the normalized text, none of them empty."""
        position, size = 0, len(text)
        if self._strips:
            while position < size:
                replacement, end = self._find_rule(text, position)
                if replacement != " ":
                    break
                position = end
        if position == size:
            return []
        parts: list[Part] = [(self._space, position, position + 1)] if self._adds_prefix else []
        after_space = self._strips
        while position < size:
            start = position
            run = self._plain_run.match(text, position) if self._plain_run else None
            replacement, position = (run[0], run.end()) if run else self._find_rule(text, position)
            if after_space:
                replacement = replacement.lstrip(" ")
            if replacement:
                parts.append((replacement.replace(" ", self._space), start, position))
                after_space = self._strips and replacement.endswith(" ")
        while self._strips and parts and parts[-1][0].endswith(self._space):
            part, start, end = parts.pop()
            if part := part.removesuffix(self._space):
                parts.append((part, start, end))
        return parts

    def _find_rule(self, text: str, start: int) -> tuple[str, int]:
        """Return the replacement of the longest rule at a position, and its end; without a rule, the character."""
        units = self._units
        value, end = -1, start + 1
        if units:
            node = (units[0] >> 10) << ((units[0] & 0x200) >> 6)
            for index in range(start, len(text)):
                for byte in text[index].encode("utf-8", "surrogatepass"):
                    node ^= byte
                    unit = units[node]
                    if unit & 0x800000FF != byte:
                        break
                    node ^= (unit >> 10) << ((unit & 0x200) >> 6)
                else:
                    if unit & 0x100:
                        value, end = units[node] & 0x7FFFFFFF, index + 1
                    continue
                break
        if value < 0:
            return text[start], end
        return self._replacements[value : self._replacements.index(b"\0", value)].decode(), end
