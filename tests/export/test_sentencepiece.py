"""Exports of a classifier that reads SentencePieces: every runtime splits raw text into the same pieces."""

import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.edge import EdgeClassifier
from kerascnn.export import mediapipe, onnx, saved_model, tflite, web
from kerascnn.golden import PROBES
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_encoder import tiny_sentence_encoder
from tests.text.test_sentencepiece import HARD_TEXTS, models  # noqa: F401


@pytest.fixture(scope="module")
def classifier(news):
    settings = {"epochs": 1, "refit_rows": 0, "max_length": 64}
    return TextClassifier(model="sentence_cnn", weights=tiny_sentence_encoder(), **settings).fit(*news)


@pytest.fixture(scope="module")
def folder(classifier, tmp_path_factory):
    """The folder of the bundle, with all exports."""
    folder = tmp_path_factory.mktemp("bundles") / "news"
    classifier.save(folder)
    saved_model.export(classifier.bundle_, folder)
    tflite.export(classifier.bundle_, folder)
    return folder


def test_loaded_bundle_has_the_same_pieces(classifier, folder):
    loaded = TextClassifier.load(folder)
    assert loaded.bundle_.vectorizer.sentencepiece == classifier.bundle_.vectorizer.sentencepiece
    np.testing.assert_allclose(loaded.predict_proba(HARD_TEXTS), classifier.predict_proba(HARD_TEXTS), atol=1e-6)
    again = pickle.loads(pickle.dumps(loaded.bundle_.vectorizer))
    assert [again.encode_text(text) for text in PROBES] == json.loads((folder / "golden.json").read_text())["ids"]


@pytest.mark.parametrize("damage", [b"", b"text"])
def test_changed_model_is_rejected(damage, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "sentencepiece.model").write_bytes(damage)
    with pytest.raises(InputError, match=r"sentencepiece\.model: changed or damaged"):
        TextClassifier.load(copy)
    (copy / "edge" / "sentencepiece.model").write_bytes(damage)
    with pytest.raises(ValueError, match=r"sentencepiece\.model: changed or damaged"):
        EdgeClassifier(copy / "edge")


def test_saved_model_reads_raw_text_as_in_tensorflow_serving(classifier, folder):
    texts = [*PROBES, *HARD_TEXTS]
    probabilities = saved_model.load_predict_fn(folder / "serving" / "1")(texts)
    np.testing.assert_allclose(probabilities, classifier.predict_proba(texts), atol=1e-5)


def test_edge_folder_runs_without_tensorflow_and_sentencepiece(classifier, folder, tmp_path):
    texts = [*PROBES, *HARD_TEXTS]
    edge = shutil.copytree(folder / "edge", tmp_path / "edge")
    assert not (edge / "vocabulary.txt").exists()
    script = (
        "import json, sys\n"
        "sys.path.insert(0, 'edge')\n"
        "for name in ('kerascnn', 'tensorflow', 'keras', 'sentencepiece'): sys.modules[name] = None\n"
        "from edge import EdgeClassifier\n"
        "classifier = EdgeClassifier('edge')\n"
        "assert classifier.check() < 1e-5\n"
        "print(json.dumps([classifier.encode_text(text) for text in json.load(sys.stdin)]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, input=json.dumps(texts), capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout) == [classifier.bundle_.vectorizer.encode_text(text) for text in texts]
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    np.testing.assert_allclose(EdgeClassifier(edge).predict_proba(golden["texts"]), golden["probabilities"], atol=1e-4)


def test_onnx_takes_ids_of_the_pieces(classifier, folder):
    predict_fn = onnx.load_predict_fn(onnx.export(classifier.bundle_, folder), classifier.bundle_)
    np.testing.assert_allclose(predict_fn(HARD_TEXTS), classifier.predict_proba(HARD_TEXTS), atol=1e-4)


def test_mediapipe_is_refused_in_one_line(classifier, tmp_path):
    with pytest.raises(InputError, match=r"text\.split sentencepiece, but MediaPipe's tokenizer") as error:
        mediapipe.export(classifier.bundle_, tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["trained", "pruned", "without rules", "with all spaces", "equal scores"])
def test_javascript_gives_the_pieces_of_python(name, node, models, news, reviews_zh, tmp_path):  # noqa: F811
    codes = [*range(0xD800), *range(0xE000, 0x20000)]
    lines = [
        "".join(f"{chr(code)} a{chr(code)}\u0301" for code in codes[i : i + 100]) for i in range(0, len(codes), 100)
    ]
    texts = [*HARD_TEXTS, *(lines if name == "trained" else ()), *news[0][:60], " ".join([*news[0], *reviews_zh[0]])]
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    script = """
        import { readFileSync } from "node:fs";
        import { PieceTokenizer } from "./sentencepiece.mjs";
        const tokenizer = new PieceTokenizer(new Uint8Array(readFileSync("sentencepiece.model")));
        const texts = JSON.parse(readFileSync("texts.json"));
        console.log(JSON.stringify([tokenizer.pieces, ...texts.map((text) => tokenizer.tokenize(text))]));
    """
    shutil.copy(web.PAGE_FOLDER / "sentencepiece.js", tmp_path / "sentencepiece.mjs")
    (tmp_path / "sentencepiece.model").write_bytes(models[name].serialize())
    (tmp_path / "texts.json").write_text(json.dumps(texts))
    (tmp_path / "run.mjs").write_text(script)
    finished = subprocess.run([node, "run.mjs"], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert finished.returncode == 0, finished.stderr
    pieces, *tokens = json.loads(finished.stdout)
    assert pieces == list(models[name].pieces)
    for text, found in zip(texts, tokens, strict=True):
        assert found == models[name].tokenizer.tokenize(text), repr(text[:200])
