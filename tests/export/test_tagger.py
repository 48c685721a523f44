"""Exported taggers give the tags of the bundle."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from kerascnn import TokenClassifier
from kerascnn.edge_tagger import EdgeTagger
from kerascnn.export import tagger_onnx, tagger_saved_model, tagger_tflite, tagger_verify
from kerascnn.runtimes.token_predictor import TokenPredictor
from kerascnn.utils.errors import InputError
from tests.sealing import edit_sealed, update_hash
from tests.tagged import SENTENCES, TAGS

SMALL = {"embedding_dim": 16, "filters": 32, "epochs": 2, "min_count": 1, "learning_rate": 0.01}
VARIANTS = {
    "words": {"model": "id_cnn", "character_filters": 16},
    "softmax": {"model": "id_cnn", "character_filters": 16, "crf": False, "word_length": 5},
    "characters": {"model": "char_id_cnn", "ngram_buckets": 512},
}


FULL = ("softmax", "characters")
"""Variants of the second tier."""


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.full] * (name in FULL)) for name in VARIANTS]
)
def exported(request, tmp_path_factory):
    sentences, tags = SENTENCES, [[tag.replace("PER", "Påsk-名 name") for tag in row] for row in TAGS]
    if request.param == "characters":
        sentences = [[letter for word in sentence for letter in word] for sentence in SENTENCES]
        tags = [["B-X" if letter.isupper() else "I-X" for letter in sentence] for sentence in sentences]
    tagger = TokenClassifier(**SMALL, **VARIANTS[request.param]).fit(sentences, tags)
    folder = tmp_path_factory.mktemp("tagger") / "bundle"
    tagger.save(folder)
    tagger_tflite.export(tagger.bundle_, folder)
    tagger_saved_model.export(tagger.bundle_, folder)
    tagger_onnx.export(tagger.bundle_, folder)
    return tagger, folder, sentences


def test_every_artifact_gives_the_same_tags(exported):
    tagger, folder, _ = exported
    rows = list(tagger_verify.compare_artifacts(tagger, folder))
    assert [row["artifact"] for row in rows] == [
        "model.keras",
        "serving/1",
        "onnx/model.onnx",
        "edge/model_float32.tflite",
    ]
    assert all(row["same_tags"] == 1 and row["max_difference"] < 1e-3 for row in rows)


def test_edge_tagger_splits_texts_alike(exported):
    tagger, folder, sentences = exported
    text = "Anna  met 北京 Miller-Stone's friend internationalizations, in 1999…"
    edge = EdgeTagger(folder / "edge")
    [tokens], [expected] = edge.predict([text]), tagger.predict_tokens([text])
    assert [token[:4] for token in tokens] == [tuple(token[:4]) for token in expected]
    assert edge.predict(["", " "]) == [[], []]
    assert edge.tag_tokens(sentences[0])[0] == tagger.predict([sentences[0]])[0]


def test_saved_model_takes_texts(exported):
    tagger, folder, _ = exported
    saved = tagger_saved_model.SavedTagger(folder / "serving" / "1")
    for text in ("Anna  met 北京 Miller-Stone's friend, wasn't it…", "", "Rome"):
        [expected] = tagger.predict_tokens([text])
        assert saved.tag_text(text) == [tuple(token[:4]) for token in expected]


def test_long_sentences_keep_all_tags(exported):
    tagger, folder, sentences = exported
    long = sentences[0] * 400
    [tags], [probabilities] = tagger.predict([long]), tagger.predict_proba([long])
    assert len(tags) == len(long) > 512
    assert probabilities.shape == (len(long), len(tagger.classes_))
    assert EdgeTagger(folder / "edge").tag_tokens(long)[0] == tags
    assert tagger_saved_model.SavedTagger(folder / "serving" / "1").tag_tokens(long)[0] == tags


def test_edge_folder_runs_alone(exported, tmp_path):
    _, folder, _ = exported
    copy = tmp_path / "edge"
    shutil.copytree(folder / "edge", copy)
    command = [sys.executable, "-I", str(copy / "edge.py")]
    script = "import runpy, sys; sys.argv = sys.argv[1:]; sys.path.insert(0, sys.argv[0].rpartition('/')[0]);"
    script += (
        "runpy.run_path(sys.argv[0], run_name='__main__'); assert not {'tensorflow', 'kerascnn'} & set(sys.modules)"
    )
    result = subprocess.run([*command[:2], "-c", script, command[2], "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("model_float32.tflite: largest difference")
    (copy / "vocabulary.txt").write_text("[PAD]\n[UNK]\n")
    with pytest.raises(ValueError, match="changed or damaged"):
        EdgeTagger(copy)


@pytest.fixture
def edge(exported, tmp_path):
    """A copy of the edge folder, which a test may change."""
    return shutil.copytree(exported[1] / "edge", tmp_path / "edge")


def test_changed_description_is_refused(edge):
    path = edge / "edge.json"
    content = path.read_text("utf-8")
    for old, new in (('"normalize": ', '"normalize":  '), ('"max_length": ', '"max_length": 1'), ("-10000", "-1000")):
        path.write_text(content.replace(old, new, 1), "utf-8")
        with pytest.raises(ValueError, match=r"edge\.json: changed or damaged"):
            EdgeTagger(edge)
    for name in ("edge.json", "labels.txt"):
        original = (edge / name).read_bytes()
        path.write_text(content, "utf-8")
        (edge / name).write_bytes(original.replace(b"\n", b"\r\n") if name != "edge.json" else
                                  content.replace("\n", "\r\n").encode())  # fmt: skip
        with pytest.raises(ValueError, match=rf"{name}: line endings changed .* '\* -text'"):
            EdgeTagger(edge)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": None}, "files None is not a dict"),
        ({"schema_version": None}, "schema version None"),
        ({"schema_version": 2}, "schema version 2"),
        ({"task": "multi_label"}, "task 'multi_label' is not supported; supported: tagging"),
        ({"max_length": "8"}, "max_length '8' is not a int"),
        ({"normalize": None}, "normalize None is not a bool"),
        ({"start": [0.0]}, "has other tags than labels"),
        ({"transitions": [[0.0]]}, "has other tags than labels"),
    ],
)
def test_wrong_values_of_the_description_are_named(change, message, edge):
    edit_sealed(edge / "edge.json", **change)
    with pytest.raises(ValueError, match=message):
        EdgeTagger(edge)


def test_check_finds_other_transitions(edge):
    tagger = EdgeTagger(edge)
    assert tagger.check() < 1e-4
    values = tagger.tagger.decoder.transitions
    edit_sealed(edge / "edge.json", transitions=(values.T * 3 + 1).tolist())
    assert EdgeTagger(edge).check() > 1e-3


@pytest.mark.parametrize(
    "name", ["edge_files.py", "python_tokenizer.py", "sentence_tagger.py", "viterbi.py", "words.py"]
)
def test_damaged_program_is_named(name, edge):
    command = [sys.executable, edge / "edge.py", "--check"]
    content = (edge / name).read_bytes()
    for damaged in (content[:-1], content[: len(content) // 2], None):
        (edge / name).unlink() if damaged is None else (edge / name).write_bytes(damaged)
        result = subprocess.run(command, capture_output=True, text=True)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("error: ") and "copy the edge folder again" in result.stderr
        (edge / name).write_bytes(content)


@pytest.mark.parametrize("runtime", ["tflite", "onnx"])
def test_export_of_another_bundle_is_refused(runtime, exported, tmp_path):
    folder = shutil.copytree(exported[1], tmp_path / "bundle")
    lines = (folder / "labels.txt").read_text("utf-8").splitlines()
    (folder / "labels.txt").write_text("\n".join([*reversed(lines), ""]), "utf-8")
    update_hash(folder / "labels.txt")
    with pytest.raises(InputError, match=f"belongs to another bundle; .*--format {runtime}"):
        TokenPredictor(folder, runtime)


def test_int8_is_refused(exported):
    tagger, folder, _ = exported
    with pytest.raises(InputError, match="give dynamic"):
        tagger_tflite.export(tagger.bundle_, folder, quantize=("int8",))
