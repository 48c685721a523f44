"""Measure accuracy with growing numbers of training rows, and estimate what more labels would bring."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import annotated_types
import numpy as np
import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.evaluation.figures import BLUE, ORANGE, Picture, PictureFormat, create_figure
from kerascnn.evaluation.plot_files import write_plots
from kerascnn.settings import FileName
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import text_table
from pipelines.benchmark import accuracy, results
from pipelines.benchmark.data_sets import FEWEST_ROWS, count_rows_and_labels, parse_data_set, store_rows
from pipelines.benchmark.power_law import PowerLaw, fit_power_law
from pipelines.command import choose_log

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MORE = (2, 4, 10)
"""Multiples of the rows for which the accuracy is estimated."""
FEWEST_POINTS = 3
"""Fewest numbers of rows for a fit."""


@dataclass(frozen=True, kw_only=True)
class LearningCurve:
    """Train on growing shares of the rows, and estimate the accuracy with more labels from a power law."""

    model: Annotated[str, tyro.conf.arg(metavar="MODEL")] = "word_cnn"
    """Architecture or baseline, as for the accuracy benchmark."""
    data: Annotated[str, tyro.conf.arg(metavar="DATA")] = "demo:bbc"
    """Data set, as for the accuracy benchmark, or one file, from which test rows are split off."""
    shares: tuple[Annotated[float, annotated_types.Interval(gt=0, le=1)], ...] = (0.1, 0.2, 0.4, 0.7, 1.0)
    """Shares of the training rows, three or more."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of the draws and the trainings; each trains once with each share."""
    metric: Literal["accuracy", "macro_f1"] = "accuracy"
    """Metric of the test rows."""
    settings: Annotated[tuple[str, ...], tyro.conf.arg(metavar="GROUP.KEY=VALUE [...]")] = ()
    """Settings that differ from the defaults, GROUP.KEY=VALUE, such as training.epochs=3."""
    output: FileName = "learning_curve.csv"
    """CSV file with one row per training, as of the accuracy benchmark; existing rows are kept."""
    plots: tuple[PictureFormat, ...] = ("svg",)
    """Formats of the picture of the curve, which has the name of the output; no format: no picture."""
    json: bool = False
    """Print the measured and the estimated values as JSON."""
    quiet: bool = False
    """Print results and errors only."""
    source: SourceConfig = field(default_factory=SourceConfig)


def run(args: LearningCurve) -> None:
    """Run the missing trainings, print the curve and what more labels would bring, and draw the picture.

    Raises:
        InputError: An option or the data cannot be used, or a training failed.
    """
    output, log = Path(args.output), choose_log(quiet=args.quiet)
    if output.suffix[1:].lower() in args.plots:
        raise InputError(f"--output {output}: the picture has this name, too; give another one, such as NAME.csv")
    name = parse_data_set(args.data)[0]
    with tempfile.TemporaryDirectory() as folder:
        trainings = accuracy.Accuracy(
            models=(args.model,), data=(store_rows(args.data, args.source, Path(folder)),), seeds=args.seeds,
            settings=args.settings, output=args.output,
        )  # fmt: skip
        numbers = choose_numbers(args.shares, *count_rows_and_labels(trainings.data[0]), name)
        trainings = dataclasses.replace(trainings, rows=tuple(numbers))
        accuracy.run(trainings, log)
        errors = read_errors(trainings, args.metric)
    law = fit_power_law(numbers, errors)
    if args.json:
        print(json.dumps(list_values(numbers, errors, law, args.metric)))
    else:
        print(format_curve(numbers, errors, law, args.metric))
    picture = picture_curve(numbers, errors, law, args.metric, f"{args.model} on {name}")
    pictures = write_plots([dataclasses.replace(picture, name=output.stem)], output.parent, args.plots)
    log(f"wrote {', '.join(map(str, [output, *pictures]))}")


def choose_numbers(shares: Sequence[float], rows: int, labels: int, name: str) -> list[int]:
    """Return the numbers of training rows, rising: shares of them, but at least two rows per label.

    Raises:
        InputError: There are fewer than three.
    """
    fewest = max(FEWEST_ROWS, 2 * labels)  # a network splits validation rows off
    numbers = sorted({max(fewest, round(share * rows)) for share in shares})
    if len(numbers) < FEWEST_POINTS or numbers[-1] > rows:
        raise InputError(
            f"--shares {' '.join(map(str, shares))}: only {sum(number <= rows for number in numbers)} different numbers"
            f" from {fewest}, at least two per label, to the {rows:,} training rows of {name}; give three or more"
        )
    return numbers


def read_errors(trainings: accuracy.Accuracy, metric: str) -> list[list[float]]:
    """Return the errors of the seeds for each number of rows, out of the results file."""
    keys = {
        "model": trainings.models[0], "data": parse_data_set(trainings.data[0])[0], "fold": "",
        "settings": " ".join(trainings.settings), "device": trainings.device,
    }  # fmt: skip
    rows = results.read_results(Path(trainings.output), accuracy.COLUMNS)
    own = [row for row in rows if all(row[name] == value for name, value in keys.items())]
    seeds = set(map(str, trainings.seeds))
    return [
        [1 - float(row[metric]) for row in own if row["rows"] == str(number) and row["seed"] in seeds]
        for number in trainings.rows
    ]


def list_values(
    numbers: Sequence[int], errors: Sequence[Sequence[float]], law: PowerLaw, metric: str
) -> dict[str, Any]:
    """Return the measured values of each number of rows, and the estimated ones with their 90 % intervals."""
    estimates = {numbers[-1] * factor: _estimate(law, numbers[-1] * factor) for factor in MORE}
    return {
        "metric": metric,
        "measured": [
            {"rows": number, "values": [round(1 - error, 5) for error in values]}
            for number, values in zip(numbers, errors, strict=True)
        ],
        "estimated": [
            {"rows": rows, "value": round(value, 5), "interval": [round(low, 5), round(high, 5)]}
            for rows, (value, low, high) in estimates.items()
        ],
    }


def format_curve(
    numbers: Sequence[int], errors: Sequence[Sequence[float]], law: PowerLaw, metric: str = "accuracy"
) -> str:
    """Return the measured and the estimated values as a table, and what they mean as sentences."""
    title = metric.replace("macro_f1", "macro-F1")
    rows = [
        (f"{number:,}", results.format_percent([1 - error for error in values]), "measured")
        for number, values in zip(numbers, errors, strict=True)
    ]
    last = numbers[-1]
    estimates = {factor: _estimate(law, last * factor) for factor in MORE}
    rows += [
        (f"{last * factor:,}", f"{100 * value:.2f}", f"estimated, {100 * low:.2f} to {100 * high:.2f}")
        for factor, (value, low, high) in estimates.items()
    ]
    table = text_table(("rows", f"{title} (%)", "how"), rows, align="rrl")
    return f"{table}\n\n{describe_gain(law, last, title)}"


def _estimate(law: PowerLaw, rows: float) -> tuple[float, float, float]:
    """Return the value of the metric with a number of rows, and its 90 % interval."""
    [error], [low], [high] = law.predict([rows])
    return 1 - float(error), 1 - float(high), 1 - float(low)


def describe_gain(law: PowerLaw, rows: int, title: str = "accuracy") -> str:
    """Return in sentences what more labels would bring."""
    now, twice, most = (_estimate(law, rows * factor) for factor in (1, 2, MORE[-1]))
    gain, (least, highest) = 100 * (twice[0] - now[0]), _gain_interval(law, rows)
    sentences = [
        f"Twice as many labels, {2 * rows:,}, would bring about {gain:.1f} points of {title} ({least:.1f} to"
        f" {highest:.1f} with 90 % confidence), {MORE[-1]} times as many {100 * (most[0] - now[0]):.1f}."
    ]
    if highest < 0.5:
        sentences.append("More labels of this kind bring little: correct wrong labels, or try another model.")
    elif least >= 0.5:
        sentences.append("More labels are worth their work.")
    else:
        sentences.append("The gain is uncertain: more --seeds make the estimate sharper.")
    floor = 100 * float(law.parameters[2])
    if floor > 0.1:
        sentences.append(f"The curve levels off at {100 - floor:.1f} %, which more rows alone would not pass.")
    sentences.append("An estimate far beyond the measured rows is a guess.")
    return "\n".join(sentences)


def _gain_interval(law: PowerLaw, rows: int) -> tuple[float, float]:
    """Return the 90 % interval of the gain from twice the rows, in points."""
    scale, exponent = law.draws[:, 0], law.draws[:, 1]
    gains = 100 * scale * rows**-exponent * (1 - 2**-exponent)
    low, high = np.percentile(gains, (5, 95))
    return float(low), float(high)


def picture_curve(
    numbers: Sequence[int], errors: Sequence[Sequence[float]], law: PowerLaw, metric: str, name: str
) -> Picture:
    """Return the picture of a learning curve over the number of rows, with the fitted power law."""
    title = metric.replace("macro_f1", "macro-F1")
    caption = f"{title.capitalize()} of {name} by number of training rows, and the power law that fits best."
    return Picture("learning_curve", caption, partial(_draw_curve, numbers, errors, law, title), [name])


def _draw_curve(numbers: Sequence[int], errors: Sequence[Sequence[float]], law: PowerLaw, title: str) -> Figure:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    figure, axes = create_figure(5.5, 3.8)
    places = np.geomspace(numbers[0], MORE[1] * numbers[-1], 100)
    error, low, high = (100 * (1 - values) for values in law.predict(places))
    measured = places <= numbers[-1]
    axes.fill_between(places, low, high, color=BLUE, alpha=0.15, linewidth=0, label="90 % interval")
    axes.plot(places[measured], error[measured], color=BLUE, label="power law")
    axes.plot(places[~measured], error[~measured], "--", color=BLUE)
    for number, values in zip(numbers, errors, strict=True):
        axes.plot([number] * len(values), [100 * (1 - value) for value in values], "o", color=ORANGE, markersize=3.5)
    axes.plot([], [], "o", color=ORANGE, markersize=3.5, label="a training")
    axes.set(xscale="log", xlabel="training rows", ylabel=f"{title} (%)")
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure
