"""Choose the pieces of a SentencePiece model that a classifier of certain texts needs most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.text.vocabulary import UNKNOWN_TOKEN


def select_pieces(model: SentencePieceModel, texts: Iterable[str], size: int) -> set[str]:
    """Return the pieces to keep, for ``SentencePieceModel.keep``; control pieces are kept anyway.

    In this order: single characters of the texts, which any word of their script can be split into; pieces of the
    texts, the most frequent first; the most probable of the other pieces that consist of the characters of the texts.

    Args:
        model: All pieces.
        texts: Texts after the preprocessing rules.
        size: Number of pieces to keep, at most.
    """
    # Pieces do not extend over spaces, so each distinct word is split once.
    words = Counter(word for text in texts for word in text.split())
    counts: Counter[str] = Counter()
    for word, frequency in words.items():
        for piece in model.tokenizer.tokenize(word):
            counts[piece] += frequency
    characters = set("".join(counts.keys() - {UNKNOWN_TOKEN}))
    possible = [piece for piece in model.pieces if piece not in model.control and characters.issuperset(piece)]
    scores = dict(zip(model.pieces, model.scores, strict=True))
    possible.sort(key=lambda piece: (len(piece) > 1, -counts[piece], -scores[piece]))
    return set(possible[:size])
