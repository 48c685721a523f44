"""Predict the time and cost of many processes from the results of one and of two."""

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

INDEX_BYTES = 4
"""Bytes of the index of an embedding row."""
MAX_PROCESSES = 1_000_000
"""Largest number of processes to look for a limit at."""
PositiveInt = Annotated[int, annotated_types.Ge(1)]
PositiveFloat = Annotated[float, annotated_types.Gt(0)]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Predict hours and costs of scoring and training with many processes from the results of scale.

    Each process computes on its own core and has as many documents per step as the single process of the measurement,
    with the largest batch size that was measured. docs/distributed.md has the formulas.
    """

    results: Annotated[str, tyro.conf.Positional]
    """CSV file that scale wrote."""
    model: str = "word_cnn"
    """Architecture whose results are used."""
    documents: PositiveInt = 1_000_000_000
    """Documents to score or to train on."""
    epochs: PositiveInt = 3
    """Epochs of the training."""
    workers: tuple[PositiveInt, ...] = (1, 8, 64, 512)
    """Numbers of processes."""
    gigabits: tuple[PositiveFloat, ...] = (10.0, 100.0)
    """Network speeds of each process, Gbit/s in each direction."""
    core_hour: PositiveFloat = 0.05
    """Price of a core-hour in dollars; an assumption, not a quotation."""
    readme: str = ""
    """Insert the tables into this file instead of printing them, between <!-- plan --> and <!-- end -->."""


class CostModel:
    """The formulas of docs/distributed.md.

    Args:
        rows: Rows of a results file of scale.
        name: Architecture.

    Raises:
        InputError: Results are missing.
    """

    def __init__(self, rows: Sequence[dict[str, str]], name: str) -> None:
        medians, self.name = scale.compute_medians(rows), name
        try:
            self.half = max(batch for metric, model, _, batch in medians if (metric, model) == (scale.EXCHANGE, name))
            self.batch = 2 * self.half
            self.speeds = {batch: medians[scale.TRAINING, name, 1, batch] for batch in (self.half, self.batch)}
            self.pair_speed = medians[scale.TRAINING, name, 2, self.half]
            self.pair_exchange, self.latency = (
                medians[metric, name, 2, self.half] / 1e3 for metric in (scale.EXCHANGE, scale.NOTHING)
            )
            self.row_seconds = medians[scale.UPDATE, name, 2, self.half] / 1e6
            self.dense, self.rows, sent, self.tables = (
                medians[metric, name, 1, self.batch] for metric in (scale.DENSE, scale.ROWS, scale.SENT, scale.TABLES)
            )
            self.values = sent - INDEX_BYTES * self.rows
            self.growth = math.log2(self.rows / medians[scale.ROWS, name, 1, self.half]) if self.rows else 1.0
            self.preparing, self.text = (medians[metric, name, 1, 0] for metric in (scale.PREPARING, scale.TEXT))
        except (KeyError, ValueError):
            raise InputError(
                f"results of a training of {name} are missing; run python -m benchmarks scale --model {name}"
            ) from None
        self.scoring_speeds = {n: medians.get((scale.SCORING, name, n, 0), 0.0) for n in (1, 2)}

    def touched(self, workers: int) -> float:
        """Return the embedding rows that all processes touch in a step, as a multiple of those of one process."""
        return min(float(workers**self.growth), self.all_rows)

    @property
    def all_rows(self) -> float:
        """All embedding rows, as a multiple of those that one process touches in a step."""
        return self.tables / self.values if self.values else 1.0

    def computing(self, workers: int) -> float:
        """Return the seconds of computing per step: those of one process, and the update of the others' rows."""
        others = self.rows * (self.touched(workers) - 1)
        return self.batch / self.speeds[self.batch] + others * self.row_seconds

    def sent(self, workers: int) -> float:
        """Return the bytes that each process sends in a step, in rings: sums of gradients, and indices of rows."""
        indices = workers * INDEX_BYTES * self.rows
        return 2 * (workers - 1) / workers * (self.dense + self.values * self.touched(workers) + indices)

    def exchange(self, workers: int, gigabits: float) -> float:
        """Return the seconds of an exchange: one latency per neighbour in the ring, and the bytes."""
        return (workers - 1) * self.latency + 8 * self.sent(workers) / (1e9 * gigabits)

    def training(self, workers: int, gigabits: float) -> float:
        """Return the training documents per second of all processes."""
        return workers * self.batch / (self.computing(workers) + self.exchange(workers, gigabits))

    def pair(self) -> float:
        """Return the training documents per second of two processes with half a batch each, as measured by scale."""
        others = self.rows * (1 - 2**-self.growth)
        return self.batch / (self.half / self.speeds[self.half] + others * self.row_seconds + self.pair_exchange)


def describe_saturation(model: CostModel, gigabits: float) -> str:
    """Return from which number of processes the exchange takes longer than the computing."""

    def first(is_reached: Callable[[int], bool]) -> str:
        limit = next((workers for workers in range(2, MAX_PROCESSES) if is_reached(workers)), None)
        return f"more than {MAX_PROCESSES:,}" if limit is None else f"{limit:,}"

    total = first(lambda workers: model.exchange(workers, gigabits) >= model.computing(workers))
    bytes_only = first(lambda workers: 8e-9 * model.sent(workers) / gigabits >= model.computing(workers))
    return (
        f"At {gigabits:g} Gbit/s the exchange takes as long as the computing from {total} processes on, without its"
        f" latency from {bytes_only}."
    )


def describe_largest_term(model: CostModel, workers: int, gigabits: float) -> str:
    """Return what takes most of a step of a number of processes."""
    alone, latency = model.computing(1), (workers - 1) * model.latency
    seconds = {
        "the computing of a single process": alone,
        "updating rows that other processes have touched": model.computing(workers) - alone,
        "the latency of the ring": latency,
        "sending the bytes": model.exchange(workers, gigabits) - latency,
    }
    name = max(seconds, key=lambda term: seconds[term])
    share = seconds[name] / sum(seconds.values())
    return f"The largest term of a step of {workers:,} processes at {gigabits:g} Gbit/s is {name}: {share:.0%} of it."


def format_training(model: CostModel, plan: Plan) -> str:
    """Return the table of training, its assumptions and limits."""
    rows = []
    for workers, gigabits in itertools.product(plan.workers, plan.gigabits):
        seconds, speed = model.exchange(workers, gigabits), model.training(workers, gigabits)
        hours = plan.documents * (1 / model.preparing + plan.epochs / speed) / 3600
        cells = [f"{1e3 * model.computing(workers):.1f}", f"{1e3 * seconds:.1f}", f"{model.sent(workers) / 1e6:,.2f}"]
        cells += [f"{speed:,.0f}", f"{speed / workers / model.speeds[model.batch]:.0%}"]
        cells += [f"{hours:,.0f}", f"{workers * hours:,.0f}", f"{workers * hours * plan.core_hour:,.0f}"]
        rows.append([f"{workers:,}", f"{gigabits:g}", *cells])
    headers = (
        "processes", "Gbit/s", "ms of computing per step", "ms of exchange", "MB sent by each", "documents/s",
        "efficiency", "hours", "core-hours", "dollars",
    )  # fmt: skip
    before = plan.documents / model.preparing / 3600
    assumptions = (
        f"{plan.documents:,} documents, {plan.epochs} epochs, {model.name}, {model.batch} documents per process and"
        f" step; {plan.core_hour:g} dollars per core-hour. {before:,.0f} of the hours pass before the first step, while"
        " one process makes the ids of all documents and the others wait."
    )
    notes = [describe_saturation(model, gigabits) for gigabits in plan.gigabits]
    notes += [
        describe_largest_term(model, workers, gigabits)
        for workers, gigabits in itertools.product(plan.workers, plan.gigabits)
        if workers > 1
    ]
    if model.values:
        notes.append(
            f"From {math.ceil(model.all_rows ** (1 / model.growth)):,} processes on a step touches every row of the"
            " embeddings."
        )
    notes.append(
        f"Two processes on one machine, {model.half} documents per step each: {model.pair():,.0f} documents/s by the"
        f" formula, {model.pair_speed:,.0f} measured, {model.pair_speed / model.pair():.0%} of it."
    )
    return "\n".join([assumptions, "", markdown_table(headers, rows), "", *(f"- {note}" for note in notes)])


def format_scoring(model: CostModel, plan: Plan) -> str:
    """Return the table of scoring and its limits."""
    one, rows = model.scoring_speeds[1], []
    for workers in plan.workers:
        speed = workers * one
        hours = plan.documents / speed / 3600
        cells = [f"{speed:,.0f}", f"{8e-9 * speed * model.text:.3f}", f"{hours:,.1f}", f"{workers * hours:,.0f}"]
        rows.append([f"{workers:,}", *cells, f"{workers * hours * plan.core_hour:,.1f}"])
    headers = ("processes", "documents/s", "Gbit/s of text", "hours", "core-hours", "dollars")
    notes = [
        f"One storage with {gigabits:g} Gbit/s that all processes read from is the limit from"
        f" {math.ceil(1e9 * gigabits / (8 * one * model.text)):,} processes on."
        for gigabits in plan.gigabits
    ]
    if two := model.scoring_speeds[2]:
        notes.append(
            f"Two processes: {2 * one:,.0f} documents/s by the formula, {two:,.0f} measured, {two / 2 / one:.0%} of it."
        )
    return "\n".join([markdown_table(headers, rows), "", *(f"- {note}" for note in notes)])


def run(args: Plan) -> None:
    """Print the tables, or insert them into a page."""
    model = CostModel(results.read_results(Path(args.results), scale.COLUMNS), args.model)
    markdown = format_training(model, args)
    if model.scoring_speeds[1]:
        markdown = f"**Scoring**\n\n{format_scoring(model, args)}\n\n**Training**\n\n{markdown}"
    results.publish(markdown, args.readme, "plan")
