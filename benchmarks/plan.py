"""On paper: what more processes than two would do, from the figures that one and two gave."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import annotated_types
import tyro

from benchmarks import scale
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results

NUMBER = 4
"""Bytes of the number of a row."""
MOST = 1_000_000
"""Processes up to which it is looked for a limit."""
Count = Annotated[int, annotated_types.Ge(1)]
Amount = Annotated[float, annotated_types.Gt(0)]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Hours and costs of scoring and training with many processes, reckoned from the figures of scale.

    Each process computes on a core of its own and has as many documents of each step as the one process of the
    measurement had, of several measurements the most. docs/distributed.md has the formulas.
    """

    results: Annotated[str, tyro.conf.Positional]
    """CSV file that scale wrote."""
    model: str = "word_cnn"
    """Architecture whose figures are taken."""
    documents: Count = 1_000_000_000
    """Documents to score, or to train on."""
    epochs: Count = 3
    """Passes over them in training."""
    workers: tuple[Count, ...] = (1, 8, 64, 512)
    """Numbers of processes."""
    gigabits: tuple[Amount, ...] = (10.0, 100.0)
    """Speeds of the network, Gbit/s in each direction, that a process has for itself."""
    core_hour: Amount = 0.05
    """What a core costs for an hour, in dollars; an assumption, not a quotation."""
    readme: str = ""
    """Put the tables into this file instead of printing them: between <!-- plan --> and <!-- end -->."""


class Model:
    """The formulas.

    Args:
        rows: Of a file of results of scale.
        name: Architecture.

    Raises:
        InputError: Figures are missing.
    """

    def __init__(self, rows: Sequence[dict[str, str]], name: str) -> None:
        known, self.name = scale.figures(rows), name
        try:
            self.half = max(batch for figure, model, _, batch in known if (figure, model) == (scale.EXCHANGE, name))
            self.batch = 2 * self.half
            self.speeds = {batch: known[scale.TRAINING, self.name, 1, batch] for batch in (self.half, self.batch)}
            self.together = known[scale.TRAINING, self.name, 2, self.half]
            self.exchanged, self.latency = (
                known[figure, self.name, 2, self.half] / 1e3 for figure in (scale.EXCHANGE, scale.NOTHING)
            )
            self.row_seconds = known[scale.UPDATE, self.name, 2, self.half] / 1e6
            self.dense, self.rows, sent, self.tables = (
                known[figure, self.name, 1, self.batch]
                for figure in (scale.DENSE, scale.ROWS, scale.SENT, scale.TABLES)
            )
            self.values = sent - NUMBER * self.rows
            self.growth = math.log2(self.rows / known[scale.ROWS, self.name, 1, self.half]) if self.rows else 1.0
            self.preparing, self.text = (known[figure, self.name, 1, 0] for figure in (scale.PREPARING, scale.TEXT))
        except (KeyError, ValueError):
            raise InputError(
                f"figures of a training of {name} are missing; run python -m benchmarks scale --model {name}"
            ) from None
        self.scoring = {n: known.get((scale.SCORING, self.name, n, 0), 0.0) for n in (1, 2)}

    def touched(self, workers: int) -> float:
        """How many times the rows that one process touches in a step all together touch."""
        return min(workers**self.growth, self.all_rows)

    @property
    def all_rows(self) -> float:
        """How many times the rows that one process touches in a step there are."""
        return self.tables / self.values if self.values else 1.0

    def computing(self, workers: int) -> float:
        """Seconds that a process computes in a step: as alone, and the update of the rows that others touched."""
        others = self.rows * (self.touched(workers) - 1)
        return self.batch / self.speeds[self.batch] + others * self.row_seconds

    def sent(self, workers: int) -> float:
        """Bytes that each process sends in a step, all in rings: sums of gradients, and the numbers of their rows."""
        numbers = workers * NUMBER * self.rows
        return 2 * (workers - 1) / workers * (self.dense + self.values * self.touched(workers) + numbers)

    def exchange(self, workers: int, gigabits: float) -> float:
        """Seconds that an exchange takes: a latency for each neighbour in the ring, and the bytes."""
        return (workers - 1) * self.latency + 8 * self.sent(workers) / (1e9 * gigabits)

    def training(self, workers: int, gigabits: float) -> float:
        """Training documents a second of all processes."""
        return workers * self.batch / (self.computing(workers) + self.exchange(workers, gigabits))

    def pair(self) -> float:
        """Training documents a second of two processes on the machine of the measurement, half a batch each."""
        others = self.rows * (1 - 2**-self.growth)
        return self.batch / (self.half / self.speeds[self.half] + others * self.row_seconds + self.exchanged)


def saturated(model: Model, gigabits: float) -> str:
    """From how many processes on the network has more to do than the processors."""

    def first(reached: Callable[[int], bool]) -> str:
        return next((f"{workers:,}" for workers in range(2, MOST) if reached(workers)), f"more than {MOST:,}")

    whole = first(lambda workers: model.exchange(workers, gigabits) >= model.computing(workers))
    bytes_alone = first(lambda workers: 8e-9 * model.sent(workers) / gigabits >= model.computing(workers))
    return (
        f"At {gigabits:g} Gbit/s the exchange takes as long as the computing from {whole} processes on, without its"
        f" latency from {bytes_alone}."
    )


def training(model: Model, plan: Plan) -> str:
    """The table of training, and the limits."""
    lines = []
    for workers, gigabits in itertools.product(plan.workers, plan.gigabits):
        seconds, speed = model.exchange(workers, gigabits), model.training(workers, gigabits)
        hours = plan.documents * (1 / model.preparing + plan.epochs / speed) / 3600
        cells = [f"{1e3 * model.computing(workers):.1f}", f"{1e3 * seconds:.1f}", f"{model.sent(workers) / 1e6:,.2f}"]
        cells += [f"{speed:,.0f}", f"{speed / workers / model.speeds[model.batch]:.0%}"]
        cells += [f"{hours:,.0f}", f"{workers * hours:,.0f}", f"{workers * hours * plan.core_hour:,.0f}"]
        lines.append([f"{workers:,}", f"{gigabits:g}", *cells])
    head = (
        "processes", "Gbit/s", "ms of computing a step", "ms of exchange", "MB that each sends", "documents/s",
        "of the speed of as many alone", "hours", "core-hours", "dollars",
    )  # fmt: skip
    before = plan.documents / model.preparing / 3600
    assumed = (
        f"{plan.documents:,} documents, {plan.epochs} epochs, {model.name}, {model.batch} documents of a process and"
        f" step; {plan.core_hour:g} dollars a core-hour. {before:,.0f} of the hours go by before the first step, while"
        " every process makes the ids of all documents."
    )
    notes = [saturated(model, gigabits) for gigabits in plan.gigabits]
    if model.values:
        notes.append(
            f"From {math.ceil(model.all_rows ** (1 / model.growth)):,} processes on a step touches every row of the"
            " embeddings."
        )
    notes.append(
        f"Two processes on one machine, {model.half} documents of a step each: {model.pair():,.0f} documents/s by the"
        f" formula, {model.together:,.0f} measured, {model.together / model.pair():.0%} of it."
    )
    return "\n".join([assumed, "", markdown_table(head, lines), "", *(f"- {note}" for note in notes)])


def scoring(model: Model, plan: Plan) -> str:
    """The table of scoring, and the limits."""
    one, lines = model.scoring[1], []
    for workers in plan.workers:
        speed = workers * one
        hours = plan.documents / speed / 3600
        cells = [f"{speed:,.0f}", f"{8e-9 * speed * model.text:.3f}", f"{hours:,.1f}", f"{workers * hours:,.0f}"]
        lines.append([f"{workers:,}", *cells, f"{workers * hours * plan.core_hour:,.1f}"])
    head = ("processes", "documents/s", "Gbit/s of text", "hours", "core-hours", "dollars")
    notes = [
        f"One storage of {gigabits:g} Gbit/s that all read from is the limit from"
        f" {math.ceil(1e9 * gigabits / (8 * one * model.text)):,} processes on."
        for gigabits in plan.gigabits
    ]
    if two := model.scoring[2]:
        notes.append(
            f"Two processes: {2 * one:,.0f} documents/s by the formula, {two:,.0f} measured, {two / 2 / one:.0%} of it."
        )
    return "\n".join([markdown_table(head, lines), "", *(f"- {note}" for note in notes)])


def run(args: Plan) -> None:
    """Print the tables, or write them into a page."""
    model = Model(results.read_results(Path(args.results), scale.COLUMNS), args.model)
    markdown = training(model, args)
    if model.scoring[1]:
        markdown = f"**Scoring**\n\n{scoring(model, args)}\n\n**Training**\n\n{markdown}"
    results.publish(markdown, args.readme, "plan")
