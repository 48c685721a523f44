"""MediaPipe reads raw text as the bundle does; tests of MediaPipe itself need the extra `mediapipe`."""

import json
import re
import shutil
import sys

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.edge import EdgeClassifier
from kerascnn.export import mediapipe, regex_tokenizer, verify
from kerascnn.text import python_tokenizer
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.errors import InputError

SMALL = {"filters": 16, "ngram_buckets": 4096, "max_length": 64, "min_count": 1}
WORDS = "the film festival opens in london this week"


def mediapipe_reader(vectorizer):
    """A function from text to ids by the pattern and the vocabulary alone, as in MediaPipe's regex_tokenizer.cc."""
    pattern = python_tokenizer.compile_pattern(f"({regex_tokenizer.pattern(vectorizer.settings)})")
    ids = dict(line.split(" ") for line in regex_tokenizer.vocabulary(vectorizer).splitlines())

    def read(text):
        tokens = []
        while match := pattern.search(text):
            tokens.append(text[: match.start(1)])
            text = text[match.end() :]
        return [int(ids.get(token, 1)) for token in [*tokens, text] if token][: vectorizer.settings.max_length]

    return read


def assert_reads_alike(vectorizer, texts):
    read = mediapipe_reader(vectorizer)
    for text in texts:
        assert read(text) == vectorizer.encode_text(text), text


def news_vectorizer(news, **settings):
    return Vectorizer.adapt([*news[0], WORDS], TextConfig(min_count=1, max_length=64, **settings))


def test_news_become_the_ids_that_the_bundle_gives_them(news):
    plainly_cased = [text for text in news[0] if not re.search("[a-z][A-Z]|[A-Z][A-Z]+[a-z]", text)]
    assert len(plainly_cased) > 100
    assert_reads_alike(news_vectorizer(news), plainly_cased)


def test_chinese_becomes_the_ids_that_the_bundle_gives_it(reviews_zh):
    assert_reads_alike(
        Vectorizer.adapt(reviews_zh[0], TextConfig(min_count=1)), [text.strip() for text in reviews_zh[0]]
    )


def test_marks_apostrophes_tags_and_entities_are_read_as_in_training(news):
    texts = [
        "It's the film's week: (\"London\") -- isn't it?",
        "it’s ''the'' film！ ａ ＂week＂",
        "the &quot;film&quot; &amp; the  #39;week #39; quot;in quot; london",
        "the <b>film</b> in<br/>london &lt;a href=x&gt;this&lt;/a&gt; week <!-- opens --> 1 < 2 > 1",
        "the 电影 film今日は london，这 👍🏽 🇩🇪🇩🇪 ❤️ week",
        "the\tfilm\r\nin london",
    ]
    vectorizer = Vectorizer.adapt([*news[0], *texts], TextConfig(min_count=1))
    assert_reads_alike(vectorizer, texts)


@pytest.mark.parametrize("split", ["unicode", "whitespace"])
def test_text_without_marks_becomes_the_ids_that_the_bundle_gives_it(news, split):
    vectorizer = news_vectorizer(news, split=split, standardize=("width", "lowercase", "punctuation"))
    assert_reads_alike(vectorizer, [WORDS, WORDS.upper(), WORDS.title(), "the film, in (London)!"])


def test_spaces_before_the_text_are_one_unknown_token(news):
    vectorizer = news_vectorizer(news)
    assert mediapipe_reader(vectorizer)(f" \n{WORDS} \n") == [1, *vectorizer.encode_text(WORDS)]


def test_every_id_has_a_line_and_every_line_one_token_and_an_id(news):
    vectorizer = news_vectorizer(news)
    lines = [line.split(" ") for line in regex_tokenizer.vocabulary(vectorizer).splitlines()]
    assert lines[:2] == [["<PAD>", "0"], ["<UNKNOWN>", "1"]]
    assert {int(number) for _, number in lines} == set(range(len(vectorizer.vocabulary)))
    assert len({token for token, _ in lines}) == len(lines)


def test_a_model_that_keeps_case_gets_no_other_cases(news):
    vectorizer = news_vectorizer(news, standardize=("html",))
    tokens = [line.split(" ")[0] for line in regex_tokenizer.vocabulary(vectorizer).splitlines()]
    assert {token for token in tokens if token.isalpha()} == {t for t in vectorizer.vocabulary if t.isalpha()}


def test_what_its_tokenizer_cannot_express_is_refused(news, tmp_path):
    with pytest.raises(InputError, match=r"vocabulary holds <START>.*--text.split unicode"):
        regex_tokenizer.vocabulary(Vectorizer(TextConfig(split="whitespace"), ["[PAD]", "[UNK]", "<START>"]))
    with pytest.raises(InputError, match=r"stop_words.*--format tflite"):
        regex_tokenizer.vocabulary(Vectorizer(TextConfig(), ["[PAD]", "[UNK]", "film"], ["the"]))
    with pytest.raises(InputError, match=r"split dictionary.*--text.split unicode"):
        regex_tokenizer.vocabulary(Vectorizer(TextConfig(split="dictionary"), ["[PAD]", "[UNK]", "手机"]))


def test_a_character_model_is_refused_before_anything_is_written(reviews_zh, tmp_path):
    characters = TextClassifier(model="char_cnn", epochs=1, filters=8, max_length=32, ngram_buckets=64).fit(*reviews_zh)
    with pytest.raises(InputError, match=r"character model.*--format tflite.*--format web"):
        mediapipe.export(characters.bundle_, tmp_path, quantize=["none"])
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def whole(news, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "news"
    TextClassifier(epochs=4, learning_rate=0.01, **SMALL).fit(*news).save(folder)
    return folder


def test_without_mediapipe_the_extra_is_named(whole, monkeypatch):
    for name in ("mediapipe", "mediapipe.tasks"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r'pip install "kerascnn\[mediapipe\]"'):
        mediapipe.export(load(whole).bundle_, whole, quantize=["none"])
    assert not (whole / "edge").exists()


@pytest.fixture(scope="module")
def exported(whole, news, tmp_path_factory):
    """A bundle with MediaPipe files, and the bundle itself."""
    pytest.importorskip("mediapipe")
    folder = shutil.copytree(whole, tmp_path_factory.mktemp("exported") / "news")
    classifier = load(folder)
    mediapipe.export(classifier.bundle_, folder, quantize=["none", "float16", "dynamic", "int8"], texts=news[0])
    return folder, classifier


def test_mediapipe_answers_as_the_bundle_whatever_the_case(exported, news):
    folder, classifier = exported
    predict = mediapipe.load_predict_fn(folder / "edge" / "mediapipe_float32.tflite")
    texts = [WORDS, WORDS.title(), WORDS.upper(), 'It\'s ("London")!', "", *(text.lower() for text in news[0][::60])]
    np.testing.assert_allclose(predict(texts), classifier.predict_proba(texts), atol=1e-4)


@pytest.mark.parametrize(("precision", "tolerance"), [("float16", 0.01), ("dynamic", 0.05), ("int8", 0.15)])
def test_smaller_files_answer_nearly_the_same(exported, precision, tolerance):
    folder, classifier = exported
    predict = mediapipe.load_predict_fn(folder / "edge" / f"mediapipe_{precision}.tflite")
    np.testing.assert_allclose(predict([WORDS]), classifier.predict_proba([WORDS]), atol=tolerance)


def test_labels_stand_in_the_order_of_the_bundle(exported):
    from mediapipe.tasks.python.text import TextClassifier as MediaPipe

    folder, classifier = exported
    with MediaPipe.create_from_model_path(str(folder / "edge" / "mediapipe_float32.tflite")) as model:
        [head] = model.classify(WORDS).classifications
    assert {c.index: c.category_name for c in head.categories} == dict(enumerate(classifier.bundle_.labels))


@pytest.mark.parametrize(
    "text", [" ", "\x00", "a\x00b", "\ud800", "word " * 20_000, "a" * 100_000, "<a " * 5_000, "'" * 5_000, "\u200d"]
)
def test_no_text_stops_it(exported, text):
    predict = mediapipe.load_predict_fn(exported[0] / "edge" / "mediapipe_float32.tflite")
    np.testing.assert_allclose(predict([text]).sum(axis=1), 1, atol=1e-4)


def test_the_edge_folder_knows_the_files_and_keeps_its_others(exported, whole):
    folder, _ = exported
    files = json.loads((folder / "edge" / "edge.json").read_text())["files"]
    for path in (folder / "edge").glob("*.tflite"):
        assert files[path.name] == sha256(path)
    assert EdgeClassifier(folder / "edge" / "mediapipe_float32.tflite").predict([WORDS])


def test_verify_runs_the_files_and_refuses_a_damaged_one(exported, tmp_path):
    folder = shutil.copytree(exported[0], tmp_path / "news")
    names = [artifact.name for artifact in verify.load_artifacts(exported[1], folder)]
    assert "edge/mediapipe_float32.tflite" in names and len(names) == 5
    (folder / "edge" / "mediapipe_float32.tflite").write_bytes(b"no model")
    with pytest.raises(InputError, match="mediapipe_float32"):
        list(verify.load_artifacts(exported[1], folder))
