"""The web page: the files of its folder, and its behaviour in a browser."""

import dataclasses
import itertools
import json
import shutil
import subprocess
import unicodedata

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.export import web
from kerascnn.text import python_tokenizer
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import build_rules
from kerascnn.text.unicode_tables import TABLES
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_encoder import tiny_sentence_encoder
from tests.export.pages import with_modules
from tests.text.hard_texts import SETTINGS, TEXTS, WORDS

SENTENCES = {
    "news": "The striker scored twice as the team won the cup final on Saturday",
    "reviews": "房间很干净，服务员态度也非常好，下次还会来住。",
}

SUPPORTED = {name: settings for name, settings in SETTINGS.items() if settings.normalize != "nfkc_casefold"}
"""Settings that browsers support."""


@pytest.fixture(scope="module")
def exports(classifiers, tmp_path_factory, news):
    """Folders of the web pages by name."""
    place = tmp_path_factory.mktemp("pages")
    pieces = TextClassifier(
        model="sentence_cnn", weights=tiny_sentence_encoder(), epochs=1, refit_rows=0, max_length=64
    )
    return {
        name: web.export(classifier.bundle_, place / name, quantize=["none"])
        for name, classifier in {**classifiers, "pieces": pieces.fit(*news)}.items()
    }


def read_bars(page):
    """The bars of the page from top to bottom: label and percentage."""
    return page.evaluate(
        """() => [...document.querySelectorAll("#labels li")]
            .sort((a, b) => a.style.getPropertyValue("--rank") - b.style.getPropertyValue("--rank"))
            .map((row) => [row.querySelector(".label").textContent, row.querySelector(".percent").textContent])"""
    )


def test_folder_has_the_page_the_model_and_the_vocabulary(exports):
    page = {path.name for path in web.PAGE_FOLDER.iterdir()}
    common = page | {"edge.json", "golden.json", "labels.txt", "model_float32.tflite", "page.json"}
    assert {path.name for path in exports["news"].iterdir()} == common | {"vocabulary.txt"}
    assert {path.name for path in exports["reviews"].iterdir()} == common
    assert {path.name for path in exports["pieces"].iterdir()} == common | {"sentencepiece.model"}


def test_folder_has_no_training_text(exports, texts):
    for name in texts:
        for path in exports[name].iterdir():
            content = path.read_bytes()
            assert not any(text[:40].encode() in content for text in texts[name] if len(text) > 40), path


def test_examples_are_in_the_language_of_the_training_texts(exports):
    examples = {
        name: json.loads((folder / "page.json").read_text("utf-8"))["examples"] for name, folder in exports.items()
    }
    assert all(text.isascii() for text in examples["news"])
    assert unicodedata.name(examples["reviews"][0][0]).startswith("CJK")


def test_second_export_replaces_the_page_and_keeps_npm_packages(exports, classifiers, tmp_path):
    shutil.copytree(exports["news"], tmp_path / "web")
    (tmp_path / "web" / "model_int8.tflite").touch()
    (tmp_path / "web" / "node_modules").mkdir()
    (tmp_path / "web" / "node_modules" / "package").touch()
    web.export(classifiers["news"].bundle_, tmp_path, quantize=["float16"])
    assert [path.name for path in (tmp_path / "web").glob("*.tflite")] == ["model_float16.tflite"]
    assert (tmp_path / "web" / "node_modules" / "package").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["web"]


def test_rejects_two_precisions(classifiers, tmp_path):
    with pytest.raises(InputError, match="give one --quantize with web, not none, int8"):
        web.export(classifiers["news"].bundle_, tmp_path, quantize=["none", "int8"])
    assert not list(tmp_path.iterdir())


def test_rejects_case_folding(classifiers, tmp_path):
    vectorizer = Vectorizer(TextConfig(normalize="nfkc_casefold"), RESERVED_TOKENS)
    bundle = dataclasses.replace(classifiers["news"].bundle_, vectorizer=vectorizer)
    with pytest.raises(InputError, match=r"text\.normalize nfkc_casefold: browsers cannot fold case"):
        web.export(bundle, tmp_path, quantize=["none"])


@pytest.mark.parametrize("name", SUPPORTED)
def test_javascript_tokenizer_equals_python(node, news, reviews_zh, name, tmp_path):
    settings = SUPPORTED[name]
    lines = [*TEXTS, *every_character(), *news[0], *reviews_zh[0]]
    options = {"level": settings.level, "max_length": 4000, "stop_words": ["the", "的"]}
    actual = tokenize_in_node(node, settings, lines, options, tmp_path)
    expected = [python_tokenizer.tokenize(line, build_rules(settings, WORDS), **options) for line in lines]
    differing = [
        (token, right)
        for pair in zip(actual, expected, strict=True)
        for token, right in itertools.zip_longest(*pair)
        if token != right
    ]
    assert differing[:20] == []


def every_character():
    """Lines of a thousand words; each word has one character of Unicode between a lower and an upper case letter."""
    # without most unassigned ones, private use and surrogates
    codes = [code for code in range(0x33480) if not 0xD800 <= code < 0xF900 and not 0x18D00 < code < 0x1AFF0]
    words = [f"x{chr(code)}Y" for code in [*codes, *range(0xE0000, 0xE0200)]]
    return [" ".join(words[start : start + 1000]) for start in range(0, len(words), 1000)]


def tokenize_in_node(node, settings, texts, options, folder):
    script = """
        import { readFileSync } from "node:fs";
        import { tokenize } from "./text.mjs";
        const { texts, rules, level, max_length, stop_words, unicode } = JSON.parse(readFileSync("arguments.json"));
        const options = { level, maxLength: max_length, stopWords: new Set(stop_words), unicode };
        console.log(JSON.stringify(texts.map((text) => tokenize(text, rules, options))));
    """
    shutil.copy(web.PAGE_FOLDER / "text.js", folder / "text.mjs")
    (folder / "arguments.json").write_text(
        json.dumps({"texts": texts, "rules": build_rules(settings, WORDS), "unicode": TABLES, **options})
    )
    (folder / "run.mjs").write_text(script)
    finished = subprocess.run([node, "run.mjs"], cwd=folder, capture_output=True, encoding="utf-8", timeout=120)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.parametrize("name", ["news", "reviews", "pieces"])
def test_page_gives_the_answers_of_golden_json(exports, node_modules, open_page, name):
    page = open_page(with_modules(exports[name], node_modules))
    golden = json.loads((exports[name] / "golden.json").read_text("utf-8"))
    answers = [page.evaluate("(text) => classifier.classify(text)", text) for text in golden["texts"]]
    assert [answer["inputs"] for answer in answers] == golden["inputs"]
    probabilities = [answer["probabilities"] for answer in answers]
    np.testing.assert_allclose(probabilities, golden["probabilities"]["model_float32.tflite"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["news", "reviews"])
def test_typing_draws_bars_sorted_by_probability(exports, classifiers, node_modules, open_page, name):
    page = open_page(with_modules(exports[name], node_modules))
    assert page.title() == name
    classes = [str(label) for label in classifiers[name].classes_]
    assert read_bars(page) == [[label, ""] for label in classes]
    page.get_by_label("Text", exact=True).press_sequentially(SENTENCES[name])
    [best] = classifiers[name].predict_top_k([SENTENCES[name]], k=len(classes))
    expected = [[label, f"{probability:.1%}"] for label, probability in best]
    page.locator(".predicted .percent", has_text=expected[0][1]).wait_for()
    assert read_bars(page) == expected
    page.get_by_label("Text", exact=True).fill("")
    page.locator(".predicted").wait_for(state="detached")
    assert read_bars(page) == [[label, ""] for label in classes]


def test_multi_label_page_highlights_labels_above_their_thresholds(briefs, node_modules, open_page, tmp_path):
    classifier = TextClassifier(
        model="bow", ngrams=(1, 2), linear_ngrams=(), ngram_buckets=4096, max_length=96, epochs=8, learning_rate=0.03
    )
    bundle = classifier.fit(*briefs).bundle_
    page = open_page(with_modules(web.export(bundle, tmp_path, quantize=["none"]), node_modules))
    answers = [page.evaluate("(text) => classifier.classify(text)", text)["labels"] for text in briefs[0][:20]]
    expected = [[label for label, _ in answer] for answer in classifier.predict_scored(briefs[0][:20])]
    assert answers == expected
    box = page.get_by_label("Text", exact=True)
    for row in (expected.index([]), max(range(20), key=lambda row: len(expected[row]))):
        box.fill(briefs[0][row])
        probable = classifier.predict_top_k([briefs[0][row]], 1)[0][0][1]
        page.locator("#labels .percent", has_text=f"{probable:.1%}").first.wait_for()
        assert sorted(page.locator(".predicted .label").all_text_contents()) == sorted(expected[row])


def test_click_on_an_example_classifies_it(exports, node_modules, open_page):
    page = open_page(with_modules(exports["reviews"], node_modules))
    example = page.locator("#examples button").first
    example.click()
    page.wait_for_selector(".predicted")
    assert page.get_by_label("Text", exact=True).input_value() == example.text_content()


def test_page_names_what_is_missing(exports, node_modules, open_page, tmp_path):
    def open_damaged(change):
        folder = with_modules(exports["news"], node_modules, tmp_path / change.__name__)
        change(folder)
        return open_page(folder).get_by_role("alert").text_content()

    def no_runtime(folder):
        (folder / "node_modules").unlink()

    def no_config(folder):
        (folder / "edge.json").unlink()

    def broken_config(folder):
        (folder / "edge.json").write_text('{"files"')

    def other_thresholds(folder):
        content = (folder / "edge.json").read_text("utf-8")
        (folder / "edge.json").write_text(content.replace('"thresholds": null', '"thresholds": 0.5'), "utf-8")

    def other_model(folder):
        (folder / "model_float32.tflite").write_bytes(b"TFL3")

    assert "npm install" in open_damaged(no_runtime)
    assert open_damaged(no_config) == "edge.json cannot be loaded (HTTP 404). Export the page again."
    assert open_damaged(broken_config).startswith("edge.json is damaged (")
    assert open_damaged(other_thresholds).startswith("edge.json was changed or damaged")
    assert open_damaged(other_model).startswith("model_float32.tflite was changed or damaged")


def test_page_runs_under_its_content_security_policy(exports, node_modules, open_page):
    page = open_page(with_modules(exports["reviews"], node_modules))
    page.get_by_label("Text", exact=True).fill(SENTENCES["reviews"])
    page.wait_for_selector(".predicted")
    assert page.evaluate("violations") == []
    page.evaluate(
        """async () => {
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='ran = true'>");
            const script = document.createElement("script");
            script.textContent = "ran = true";
            document.body.append(script);
            fetch("http://127.0.0.1:9/").catch(() => {});
            while (violations.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
        }"""
    )
    assert set(page.evaluate("violations")) == {"script-src-attr", "script-src-elem", "connect-src"}
    assert page.evaluate("window.ran") is None


def test_page_opened_from_a_disk_says_that_it_needs_a_server(exports, browser):
    page = browser.new_page()
    page.goto((exports["news"] / "index.html").as_uri())
    assert "python -m http.server" in page.get_by_role("alert").text_content()
