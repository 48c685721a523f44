"""Vectors of words from vectors of their pieces."""

from __future__ import annotations

import copy
import json

import huggingface_hub
import numpy as np
import pytest
from hypothesis import strategies as st

from kerascnn.encoders import piece_vectors
from kerascnn.encoders.piece_vectors import load_piece_vectors
from kerascnn.utils.errors import InputError
from tests.encoders.static_vectors import TOKENS, build_byte_tokenizer, build_tokenizer, write_folder
from tests.tiers import check_examples, tiers

ROWS = np.random.default_rng(0).normal(size=(len(TOKENS), 4)).astype(np.float16)
VECTORS = dict(zip(TOKENS, ROWS.astype(np.float32), strict=True))


def look_up(source, *words):
    found = load_piece_vectors(str(source)).look_up(["[PAD]", "[UNK]", *words])
    return {words[number - 2]: row for number, row in zip(found.ids, found.rows, strict=True)}


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "vectors", ROWS)


def test_word_has_the_mean_of_its_pieces(folder):
    found = look_up(folder, "films", "quokka", ",", "badly")
    assert list(found) == ["films", ",", "badly"], "no piece of quokka is known"
    np.testing.assert_allclose(found["films"], (VECTORS["film"] + VECTORS["##s"]) / 2, rtol=1e-6)
    np.testing.assert_allclose(found["badly"], (VECTORS["bad"] + VECTORS["##ly"]) / 2, rtol=1e-6)


def test_lower_case_word_has_the_vector_of_the_name(folder):
    np.testing.assert_array_equal(look_up(folder, "nasa")["nasa"], VECTORS["NASA"])


def test_folder_is_read_again_if_it_has_changed(folder, monkeypatch):
    before = look_up(folder, "film")["film"]
    load, loaded = piece_vectors.import_optional("safetensors.numpy", "vectors").load_file, []
    monkeypatch.setattr("safetensors.numpy.load_file", lambda path: loaded.append(path) or load(path))
    np.testing.assert_array_equal(look_up(folder, "film")["film"], before)
    assert not loaded
    write_folder(folder, ROWS.astype(np.float32) + 1)
    np.testing.assert_allclose(look_up(folder, "film")["film"], before + 1, atol=1e-3)


def test_words_are_whole_pieces_also_in_lower_case(folder):
    words = list(load_piece_vectors(str(folder)).words())
    assert words == ["film", "good", "bad", "great", "awful", "NASA", "nasa", ",", "zebra", "the"]


def test_tokenizer_of_bytes_gets_the_space_before_a_word(tmp_path):
    rows = np.eye(10, dtype=np.float32)
    folder = write_folder(tmp_path, rows, tokenizer=build_byte_tokenizer())
    np.testing.assert_array_equal(look_up(folder, "film")["film"], rows[8])
    assert list(load_piece_vectors(str(folder)).words()) == ["f", "film"]


def test_pieces_may_share_rows_and_have_weights(tmp_path):
    mapping, weights = np.arange(len(TOKENS)) % 3, np.linspace(0.5, 2, len(TOKENS))
    folder = write_folder(tmp_path, ROWS[:3], mapping=mapping, weights=weights)
    number = TOKENS.index("great")
    np.testing.assert_allclose(look_up(folder, "great")["great"], weights[number] * ROWS[number % 3], rtol=1e-3)


def test_reads_static_embedding_of_sentence_transformers(tmp_path):
    write_folder(tmp_path / "0_StaticEmbedding", ROWS, name="embedding.weight")
    np.testing.assert_array_equal(look_up(tmp_path, "good")["good"], VECTORS["good"])


def damage(folder, name):
    (folder / name).write_text("damaged")
    return folder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path, r"has no model\.safetensors and tokenizer\.json; give a folder in the format of model2vec"),
        (lambda path: damage(write_folder(path, ROWS), "model.safetensors"), "not a file of vectors"),
        (lambda path: damage(write_folder(path, ROWS), "tokenizer.json"), "not a tokenizer of"),
        (lambda path: write_folder(path, ROWS[:5]), r"5 vectors for the 13 pieces of .*tokenizer\.json"),
        (lambda path: write_folder(path, ROWS, name="kernel"), "expected a matrix embeddings or .*, found kernel "),
        (
            lambda path: write_folder(path, ROWS, mapping=np.arange(1, 14)),
            r"model\.safetensors: mapping, int64 \(13,\)",
        ),
        (lambda path: write_folder(path, ROWS, mapping=np.ones(13)), "mapping, float64 .*each piece among 13"),
        (lambda path: write_folder(path, ROWS, weights=np.ones(12)), r"weights, float64 \(12,\), for 13 vectors"),
    ],
)
def test_rejects_incomplete_or_damaged_folder(make, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_piece_vectors(str(make(tmp_path)))


def without_unknown_piece():
    return build_tokenizer([token for token in TOKENS if token != "[UNK]"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: write_folder(path, ROWS[:, :0]), r"found embeddings float16 \(13, 0\)"),
        (lambda path: write_folder(path, np.full_like(ROWS, np.nan)), "the vector of 'good' has a number that is not"),
        (lambda path: write_folder(path, ROWS, tokenizer=without_unknown_piece()), "cannot split words .*UNK"),
    ],
)
def test_rejects_vectors_that_cannot_be_looked_up(make, message, tmp_path):
    with pytest.raises(InputError, match=message):
        look_up(make(tmp_path), "good", "quokka")


def test_word_that_is_not_unicode_has_no_vector(folder):
    assert list(look_up(folder, "\ud800", "good")) == ["good"]


def test_rejects_vectors_of_another_language(folder):
    with pytest.raises(InputError, match="has none of the 2 tokens; is its language right"):
        look_up(folder, "電", "影")


def test_repository_is_downloaded_when_asked_for(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda name, allow_patterns: asked.append(name) or str(folder)
    )
    np.testing.assert_array_equal(look_up("hf://owner/name", "good")["good"], VECTORS["good"])
    assert asked == ["owner/name"]
    with pytest.raises(InputError, match="hf://name: expected hf://OWNER/NAME"):
        load_piece_vectors("hf://name")


def test_failed_download_names_the_remedy(monkeypatch):
    def fail(*_, **__):
        raise OSError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(InputError, match=r"cannot be downloaded \(no route to host\); check .*, or give a folder"):
        piece_vectors.find_files("hf://owner/name")


def test_similar_words_have_similar_vectors_of_wordllama():
    found = look_up("wordllama", "movie", "film", "terrible", "awful", "unbelievably")
    rows = {word: row / np.linalg.norm(row) for word, row in found.items()}
    assert rows["movie"] @ rows["film"] > 0.5 > rows["movie"] @ rows["awful"]
    assert rows["terrible"] @ rows["awful"] > 0.5 > rows["film"] @ rows["awful"]
    assert rows["unbelievably"].shape == (256,)


def paths_of(value, path=()):
    """Yield the path of each value inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from paths_of(child, (*path, key))


@st.composite
def damage_of(draw, values, content):
    """Return a tokenizer with one other value, and vectors with other bytes."""
    values, content = copy.deepcopy(values), bytearray(content)
    *parents, key = draw(st.sampled_from(list(paths_of(values))))
    place = values
    for parent in parents:
        place = place[parent]
    place[key] = draw(st.sampled_from([None, 0, -1, 2**33, 1e30, "", "\ud800", "(", [], {}, True, [1], {"type": "x"}]))
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(content)))
        content[start : start + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return values, bytes(content)


@tiers(few=60, many=5000)
@pytest.mark.parametrize("build", [build_tokenizer, build_byte_tokenizer])
def test_any_folder_gives_vectors_or_an_error(count, build, tmp_path):
    folder = write_folder(tmp_path, np.eye(len(TOKENS), dtype=np.float32), tokenizer=build())
    tokenizer, weights = folder / "tokenizer.json", folder / "model.safetensors"

    def check(damaged):
        tokenizer.write_text(json.dumps(damaged[0]))
        weights.write_bytes(damaged[1])
        try:
            vectors = load_piece_vectors(str(folder))
            assert np.isfinite(vectors.look_up(["[PAD]", "[UNK]", "film", "\ud800", ""]).rows).all()
            "".join(vectors.words()).encode("utf-8")
        except InputError as error:
            assert str(folder) in str(error) and "\n" not in str(error)

    check_examples(count, check, damage_of(json.loads(tokenizer.read_text()), weights.read_bytes()))
