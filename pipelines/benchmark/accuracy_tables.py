"""Markdown tables of the accuracy benchmark."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results

ROUNDING = 5e-6
"""Largest error of an accuracy in the results file, which has five digits."""


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table with one row per model, data set, settings and device, in the order of the results.

    A seed with folds counts as the mean of its folds.
    """
    lines = []
    for (data, model, settings, device), runs in _grouped(rows).items():
        line = [
            data,
            f"{int(runs[0]['training_rows']):,} / {int(runs[0]['test_rows']):,}",
            _describe_model(model, settings, device),
            _millions(runs),
            _megabytes(runs),
            ", ".join(sorted({run["seed"] for run in runs}, key=int)) + _folds(runs),
            results.format_percent(_by_seed(runs, "accuracy")),
            results.format_percent(_by_seed(runs, "macro_f1")),
        ]
        lines.append(line)
    head = (
        "data",
        "training / test rows",
        "model",
        "parameters",
        "TFLite, 32 / 8 bits",
        "seeds",
        "test accuracy",
        "macro-F1",
    )
    return markdown_table(head, lines)


def comparison(rows: Iterable[dict[str, str]], order: Sequence[str] = ()) -> str:
    """Return a Markdown table of mean accuracies with one row per data set and one column per model.

    A model with pretrained vectors has its own column. Of several results of a model, the one with the fewest changed
    settings counts, or the first of these; a star marks changed settings. The best of a row is bold, and so is what
    lies within one standard deviation of its seeds. The number of training rows is that of the first model.

    Args:
        rows: Rows of a results file.
        order: Models of the first columns; after them the most used.
    """
    cells: dict[str, dict[str, tuple[int, list[float]]]] = defaultdict(dict)
    sizes: dict[str, int] = {}
    for (data, model, settings, _), runs in _grouped(rows).items():
        vectors = "transfer.vectors=" in settings
        column, changed = f"{model}, vectors" if vectors else model, len(settings.split()) - vectors
        sizes.setdefault(data, int(runs[0]["rows"] or runs[0]["training_rows"]))
        if column not in cells[data] or changed < cells[data][column][0]:
            cells[data][column] = changed, _by_seed(runs, "accuracy")
    used = Counter(column for line in cells.values() for column in line)
    first = [column for column in order if column in used]
    columns = first + sorted(used.keys() - first, key=lambda column: (-used[column], column))
    lines = [[data, f"{sizes[data]:,}", *_cells(line, columns)] for data, line in cells.items()]
    return markdown_table(("data", "training rows", *columns), lines)


def by_rows(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table with one row per data set and model, and one column per number of training rows.

    Accuracies are means ± standard deviations over the seeds. The best of a data set and number of rows is bold, and
    so is what lies within one standard deviation of its seeds. Models are sorted by accuracy with that number of rows
    that most of them have on the data set.
    """
    groups: dict[str, dict[str, dict[int, list[dict[str, str]]]]] = defaultdict(lambda: defaultdict(dict))
    for (_, model, settings, device), runs in _grouped(rows).items():
        groups[runs[0]["data"]][_describe_model(model, settings, device)][int(runs[0]["rows"] or 0)] = runs
    found = {number for models in groups.values() for runs in models.values() for number in runs}
    numbers = sorted(found, key=lambda number: number or math.inf)
    lines = [line for data, models in groups.items() for line in _lines_by_rows(data, models, numbers)]
    titles = [f"{number:,} rows" if number else "all rows" for number in numbers]
    return markdown_table(("data", "model", "parameters", *titles), lines)


def _lines_by_rows(
    data: str, models: Mapping[str, Mapping[int, list[dict[str, str]]]], numbers: Sequence[int]
) -> Iterator[list[str]]:
    """Yield the line of each model on a data set.

    Args:
        data: Name of the data set.
        models: Name of a model to the runs for each number of rows.
        numbers: Numbers of rows, one column each.
    """
    results_of = {
        name: {number: _by_seed(same, "accuracy") for number, same in runs.items()} for name, runs in models.items()
    }
    used = Counter(number for line in results_of.values() for number in line)
    least = {
        number: _least_of_best([line[number] for line in results_of.values() if number in line]) for number in used
    }
    common = max(sorted(used), key=used.__getitem__)
    for name, line in sorted(results_of.items(), key=lambda item: -statistics.mean(item[1].get(common, [0.0]))):
        texts = [
            _bold(results.format_percent(line[number]), statistics.mean(line[number]) >= least[number])
            if number in line
            else ""
            for number in numbers
        ]
        yield [data, name, _millions(models[name][max(line)]), *texts]


def _cells(line: Mapping[str, tuple[int, list[float]]], columns: Sequence[str]) -> list[str]:
    least = _least_of_best([seeds for _, seeds in line.values()])
    texts = []
    for column in columns:
        changed, seeds = line.get(column, (0, []))
        text = f"{100 * statistics.mean(seeds):.1f}" + "\\*" * bool(changed) if seeds else ""
        texts.append(_bold(text, bool(seeds) and len(line) > 1 and statistics.mean(seeds) >= least))
    return texts


def _least_of_best(results_by_seed: Sequence[Sequence[float]]) -> float:
    """Return the mean of the best result minus one standard deviation of its seeds, and minus their rounding."""
    best = max(results_by_seed, key=statistics.mean)
    return statistics.mean(best) - (statistics.stdev(best) if len(best) > 1 else 0) - ROUNDING


def _bold(text: str, is_bold: bool) -> str:
    return f"**{text}**" if is_bold else text


def _describe_model(model: str, settings: str, device: str) -> str:
    notes = [settings] * bool(settings) + [device] * (device != "CPU")
    return f"{model} ({', '.join(notes)})" if notes else model


def _millions(runs: Sequence[Mapping[str, str]]) -> str:
    """Format the number of parameters of the first run."""
    return f"{int(runs[0]['parameters']) / 1e6:.1f}M"


def _grouped(rows: Iterable[dict[str, str]]) -> dict[tuple[str, ...], list[dict[str, str]]]:
    """Group results by data set and number of drawn rows, model, settings and device, in the order of the file."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        groups[_name(row), row["model"], row["settings"], row["device"]].append(row)
    return groups


def _name(row: Mapping[str, str]) -> str:
    """Return the name of the data set, with the number of its rows if they were drawn."""
    return f"{row['data']}, {int(row['rows']):,} rows" if row["rows"] else row["data"]


def _megabytes(runs: Sequence[Mapping[str, str]]) -> str:
    """Format the sizes of the TFLite files of the first exported run; empty if there is none."""
    sizes = next(([run["tflite_bytes"], run["tflite_dynamic_bytes"]] for run in runs if run["tflite_bytes"]), [])
    return " / ".join(f"{int(size) / 1e6:.1f}" for size in sizes) + " MB" * bool(sizes)


def _folds(runs: Sequence[Mapping[str, str]]) -> str:
    folds = {run["fold"] for run in runs} - {""}
    return f" ({len(folds)} folds)" if folds else ""


def _by_seed(runs: Sequence[Mapping[str, str]], column: str) -> list[float]:
    """Return one value per seed, the mean of its folds."""
    seeds: dict[str, list[float]] = defaultdict(list)
    for row in runs:
        seeds[row["seed"]].append(float(row[column]))
    return [statistics.mean(values) for values in seeds.values()]
