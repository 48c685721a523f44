"""Bundles to export: a word model of English news, a character model of Chinese reviews, both with a linear member.

And a browser for exported pages.
"""

import functools
import http.server
import shutil
import subprocess
import threading

import pytest

from kerascnn import TextClassifier
from kerascnn.export.web import PAGE_FOLDER
from tests.conftest import skip_without_browser

TRAINING = {"epochs": 12, "learning_rate": 0.01, "filters": 32, "ngram_buckets": 4096, "refit_rows": 0}


@pytest.fixture(scope="session")
def classifiers(news, reviews_zh):
    """The trained classifiers by name."""
    return {
        "news": TextClassifier(model="word_cnn", max_length=64, linear_ngrams=(1, 2), **TRAINING).fit(*news),
        "reviews": TextClassifier(model="char_cnn", max_length=96, linear_ngrams=(1, 2, 3), **TRAINING).fit(
            *reviews_zh
        ),
    }


@pytest.fixture(scope="session")
def texts(news, reviews_zh):
    """The training texts of each classifier."""
    return {"news": news[0], "reviews": reviews_zh[0]}


@pytest.fixture(scope="session")
def folders(classifiers, tmp_path_factory):
    """Folders of their bundles. A test that changes one copies it first."""
    place = tmp_path_factory.mktemp("bundles")
    for name, classifier in classifiers.items():
        classifier.save(place / name)
    return {name: place / name for name in classifiers}


@pytest.fixture(scope="session")
def node():
    """The program of Node.js."""
    if not (path := shutil.which("node")):
        skip_without_browser("needs Node.js")
    return path


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory):
    """The folder that `npm install` creates from the page's package.json."""
    if not shutil.which("npm"):
        skip_without_browser("needs npm")
    folder = tmp_path_factory.mktemp("npm")
    shutil.copy(PAGE_FOLDER / "package.json", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--fetch-timeout=60000", "--fetch-retries=1"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180)
    if finished.returncode:
        skip_without_browser(f"npm install failed: {finished.stderr[-300:]}")
    return folder / "node_modules"


@pytest.fixture
def open_page(browser):
    """Function that serves a folder and opens its page; it returns when the page is ready or has failed."""
    servers = []

    def serve_and_open(folder):
        handler = functools.partial(QuietHandler, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        page = browser.new_page()
        page.add_init_script(WATCH_POLICY)
        page.goto(f"http://localhost:{servers[-1].server_port}/")
        page.wait_for_selector("body[data-ready], body[data-failed]", timeout=60_000)
        return page

    yield serve_and_open
    for server in servers:
        server.shutdown()
        server.server_close()


WATCH_POLICY = """
    window.violations = [];
    addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass
