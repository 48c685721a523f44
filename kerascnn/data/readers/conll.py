"""Read CoNLL files, a token with its tag on each line and an empty line between sentences; and CoNLL-U files."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
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


class _Line(NamedTuple):
    number: int
    fields: list[str]


def read_conll(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield one record per sentence of a file of lines ``token<TAB>tag``, or with more columns or spaces.

    Lines that begin with ``# `` or ``-DOCSTART-`` are skipped. Without required labels, a line may be a token alone.
    """
    token_column = _parse_column(source.token_column or "1", "token_column", ())
    tag_column = _parse_column(source.tag_column or "-1", "tag_column", ())
    needs_tags = len(required) > 1
    for number, lines in enumerate(_read_sentences(path, source, on_bad_row), start=1):
        rows = [_Line(line.number, _split_fields(line.fields[0])) for line in lines]
        fault, tokens, tags = "", [], []
        for line, fields in rows:
            token, tag = _find_field(fields, token_column), _find_field(fields, tag_column)
            if not token or (needs_tags and (not tag or len(fields) < 2)):
                fault = (
                    f"line {line}: {' '.join(fields)[:40]!r} has {len(fields)}"
                    f" {'column' if len(fields) == 1 else 'columns'}; each line needs a token and a tag, see"
                    " --source.token-column and --source.tag-column"
                )
                break
            tokens.append(token)
            tags.append(tag if len(fields) > 1 else "")
        if fault:
            on_bad_row(BadRow(path, number, fault, _raw(lines), lines[0].number))
            continue
        text, located = join_tokens(tokens, [line.number for line in rows])
        yield _make_record(source, path, number, text, located, tags)


def read_conllu(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield one record per sentence of a CoNLL-U file; multiword tokens and empty nodes are skipped.

    The text is that of the comment ``# text``. If it does not consist of the words, they are joined, without a space
    after those with SpaceAfter=No.
    """
    token_column = _parse_column(source.token_column or "form", "token_column", CONLLU_COLUMNS)
    tag_column = _parse_column(source.tag_column or "upos", "tag_column", CONLLU_COLUMNS)
    for number, lines in enumerate(_read_sentences(path, source, on_bad_row, keep_comments=True), start=1):
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
        positions = [row.number for row in rows]
        glued = ["SpaceAfter=No" in row.fields[-1].split("|") for row in rows]
        text = next((line.partition("=")[2].strip() for line in comments if line.startswith("# text =")), "")
        located = locate_tokens(tokens, text, positions)
        if located is None:
            text, located = join_tokens(tokens, positions, glued)
        yield _make_record(source, path, number, text, located, tags)


def conll_columns(path: str, source: SourceConfig) -> list[str]:
    """Return the names of the columns of the records: the text alone."""
    return [source.text_column]


def _make_record(
    source: SourceConfig, path: str, number: int, text: str, tokens: tuple[Token, ...], tags: list[str]
) -> Record:
    labels = tuple(tags) if all(tags) else None
    return Record({source.text_column: text}, path, number, labels, tokens[0].line, tokens=tokens)


def _read_sentences(
    path: str, source: SourceConfig, on_bad_row: BadRowHandler, *, keep_comments: bool = False
) -> Iterator[list[_Line]]:
    """Yield the lines of each sentence; a sentence with bytes that cannot be decoded is a bad row."""
    lines = read_lines(path, source.encoding, max_bytes=source.max_row_bytes, errors=decoding_errors(on_bad_row))
    kept = (
        _Line(number, [line])
        for number, line in enumerate(lines, start=1)
        if not line.startswith(_DOCUMENT) and (keep_comments or not _is_comment(line))
    )
    number = 0
    for is_sentence, group in groupby(kept, key=lambda line: bool(line.fields[0].strip())):
        if not is_sentence:
            continue
        sentence, number = list(group), number + 1
        if fault := describe_undecodable(_raw(sentence), source.encoding):
            on_bad_row(BadRow(path, number, fault, _raw(sentence), sentence[0].number))
        else:
            yield sentence


def _is_comment(line: str) -> bool:
    """Return whether a line is a comment, and not the token ``#`` with a tag."""
    return line.startswith(("# ", "#\n")) and "\t" not in line and len(line.split()) != 2


def _split_fields(line: str) -> list[str]:
    """Return the columns of a line, separated by tabs or, if it has none, by spaces."""
    line = line.strip("\r\n")
    return [field.strip() for field in line.rstrip("\t").split("\t")] if "\t" in line else line.split()


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
