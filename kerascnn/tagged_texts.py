"""Tagged tokens and entities of texts, and checks of sentences of tokens and tags given in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kerascnn.data.tag_schemes import convert_to_iob2, detect_scheme
from kerascnn.tasks.span_metrics import find_spans
from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError


class TaggedToken(NamedTuple):
    """A token with its predicted tag.

    Attributes:
        text: The token.
        start: Position of its first character in the text.
        end: Position after its last character.
        tag: The tag of the most probable sequence of tags.
        score: Probability of the tag, given the whole sentence.
    """

    text: str
    start: int
    end: int
    tag: str
    score: float


class Entity(NamedTuple):
    """A predicted span of a text, such as the name of a person.

    Attributes:
        text: The part of the text.
        label: Label of the span.
        start: Position of its first character in the text.
        end: Position after its last character.
        score: Lowest probability of its tags.
    """

    text: str
    label: str
    start: int
    end: int
    score: float


def find_entities(text: str, tokens: Sequence[TaggedToken]) -> list[Entity]:
    """Return the spans of tagged tokens of a text."""
    entities = []
    for label, first, after in find_spans([token.tag for token in tokens]):
        start, end = tokens[first].start, tokens[after - 1].end
        score = min(token.score for token in tokens[first:after])
        entities.append(Entity(text[start:end], label, start, end, score))
    return entities


def check_sentences(texts: Any, labels: Any) -> tuple[list[list[str]], list[list[str]]]:
    """Return sentences and their tags as lists.

    Raises:
        InputError: They are not lists of lists of strings, or the numbers of tokens and tags differ.
    """
    sentences, tags = _check_lists(texts, "texts", "tokens"), _check_lists(labels, "labels", "tags")
    if len(sentences) != len(tags):
        raise InputError(f"{len(sentences)} sentences and {len(tags)} lists of tags; give one list per sentence")
    if not sentences:
        raise InputError("texts: there are none; give at least one sentence")
    for row, (sentence, sentence_tags) in enumerate(zip(sentences, tags, strict=True)):
        if len(sentence) != len(sentence_tags):
            raise InputError(f"row {row}: {len(sentence)} tokens and {len(sentence_tags)} tags; give one tag per token")
    return sentences, tags


def _check_lists(values: Any, name: str, content: str) -> list[list[str]]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InputError(f"{name}: give a list of lists of {content}. Received: {shorten(values)}")
    rows = []
    for row, value in enumerate(values):
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise InputError(f"{name}, row {row}: give a list of {content}. Received: {shorten(value)}")
        items = list(value)
        if wrong := next((item for item in items if not isinstance(item, str) or not item), None):
            raise InputError(f"{name}, row {row}: {shorten(wrong)} is not one of the {content}, a string")
        if "" in items or None in items:
            raise InputError(f"{name}, row {row}: one of the {content} is empty or missing")
        rows.append(items)
    return rows


def check_texts_or_tokens(texts: Any) -> list[Any]:
    """Return texts, each a string or a list of tokens.

    Raises:
        InputError: They are neither.
    """
    if isinstance(texts, str) or not hasattr(texts, "__iter__"):
        raise InputError(f"texts: give a list of texts, or of lists of tokens. Received: {shorten(texts)}")
    return [
        text if isinstance(text, str) else _check_lists([text], f"texts, row {row}", "tokens")[0]
        for row, text in enumerate(texts)
    ]


def convert_tags(tags: list[list[str]]) -> list[list[str]]:
    """Return the tags of sentences in the scheme IOB2, if they have spans."""
    scheme = detect_scheme(tags)
    return tags if scheme is None else [list(convert_to_iob2(row, scheme).tags) for row in tags]
