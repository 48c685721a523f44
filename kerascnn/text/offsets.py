"""Tokenize a text and record the source span of each token.

The rules are those of ``python_tokenizer``; here each character of the result carries the span that it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from kerascnn.text import python_tokenizer

Span = tuple[int, int]
"""A range of the source text in code points: start, and end (exclusive)."""
AlignedText = tuple[str, list[Span]]
"""A text, and for each of its characters the span of the source that it comes from."""

# Units that are normalized separately: a letter with the combining marks, half-width sound marks or jamo that follow
# it; if normalization crosses these, a word.
_UNITS = ("(?s:.)[\\p{M}\uff9e\uff9f\u1160-\u11ff]*", "\\s*\\S+|\\s+")


@dataclass(frozen=True)
class TokenSpan:
    """A token and the part of the source text that it comes from."""

    text: str
    start: int
    """First code point."""
    end: int
    """Last code point, exclusive."""


def tokenize_with_offsets(
    text: str,
    rules: Sequence[Sequence[Any]],
    *,
    level: str,
    max_length: int,
    stop_words: Collection[str] = (),
    pieces: Collection[str] = (),
    split: Callable[[str], list[tuple[str, int, int]]] | None = None,
) -> list[TokenSpan]:
    """Split a text into the same tokens as ``python_tokenizer.tokenize``, each with its span in the text.

    The arguments are those of ``python_tokenizer.tokenize``; `split` also returns the span of each token.
    """
    text, spans = apply_rules(_repair_surrogates(text), rules)
    if split:
        return [_make_token(token, spans[start:end]) for token, start, end in split(text)[:max_length]]
    tokens: list[TokenSpan] = []
    for match in re.finditer("(?s:.)" if level == "character" else "[^ ]+", text):
        if match[0] not in stop_words:
            tokens += _split_word(match[0], spans[match.start() : match.end()], pieces)
    return tokens[:max_length]


def _split_word(word: str, spans: list[Span], known: Collection[str]) -> list[TokenSpan]:
    """Return a word as one token, or as its WordPieces if any are known."""
    if not known:
        return [_make_token(word, spans)]
    pieces = python_tokenizer.split_into_pieces(word, known)
    if pieces == [python_tokenizer.UNKNOWN_TOKEN]:
        return [_make_token(pieces[0], spans)]
    tokens: list[TokenSpan] = []
    start = 0
    for piece in pieces:
        size = len(piece.removeprefix("##")) if start else len(piece)
        tokens.append(_make_token(piece, spans[start : start + size]))
        start += size
    return tokens


def _make_token(text: str, spans: list[Span]) -> TokenSpan:
    return TokenSpan(text, *_merge(spans))


def _merge(spans: Sequence[Span]) -> Span:
    """Return the smallest span that covers all of the spans."""
    return min(start for start, _ in spans), max(end for _, end in spans)


def _repair_surrogates(text: str) -> AlignedText:
    """Replace each byte of a lone surrogate by U+FFFD, as ``python_tokenizer.tokenize`` does."""
    repair = _per_character(lambda part: part.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    return repair(text, [(index, index + 1) for index in range(len(text))])


def apply_rules(aligned: AlignedText, rules: Sequence[Sequence[Any]]) -> AlignedText:
    """Apply the rules as ``python_tokenizer.apply_rules`` does, and keep the span of every character."""
    for name, *arguments in rules:
        aligned = _RULES[name](*aligned, *arguments)
    return aligned


def _replace(text: str, spans: list[Span], pattern: str, rewrite: str) -> AlignedText:
    literals_and_groups = re.split(r"\\(\d)", rewrite)
    new_text: list[str] = []
    new_spans: list[Span] = []
    last = 0
    for match in python_tokenizer.compile_pattern(pattern).finditer(text):
        new_text.append(text[last : match.start()])
        new_spans += spans[last : match.start()]
        for number, part in enumerate(literals_and_groups):
            if number % 2:  # a group; its characters keep their spans
                group = int(part)
                new_text.append(match[group])
                new_spans += spans[match.start(group) : match.end(group)]
            else:
                new_text.append(part)
                new_spans += [_merge(spans[match.start() : match.end()])] * len(part)
        last = match.end()
    return "".join([*new_text, text[last:]]), new_spans + spans[last:]


def _unless(text: str, spans: list[Span], pattern: str, *rules: Sequence[Any]) -> AlignedText:
    is_match = python_tokenizer.compile_pattern(pattern).fullmatch(text)
    return (text, spans) if is_match else apply_rules((text, spans), rules)


def _longest_match(text: str, spans: list[Span], ranges: str, words: str) -> AlignedText:
    known, max_length = python_tokenizer.parse_words(words)
    new_text: list[str] = []
    new_spans: list[Span] = []
    last = 0
    for run in python_tokenizer.compile_pattern(f"[{ranges}]+").finditer(text):
        new_text.append(text[last : run.start()])
        new_spans += spans[last : run.start()]
        last = run.start()
        for part in python_tokenizer.longest_match(run[0], known, max_length):
            new_text += [" ", part]
            new_spans += [spans[last], *spans[last : last + len(part)]]
            last += len(part)
    return "".join([*new_text, text[last:]]), new_spans + spans[last:]


def _per_character(change: Callable[[str], str]) -> Callable[[str, list[Span]], AlignedText]:
    """Align a rule that changes each character separately, as far as lengths are concerned."""

    def run(text: str, spans: list[Span]) -> AlignedText:
        return change(text), [span for letter, span in zip(text, spans, strict=True) for _ in change(letter)]

    return run


def _per_unit(change: Callable[[str], str]) -> Callable[[str, list[Span]], AlignedText]:
    """Align a rule that joins characters, by the smallest units that give the same result as the whole text."""

    def run(text: str, spans: list[Span]) -> AlignedText:
        expected = change(text)
        for unit in _UNITS:
            units = list(python_tokenizer.compile_pattern(unit).finditer(text))
            changed = [change(match[0]) for match in units]
            if "".join(changed) == expected:
                unit_spans = [_merge(spans[match.start() : match.end()]) for match in units]
                return expected, [span for span, part in zip(unit_spans, changed, strict=True) for _ in part]
        return expected, [_merge(spans)] * len(expected)

    return run


_RULES: dict[str, Callable[..., AlignedText]] = {
    "replace": _replace,
    "unless": _unless,
    "repair": lambda text, spans: (text, spans),
    "lower": _per_character(python_tokenizer.lower),
    "width": _per_character(lambda text: python_tokenizer.apply_rules(text, [("width",)])),
    "longest_match": _longest_match,
    "nfkc": _per_unit(lambda text: python_tokenizer.apply_rules(text, [("nfkc",)])),
    "nfkc_casefold": _per_unit(lambda text: python_tokenizer.apply_rules(text, [("nfkc_casefold",)])),
}
