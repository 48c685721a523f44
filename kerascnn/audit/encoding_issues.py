"""Check for characters that indicate a wrong encoding, and for invisible characters."""

from __future__ import annotations

import codecs
import re
import unicodedata

from ftfy.badness import BADNESS_RE

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter

# U+FFFD in UTF-8, decoded as GBK; and private characters, to which decoders of Chinese encodings map unknown bytes,
# except for Apple's logo.
_CHINESE_MOJIBAKE = re.compile("锟斤拷|[\ue000-\uf8fe]")
# C1 control characters are mojibake: Windows-1252 decoded as Latin-1.
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0e-\x1f\x7f]")
# Zero-width joiners are not included: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def find_encoding_issues(corpus: Corpus) -> list[Issue]:
    """Return issues of undecoded, wrongly decoded, invisible and inconsistently normalized characters."""
    replacement, mojibake, control, invisible, decomposed = (RowCounter() for _ in range(5))
    has_composed = False
    for row in corpus.all_rows:
        text = row.text
        if match := _CONTROL.search(text):
            control.add(row, position=match.start())
        if text.isascii():
            continue
        if (position := text.find("\ufffd")) >= 0:
            replacement.add(row, position=position)
        if match := BADNESS_RE.search(text) or _CHINESE_MOJIBAKE.search(text):
            mojibake.add(row, position=match.start())
        if match := _INVISIBLE.search(text):
            invisible.add(row, position=match.start())
        if not unicodedata.is_normalized("NFC", text):
            decomposed.add(row)
        has_composed = has_composed or not unicodedata.is_normalized("NFD", text)
    issues: list[Issue] = []
    _report_wrong_encodings(corpus, replacement, mojibake, issues)
    control.report(
        issues, "control_character", "note", "{count} [row contains|rows contain] control characters",
        "no action is needed: they are read as spaces",
    )  # fmt: skip
    invisible.report(
        issues, "invisible_character", "note",
        "{count} [row contains|rows contain] invisible characters (zero-width spaces, soft hyphens, direction marks)",
        "no action is needed: they are removed, and a zero-width space separates words, as in Thai",
    )  # fmt: skip
    if has_composed and corpus.config.text.normalize == "none":
        decomposed.report(
            issues, "mixed_normalization", "warning",
            "{count} [row is|rows are] not in the Unicode normal form NFC, but other rows are",
            "the same letter has two forms; unify them with --text.normalize nfkc",
        )  # fmt: skip
    return issues


def _report_wrong_encodings(corpus: Corpus, replacement: RowCounter, mojibake: RowCounter, issues: list[Issue]) -> None:
    replacement.report(
        issues, "replacement_character", "serious",
        "{count} [row contains|rows contain] U+FFFD, which replaces characters that could not be decoded",
        "write the file again from its source; the lost characters are read as spaces",
    )  # fmt: skip
    is_utf8 = codecs.lookup(corpus.config.source.encoding).name in ("utf-8", "utf-8-sig")
    mojibake.report(
        issues, "mojibake", "serious",
        "{count} [row contains|rows contain] mojibake, characters that were decoded with a wrong encoding",
        "the file itself contains them; repair its texts with ftfy.fix_text"
        if is_utf8 else "try --source.encoding utf-8; if the file itself contains them, use ftfy.fix_text",
    )  # fmt: skip
