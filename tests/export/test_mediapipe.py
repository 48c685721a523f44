"""MediaPipe tokenizes raw text as the bundle does. Tests of MediaPipe itself need the extra `mediapipe`."""

import json
import re
import shutil
import sys

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.edge import EdgeClassifier
from kerascnn.export import mediapipe, regex_tokenizer, verify
from kerascnn.export.checks import check_mediapipe
from kerascnn.tasks import SINGLE_LABEL
from kerascnn.text import python_tokenizer
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.errors import InputError

SMALL = {"filters": 16, "ngram_buckets": 4096, "max_length": 64, "min_count": 1, "refit_rows": 0}
WORDS = "the film festival opens in london this week"


def make_regex_tokenizer(vectorizer):
    """Return a function from text to ids that works as MediaPipe's regex_tokenizer.cc."""
    pattern = python_tokenizer.compile_pattern(f"({regex_tokenizer.build_pattern(vectorizer.settings)})")
    ids = dict(line.split(" ") for line in regex_tokenizer.format_vocabulary(vectorizer).splitlines())

    def encode(text):
        tokens = []
        while match := pattern.search(text):
            tokens.append(text[: match.start(1)])
            text = text[match.end() :]
        return [int(ids.get(token, 1)) for token in [*tokens, text] if token][: vectorizer.settings.max_length]

    return encode


def assert_same_ids(vectorizer, texts):
    encode = make_regex_tokenizer(vectorizer)
    for text in texts:
        assert encode(text) == vectorizer.encode_text(text), text


def news_vectorizer(news, **settings):
    return Vectorizer.adapt([*news[0], WORDS], TextConfig(min_count=1, max_length=64, **settings))


def test_news_get_the_ids_of_the_vectorizer(news):
    regular_case = [text for text in news[0] if not re.search("[a-z][A-Z]|[A-Z][A-Z]+[a-z]", text)]
    assert len(regular_case) > 100
    assert_same_ids(news_vectorizer(news), regular_case)


def test_chinese_gets_the_ids_of_the_vectorizer(reviews_zh):
    assert_same_ids(Vectorizer.adapt(reviews_zh[0], TextConfig(min_count=1)), [text.strip() for text in reviews_zh[0]])


def test_punctuation_tags_and_entities_get_the_ids_of_the_vectorizer(news):
    texts = [
        "It's the film's week: (\"London\") -- isn't it?",
        "it’s ''the'' film！ ａ ＂week＂",
        "the &quot;film&quot; &amp; the  #39;week #39; quot;in quot; london",
        "the <b>film</b> in<br/>london &lt;a href=x&gt;this&lt;/a&gt; week <!-- opens --> 1 < 2 > 1",
        "the 电影 film今日は london，这 👍🏽 🇩🇪🇩🇪 ❤️ week",
        "the\tfilm\r\nin london",
    ]
    vectorizer = Vectorizer.adapt([*news[0], *texts], TextConfig(min_count=1))
    assert_same_ids(vectorizer, texts)


@pytest.mark.parametrize("split", ["unicode", "whitespace"])
def test_text_without_punctuation_gets_the_ids_of_the_vectorizer(news, split):
    vectorizer = news_vectorizer(news, split=split, standardize=("width", "lowercase", "punctuation"))
    assert_same_ids(vectorizer, [WORDS, WORDS.upper(), WORDS.title(), "the film, in (London)!"])


def test_leading_spaces_are_one_unknown_token(news):
    vectorizer = news_vectorizer(news)
    assert make_regex_tokenizer(vectorizer)(f" \n{WORDS} \n") == [1, *vectorizer.encode_text(WORDS)]


def test_vocabulary_has_every_id_and_unique_tokens(news):
    vectorizer = news_vectorizer(news)
    lines = [line.split(" ") for line in regex_tokenizer.format_vocabulary(vectorizer).splitlines()]
    assert lines[:2] == [["<PAD>", "0"], ["<UNKNOWN>", "1"]]
    assert {int(number) for _, number in lines} == set(range(len(vectorizer.vocabulary)))
    assert len({token for token, _ in lines}) == len(lines)


def test_model_with_case_has_no_other_spellings(news):
    vectorizer = news_vectorizer(news, standardize=("html",))
    tokens = [line.split(" ")[0] for line in regex_tokenizer.format_vocabulary(vectorizer).splitlines()]
    assert {token for token in tokens if token.isalpha()} == {t for t in vectorizer.vocabulary if t.isalpha()}


def test_rejects_what_the_tokenizer_cannot_express(news, tmp_path):
    with pytest.raises(InputError, match=r"vocabulary contains <START>.*--text.split unicode"):
        regex_tokenizer.format_vocabulary(Vectorizer(TextConfig(split="whitespace"), ["[PAD]", "[UNK]", "<START>"]))
    with pytest.raises(InputError, match=r"stop_words.*--format tflite"):
        check_mediapipe(tmp_path, SINGLE_LABEL, TextConfig(stop_words="stop.txt"))
    with pytest.raises(InputError, match=r"split dictionary.*--text.split unicode"):
        check_mediapipe(tmp_path, SINGLE_LABEL, TextConfig(split="dictionary"))


def test_rejects_character_model_before_writing(reviews_zh, tmp_path):
    characters = TextClassifier(model="char_cnn", epochs=1, filters=8, max_length=32, ngram_buckets=64).fit(*reviews_zh)
    with pytest.raises(InputError, match=r"character model.*--format tflite.*--format web"):
        mediapipe.export(characters.bundle_, tmp_path, quantize=["none"])
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def bundle_folder(news, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle") / "news"
    TextClassifier(epochs=4, learning_rate=0.01, **SMALL).fit(*news).save(folder)
    return folder


def test_names_the_extra_without_mediapipe(bundle_folder, monkeypatch):
    for name in ("mediapipe", "mediapipe.tasks"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r'pip install "kerascnn\[mediapipe\]"'):
        mediapipe.export(load(bundle_folder).bundle_, bundle_folder, quantize=["none"])
    assert not (bundle_folder / "edge").exists()


@pytest.fixture(scope="module")
def exports(bundle_folder, news, tmp_path_factory):
    """The folder of a bundle with MediaPipe files, and the classifier."""
    pytest.importorskip("mediapipe")
    folder = shutil.copytree(bundle_folder, tmp_path_factory.mktemp("exports") / "news")
    classifier = load(folder)
    mediapipe.export(classifier.bundle_, folder, quantize=["none", "float16", "dynamic", "int8"], texts=news[0])
    return folder, classifier


def test_mediapipe_predicts_as_the_bundle_in_any_case(exports, news):
    folder, classifier = exports
    predict = mediapipe.load_predict_fn(folder / "edge" / "mediapipe_float32.tflite")
    texts = [WORDS, WORDS.title(), WORDS.upper(), 'It\'s ("London")!', "", *(text.lower() for text in news[0][::60])]
    np.testing.assert_allclose(predict(texts), classifier.predict_proba(texts), atol=1e-4)


@pytest.mark.parametrize(("precision", "tolerance"), [("float16", 0.01), ("dynamic", 0.05), ("int8", 0.15)])
def test_lower_precisions_are_nearly_equal(exports, precision, tolerance):
    folder, classifier = exports
    predict = mediapipe.load_predict_fn(folder / "edge" / f"mediapipe_{precision}.tflite")
    np.testing.assert_allclose(predict([WORDS]), classifier.predict_proba([WORDS]), atol=tolerance)


def test_labels_are_in_the_order_of_the_bundle(exports):
    from mediapipe.tasks.python.text import TextClassifier as MediaPipe

    folder, classifier = exports
    with MediaPipe.create_from_model_path(str(folder / "edge" / "mediapipe_float32.tflite")) as model:
        [head] = model.classify(WORDS).classifications
    assert {c.index: c.category_name for c in head.categories} == dict(enumerate(classifier.bundle_.labels))


@pytest.mark.parametrize(
    "text", [" ", "\x00", "a\x00b", "\ud800", "word " * 20_000, "a" * 100_000, "<a " * 5_000, "'" * 5_000, "\u200d"]
)
def test_any_text_is_classified(exports, text):
    predict = mediapipe.load_predict_fn(exports[0] / "edge" / "mediapipe_float32.tflite")
    np.testing.assert_allclose(predict([text]).sum(axis=1), 1, atol=1e-4)


def test_edge_json_lists_mediapipe_files(exports):
    folder, _ = exports
    files = json.loads((folder / "edge" / "edge.json").read_text())["files"]
    for path in (folder / "edge").glob("*.tflite"):
        assert files[path.name] == sha256(path)
    assert EdgeClassifier(folder / "edge" / "mediapipe_float32.tflite").predict([WORDS])


def test_verify_runs_files_and_rejects_a_damaged_one(exports, tmp_path):
    folder = shutil.copytree(exports[0], tmp_path / "news")
    names = [artifact.name for artifact in verify.load_artifacts(exports[1], folder)]
    assert "edge/mediapipe_float32.tflite" in names and len(names) == 5
    (folder / "edge" / "mediapipe_float32.tflite").write_bytes(b"no model")
    with pytest.raises(InputError, match="mediapipe_float32"):
        list(verify.load_artifacts(exports[1], folder))
