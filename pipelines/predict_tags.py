"""Predict the tags of tokens, and write them as CoNLL, as JSON lines, or marked in the texts on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from kerascnn.data.encodings import STDIN
from kerascnn.data.tag_schemes import has_spans, list_span_labels
from kerascnn.loading import load
from kerascnn.scoring.runtime_choice import choose_for_folder, choose_for_records
from kerascnn.tagged_texts import find_entities
from kerascnn.utils.atomic_files import (
    atomic_path,
    atomic_write,
    check_output_file,
    check_output_parent,
    read_json,
    sha256,
    write_json,
)  # fmt: skip
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.stderr import Log
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import read_task_and_labels
from pipelines.outputs import check_outputs

if TYPE_CHECKING:
    from kerascnn.data.records import Record
    from kerascnn.scoring.parts import Part
    from kerascnn.tag_predictor import TagPredictor
    from kerascnn.tagged_texts import TaggedToken
    from pipelines.predict import Arguments

TEXT_OPTIONS = {"explain": False, "html": False, "abstain_below": 0.0, "top_k": 1, "workers": 0, "engine": "local"}
"""Options of predict that are for labels of texts, and their defaults."""
Format = Literal["conll", "jsonl", "terminal"]
BATCH_RECORDS = 256
_COLORS = (36, 33, 35, 32, 34, 31)
"""Codes of the terminal for the labels of spans, in turn."""


def predict_tags(args: Arguments, read_records: Callable[[Arguments], Iterator[Record]], log: Log) -> None:
    """Predict the tag of each token of texts, or of the tokens of a file, and write them.

    Args:
        args: The command line.
        read_records: Reads the texts that the command line names.
        log: Receives messages for the user.

    Raises:
        InputError: An option is for labels of texts, or the texts cannot be read.
    """
    for name, default in TEXT_OPTIONS.items():
        if getattr(args, name) != default:
            raise InputError(f"--{name.replace('_', '-')}: {args.bundle} has a tag for each token; leave it out")
    read_task_and_labels(args.bundle, runtime=args.runtime)
    if not args.texts and os.path.isdir(args.input):
        _predict_folder(args, log)
        return
    file_format = tags_format(args.output, as_json=args.json, is_terminal=sys.stdout.isatty())
    if args.output != "-":
        check_output_file(Path(args.output))
        check_outputs({"--output": args.output}, bundles=[args.bundle])
    records = read_records(args)
    if args.texts or args.input != STDIN:  # the first record shows whether the file can be read
        records = chain(list(islice(records, 1)), records)
    elif sys.stdin.isatty():
        log("reading standard input, one text per line; Ctrl-D ends it, Ctrl-Z on Windows")
    runtime, records = choose_for_records(Path(args.bundle), args.runtime, records, args.source.text_column)
    with contextlib.nullcontext() if args.output == "-" else lock_output(Path(args.output)):
        tagger = _load(args.bundle, runtime)
        with contextlib.nullcontext(sys.stdout) if args.output == "-" else atomic_write(Path(args.output)) as file:
            count = write_tags(tagger, records, args.source.text_column, file, file_format)
    if args.output != "-":
        log(f"wrote {count:,} {'row' if count == 1 else 'rows'} to {args.output}")


def _load(bundle: str, runtime: Any) -> TagPredictor:
    if runtime == "tensorflow":
        start_tensorflow()
    tagger: TagPredictor = load(bundle, runtime=runtime)
    return tagger


def _predict_folder(args: Arguments, log: Log) -> None:
    """Write a file of JSON lines for each file of a folder; those with the same bundle, input and options are kept.

    Raises:
        InputError: There is no output folder, or no file of texts, or an output was not written by this command.
    """
    from kerascnn.data.sources import read_texts
    from kerascnn.scoring.parts import list_parts, provenance

    output = Path(args.output)
    if args.output == "-" or output.is_file() or output.suffix:
        raise InputError(f"--output {args.output}: {args.input} is a folder; name a folder for the predictions")
    if output.resolve() == Path(args.input).resolve():
        raise InputError(f"--output {args.output} is the input folder; name another folder")
    parts, others = list_parts(Path(args.input), output, args.source)
    if not parts:
        raise InputError(f"--input {args.input}: has no file of texts or tokens, such as .conll, .csv or .jsonl")
    if others:
        log(f"{args.input}: skipped files with other suffixes: {', '.join(others[:3])}{', …' * (len(others) > 3)}")
    check_output_parent(output)
    output.mkdir(exist_ok=True)
    runtime = choose_for_folder(Path(args.bundle), args.runtime)
    job = {"bundle": sha256(Path(args.bundle) / "manifest.json"), "runtime": runtime, "source": vars(args.source)}
    left = [part for part in parts if not _is_finished(part, output, job)]
    count = 0
    tagger: TagPredictor | None = None
    for part in left:
        tagger = tagger or _load(args.bundle, runtime)
        with atomic_path(_output_of(part, output)) as partial:
            with open(partial, "w", encoding="utf-8", newline="") as file:
                records = read_texts(part.path, args.source)
                count += write_tags(tagger, records, args.source.text_column, file, "jsonl")
            write_json(_sidecar_of(part, output), {**provenance(part, job), "sha256": sha256(partial)})
    summary = {"parts": len(parts), "written": len(left), "skipped": len(parts) - len(left), "rows": count}
    if args.json:
        print(json.dumps(summary))
    log(f"wrote {args.output}: {count:,} rows of {len(left):,} files; {len(parts) - len(left):,} were finished before")


def _output_of(part: Part, output: Path) -> Path:
    return output / f"{Path(part.output).stem}.jsonl"


def _sidecar_of(part: Part, output: Path) -> Path:
    """Return the path of the file that has what the tags of a part depend on; other commands ignore its name."""
    return output / f".{_output_of(part, output).name}.provenance"


def _is_finished(part: Part, output: Path, job: dict[str, Any]) -> bool:
    """Return whether the tags of a part exist and are up to date.

    The file beside them is written first and has their hash, so that a killed process leaves no pair that looks right.

    Raises:
        InputError: There is a file that this command did not write.
    """
    from kerascnn.scoring.parts import provenance

    path = _output_of(part, output)
    if not path.exists():
        return False
    if not _sidecar_of(part, output).exists():
        raise InputError(f"{path} exists and was not written by this command; choose another --output")
    try:
        found = read_json(_sidecar_of(part, output))
    except ValueError:  # damaged
        return False
    expected = json.loads(json.dumps(provenance(part, job)))
    return bool(found == {**expected, "sha256": sha256(path)})


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
    tagger: TagPredictor, records: Iterable[Record], text_column: str, file: IO[str], file_format: Format
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
    labels = list_span_labels(tagger.classes_)
    colors = {label: _COLORS[position % len(_COLORS)] for position, label in enumerate(labels)}
    for record, text, tokens in _predict(tagger, records, text_column):
        count += 1
        if file_format == "jsonl":
            line = json.dumps(_make_object(tagger, record, text, tokens, text_column), ensure_ascii=False)
        elif file_format == "conll":
            line = _make_lines(record, tokens)
        else:
            line = _mark(text, tokens, colors, has_spans(tagger.classes_))
        file.write(f"{line}\n")
    return count


def _make_lines(record: Record, tokens: list[TaggedToken]) -> str:
    """Return the tokens as lines of CoNLL: the columns of the input and the tag; a comment if there is no token."""
    if not tokens:
        return f"# row {record.number} has no token\n"
    given = [token.columns for token in record.tokens or ()] or [()] * len(tokens)
    return "".join(
        "\t".join([*(" ".join(column.split()) for column in columns or (token.text,)), token.tag]) + "\n"
        for token, columns in zip(tokens, given, strict=True)
    )


def _predict(
    tagger: TagPredictor, records: Iterable[Record], text_column: str
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
    tagger: TagPredictor, record: Record, text: str, tokens: list[TaggedToken], text_column: str
) -> dict[str, Any]:
    values: dict[str, Any] = {
        text_column: text,
        "tokens": [token.text for token in tokens],
        "tags": [token.tag for token in tokens],
        "scores": [round(token.score, 4) for token in tokens],
    }
    if has_spans(tagger.classes_):
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
        name = f"{entity.text} {entity.label}".rstrip()
        marked += f"{text[position : entity.start]}\033[{colors[entity.label]}m[{name}]\033[0m"
        position = entity.end
    return marked + text[position:]
