"""Check for rows inside the text of another row: a quote that is part of a text was read as the start of a field."""

from __future__ import annotations

import re
from pathlib import PurePath

from kerascnn.audit.corpus import Corpus
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.readers import SUFFIXES

_LAST_FIELD = re.compile(r"""[,;\t|] ?["']?([^,;\t|]+?)["']?\r?$""")


def find_swallowed_rows(corpus: Corpus) -> list[Issue]:
    """Return an issue of texts with a line that ends in a delimiter and a label, as a row of a file does."""
    if corpus.config.source.quoting == "none":
        return []
    labels = {label for row in corpus.train for label in row.labels}
    counter = RowCounter()
    for row in corpus.all_rows:
        if "\n" not in row.text or _has_typed_texts(row.file):
            continue
        for line in row.text.split("\n")[:-1]:
            if (match := _LAST_FIELD.search(line)) and match[1] in labels:
                counter.add(row, detail=f"a line of the text ends in {match[0].strip()!r}")
                break
    issues: list[Issue] = []
    counter.report(
        issues, "swallowed_row", "serious",
        "{count} [text contains a line that looks|texts contain lines that look] like another row, with its label",
        "quotes in the file are probably part of its texts: --source.quoting none",
    )  # fmt: skip
    return issues


def _has_typed_texts(file: str) -> bool:
    """Return whether a file has a format without quotes of its own."""
    return SUFFIXES.get(PurePath(file.lower().removesuffix(".gz")).suffix) in ("jsonl", "parquet", "txt")
