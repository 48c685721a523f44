"""A page that classifies as you type: what is in its folder, and what a browser makes of it."""

import dataclasses
import functools
import http.server
import itertools
import json
import shutil
import subprocess
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.export import web
from kerascnn.text import python_tokenizer
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import build_rules
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError
from tests.conftest import unavailable
from tests.text.hard_texts import SETTINGS, TEXTS, WORDS

SENTENCES = {
    "news": "The striker scored twice as the team won the cup final on Saturday",
    "reviews": "房间很干净，服务员态度也非常好，下次还会来住。",
}

FOLLOWED = {name: settings for name, settings in SETTINGS.items() if settings.normalize != "nfkc_casefold"}
"""What a browser can follow."""


@pytest.fixture(scope="module")
def exported(classifiers, tmp_path_factory):
    """Folders of the pages by name."""
    place = tmp_path_factory.mktemp("pages")
    return {
        name: web.export(classifier.bundle_, place / name, quantize=["none"])
        for name, classifier in classifiers.items()
    }


@pytest.fixture(scope="module")
def node():
    if not (found := shutil.which("node")):
        unavailable("needs Node.js")
    return found


@pytest.fixture(scope="module")
def installed(exported, tmp_path_factory):
    """What `npm install` makes of the page's package.json."""
    if not shutil.which("npm"):
        unavailable("needs npm")
    folder = tmp_path_factory.mktemp("npm")
    shutil.copy(exported["news"] / "package.json", folder)
    command = ["npm", "install", "--no-audit", "--no-fund", "--fetch-timeout=60000", "--fetch-retries=1"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180)
    if finished.returncode:
        unavailable(f"npm install failed: {finished.stderr[-300:]}")
    return folder / "node_modules"


@pytest.fixture
def opened(browser):
    """A function that serves a folder and opens its page, as far as it comes."""
    servers = []

    def open_page(folder):
        handler = functools.partial(Quiet, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://localhost:{servers[-1].server_port}/")
        page.wait_for_selector("body[data-ready], body[data-failed]", timeout=60_000)
        return page

    yield open_page
    for server in servers:
        server.shutdown()
        server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def bars(page):
    """What the page shows: label to text, from top to bottom."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#classes li")]
            .sort((a, b) => a.style.getPropertyValue("--place") - b.style.getPropertyValue("--place"))
            .map((row) => [row.querySelector(".label").textContent, row.querySelector(".percent").textContent])"""
    )


def test_the_folder_holds_the_page_the_model_and_what_text_needs(exported):
    page = {path.name for path in web.PAGE.iterdir()}
    common = page | {"edge.json", "golden.json", "labels.txt", "model_float32.tflite", "page.json"}
    assert {path.name for path in exported["news"].iterdir()} == common | {"vocabulary.txt"}
    assert {path.name for path in exported["reviews"].iterdir()} == common


def test_the_folder_holds_no_training_text(exported, texts):
    for name, folder in exported.items():
        for path in folder.iterdir():
            content = path.read_bytes()
            assert not any(text[:40].encode() in content for text in texts[name] if len(text) > 40), path


def test_the_page_offers_examples_in_the_language_of_the_training_texts(exported):
    examples = {
        name: json.loads((folder / "page.json").read_text("utf-8"))["examples"] for name, folder in exported.items()
    }
    assert all(text.isascii() for text in examples["news"])
    assert unicodedata.name(examples["reviews"][0][0]).startswith("CJK")


def test_a_second_export_replaces_the_page_and_keeps_what_npm_installed(exported, classifiers, tmp_path):
    shutil.copytree(exported["news"], tmp_path / "web")
    (tmp_path / "web" / "model_int8.tflite").touch()
    (tmp_path / "web" / "node_modules").mkdir()
    (tmp_path / "web" / "node_modules" / "package").touch()
    web.export(classifiers["news"].bundle_, tmp_path, quantize=["float16"])
    assert [path.name for path in (tmp_path / "web").glob("*.tflite")] == ["model_float16.tflite"]
    assert (tmp_path / "web" / "node_modules" / "package").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["web"]


def test_two_precisions_are_refused(classifiers, tmp_path):
    with pytest.raises(InputError, match="one --quantize, not none, int8"):
        web.export(classifiers["news"].bundle_, tmp_path, quantize=["none", "int8"])
    assert not list(tmp_path.iterdir())


def test_case_folding_is_refused(classifiers, tmp_path):
    vectorizer = Vectorizer(TextConfig(normalize="nfkc_casefold"), RESERVED_TOKENS)
    bundle = dataclasses.replace(classifiers["news"].bundle_, vectorizer=vectorizer)
    with pytest.raises(InputError, match=r"text\.normalize nfkc_casefold: browsers do not fold case"):
        web.export(bundle, tmp_path, quantize=["none"])


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_browser_splits_text_as_python_does(node, news, reviews_zh, name, tmp_path):
    settings = FOLLOWED[name]
    lines = [*TEXTS, *every_character(), *news[0], *reviews_zh[0]]
    options = {"level": settings.level, "max_length": 4000, "stop_words": ["the", "的"]}
    found = tokens_in_node(node, settings, lines, options, tmp_path)
    expected = [python_tokenizer.tokenize(line, build_rules(settings, WORDS), **options) for line in lines]
    differing = [
        (given, right)
        for pair in zip(found, expected, strict=True)
        for given, right in itertools.zip_longest(*pair)
        if given != right
    ]
    assert differing[:20] == []


def every_character():
    """Lines of a thousand words that have one character each, among letters of both cases."""
    # those of Unicode 3.2, which later versions left as they were; not those of private use and surrogates
    known = [c for c in map(chr, range(0x110000)) if unicodedata.ucd_3_2_0.category(c) not in ("Cn", "Co", "Cs")]
    words = [f"x{character}Y" for character in known]
    return [" ".join(words[start : start + 1000]) for start in range(0, len(words), 1000)]


def tokens_in_node(node, settings, texts, options, folder):
    script = """
        import { readFileSync } from "node:fs";
        import { tokenize } from "./text.mjs";
        const { texts, rules, level, max_length, stop_words } = JSON.parse(readFileSync("given.json"));
        const options = { level, maxLength: max_length, stopWords: new Set(stop_words) };
        console.log(JSON.stringify(texts.map((text) => tokenize(text, rules, options))));
    """
    shutil.copy(web.PAGE / "text.js", folder / "text.mjs")
    (folder / "given.json").write_text(json.dumps({"texts": texts, "rules": build_rules(settings, WORDS), **options}))
    (folder / "run.mjs").write_text(script)
    finished = subprocess.run([node, "run.mjs"], cwd=folder, capture_output=True, encoding="utf-8", timeout=120)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.parametrize("name", ["news", "reviews"])
def test_the_page_answers_as_golden_json_says(exported, installed, opened, name):
    page = opened(with_modules(exported[name], installed))
    golden = json.loads((exported[name] / "golden.json").read_text("utf-8"))
    answers = [page.evaluate("(text) => classifier.classify(text)", text) for text in golden["texts"]]
    assert [answer["inputs"] for answer in answers] == golden["inputs"]
    given = [answer["probabilities"] for answer in answers]
    np.testing.assert_allclose(given, golden["probabilities"]["model_float32.tflite"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["news", "reviews"])
def test_typing_draws_a_bar_for_each_class_the_most_probable_first(exported, classifiers, installed, opened, name):
    page = opened(with_modules(exported[name], installed))
    assert page.title() == name
    classes = [str(label) for label in classifiers[name].classes_]
    assert bars(page) == [[label, ""] for label in classes]
    page.get_by_label("Text", exact=True).press_sequentially(SENTENCES[name])
    [best] = classifiers[name].predict_top_k([SENTENCES[name]], k=len(classes))
    expected = [[label, f"{probability:.1%}"] for label, probability in best]
    page.locator(".best .percent", has_text=expected[0][1]).wait_for()
    assert bars(page) == expected
    page.get_by_label("Text", exact=True).fill("")
    page.locator(".best").wait_for(state="detached")
    assert bars(page) == [[label, ""] for label in classes]


def test_a_page_of_any_number_of_labels_marks_those_that_reach_their_thresholds(briefs, installed, opened, tmp_path):
    classifier = TextClassifier(model="bow", ngram_buckets=4096, max_length=96, epochs=8, learning_rate=0.03)
    bundle = classifier.fit(*briefs).bundle_
    page = opened(with_modules(web.export(bundle, tmp_path, quantize=["none"]), installed))
    answers = [page.evaluate("(text) => classifier.classify(text)", text)["labels"] for text in briefs[0][:20]]
    expected = [[label for label, _ in answer] for answer in classifier.predict_scored(briefs[0][:20])]
    assert answers == expected
    box = page.get_by_label("Text", exact=True)
    for row in (expected.index([]), max(range(20), key=lambda row: len(expected[row]))):
        box.fill(briefs[0][row])
        probable = classifier.predict_top_k([briefs[0][row]], 1)[0][0][1]
        page.locator("#classes .percent", has_text=f"{probable:.1%}").first.wait_for()
        assert sorted(page.locator(".best .label").all_text_contents()) == sorted(expected[row])


def test_an_example_is_classified_when_it_is_clicked(exported, installed, opened):
    page = opened(with_modules(exported["reviews"], installed))
    example = page.locator("#examples button").first
    example.click()
    page.wait_for_selector(".best")
    assert page.get_by_label("Text", exact=True).input_value() == example.text_content()


def test_the_page_says_what_is_missing(exported, installed, opened, tmp_path):
    def problem(change):
        folder = with_modules(exported["news"], installed, tmp_path / change.__name__)
        change(folder)
        return opened(folder).get_by_role("alert").text_content()

    def no_runtime(folder):
        (folder / "node_modules").unlink()

    def no_settings(folder):
        (folder / "edge.json").unlink()

    def broken_settings(folder):
        (folder / "edge.json").write_text('{"files"')

    def another_model(folder):
        (folder / "model_float32.tflite").write_bytes(b"TFL3")

    assert "npm install" in problem(no_runtime)
    assert problem(no_settings) == "edge.json cannot be loaded (HTTP 404). Export the page again."
    assert problem(broken_settings).startswith("edge.json is damaged (")
    assert problem(another_model).startswith("model_float32.tflite was changed or damaged")


def with_modules(folder, installed, to=None):
    """A page's folder with what npm installed; a copy where one is wanted."""
    if to:
        folder = Path(shutil.copytree(folder, to, ignore=shutil.ignore_patterns("node_modules")))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(installed)
    return folder
