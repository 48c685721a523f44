"""Write the tags of a tagger: as CoNLL, as JSON lines, or marked in the texts on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Literal

from kerascnn.data.tag_schemes import has_spans
from kerascnn.tagged_texts import find_entities
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.data.records import Record
    from kerascnn.tagged_texts import TaggedToken
    from kerascnn.token_classifier import TokenClassifier

Format = Literal["conll", "jsonl", "terminal"]
BATCH_RECORDS = 256
_COLORS = (36, 33, 35, 32, 34, 31)
"""Codes of the terminal for the labels of spans, in turn."""


def tags_format(output: str, *, as_json: bool, is_terminal: bool) -> Format:
    """Return the format of the tags.

    Args:
        output: File to write; ``-``: standard output.
        as_json: Whether JSON lines are required.
        is_terminal: Whether standard output is a terminal.

    Raises:
        InputError: The name of the file has another extension than ``.conll`` and ``.jsonl``.
    """
    if output == "-":
        return "jsonl" if as_json else "terminal" if is_terminal else "conll"
    suffix = output.rpartition(".")[2]
    if suffix in ("conll", "iob", "iob2", "bio", "tsv", "txt") and not as_json:
        return "conll"
    if suffix in ("jsonl", "ndjson", "json"):
        return "jsonl"
    raise InputError(f"--output {output}: tags are written as .conll or .jsonl; give such a name")


def write_tags(
    tagger: TokenClassifier, records: Iterable[Record], text_column: str, file: IO[str], file_format: Format
) -> int:
    """Write the tags of records, and return their number.

    Args:
        tagger: The tagger.
        records: Texts, or tokens.
        text_column: Column of the texts.
        file: Text file to write to.
        file_format: See ``tags_format``.
    """
    count = 0
    labels = sorted({label.partition("-")[2] or label for label in tagger.bundle_.labels})
    colors = {label: _COLORS[position % len(_COLORS)] for position, label in enumerate(labels)}
    for record, text, tokens in _predict(tagger, records, text_column):
        count += 1
        if file_format == "jsonl":
            line = json.dumps(_make_object(tagger, record, text, tokens, text_column), ensure_ascii=False)
        elif file_format == "conll":
            line = "".join(f"{token.text}\t{token.tag}\n" for token in tokens)
        else:
            line = _mark(text, tokens, colors, has_spans(tagger.bundle_.labels))
        file.write(f"{line}\n")
    return count


def _predict(
    tagger: TokenClassifier, records: Iterable[Record], text_column: str
) -> Iterator[tuple[Record, str, list[TaggedToken]]]:
    """Yield each record with its text and its tagged tokens; positions are those in the text."""
    records = iter(records)
    while batch := list(islice(records, BATCH_RECORDS)):
        inputs: list[Any] = [
            record.fields[text_column] if record.tokens is None else [token.text for token in record.tokens]
            for record in batch
        ]
        for record, tokens in zip(batch, tagger.predict_tokens(inputs), strict=True):
            if record.tokens is not None:
                tokens = [a._replace(start=b.start, end=b.end) for a, b in zip(tokens, record.tokens, strict=True)]
            yield record, record.fields[text_column], tokens


def _make_object(
    tagger: TokenClassifier, record: Record, text: str, tokens: list[TaggedToken], text_column: str
) -> dict[str, Any]:
    values: dict[str, Any] = {
        text_column: text,
        "tokens": [token.text for token in tokens],
        "tags": [token.tag for token in tokens],
        "scores": [round(token.score, 4) for token in tokens],
    }
    if has_spans(tagger.bundle_.labels):
        entities = find_entities(text, tokens)
        values["entities"] = [{**entity._asdict(), "score": round(entity.score, 4)} for entity in entities]
    others = {name: value for name, value in record.fields.items() if name not in values}
    return {**others, **values}


def _mark(text: str, tokens: list[TaggedToken], colors: dict[str, int], is_spans: bool) -> str:
    """Return a text with its spans in colors, or with the tag after each token."""
    if not is_spans:
        return " ".join(f"{token.text}\033[{colors[token.tag]}m/{token.tag}\033[0m" for token in tokens)
    marked, position = "", 0
    for entity in find_entities(text, tokens):
        marked += f"{text[position : entity.start]}\033[{colors[entity.label]}m[{entity.text} {entity.label}]\033[0m"
        position = entity.end
    return marked + text[position:]
