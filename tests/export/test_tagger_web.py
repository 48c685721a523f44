"""The web page of a tagger: its programs in Node.js, and the page in a browser."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest

from kerascnn import TokenClassifier
from kerascnn.data.tag_schemes import allowed_transitions
from kerascnn.export import tagger_verify, tagger_web
from kerascnn.export.web import PAGE_FOLDER
from kerascnn.golden import PROBES
from kerascnn.tasks.sentence_tagger import split_windows
from kerascnn.tasks.viterbi import IMPOSSIBLE, TagDecoder
from kerascnn.text.words import split_characters, split_words
from kerascnn.utils.errors import InputError
from tests.export.pages import with_modules
from tests.tagged import SENTENCES, TAGS
from tests.text.hard_texts import TEXTS
from tests.text.word_texts import WORD_TEXTS, draw_texts

LABELS = ["B-LOC", "B-PER", "I-LOC", "I-PER", "O"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A tagger, and the folder of its bundle with the page."""
    settings = {"embedding_dim": 16, "character_filters": 16, "filters": 32, "epochs": 6, "min_count": 1}
    tagger = TokenClassifier(**settings, learning_rate=0.01).fit(SENTENCES, TAGS, validation_data=(SENTENCES, TAGS))
    folder = tmp_path_factory.mktemp("page") / "news-tags"
    tagger.save(folder)
    tagger_web.export(tagger.bundle_, folder)
    return tagger, folder


def run_in_node(node, folder, script, arguments):
    for path in (PAGE_FOLDER / "text.js", tagger_web.TAGGER_PAGE_FOLDER / "sentences.js"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "arguments.json").write_text(json.dumps(arguments))
    (folder / "run.js").write_text(
        'import { readFileSync } from "node:fs"; import * as page from "./sentences.js";'
        f'const given = JSON.parse(readFileSync("arguments.json")); console.log(JSON.stringify({script}));'
    )
    finished = subprocess.run([node, "run.js"], cwd=folder, capture_output=True, encoding="utf-8", timeout=120)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.mark.parametrize(("level", "split"), [("word", split_words), ("character", split_characters)])
def test_javascript_splits_texts_as_python(node, tmp_path, level, split):
    texts = [
        text
        for text in [*PROBES, *TEXTS, *WORD_TEXTS, *draw_texts()]
        if text.encode("utf-8", "replace").decode() == text
    ]
    script = "given.texts.map((text) => page.splitText(text, given.level).map((token) => token.text))"
    found = run_in_node(node, tmp_path, script, {"texts": texts, "level": level})
    for text, tokens in zip(texts, found, strict=True):
        assert tokens == [text[start:end] for start, end in split(text)], text[:80]


@pytest.mark.parametrize("normalize", [False, True])
def test_javascript_decodes_as_python(node, tmp_path, normalize):
    generator = np.random.default_rng(0)
    start, transitions = (np.where(x, 0.0, IMPOSSIBLE) for x in map(np.array, allowed_transitions(LABELS)))
    decoder = TagDecoder(start, transitions + generator.normal(size=transitions.shape), normalize)
    sentences = [generator.normal(size=(length, len(LABELS)), scale=3) for length in (0, 1, 2, 9, 40)]
    config = {"start": decoder.start.tolist(), "transitions": decoder.transitions.tolist(), "normalize": normalize}
    script = "given.sentences.map((scores) => new page.TagDecoder(given.config).decode(scores))"
    arguments = {"config": config, "sentences": [scores.tolist() for scores in sentences]}
    for scores, found in zip(sentences, run_in_node(node, tmp_path, script, arguments), strict=True):
        tags, probabilities = decoder.decode(scores[None], np.array([len(scores)]))
        assert found["tags"] == tags[0].tolist()
        np.testing.assert_allclose(np.reshape(found["probabilities"], scores.shape), probabilities[0], atol=1e-5)


def test_javascript_has_the_same_windows_and_spans(node, tmp_path):
    lengths = [0, 1, 7, 8, 9, 30, 100]
    script = "given.lengths.map((length) => page.splitWindows(length, 8))"
    found = run_in_node(node, tmp_path, script, {"lengths": lengths})
    expected = [[window._asdict() for window in split_windows(length, 8)] for length in lengths]
    assert found == expected
    tokens = [
        {"start": k, "end": k + 1, "tag": tag, "score": 0.9 - k / 10}
        for k, tag in enumerate(["B-X", "I-X", "B-X", "O", "I-Y", "I-X", "B-Y"])
    ]
    spans = run_in_node(node, tmp_path, "page.findSpans(given)", tokens)
    assert [(span["label"], span["start"], span["end"]) for span in spans] == [
        ("X", 0, 2), ("X", 2, 3), ("Y", 4, 5), ("X", 5, 6), ("Y", 6, 7),
    ]  # fmt: skip


def test_folder_has_no_training_text_and_one_precision(exported):
    tagger, folder = exported
    assert {"index.html", "app.js", "tagger.js", "sentences.js", "style.css"} <= {
        path.name for path in (folder / "web").iterdir()
    }
    for path in (folder / "web").iterdir():
        assert b"Bob Miller in Rome" not in path.read_bytes()
    with pytest.raises(InputError, match="one --quantize with web"):
        tagger_web.export(tagger.bundle_, folder, quantize=("none", "dynamic"))


def test_file_of_the_page_gives_the_tags_of_the_bundle(exported):
    tagger, folder = exported
    *_, row = tagger_verify.compare_artifacts(tagger, folder)
    assert row["artifact"] == "web/model_float32.tflite"
    assert (row["same_tags"], row["max_difference"] < 1e-3) == (1, True)


def test_page_marks_entities_as_you_type(exported, node_modules, open_page):
    tagger, folder = exported
    page = open_page(with_modules(folder / "web", node_modules))
    assert page.title() == "news-tags"
    golden = json.loads((folder / "golden.json").read_text("utf-8"))
    for tokens, tags, scores in zip(golden["tokens"], golden["tags"], golden["probabilities"], strict=True):
        found = page.evaluate("(tokens) => tagger.tagTokens(tokens)", tokens)
        assert [answer["tag"] for answer in found] == tags
        np.testing.assert_allclose([answer["score"] for answer in found], scores, atol=1e-3)
    text = "Yesterday Anna met Bob Miller in New York."
    page.get_by_label("Text", exact=True).press_sequentially(text)
    [entities] = tagger.predict_entities([text])
    page.locator("#marked mark").nth(len(entities) - 1).wait_for()
    assert page.locator("#marked mark").all_text_contents() == [f"{e.text}{e.label}" for e in entities]
    assert page.evaluate("violations") == []
