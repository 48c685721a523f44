"""One label per token: parts of speech, entities, segmentation."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kerascnn.data import records
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Row, location
from kerascnn.data.tag_schemes import (
    OUTSIDE,
    convert_to_iob2,
    detect_scheme,
    find_outlier,
    find_usual_form,
    has_spans,
    split_tag,
)
from kerascnn.data.token_spans import tag_tokens
from kerascnn.tasks.base import Feature
from kerascnn.tasks.single_label import SingleLabel
from kerascnn.tasks.tagging_metrics import format_tagging_metrics
from kerascnn.text.words import split_words
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    import keras

    from kerascnn.config import TrainingConfig

_TOKENS_ONLY = "the bundle has a tag for each token; leave it out"


@dataclasses.dataclass(frozen=True)
class Tagging(SingleLabel):
    """One label per token, a tag. Tags of spans, such as entities, have the scheme IOB2, see ``tag_schemes``.

    In the methods of ``SingleLabel``, tokens take the place of documents: targets are int32 (tokens,) and probabilities
    (tokens, tags), those of one sentence after another. ``TokenClassifier`` knows the sentences, and chooses the most
    probable sequence of tags.

    Args:
        labels: All tags, which the metrics of spans need during training.
    """

    labels: tuple[str, ...] = ()

    name = records.TAGGING_TASK
    predicts_list = True
    allows_new_labels = True
    unsupported: ClassVar[Mapping[Feature, str]] = {
        "abstention": _TOKENS_ONLY,
        "operating_points": "the bundle has a tag for each token; find_threshold is for one label per text",
        "label_errors": "the data has a tag for each token; remove the option",
        "mediapipe": "tagging, but MediaPipe's text classifier has one label per text; export --format saved_model",
    }
    summary = "Gives each token one of {} tags"
    metric_titles: ClassVar[Mapping[str, str]] = {
        "f1": "span F1", "token_accuracy": "token accuracy", "macro_f1": "macro-F1"
    }  # fmt: skip
    imbalance_remedy = "--training.monitor span_f1 for entities"
    stratification = ""

    def accepts(self, labels: Any) -> bool:
        """Return False: lists of strings are the labels of multi-label data; ``TokenClassifier`` learns tags."""
        return False

    def convert_row(self, row: Row, split: str) -> Row:
        """Return a row of tagging data unchanged, and one with an empty list of labels as a text without spans."""
        if row.task == self.name:
            return row
        if row.labels or row.task == records.SINGLE_LABEL_TASK:
            raise InputError(
                f"{location(row)}: this {split} row has labels of the text, {list(row.labels)}, but the data has a tag"
                " for each token; write tokens and tags, or spans"
            )
        tokens, tags = tag_tokens(row.text, [])
        return row._replace(task=self.name, tokens=tokens, labels=tags)

    def prepare_rows(self, rows: list[Row], name: str, issues: list[Issue]) -> list[Row]:
        """Convert the tags of spans to IOB2, and report broken sequences with their file and line."""
        if usual := find_usual_form({tag for row in rows for tag in row.labels}):
            issues.append(Issue("tag_scheme", "note", f"the {name} tags have prefixes in another form; B-PER is usual"))
            rows = [row._replace(labels=tuple(usual[tag] for tag in row.labels)) for row in rows]
        scheme = detect_scheme([row.labels for row in rows])
        if scheme is None:
            _check_outlier(rows, name)
            _report_no_spans(rows, name, issues)
            return rows
        _report_divided_words(rows, name, issues)
        converted, counter, first = [], RowCounter(), ""
        for row in rows:
            tags, broken = convert_to_iob2(row.labels, scheme)
            if broken >= 0:
                before = row.labels[broken - 1] if broken else "the start of the sentence"
                detail = f"{row.labels[broken]} after {before}, token {broken + 1}"
                if line := row.tokens[broken].line:
                    detail += f" in line {line}"
                first = first or detail
                counter.add(row, position=row.tokens[broken].start, detail=detail)
            converted.append(row._replace(labels=tags))
        counter.report(
            issues, "broken_tags", "warning",
            "{count} {name} [sentence has|sentences have] tags that {scheme} does not allow, such as {detail}; each"
            " begins a span, as for conlleval",
            "correct the tags", name=name, scheme=scheme, detail=first,
        )  # fmt: skip
        if scheme != "IOB2":
            issues.append(Issue("tag_scheme", "note", f"the {name} tags are {scheme}; they are converted to IOB2"))
        return converted

    def texts_of_rows(self, rows: Sequence[Row]) -> list[Any]:
        """Return the tokens of each row."""
        return [[token.text for token in row.tokens] for row in rows]

    def labels_of_rows(self, rows: Sequence[Row]) -> list[Any]:
        """Return the tags of each row."""
        return [list(row.labels) for row in rows]

    def distinct_labels(self, row: Row) -> tuple[str, ...]:
        """Return the labels of the spans of a sentence, or its tags if they have no spans, each once."""
        if not has_spans(row.labels):
            return tuple(sorted({*row.labels} - {OUTSIDE}))
        return tuple(sorted({split_tag(tag).label or tag for tag in row.labels if tag != OUTSIDE}))

    def draw_split(self, rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
        """Draw positions at random: a sentence has many tags, so that their proportions hardly differ."""
        order = random.Random(seed).sample(range(len(rows)), len(rows))
        counts = [max(1, round(fraction * len(rows))) for fraction in fractions.values()]
        if sum(counts) >= len(rows):
            raise InputError(
                f"{len(rows)} training {'sentence' if len(rows) == 1 else 'sentences'} (first: {location(rows[0])}) are"
                f" too few to split off {' and '.join(fractions)} data; put an empty line between sentences, or give"
                " more, or --validation-data and --test-data"
            )
        ends = [0, *itertools.accumulate(counts)]
        return {name: order[a:b] for name, (a, b) in zip(fractions, itertools.pairwise(ends), strict=True)}

    def check_settings(self, settings: TrainingConfig, *, has_teacher: bool) -> None:
        """Reject settings of labels of whole texts."""
        for name in ("class_weights", "sampling", "focal_gamma"):
            if settings.list_changed((name,)):
                raise InputError(f"training.{name}: it is for labels of whole texts, not for tags; leave it out")

    def build_loss(self, settings: TrainingConfig, *, has_teacher: bool) -> keras.losses.Loss:
        """Return the negative log-likelihood of the tags of a sentence, or ``TaggingDistillationLoss``."""
        from kerascnn.training.tagging import TaggingDistillationLoss, TaggingLoss

        if has_teacher:
            return TaggingDistillationLoss(
                temperature=settings.soft_label_temperature, weight=settings.soft_label_weight,
                label_smoothing=settings.label_smoothing,
            )  # fmt: skip
        return TaggingLoss(label_smoothing=settings.label_smoothing)

    def build_metrics(self, settings: TrainingConfig, num_labels: int) -> list[keras.metrics.Metric]:
        """Return the accuracy of the tokens, and the F1 of the spans if it is monitored."""
        from kerascnn.training.tagging import SpanF1, TokenAccuracy

        return [TokenAccuracy(), *([SpanF1(self.labels)] if settings.monitor == "span_f1" else [])]

    def format_metrics(self, results: Mapping[str, Any]) -> str:
        """Return the metrics as lines of text, see ``tagging_metrics``."""
        return format_tagging_metrics(results)


def _report_divided_words(rows: Sequence[Row], name: str, issues: list[Issue]) -> None:
    """Report spans that begin or end inside a word: predictions for the text alone cannot have their ends."""
    counter, example = RowCounter(), ""
    for row in rows:
        cuts = {
            after.start
            for before, after, tag, next_tag in zip(
                row.tokens, row.tokens[1:], row.labels, row.labels[1:], strict=False
            )
            if before.end == after.start
            and {tag, next_tag} != {OUTSIDE}
            and not (split_tag(next_tag).prefix in ("I", "E") and split_tag(tag).label == split_tag(next_tag).label)
        }
        words = split_words(row.text) if cuts else []
        inside = [row.text[start:end] for start, end in words if any(start < cut < end for cut in cuts)]
        if inside:
            example = example or inside[0]
            counter.add(row, detail=inside[0])
    counter.report(
        issues, "divided_words", "warning",
        "{count} {name} [row has|rows have] a span that begins or ends inside a word, such as {word!r}; it is divided"
        " here, and not in texts to predict, so that metrics are too high for such spans",
        "let spans begin and end at words", name=name, word=example,
    )  # fmt: skip


def _check_outlier(rows: Sequence[Row], name: str) -> None:
    """Raise an ``InputError`` if a tag without prefix is among tags of spans."""
    if outlier := find_outlier({tag for row in rows for tag in row.labels}):
        row = next(row for row in rows if outlier in row.labels)
        position = row.labels.index(outlier)
        line = row.tokens[position].line if row.tokens else 0
        raise InputError(
            f"{location(row)}: the {name} data has the tag {outlier!r}, token {position + 1}"
            f"{f' in line {line}' if line else ''}, and others have prefixes, such as B-PER; write B-{outlier} or O"
        )


def _report_no_spans(rows: Sequence[Row], name: str, issues: list[Issue]) -> None:
    """Report tags that look as if they were meant to be those of spans."""
    tags = {tag for row in rows for tag in row.labels}
    if tags and all(tag.isdecimal() for tag in tags):
        message = f"the {name} tags are numbers, without spans; if they are entities, write their names, such as B-PER"
        remedy = "in datasets of Hugging Face, dataset.features['ner_tags'].feature.names has the names"
        issues.append(Issue("tag_scheme", "warning", message, suggestion=remedy))
    elif has_spans({tag.upper() for tag in tags}):
        message = f"the {name} tags have no spans, because they are in lower case; write B-per for b-per, and O for o"
        remedy = "write the prefixes B, I and O in upper case"
        issues.append(Issue("tag_scheme", "warning", message, suggestion=remedy))
