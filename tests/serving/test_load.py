"""The load test ``benchmark serving``: its clients against a server in this process, and the command."""

import asyncio
import signal
import threading

import pytest

from kerascnn.serving.app import build_app
from kerascnn.serving.config import ServingConfig
from kerascnn.serving.server import GracefulServer, bind
from pipelines.benchmark import serving
from tests.pipelines.conftest import command


@pytest.mark.full
def test_clients_measure_requests_and_lose_none_when_the_server_stops(start_server, bundles, news_csv):
    started, config = start_server(), ServingConfig(port=0, drain_seconds=0.3)
    ready = threading.Event()
    server = GracefulServer(build_app(started.models, config, started.state), config, started.state, ready.set)
    with bind(config) as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        assert ready.wait(60)
        args = serving.Serving(bundle=str(bundles["news"]), data=(str(news_csv),), texts_per_request=7)
        requests, port = serving.build_requests(args), bound.getsockname()[1]
        assert len(requests) == 43  # 300 texts
        stop = lambda: server.handle_exit(signal.SIGTERM, None)  # noqa: E731
        load = asyncio.run(serving.send_requests(port, 4, requests, 2.0, stop))
        thread.join(60)
    row = load.measure(2.0)
    assert row["lost"] == 0 and len(load.latencies) > row["requests"] > 0
    assert 0 < row["p50_milliseconds"] <= row["p99_milliseconds"]
    assert row["requests_per_second"] == row["requests"] / 2


@pytest.mark.full
def test_command_writes_a_table(bundles, news_csv, tmp_path):
    output = tmp_path / "serving.csv"
    options = ("--clients", 1, 3, "--seconds", 1, "--data", news_csv, "--output", output)
    finished = command("benchmark", "serving", bundles["news"], *options)
    assert finished.status == 0, finished.err
    finished = command("benchmark", "table", output)
    assert finished.status == 0, finished.err
    rows = [line.split(" | ") for line in finished.out.splitlines()[2:]]
    assert [row[1] for row in rows] == ["1", "3"] and [row[-1] for row in rows] == ["0 |", "0 |"]
