"""Texts that are spliced from training texts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kerascnn.distillation.splicing import splice_texts

QUESTIONS = [
    "What is the capital of Peru ?", "Who is the queen of the Netherlands ?", "What does the word jazz mean ?",
    "How many people live in the capital of Chad ?", "Where is the highest peak of the Andes ?",
]  # fmt: skip
HEADLINES = ["东吴建北极部队争夺极地资源", "温家宝考察社区周末蔬菜直销", "北极资源争夺升温", "周末蔬菜价格升温"]


@pytest.mark.parametrize(
    ("texts", "by_character"), [(QUESTIONS, False), (HEADLINES, True)], ids=["words", "characters"]
)
def test_neighbours_of_spliced_texts_are_neighbours_in_a_training_text(texts, by_character):
    split = list if by_character else str.split
    known = {pair for text in texts for pair in pairwise(split(text))}
    spliced = list(splice_texts(texts, 20, seed=0, by_character=by_character))
    assert len(spliced) == 20 * len(texts) and len(set(spliced) - set(texts)) > 5
    assert {pair for text in spliced for pair in pairwise(split(text))} <= known
    for number, text in enumerate(spliced):
        begin = split(texts[number % len(texts)])
        assert split(text)[0] == begin[0] and len(split(text)) <= 1.5 * len(begin) + 1


def test_the_seed_decides_the_spliced_texts():
    first, again, other = (list(splice_texts(QUESTIONS, 5, seed=seed, by_character=False)) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("texts", [[], [""], [" ", "a"]], ids=["no texts", "empty", "blank"])
def test_splices_texts_without_words(texts):
    assert list(splice_texts(texts, 2, seed=0, by_character=False)) == [" ".join(text.split()) for text in texts] * 2
