"""The page of the server in a browser."""

import threading

import pytest

from kerascnn.serving.app import build_app
from kerascnn.serving.config import ServingConfig
from kerascnn.serving.server import GracefulServer, bind


@pytest.fixture
def address(start_server):
    """The address of a server of two models."""
    started, config, ready = start_server(("news", "briefs")), ServingConfig(port=0), threading.Event()
    server = GracefulServer(build_app(started.models, config, started.state), config, started.state, ready.set)
    with bind(config) as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        assert ready.wait(60)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join(60)


def test_page_draws_the_labels_of_the_typed_text(browser, address, classifiers, news):
    page, messages = browser.new_page(), []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    assert page.inner_text("#title") == "news"
    page.fill("#text", news[0][0])
    page.wait_for_selector("#labels li.predicted")
    assert page.inner_text("#labels li.predicted .label") == classifiers["news"].predict(news[0][:1])[0]
    assert page.locator("#labels li").count() == len(classifiers["news"].classes_)
    page.click("#examples button:has-text('briefs')")
    page.wait_for_function("document.title === 'briefs'")
    assert messages == []
    page.fill("#text", "a" * 200_000)
    page.wait_for_selector("#problem:not([hidden])")
    assert "--max-text-characters" in page.inner_text("#problem")
    page.close()
