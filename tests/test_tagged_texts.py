"""Sentences of tokens and tags: characters and pieces."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest

from kerascnn.tagged_texts import (
    TagWarning,
    check_sentences,
    check_tag_probabilities,
    convert_tags,
    draw_held_out_rows,
    find_pieces,
    split_into_characters,
)  # fmt: skip
from kerascnn.utils.errors import InputError


def test_characters_of_tokens_have_their_spans():
    letters, tags = split_into_characters([["iPad", "在", "X"]], [["B-P", "I-P", "O"]])
    assert letters == [["i", "P", "a", "d", "在", "X"]]
    assert tags == [["B-P", "I-P", "I-P", "I-P", "I-P", "O"]]
    assert split_into_characters([["ab", "c"]], [["NN", "X"]])[1] == [["NN", "NN", "X"]]


def test_pieces_cover_a_sentence_without_dividing_short_spans():
    generator = random.Random(0)
    for size in range(2, 12):
        spans = [["B-X", *["I-X"] * generator.randrange(size // 2)] if generator.random() < 0.5 else ["O"]
                 for _ in range(40)]  # fmt: skip
        tags = [tag for span in spans for tag in span]
        pieces = find_pieces(tags, len(tags), size)
        assert [start for start, _ in pieces[1:]] == [end for _, end in pieces[:-1]]
        assert (pieces[0][0], pieces[-1][1]) == (0, len(tags))
        assert all(0 < end - start <= size for start, end in pieces)
        assert not any(tags[start] == "I-X" for start, _ in pieces)
    assert find_pieces(["O", "O", "O", "B", "I", "O"], 6, 4) == [(0, 3), (3, 6)]
    assert find_pieces(["B", *"IIIIII"], 7, 3) == [(0, 3), (3, 6), (6, 7)]


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (
            [["B-A"], ["O", "I-A"], ["B-A", "O"]],
            "1 training sentence has tags that IOB2 does not allow, such as I-A after O, token 2",
        ),
        (
            [["S-A"], ["O", "B-A"]],
            "1 training sentence has tags that BIOES does not allow, such as B-A after O, token 2",
        ),
        ([["b-per"], ["o", "o"]], "write B-per for b-per"),
        ([["1"], ["0", "0"]], "are numbers"),
    ],
)
def test_python_warns_of_what_the_commands_report(tags, message):
    with pytest.warns(TagWarning, match=message) as found:
        convert_tags([["a"], ["b", "c"], ["d", "e"]][: len(tags)], tags, "training")
    assert len(found) == 1
    if "allow" in message:
        assert "first: labels, row 1" in str(found[0].message)


def test_validation_takes_no_tag_away_from_training():
    tags = [["O", "B-RARE"], *([["O", "B-PER"]] * 8), ["B-LOC"], ["B-LOC"], [], ["B-PER", "B-LOC", "O"]]
    for seed in range(30):
        for fraction, count in ((0.1, 1), (0.5, 6)):
            drawn = draw_held_out_rows(tags, fraction, seed)
            assert len(drawn) == count
            assert all(tags[row] for row in drawn)
            left = {tag for row, names in enumerate(tags) if row not in drawn for tag in names}
            assert left == {tag for names in tags for tag in names}
    assert len({tuple(draw_held_out_rows(tags, 0.1, seed)) for seed in range(30)}) > 5
    assert draw_held_out_rows([["A"], ["B"]], 0.5, 0) == set()


def test_good_tags_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert convert_tags([["a"], [], ["b"]], [["S-A"], [], []], "training") == [["B-A"], [], []]
        assert convert_tags([["a", "b"]], [["B", "I"]], "training") == [["B", "I"]]
        assert convert_tags([["a", "b"]], [["NN", "."]], "training") == [["NN", "."]]


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
