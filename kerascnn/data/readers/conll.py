"""Read CoNLL files, a token with its tag on each line and an empty line between sentences; and CoNLL-U files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, groupby
from typing import NamedTuple

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import describe_undecodable, read_lines
from kerascnn.data.readers.base import decoding_errors
from kerascnn.data.records import BadRow, BadRowHandler, Record, Token
from kerascnn.data.token_texts import join_tokens, locate_tokens
from kerascnn.utils.errors import InputError, list_choices

CONLLU_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U, https://universaldependencies.org/format.html."""
_DOCUMENT = "-DOCSTART-"
"""Token that begins a document in the files of CoNLL-2003; it is no sentence."""


_NO_VALUE = "_"
_MAY_BE_EMPTY = ("feats", "deps", "misc")
"""Columns of CoNLL-U in which ``_`` is a value: a word has none of these properties."""


class _Line(NamedTuple):
    number: int
    fields: list[str]


def read_conll(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield one record per sentence of a file of lines ``token<TAB>tag``, or with more columns or spaces.

    Comments and lines that begin with ``-DOCSTART-`` are skipped. Without required labels, a line may be a token alone.
    """
    token_column = _parse_column(source.token_column or "1", "token_column", ())
    tag_column = _parse_column(source.tag_column or "-1", "tag_column", ())
    needs_tags, first, number = len(required) > 1, None, 0
    for lines in _read_sentences(path, source, on_bad_row):
        rows = _drop_comments(lines, first)
        if not rows:
            continue
        first, number = first or rows[0], number + 1
        tokens, tags = ([_find_field(row.fields, column) for row in rows] for column in (token_column, tag_column))
        faults = (_describe_fault(*row, first) for row in zip(rows, tokens, tags, strict=True)) if needs_tags else ()
        spaces = (
            f"line {row.number}: the token is a space; remove the line"
            for row, token in zip(rows, tokens, strict=True)
            if not token.strip()
        )
        if fault := next(filter(None, chain(faults, spaces)), ""):
            on_bad_row(BadRow(path, number, fault, _raw(lines), rows[0].number))
            continue
        tags = [tag if len(row.fields) > 1 else "" for row, tag in zip(rows, tags, strict=True)]
        text, located = join_tokens(tokens, [row.number for row in rows])
        located = located if needs_tags else _keep_columns(located, rows)
        yield _make_record(source, path, number, text, located, tags)


def _keep_columns(tokens: tuple[Token, ...], rows: list[_Line]) -> tuple[Token, ...]:
    return tuple(token._replace(columns=tuple(row.fields)) for token, row in zip(tokens, rows, strict=True))


def _describe_fault(row: _Line, token: str, tag: str, first: _Line) -> str:
    """Describe why a line is no token with a tag, given the first line of the file; empty if it is one."""
    width = len(row.fields)
    columns = f"{width} {'column' if width == 1 else 'columns'}"
    start = f"line {row.number}: {' '.join(row.fields)[:40]!r} has {columns}"
    if width > 1 and not token.strip():
        return f"line {row.number}: the token is a space; remove the line"
    if width < 2 or not token or not tag:
        return f"{start}; each line needs a token and a tag, see --source.token-column and --source.tag-column"
    if width != len(first.fields):
        return (
            f"{start}, and line {first.number} has {len(first.fields)}; write all columns, - for those without a value"
        )
    return ""


def read_conllu(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield one record per sentence of a CoNLL-U file; multiword tokens and empty nodes are skipped.

    The text is that of the comment ``# text``. If it does not consist of the words, they are joined, without a space
    after those with SpaceAfter=No.
    """
    token_column = _parse_column(source.token_column or "form", "token_column", CONLLU_COLUMNS)
    tag_column = _parse_column(source.tag_column or "upos", "tag_column", CONLLU_COLUMNS)
    for number, lines in enumerate(_read_sentences(path, source, on_bad_row), start=1):
        comments = [line.fields[0] for line in lines if line.fields[0].startswith("#")]
        rows = [_Line(n, fields[0].rstrip("\r\n").split("\t")) for n, fields in lines if not fields[0].startswith("#")]
        rows = [row for row in rows if row.fields[0].isdecimal() or len(row.fields) != len(CONLLU_COLUMNS)]
        if wrong := next((row for row in rows if len(row.fields) != len(CONLLU_COLUMNS)), None):
            fault = (
                f"line {wrong.number}: {len(wrong.fields)} columns, CoNLL-U has {len(CONLLU_COLUMNS)}, separated by"
                " tabs; for other columns add --source.format conll"
            )
            on_bad_row(BadRow(path, number, fault, _raw(lines), lines[0].number))
            continue
        if not rows:
            continue
        tokens, tags = ([row.fields[column] for row in rows] for column in (token_column, tag_column))
        if CONLLU_COLUMNS[tag_column] not in _MAY_BE_EMPTY:
            tags = ["" if tag == _NO_VALUE != token else tag for token, tag in zip(tokens, tags, strict=True)]
        if len(required) > 1 and "" in tags:
            row = rows[tags.index("")]
            fault = (
                f"line {row.number}: {row.fields[token_column]!r} has no {CONLLU_COLUMNS[tag_column]}; add it, or"
                " choose another column: --source.tag-column xpos"
            )
            on_bad_row(BadRow(path, number, fault, _raw(lines), lines[0].number))
            continue
        positions = [row.number for row in rows]
        glued = ["SpaceAfter=No" in row.fields[-1].split("|") for row in rows]
        text = next((line.partition("=")[2].strip() for line in comments if line.startswith("# text =")), "")
        located = locate_tokens(tokens, text, positions)
        if located is None:
            text, located = join_tokens(tokens, positions, glued)
        located = located if len(required) > 1 else _keep_columns(located, rows)
        yield _make_record(source, path, number, text, located, tags)


def conll_columns(path: str, source: SourceConfig) -> list[str]:
    """Return the names of the columns of the records: the text alone."""
    return [source.text_column]


def _make_record(
    source: SourceConfig, path: str, number: int, text: str, tokens: tuple[Token, ...], tags: list[str]
) -> Record:
    labels = tuple(tags) if all(tags) else None
    return Record({source.text_column: text}, path, number, labels, tokens[0].line, tokens=tokens)


def _read_sentences(path: str, source: SourceConfig, on_bad_row: BadRowHandler) -> Iterator[list[_Line]]:
    """Yield the lines of each sentence; a sentence with bytes that cannot be decoded is a bad row."""
    lines = read_lines(path, source.encoding, max_bytes=source.max_row_bytes, errors=decoding_errors(on_bad_row))
    kept = (_Line(number, [line]) for number, line in enumerate(lines, start=1) if not line.startswith(_DOCUMENT))
    number = 0
    for is_sentence, group in groupby(kept, key=lambda line: bool(line.fields[0].strip())):
        if not is_sentence:
            continue
        sentence, number = list(group), number + 1
        if fault := describe_undecodable(_raw(sentence), source.encoding):
            on_bad_row(BadRow(path, number, fault, _raw(sentence), sentence[0].number))
        else:
            yield sentence


def _drop_comments(lines: list[_Line], first: _Line | None) -> list[_Line]:
    """Return the columns of the lines of a sentence, without those that are comments.

    A line that begins with ``# `` may be the token ``#``. It is a comment if it has no tabs and the others have, or if
    it is before the first token and looks otherwise than that: it has another number of columns, is ``# key = value``,
    or ends with a word or a number where the others have a tag.

    Args:
        lines: The lines.
        first: Columns of the first line of the file that is no comment; None: it has not been read.
    """
    body = next((line.fields[0] for line in lines if not _begins_comment(line.fields[0])), "")
    model = _split_fields(body) if body else first.fields if first else []
    rows: list[_Line] = []
    for number, [line] in lines:
        fields = _split_fields(line)
        is_comment = _begins_comment(line) and ("\t" in body or (not rows and _differs(fields, model)))
        if not is_comment:
            rows.append(_Line(number, fields))
    return rows


def _begins_comment(line: str) -> bool:
    return "\t" not in line and (line.startswith("# ") or line.strip() == "#")


def _differs(fields: list[str], model: list[str]) -> bool:
    """Return whether columns of a line do not look like those of a token."""
    if len(fields) != len(model) or fields[2:3] == ["="]:
        return True
    last, tag = fields[-1], model[-1]
    return len(fields) > 1 and (last.islower() > tag.islower() or last.isdecimal() > tag.isdecimal())


def _split_fields(line: str) -> list[str]:
    """Return the columns of a line, separated by tabs or, if it has none, by spaces."""
    line = line.strip("\r\n")
    if "\t" in line:
        return [field.strip(" ") for field in line.rstrip("\t").split("\t")]
    return re.split(" +", line.strip(" "))


def _find_field(fields: list[str], column: int) -> str:
    return fields[column] if -len(fields) <= column < len(fields) else ""


def _parse_column(value: str, name: str, names: tuple[str, ...]) -> int:
    """Return the position of a column, from 0, or from -1 backwards, given its number or name.

    Raises:
        InputError: It is neither.
    """
    if value.lower() in names:
        return names.index(value.lower())
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number == 0:
        known = list_choices(value, names) if names else "; CoNLL files have no names of columns"
        raise InputError(f"source.{name}: {value!r} is not the number of a column, from 1, or -1 for the last{known}")
    return number - 1 if number > 0 else number


def _raw(lines: list[_Line]) -> str:
    return "".join(line.fields[0] for line in lines)
