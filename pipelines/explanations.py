"""The output of ``predict --explain``: text for people, JSON lines, or a web page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kerascnn.data.label_types import name_label
from kerascnn.scoring.output_columns import add_columns
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.classifier import TextClassifier
    from kerascnn.data.records import Record
    from kerascnn.evaluation.explanation import Explanation

SUFFIXES = {".jsonl": "jsonl", ".html": "html", ".htm": "html"}
"""Suffix of an output file to its format; ``text`` is for the terminal."""


def explanation_format(output: str, *, as_html: bool, as_json: bool) -> str:
    """Return the format of explanations by the options and the name of the output; ``-`` is standard output.

    Raises:
        InputError: The name has another suffix, or that of another format.
    """
    if output == "-":
        return "html" if as_html else "jsonl" if as_json else "text"
    suffix = Path(output.removesuffix(".gz")).suffix.lower()
    file_format = SUFFIXES.get(suffix)
    if as_html and file_format != "html":
        raise InputError(f"--html: a web page needs a name that ends in .html, not {output}")
    if as_json:
        return "jsonl"
    if file_format is None:
        raise InputError(
            f"--explain: explanations are not a table; write --output NAME.jsonl or NAME.html, not {output}"
        )
    return file_format


def write_explanations(
    classifier: TextClassifier,
    records: Iterable[Record],
    text_column: str,
    file: IO[str],
    file_format: str,
    *,
    title: str,
) -> int:
    """Write one explanation per record and return their number.

    Args:
        classifier: Explains its predicted labels.
        records: Records with a text.
        text_column: The field of the text.
        file: Text file.
        file_format: As ``explanation_format`` returns it.
        title: Title of the web page.
    """
    count = 0

    def explain_all() -> Iterator[tuple[Record, Explanation]]:
        nonlocal count
        for count, record in enumerate(records, 1):  # noqa: B007
            yield record, classifier.explain(record.fields[text_column])

    if file_format == "html":
        from kerascnn.evaluation.explanation import render_explanations

        file.writelines(render_explanations((explanation for _, explanation in explain_all()), title))
    elif file_format == "jsonl":
        for record, explanation in explain_all():
            print(json.dumps(add_columns(record.fields, explanation.to_dict()), ensure_ascii=False), file=file)
    else:
        color = file.isatty() and "NO_COLOR" not in os.environ
        for _, explanation in explain_all():
            print(_format_explanation(explanation, color=color), file=file)
    return count


def _format_explanation(explanation: Explanation, *, color: bool) -> str:
    """Return the marked text, the strongest n-grams, and the sum of the others up to the logit."""
    from kerascnn.evaluation.explanation import MAX_SHOWN_NGRAMS, replace_control_characters

    shown = explanation.contributions[:MAX_SHOWN_NGRAMS]
    rest = explanation.logit - explanation.bias - sum(x.contribution for x in shown)
    ngrams = [" ".join(replace_control_characters(x.text).split()) or repr(x.text) for x in shown]
    label = replace_control_characters(name_label(explanation.label))
    return "\n".join(
        [
            f"{label} {explanation.score:.4f}",
            explanation.to_text(color=color),
            *(f"  {x.contribution:+.3f}  {ngram}" for x, ngram in zip(shown, ngrams, strict=True)),
            f"  {rest:+.3f}  all other n-grams",
            f"  {explanation.bias:+.3f}  without any n-gram ({explanation.method})",
            f"  {explanation.logit:+.3f}  logit of {label}",
            "",
        ]
    )
