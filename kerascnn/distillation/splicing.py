"""Make texts of the kind of the training texts, which a teacher labels, by splicing the training texts."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

SPLICES = 1.5
"""Mean number of places at which a text goes on as another one. With as many, a text is new, and most of it is not."""


def splice_texts(texts: Sequence[str], copies: int, *, seed: int, by_character: bool) -> Iterator[str]:
    """Yield texts that begin as a training text, and go on at random words as another text that has this word, too.

    "What is the capital of Peru ?" and "Who is the queen of the Netherlands ?" give "What is the queen of Peru ?". Each
    pair of neighbours occurs in a training text: a walk over the bigrams of the texts, which seldom leaves a text. Such
    texts are closer to real ones than texts with words replaced or left out at random (Tang et al. 2019,
    https://arxiv.org/abs/1903.12136, section 3.2).

    Args:
        texts: Training texts.
        copies: Texts to make of each training text. Some are training texts again.
        seed: Seed of the random choices.
        by_character: Whether to splice at characters in place of words: for text without spaces.
    """
    generator = random.Random(seed)
    documents = [list(text) if by_character else text.split() for text in texts]
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, tokens in enumerate(documents):
        for position, token in enumerate(tokens):
            places[token].append((number, position))
    separator = "" if by_character else " "
    for _ in range(copies):
        for tokens in documents:
            yield separator.join(_splice(tokens, documents, places, generator))


def _splice(
    tokens: list[str],
    documents: list[list[str]],
    places: dict[str, list[tuple[int, int]]],
    generator: random.Random,
) -> Iterator[str]:
    """Yield the tokens of one text, at most half as many again as the text has that it begins with."""
    chance, limit = SPLICES / max(len(tokens), 1), 1 + 3 * len(tokens) // 2
    position = 0
    for _ in range(limit):
        if position == len(tokens):
            return
        token = tokens[position]
        yield token
        if generator.random() < chance:
            number, position = generator.choice(places[token])
            tokens = documents[number]
        position += 1
