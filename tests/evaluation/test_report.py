"""The report of a bundle: one safe page without external resources for any labels and texts."""

import html.parser
import re

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.evaluation.report import MAX_EXAMPLES, PASSAGE_LENGTH, collect_examples, render_report
from kerascnn.tasks import SINGLE_LABEL

ODD = ["<script>alert(1)</script> good", "差评 & 'bad'\x00\ud800\u202e", "", "x" * 5000 + " awful", "good " * 2000]


VOID = {"meta", "path", "use", "br"}


class Page(html.parser.HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text, self.attributes = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


def explain(classifier):
    """Function that explains the label at a position."""
    return lambda text, position: classifier.explain(text, classifier.classes_[position])


@pytest.fixture(scope="module")
def classifier(reviews_zh):
    texts, names = reviews_zh
    odd = {"pos": "<b>good</b>", "neg": "差评"}
    labels = [odd[name] for name in names]
    classifier = TextClassifier(filters=8, ngram_buckets=512, max_length=64, epochs=2).fit(texts, labels)
    probabilities = classifier.predict_proba(texts)
    classifier.bundle_.metrics["test"] = classifier.evaluate(texts, labels, probabilities=probabilities)
    classifier.bundle_.data = {"test": {"sources": ["<i>.csv"], "rows": 200, "sha256": "0"}}
    return classifier


@pytest.fixture(scope="module")
def page(classifier):
    examples = collect_examples(
        ODD, np.array([1, 0, 1, 0, 1]), classifier.predict_proba(ODD), classifier.bundle_.labels
    )
    return render_report(classifier.bundle_, {"model.keras": 1_234_567}, examples, explain(classifier))


def test_page_is_well_formed_and_has_no_external_resources(page):
    found = Page(page)
    assert not found.open
    assert not {"script", "img", "link", "iframe", "object"} & set(found.tags)
    places = [value for name, value in found.attributes if name in ("src", "href", "xlink:href", "action", "data")]
    assert all(value.startswith("#") for value in places)
    assert not re.search(r"url\((?!#)|@import", page)
    assert "default-src 'none'" in page
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids)), "pictures on one page share no names"


def test_plots_and_tables_have_descriptions(page):
    assert page.count('<svg role="img" aria-label=') == page.count("<svg") == 6
    assert page.count("<caption>") == page.count("<table")
    assert ">epoch</text>" in page, "text in pictures is text"


def test_contents_lead_to_every_section(page):
    titles = dict(re.findall(r'<h2 id="([\w-]+)">([^<]+)</h2>', page))
    assert page.count("<h2") == len(titles) > 7
    [contents] = re.findall(r'<nav aria-label="contents">.*?</nav>', page)
    assert dict(re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', contents)) == titles


def test_confusion_has_counts_and_percentages(classifier, page):
    matrix = classifier.bundle_.metrics["test"]["confusion_matrix"]
    cell = f"{matrix[0][0]}<small>{100 * matrix[0][0] / sum(matrix[0]):.1f}\u00a0%</small>"
    assert cell in page


def test_labels_and_texts_are_escaped(page):
    text = Page(page).text
    assert "<script>alert(1)</script> good" in "".join(text.split("\n"))
    assert "<b>good</b>" in text and "差评" in text and "<i>.csv" in text
    assert "\x00" not in page and "\ud800" not in page
    page.encode("utf-8")


def test_shows_metrics_with_confidence_intervals(classifier, page):
    results = classifier.bundle_.metrics["test"]
    low, high = results["intervals"]["accuracy"]
    text = " ".join(Page(page).text.split())
    assert f"{100 * results['accuracy']:.1f} %" in text
    assert f"{100 * low:.1f} % to {100 * high:.1f} %" in text
    assert "model.keras1,234,567" in text


def test_shows_strongest_passage_of_long_text(page):
    quotes = re.findall(r"<blockquote.*?</blockquote>", page, re.DOTALL)
    assert len(quotes) == len(ODD)
    assert max(len(Page(quote).text) for quote in quotes) <= PASSAGE_LENGTH + 40
    assert "x" * (PASSAGE_LENGTH + 1) not in page
    assert any("awful" in quote and "… " in quote for quote in quotes)


@pytest.mark.parametrize("width", [1280, 390])
def test_page_fits_window_and_loads_nothing_else(width, page, browser, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    window = browser.new_page(viewport={"width": width, "height": 800})
    requests, messages = [], []
    window.on("request", lambda request: requests.append(request.url))
    window.on("console", lambda message: messages.append(message.text))
    window.goto((tmp_path / "report.html").as_uri())
    assert window.evaluate("document.documentElement.scrollWidth") == width
    assert (requests, messages) == ([(tmp_path / "report.html").as_uri()], [])
    assert "差评" in window.inner_text("main")
    ink, paper = (
        "getComputedStyle(document.querySelector('figure svg text')).fill",
        "getComputedStyle(document.body).backgroundColor",
    )
    for scheme, is_light in (("light", True), ("dark", False)):
        window.emulate_media(color_scheme=scheme)
        brightness = [sum(map(int, re.findall(r"\d+", window.evaluate(color))[:3])) / 3 for color in (ink, paper)]
        assert (
            (brightness[0] < 60 and brightness[1] > 200) if is_light else (brightness[0] > 200 and brightness[1] < 60)
        )
    window.close()


def test_mistakes_are_ordered_by_confidence_without_repeats():
    texts = [f"text {number}" for number in range(40)]
    sure = np.linspace(0.5, 0.99, 40)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    found = collect_examples(texts, np.array([0, 1] * 20), probabilities, ["a", "b"])
    assert [x.text for x in found["mistakes"]] == [f"text {number}" for number in range(39, 39 - 2 * MAX_EXAMPLES, -2)]
    assert [x.text for x in found["uncertain"]] == texts[:MAX_EXAMPLES]
    assert found["mistakes"][0].predicted == [("a", pytest.approx(0.99))]
    assert found["mistakes"][0].true == [("b", pytest.approx(0.01))]
    assert not {x.text for x in found["mistakes"]} & {x.text for x in found["uncertain"]}


@pytest.mark.parametrize("classes", [20, 150])
def test_page_stays_small_with_many_classes(classes, classifier):
    names = [f"category {number} of many" for number in range(classes)]
    rng = np.random.default_rng(0)
    labels = rng.integers(classes, size=2000)
    probabilities = rng.dirichlet(np.full(classes, 0.1), 2000)
    probabilities[np.arange(2000), labels] += 0.3
    metrics = {**classifier.bundle_.metrics, "test": SINGLE_LABEL.evaluate(labels, probabilities / 1.3, names)}
    bundle = type(classifier.bundle_)(**{**vars(classifier.bundle_), "labels": names, "metrics": metrics})
    page = render_report(bundle, {}, {}, explain(classifier))
    assert len(page.encode()) < 1_000_000
    assert ('class="matrix"' in page) == (classes == 20)
    assert "most confused pairs" in page


def test_leaves_out_missing_sections(classifier):
    bundle = type(classifier.bundle_)(**{**vars(classifier.bundle_), "data": {}})
    bundle.metrics = {name: value for name, value in bundle.metrics.items() if name != "test"}
    page = render_report(bundle, {}, {}, explain(classifier))
    assert "demo:bbc</h1>" not in page, "what Python handed over was not read from the default data"
    assert not Page(page).open and "mistakes" not in page and "<blockquote" not in page
    older = {name: classifier.bundle_.metrics["test"][name] for name in classifier.bundle_.metrics["test"]}
    del older["intervals"], older["reliability"]
    bundle.metrics |= {"test": older}
    assert "confusion" in render_report(bundle, {}, {}, explain(classifier))
