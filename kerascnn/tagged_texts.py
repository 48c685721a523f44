"""Tagged tokens and entities of texts, and checks of sentences of tokens and tags given in Python."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerascnn.data.issues import Issue
from kerascnn.data.records import TAGGING_TASK, Row
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.data.tag_schemes import has_spans
from kerascnn.data.token_texts import join_tokens
from kerascnn.tasks import TAGGING
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


def check_sentences(texts: Any, labels: Any, *, allow_none: bool = False) -> tuple[list[list[str]], list[list[str]]]:
    """Return sentences and their tags as lists.

    Args:
        texts: Sentences of tokens.
        labels: The tag of each token.
        allow_none: Whether the tags of a sentence may be None; they are returned as an empty list.

    Raises:
        InputError: They are not lists of lists of strings, or the numbers of tokens and tags differ.
    """
    sentences, tags = _check_lists(texts, "texts", "tokens"), _check_lists(labels, "labels", "tags", allow_none)
    if len(sentences) != len(tags):
        raise InputError(f"{len(sentences)} sentences and {len(tags)} lists of tags; give one list per sentence")
    if not sentences:
        raise InputError("texts: there are none; give at least one sentence")
    for row, (sentence, sentence_tags) in enumerate(zip(sentences, tags, strict=True)):
        if len(sentence) != len(sentence_tags) and (sentence_tags or not allow_none):
            raise InputError(f"row {row}: {len(sentence)} tokens and {len(sentence_tags)} tags; give one tag per token")
    return sentences, tags


def _check_lists(values: Any, name: str, content: str, allow_none: bool = False) -> list[list[str]]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise InputError(f"{name}: give a list of lists of {content}. Received: {shorten(values)}")
    rows = []
    for row, value in enumerate(values):
        value = [] if value is None and allow_none else value
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise InputError(f"{name}, row {row}: give a list of {content}. Received: {shorten(value)}")
        items = list(value)
        if wrong := next((item for item in items if not isinstance(item, str) or not item), None):
            raise InputError(f"{name}, row {row}: {shorten(wrong)} is not one of the {content}, a string")
        if "" in items or None in items:
            raise InputError(f"{name}, row {row}: one of the {content} is empty or missing")
        rows.append(items)
    return rows


def check_tag_probabilities(
    soft_labels: Sequence[Any], sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]
) -> list[np.ndarray]:
    """Return the probabilities of a teacher, float32 (tokens, tags) for each sentence.

    Raises:
        InputError: They have another shape, or are no probabilities; the message names the row.
    """
    labels = sorted({tag for row in tags for tag in row})
    if len(soft_labels) != len(sentences):
        raise InputError(f"soft_labels: {len(soft_labels)} arrays for {len(sentences)} sentences; give one for each")
    return [
        check_probabilities(values, labels, len(sentence), name=f"soft_labels, row {row}")
        for row, (values, sentence) in enumerate(zip(soft_labels, sentences, strict=True))
    ]


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


class TagWarning(UserWarning):
    """Tags of sentences given in Python that look wrong, such as sequences that their scheme does not allow."""


def convert_tags(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], name: str) -> list[list[str]]:
    """Return the tags of sentences in the scheme IOB2, if they have spans; what the commands report becomes a warning.

    Args:
        sentences: Tokens of each sentence.
        tags: Their tags; an empty list if there are none.
        name: Name of the data for messages, such as ``training``.
    """
    rows, issues = [], list[Issue]()
    for number, (tokens, row) in enumerate(zip(sentences, tags, strict=True)):
        text, located = join_tokens(tokens)
        rows.append(Row(text, tuple(row), "labels", number, TAGGING_TASK, tokens=located))
    converted = [list(row.labels) for row in TAGGING.prepare_rows(rows, name, issues)]
    for issue in issues:
        if issue.severity != "note":
            warnings.warn(f"{issue.message}; {issue.suggestion}", TagWarning, stacklevel=4)
    return converted


def draw_held_out_rows(tags: Sequence[Sequence[str]], fraction: float, seed: int) -> set[int]:
    """Draw sentences for validation at random; each of their tags has another sentence that is not drawn.

    Args:
        tags: Tags of each sentence; sentences without tags are not drawn.
        fraction: Fraction of the sentences with tags.
        seed: Seed.
    """
    tagged = [row for row, known in enumerate(tags) if known]
    left = Counter(tag for row in tagged for tag in set(tags[row]))
    drawn: set[int] = set()
    for row in random.Random(seed).sample(tagged, len(tagged)):
        if len(drawn) >= round(fraction * len(tagged)):
            break
        names = set(tags[row])
        if all(left[tag] > 1 for tag in names):
            drawn.add(row)
            left.subtract(names)
    return drawn


def select_scores(labels: Sequence[str], tags: Sequence[str], probabilities: np.ndarray) -> np.ndarray:
    """Return the probabilities of the predicted tags, float32 (tokens,), given those of all tags, (tokens, tags)."""
    positions = {label: position for position, label in enumerate(labels)}
    return np.asarray(probabilities[np.arange(len(tags)), [positions[tag] for tag in tags]])


def split_into_characters(
    sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Return sentences of characters with their tags, for sentences of longer tokens; B-PER becomes B-PER, I-PER, ….

    Args:
        sentences: Tokens of each sentence.
        tags: Their tags; those of spans in the scheme IOB2. An empty list remains one.
    """
    is_spans = has_spans(tag for row in tags for tag in row)
    letters = [[letter for token in sentence for letter in token] for sentence in sentences]
    letter_tags = [
        [
            f"I{tag[1:]}" if is_spans and position and tag[:1] == "B" else tag
            for token, tag in zip(sentence, row, strict=bool(row))
            for position in range(len(token))
        ]
        for sentence, row in zip(sentences, tags, strict=True)
    ]
    return letters, letter_tags


def find_pieces(tags: Sequence[str], length: int, max_length: int) -> list[tuple[int, int]]:
    """Return the start and the end of the pieces of a sentence that training takes, none inside a span if possible.

    Args:
        tags: Tags of the sentence in the scheme IOB2; empty: not known.
        length: Number of tokens.
        max_length: Most tokens of a piece.
    """
    pieces, start = [], 0
    while length - start > max_length:
        end = start + max_length
        while tags and end > start + max_length // 2 and tags[end][:2] in ("I", "I-"):
            end -= 1
        end = end if end > start + max_length // 2 else start + max_length
        pieces.append((start, end))
        start = end
    return [*pieces, (start, length)]
