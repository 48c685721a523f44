"""Sentences of tokens and tags: characters and pieces."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.tagged_texts import check_sentences, check_tag_probabilities, find_pieces, split_into_characters
from kerascnn.utils.errors import InputError


def test_characters_of_tokens_have_their_spans():
    letters, tags = split_into_characters([["iPad", "在", "X"]], [["B-P", "I-P", "O"]])
    assert letters == [["i", "P", "a", "d", "在", "X"]]
    assert tags == [["B-P", "I-P", "I-P", "I-P", "I-P", "O"]]
    assert split_into_characters([["ab", "c"]], [["NN", "X"]])[1] == [["NN", "NN", "X"]]


def test_pieces_cover_a_sentence_without_dividing_spans():
    tags = ["O", "O", "B-X", "I-X", "I-X", "O", "O"]
    for size in range(1, 8):
        pieces = find_pieces(tags, 7, size)
        assert [start for start, _ in pieces[1:]] == [end for _, end in pieces[:-1]]
        assert pieces[0][0] == 0
        assert pieces[-1][1] == 7
        assert all(0 < end - start <= size for start, end in pieces)
    assert find_pieces(["O", "O", "O", "B", "I", "O"], 6, 4) == [(0, 3), (3, 6)]


def test_sentences_may_lack_tags_only_with_a_teacher():
    assert check_sentences([["a"], ["b"]], [["X"], None], allow_none=True)[1] == [["X"], []]
    with pytest.raises(InputError, match="labels, row 1: give a list of tags"):
        check_sentences([["a"], ["b"]], [["X"], None])


def test_probabilities_of_a_teacher_are_checked():
    good = [np.array([[0.25, 0.75]]), np.array([[1.0, 0.0], [0.5, 0.5]])]
    sentences, tags = [["a"], ["b", "c"]], [["X"], ["Y", "X"]]
    assert [values.shape for values in check_tag_probabilities(good, sentences, tags)] == [(1, 2), (2, 2)]
    with pytest.raises(InputError, match="soft_labels, row 1"):
        check_tag_probabilities([good[0], good[0]], sentences, tags)
    with pytest.raises(InputError, match="1 arrays for 2 sentences"):
        check_tag_probabilities(good[:1], sentences, tags)
