"""Choice of the pieces that a classifier needs."""

from kerascnn.encoders.piece_selection import select_pieces
from kerascnn.text.sentencepiece import SentencePieceModel

PIECES = ("<s>", "▁the", "▁film", "▁das", "▁fine", "▁好", "▁", "t", "h", "e", "f", "i", "l", "m", "n", "好", "s")
MODEL = SentencePieceModel(PIECES, tuple(-1.0 - number for number in range(len(PIECES))), frozenset({"<s>"}))
TEXTS = ["the film the film", "the fine thin"]


def test_keeps_characters_first_then_frequent_pieces():
    characters = {"▁", "t", "h", "e", "f", "i", "l", "m", "n"}
    assert select_pieces(MODEL, TEXTS, 9) == characters
    assert select_pieces(MODEL, TEXTS, 10) == {*characters, "▁the"}
    assert select_pieces(MODEL, TEXTS, 11) == {*characters, "▁the", "▁film"}


def test_keeps_only_pieces_in_the_characters_of_the_texts():
    assert select_pieces(MODEL, TEXTS, 100) == set(PIECES) - {"<s>", "▁das", "▁好", "好", "s"}


def test_all_known_words_stay_one_piece():
    pruned = MODEL.keep(select_pieces(MODEL, TEXTS, 12))
    for text in TEXTS:
        assert pruned.tokenizer.tokenize(text) == MODEL.tokenizer.tokenize(text)
