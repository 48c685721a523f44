"""The command ``serve``: a process over the loopback interface, and what it checks before it starts."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from kerascnn.serving.config import ServingConfig, name_bundles
from kerascnn.serving.server import bind
from kerascnn.utils.errors import InputError
from tests.pipelines.conftest import command, start


def read_port(process):
    """Return the port of a server, once it listens."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if match := re.match(r"serving .* at http://127.0.0.1:(\d+);", line):
            return int(match[1])
    raise AssertionError("".join(lines))


def request(connection, verb, path, content=None):
    """Return status, answer, and whether the server closes the connection."""
    connection.request(verb, path, None if content is None else json.dumps(content))
    response = connection.getresponse()
    return response.status, json.loads(response.read()), response.will_close


class Client(threading.Thread):
    """Sends one request after another on one connection, until the server asks it to leave."""

    def __init__(self, port, texts):
        super().__init__(daemon=True)
        self.port, self.texts, self.answers, self.problem = port, texts, [], None

    def run(self):
        connection, closes = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60), False
        try:
            while not closes:
                text = self.texts[len(self.answers) % len(self.texts)]
                status, answer, closes = request(
                    connection, "POST", "/v1/models/news:predict", {"instances": [text, text]}
                )
                assert status == 200, answer
                self.answers.append(answer["predictions"])
        except Exception as error:
            self.problem = repr(error)


def test_process_answers_concurrent_requests_and_loses_none_on_sigterm(bundles, classifiers, news):
    process = start(
        "serve", bundles["news"], "--model", f"other={bundles['briefs']}", "--port", "0", "--max-body-bytes", 200_000
    )
    try:
        port = read_port(process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        assert request(connection, "GET", "/healthz")[:2] == (200, {"status": "ok", "models": ["news", "other"]})
        assert request(connection, "POST", "/v1/models/other:predict", {"instances": ["a"]})[0] == 200
        # a body beyond the limit is refused without breaking the connection
        connection.request("POST", "/predict", b"x" * 200_001)
        response = connection.getresponse()
        assert response.status == 413 and "--max-body-bytes" in response.read().decode()
        assert request(connection, "POST", "/v1/models/missing:predict", {"instances": ["a"]})[0] == 404
        clients = [Client(port, news[0][number::8]) for number in range(8)]
        for client in clients:
            client.start()
        while min(len(client.answers) for client in clients) < 5 and not any(client.problem for client in clients):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join(60)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert [client.problem for client in clients] == [None] * 8
    for client in clients:
        expected = classifiers["news"].predict_proba(client.texts)
        for number, answer in enumerate(client.answers):
            for row in answer:
                np.testing.assert_allclose(row["probabilities"], expected[number % len(client.texts)], atol=1e-5)
    assert process.returncode == 0
    assert err == "stopped\n"


def test_options_are_checked_before_the_model_is_loaded(bundles, tmp_path, monkeypatch):
    (tmp_path / "news").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for options, complaint in (
            ((), "give the folder of one"),
            ((tmp_path / "missing",), "not a bundle"),
            ((bundles["news"], "--model", "news"), "'news' is not NAME=BUNDLE"),
            ((bundles["news"], "--model", f"news={bundles['briefs']}"), "two bundles are called 'news'"),
            ((bundles["news"], "--port", port), f"port {port}: Address already in use; give another"),
            ((bundles["news"], "--host", "192.0.2.1"), "give another --host"),
        ):
            finished = command("serve", *options)
            assert finished.status == 1
            assert finished.err.startswith("error: ") and complaint in finished.err and finished.err.count("\n") == 1
    monkeypatch.setitem(sys.modules, "fastapi", None)
    finished = command("serve", bundles["news"])
    assert finished.status == 1 and 'pip install "kerascnn[serve]"' in finished.err


@pytest.mark.parametrize(
    ("bundle", "models", "names"),
    [
        ("saved_models/news", (), ["news"]),
        ("", ("a=saved_models/news", "b=saved_models/x=y"), ["a", "b"]),
        ("saved_models/新闻 1", ("b=x",), ["新闻 1", "b"]),
    ],
)
def test_bundles_have_the_names_of_their_folders_or_given_ones(bundle, models, names):
    assert list(name_bundles(bundle, models)) == names


@pytest.mark.parametrize(("bundle", "models"), [("a:b", ()), ("/", ()), ("", ("a/b=x",)), ("", ("=x",)), ("", ("a=",))])
def test_names_that_are_no_part_of_an_address_are_errors(bundle, models):
    with pytest.raises(InputError, match="--model"):
        name_bundles(bundle, models)


def test_server_needs_no_import_of_tensorflow_for_its_help_and_checks():
    code = "import sys, pipelines.serve; assert not {'tensorflow', 'fastapi', 'uvicorn'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_answers_are_not_delayed_by_nagles_algorithm():
    # asyncio looks at the protocol before it sets TCP_NODELAY
    with bind(ServingConfig(port=0)) as bound:
        assert bound.proto == socket.IPPROTO_TCP
