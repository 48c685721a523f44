"""Schemes of tags for spans: IOB1, IOB2 and BIOES (BILOU, BMES); detection, check and conversion to IOB2.

A tag of a span is a prefix and the label of the span, ``B-PER``, or a prefix alone if all spans are of one kind, as in
word segmentation. ``O`` is the tag of all other tokens.

| scheme | prefixes |
| --- | --- |
| IOB1 | I in a span; B at the start of a span that follows another span of the same label (Ramshaw & Marcus 1995) |
| IOB2 | B at the start of every span, I in the rest of it (Tjong Kim Sang & Veenstra 1999) |
| BIOES | B at the start, I inside, E at the end, S for a span of one token; also written with M, L, and U or W |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Scheme = Literal["IOB1", "IOB2", "BIOES"]
OUTSIDE = "O"
NEW_TAG = -2
"""Target of a tag that no training sentence has; -1 is that of padding and of a token without a tag."""
_TAG = re.compile(r"([BIESLUMW])(?:-(.*))?", re.DOTALL)
_USUAL = {"M": "I", "L": "E", "U": "S", "W": "S"}
_OTHER_FORMS = (
    re.compile("(?P<prefix>[BIESLUMW])_(?P<label>.+)"),
    re.compile("(?P<label>.+)[-_](?P<prefix>[BIESLUMW])"),
)
"""Tags with an underscore, ``B_PER``, and with the prefix at the end, ``PER-B``."""


class Prefixed(NamedTuple):
    """A tag in its two parts.

    Attributes:
        prefix: B, I, E, S or O.
        label: Label of the span; empty for O, and for spans of one kind.
    """

    prefix: str
    label: str


class ConvertedTags(NamedTuple):
    """Tags of a sentence in the scheme IOB2.

    Attributes:
        tags: The tags.
        broken: Position of the first tag that the scheme of the data does not allow there; -1: there is none.
    """

    tags: tuple[str, ...]
    broken: int


def split_tag(tag: str) -> Prefixed:
    """Return the parts of a tag; one without a prefix is ``I`` and itself."""
    if tag == OUTSIDE:
        return Prefixed(OUTSIDE, "")
    match = _TAG.fullmatch(tag)
    return Prefixed(_USUAL.get(match[1], match[1]), match[2] or "") if match else Prefixed("I", tag)


def has_prefix(tag: str) -> bool:
    """Return whether a tag has the form of a tag of a span, or is O."""
    return tag == OUTSIDE or _TAG.fullmatch(tag) is not None


def has_spans(tags: Iterable[str]) -> bool:
    """Return whether all tags have the form of tags of spans, and one of them begins or continues a span."""
    names = set(tags)
    return all(map(has_prefix, names)) and any(name.startswith(("B", "I", "S", "U", "W")) for name in names)


def find_usual_form(tags: Iterable[str]) -> dict[str, str]:
    """Return tags to the same with the prefix first and a hyphen, if all have another form; empty: they have not."""
    names = {*tags} - {OUTSIDE}
    if has_spans(names):
        return {}
    for form in _OTHER_FORMS:
        found = {name: match for name in names if (match := form.fullmatch(name))}
        usual = {name: f"{match['prefix']}-{match['label']}" for name, match in found.items()}
        if len(found) == len(names) and has_spans(usual.values()):
            return {**usual, OUTSIDE: OUTSIDE}
    return {}


def find_outlier(tags: Iterable[str]) -> str:
    """Return a tag without a prefix where most have one, as those of spans; empty: there is none."""
    names = {*tags}
    prefixed = [name for name in names if name[1:2] == "-" and len(name) > 2 and _TAG.fullmatch(name)]
    others = sorted(name for name in names if not has_prefix(name))
    is_spans = OUTSIDE in names and any(name[0] in "BI" for name in prefixed) and len(others) < len(prefixed)
    return others[0] if is_spans and others else ""


def list_span_labels(tags: Iterable[str]) -> list[str]:
    """Return the labels of the spans that the tags of a tagger form, sorted; the tags, if they have no spans."""
    names = set(tags)
    return sorted({split_tag(name).label for name in names - {OUTSIDE}} if has_spans(names) else names)


def detect_scheme(sentences: Iterable[Sequence[str]]) -> Scheme | None:
    """Return the scheme of the tags of all sentences; None if the tags have no spans.

    Without tags of BIOES, it is IOB1 if more spans begin with I than with a B that IOB1 does not allow.
    """
    sentences = list(sentences)
    names = {tag for tags in sentences for tag in tags}
    if not has_spans(names):
        return None
    if any(split_tag(name).prefix in ("E", "S") for name in names):
        return "BIOES"
    iob1 = iob2 = 0
    for tags in sentences:
        previous = Prefixed(OUTSIDE, "")
        for tag in map(split_tag, tags):
            follows_same = previous.prefix != OUTSIDE and previous.label == tag.label
            if not follows_same:
                iob1, iob2 = iob1 + (tag.prefix == "I"), iob2 + (tag.prefix == "B")
            previous = tag
    return "IOB1" if iob1 > iob2 else "IOB2"


def convert_to_iob2(tags: Sequence[str], scheme: Scheme) -> ConvertedTags:
    """Return the tags of a sentence in the scheme IOB2.

    A tag that continues a span of another label, or none, begins a span, as for conlleval and seqeval.
    """
    converted, broken = [], -1
    previous = Prefixed(OUTSIDE, "")
    for position, tag in enumerate(map(split_tag, tags)):
        is_open = previous.prefix in ("B", "I")
        follows_same = previous.label == tag.label and previous.prefix != OUTSIDE
        continues = tag.prefix in ("I", "E") and follows_same and (is_open or scheme != "BIOES")
        if broken < 0 and _is_broken(tag, continues, follows_same, is_open, scheme):
            broken = position
        converted.append(OUTSIDE if tag.prefix == OUTSIDE else _join("I" if continues else "B", tag.label))
        previous = tag
    if scheme == "BIOES" and broken < 0 and previous.prefix in ("B", "I"):
        broken = len(tags) - 1
    return ConvertedTags(tuple(converted), broken)


def _is_broken(tag: Prefixed, continues: bool, follows_same: bool, is_open: bool, scheme: Scheme) -> bool:
    """Return whether a scheme does not allow a tag after the tag before it."""
    if scheme == "IOB1":
        return tag.prefix == "B" and not follows_same
    is_continuation = tag.prefix in ("I", "E")
    if scheme == "BIOES" and is_open and not continues:
        return True  # the span before it has no end
    return is_continuation and not continues


def _join(prefix: str, label: str) -> str:
    return f"{prefix}-{label}" if label else prefix


def allowed_transitions(labels: Sequence[str]) -> tuple[list[bool], list[list[bool]]]:
    """Return which tags may begin a sentence, and which may follow which: in IOB2, I only after its span.

    Args:
        labels: All tags, (tags,). If they have no spans, everything is allowed.
    """
    if not has_spans(labels) or not any(label.startswith("B") for label in labels):
        return [True] * len(labels), [[True] * len(labels) for _ in labels]
    parts = [split_tag(label) for label in labels]
    begins = [part.prefix != "I" for part in parts]
    follows = [
        [after.prefix != "I" or (before.prefix != OUTSIDE and before.label == after.label) for after in parts]
        for before in parts
    ]
    return begins, follows
