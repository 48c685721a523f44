"""Measure the HTTP server on the loopback interface: requests per second, latency, and requests lost in a stop."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import annotated_types
import numpy as np
import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows
from kerascnn.serving.config import default_name
from kerascnn.settings import DataSources, FileName
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results
from pipelines.benchmark.process import Program, start_program
from pipelines.bundle_data import download_bundle
from pipelines.command import read_task_and_labels

COLUMNS = (
    "bundle", "clients", "texts_per_request", "requests", "requests_per_second", "p50_milliseconds", "p99_milliseconds",
    "lost",
)  # fmt: skip
WARM_UP_SECONDS = 1.0
"""Seconds at the start that are not measured."""
START_SECONDS = 300
"""Longest time that the server may take to start."""
Count = Annotated[int, annotated_types.Ge(1)]


@dataclass(frozen=True, kw_only=True)
class Serving:
    """Send requests from concurrent clients to ``serve``, then stop it with SIGTERM while they go on."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle."""
    data: DataSources = ("demo:bbc",)
    """Data with the texts to send."""
    clients: tuple[Count, ...] = (1, 8, 64)
    """Numbers of concurrent clients, each with one connection; the server is started anew for each number."""
    texts_per_request: Count = 1
    """Texts of a request."""
    seconds: Annotated[float, annotated_types.Gt(0)] = 10.0
    """Seconds of each measurement."""
    output: FileName = "serving.csv"
    """CSV file with one row per number of clients; existing rows are kept."""


@dataclass
class Load:
    """What the clients have measured so far."""

    end: float
    """Time from which requests are not measured any more."""
    latencies: list[tuple[float, float]] = field(default_factory=list)
    """Start of each answered request, and the seconds until its answer."""
    lost: int = 0
    """Requests without an answer."""

    def measure(self, seconds: float) -> dict[str, Any]:
        """Return the columns of the requests that began in the last seconds before the end."""
        durations = [duration for start, duration in self.latencies if self.end - seconds <= start < self.end]
        if not durations:
            raise InputError("serving: no request was answered in time; give more --seconds")
        p50, p99 = 1000 * np.percentile(durations, (50, 99))
        rate = len(durations) / seconds
        return {
            "requests": len(durations), "requests_per_second": rate, "p50_milliseconds": float(p50),
            "p99_milliseconds": float(p99), "lost": self.lost,
        }  # fmt: skip


def run(args: Serving) -> None:
    """Measure each number of clients and store the result at once."""
    read_task_and_labels(download_bundle(args.bundle))
    requests = build_requests(args)
    file = results.ResultsFile(Path(args.output), COLUMNS)
    for clients in args.clients:
        with start_program("serve", ["-m", "pipelines.serve", args.bundle, "--port", "0"]) as server:
            port = wait_for_port(server)
            stop = partial(server.process.send_signal, signal.SIGTERM)
            load = asyncio.run(send_requests(port, clients, requests, args.seconds, stop))
            server.finish()
        row = load.measure(args.seconds)
        file.add({"bundle": args.bundle, "clients": clients, "texts_per_request": args.texts_per_request, **row})
        log(
            f"{clients} clients: {row['requests_per_second']:,.0f} requests/s, p50 {row['p50_milliseconds']:.1f} ms,"
            f" p99 {row['p99_milliseconds']:.1f} ms, {row['lost']} lost"
        )


def build_requests(args: Serving) -> list[bytes]:
    """Return HTTP requests for predictions of all texts of the data."""
    texts = [row.text for row in read_rows(args.data, SourceConfig())]
    name = default_name(args.bundle)
    requests = []
    for batch in _split(texts, args.texts_per_request):
        body = json.dumps({"texts": batch, "top_k": 1, "model": name}).encode()
        requests.append(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
    return requests


def wait_for_port(server: Program) -> int:
    """Return the port of a server when it listens.

    Raises:
        InputError: It does not start.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        server.stderr.seek(0)
        if match := re.search(r" at http://[^:]+:(\d+);", server.stderr.read()):
            return int(match[1])
        time.sleep(0.05)
    server.process.kill()
    server.finish()
    raise InputError("serve: did not start")


async def send_requests(
    port: int, clients: int, requests: Sequence[bytes], seconds: float, stop: Callable[[], None]
) -> Load:
    """Send requests from all clients, and go on after the measurement until the server has closed all connections.

    Args:
        port: Port of the server.
        clients: Number of clients.
        requests: HTTP requests.
        seconds: Seconds of the measurement.
        stop: Tells the server to stop.
    """
    load = Load(end=time.perf_counter() + WARM_UP_SECONDS + seconds)
    shares = [requests[number::clients] or requests for number in range(clients)]
    tasks = [asyncio.create_task(_run_client(port, share, load)) for share in shares]
    await asyncio.sleep(load.end - time.perf_counter())
    stop()
    await asyncio.gather(*tasks)
    return load


async def _run_client(port: int, requests: Sequence[bytes], load: Load) -> None:
    """Send one request after another on one connection, until the server asks to close it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in itertools.cycle(requests):
        start = time.perf_counter()
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            size = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(size[1]) if size else 0)
        except (OSError, asyncio.IncompleteReadError):
            load.lost += 1
            break
        load.latencies.append((start, time.perf_counter() - start))
        load.lost += not head.startswith(b"http/1.1 200")
        if b"connection: close" in head:
            break
    writer.close()


def _split(texts: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(texts), size):
        yield list(texts[start : start + size])


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table with a line for each measurement."""
    lines = []
    for row in rows:
        rate, p50, p99 = (float(row[name]) for name in ("requests_per_second", "p50_milliseconds", "p99_milliseconds"))
        facts = (Path(row["bundle"]).name, row["clients"], row["texts_per_request"])
        lines.append((*facts, f"{rate:,.0f}", f"{p50:.1f}", f"{p99:.1f}", row["lost"]))
    head = ("bundle", "clients", "texts per request", "requests/s", "p50 ms", "p99 ms", "lost on SIGTERM")
    return markdown_table(head, lines)
