"""Unigram SentencePiece models (Kudo 2018, arXiv 1804.10959): read, reduce, extend and write them."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from kerascnn.text.python_sentencepiece import PieceTokenizer, UnigramModel
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError

_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3


@dataclass(frozen=True)
class SentencePieceModel(UnigramModel):
    """A unigram SentencePiece model.

    Example::

        model = SentencePieceModel.load(Path("sp.model"))
        model.tokenizer.tokenize("good films")   # ["▁good", "▁films"]
        small = model.keep({"▁good", "▁", "f", "i", "l", "m", "s"})
        vectorizer = Vectorizer(TextConfig(split="sentencepiece"), small.tokens, sentencepiece=small)
    """

    @classmethod
    def load(cls, path: Path) -> SentencePieceModel:
        """Read a model file, see ``parse``; a file that has not changed since the last time is not read again.

        Raises:
            InputError: It cannot be read, is damaged or not supported.
        """
        try:
            state = path.stat()
            return _load(path, (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size))
        except OSError as error:
            raise InputError(f"{path}: the SentencePiece model cannot be read ({error.strerror})") from None

    @classmethod
    def parse(cls, content: bytes, name: str) -> SentencePieceModel:
        """Read a model file.

        User-defined pieces become control pieces, which no text matches.

        Args:
            content: The bytes of the file.
            name: Its name, for messages.

        Raises:
            InputError: It is damaged or not supported.
        """
        try:
            model = cls.from_bytes(content)
        except ValueError as error:
            raise InputError(f"{name}: {error}; give the file of a unigram SentencePiece model") from None
        if reserved := model.control.union(model.pieces).intersection(RESERVED_TOKENS):
            raise InputError(f"{name}: has the piece {min(reserved)}, which kerascnn uses for another purpose")
        return model

    @property
    def tokens(self) -> list[str]:
        """The vocabulary in the order of kerascnn: padding, the unknown token, then the pieces."""
        return [*RESERVED_TOKENS, *self.pieces]

    @cached_property
    def tokenizer(self) -> PieceTokenizer:
        """The tokenizer in plain Python."""
        return PieceTokenizer(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the tokenizer, which is large and is made again when it is needed."""
        return {name: value for name, value in vars(self).items() if name != "tokenizer"}

    def keep(self, pieces: Collection[str]) -> SentencePieceModel:
        """Return the model with some pieces and the control pieces only, in the same order.

        A text is then split into the pieces that are left, and what has none becomes unknown.

        Raises:
            InputError: The model has none of the pieces.
        """
        kept = frozenset(pieces) | self.control
        scores = {piece: score for piece, score in zip(self.pieces, self.scores, strict=True) if piece in kept}
        if len(scores) == len(self.control):
            raise InputError("none of the pieces to keep is in the SentencePiece model")
        return dataclasses.replace(self, pieces=tuple(scores), scores=tuple(scores.values()))

    def extend(self, other: SentencePieceModel) -> SentencePieceModel:
        """Return the model with the pieces of another model that it lacks, after its own.

        Raises:
            InputError: The other model normalizes text differently.
        """
        rules = ("charsmap", "add_dummy_prefix", "remove_extra_whitespaces", "escape_whitespaces")
        if any(getattr(self, name) != getattr(other, name) for name in rules):
            raise InputError("the two SentencePiece models normalize text differently; use pieces of the same model")
        scores = dict(zip(other.pieces, other.scores, strict=True)) | dict(zip(self.pieces, self.scores, strict=True))
        pieces = tuple(dict.fromkeys([*self.pieces, *other.pieces]))
        return dataclasses.replace(
            self, pieces=pieces, scores=tuple(scores[piece] for piece in pieces), control=self.control | other.control
        )

    def serialize(self) -> bytes:
        """Return the content of a model file, for ``parse``, the sentencepiece library and tensorflow-text.

        The unknown piece is the first, so that the id of a piece in the file is one less than in ``tokens``.
        """
        pieces = [_encode_piece("<unk>", 0.0, _UNKNOWN)]
        for piece, score in zip(self.pieces, self.scores, strict=True):
            pieces.append(_encode_piece(piece, score, _CONTROL if piece in self.control else _NORMAL))
        trainer = _encode_number(3, 1) + _encode_number(4, len(pieces))
        flags = (self.add_dummy_prefix, self.remove_extra_whitespaces, self.escape_whitespaces)
        normalizer = _encode_bytes(1, b"kerascnn") + _encode_bytes(2, self.charsmap)
        normalizer += b"".join(_encode_number(number, int(flag)) for number, flag in enumerate(flags, start=3))
        return b"".join([*pieces, _encode_bytes(2, trainer), _encode_bytes(3, normalizer)])


@lru_cache(maxsize=2)
def _load(path: Path, version: tuple[int, ...]) -> SentencePieceModel:
    """Read a model file; ``version`` tells it apart from other files of that name."""
    return SentencePieceModel.parse(path.read_bytes(), str(path))


def _encode_piece(piece: str, score: float, kind: int) -> bytes:
    """Encode a field of the type SentencePiece."""
    fields = _encode_bytes(1, piece.encode()) + struct.pack("<Bf", 2 << 3 | 5, score)
    return _encode_bytes(1, fields if kind == _NORMAL else fields + _encode_number(3, kind))


def _encode_bytes(number: int, value: bytes) -> bytes:
    return _encode_varint(number << 3 | 2) + _encode_varint(len(value)) + value


def _encode_number(number: int, value: int) -> bytes:
    return _encode_varint(number << 3) + _encode_varint(value)


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
