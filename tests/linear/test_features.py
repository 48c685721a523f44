"""Features of the linear member: equal to scikit-learn's, and to what the layers compute."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from kerascnn.data.ragged import RaggedIds
from kerascnn.layers import HashedNGrams
from kerascnn.layers.hashed_ngrams import MAX_BUCKETS
from kerascnn.linear import ngram_features, word_features
from kerascnn.linear.character_features import adapt_character_features
from kerascnn.linear.member import Features
from kerascnn.linear.ngram_features import NGramFeatures, choose_buckets, count_ngrams
from kerascnn.linear.regularization import Choice
from kerascnn.linear.vector_features import adapt_vector_features
from kerascnn.text.word_vectors import WordVectors
from tests.linear.documents import VOCABULARY, make_documents, pad

TRAIN, TEST = make_documents(200, seed=0), make_documents(40, seed=1)
VECTORS = WordVectors(np.arange(2, 50), np.random.default_rng(4).normal(size=(48, 7)).astype(np.float32))
SIZES = {"sizes": (1, 2), "vocabulary_size": len(VOCABULARY)}


def test_counts_are_those_of_the_hashing_layer():
    counts = count_ngrams(TEST, sizes=(1, 3), buckets=128, vocabulary_size=len(VOCABULARY)).toarray()
    rows = np.asarray(HashedNGrams(sizes=(1, 3), buckets=128, vocabulary_size=len(VOCABULARY))(pad(TEST)))
    for document, found in zip(rows.reshape(len(TEST), -1), counts, strict=True):
        expected = np.bincount(document, minlength=len(found))
        expected[0] = 0
        np.testing.assert_array_equal(found, expected)


def test_features_equal_those_of_scikit_learn_without_collisions(monkeypatch):
    monkeypatch.setattr(ngram_features, "BUCKETS_PER_NGRAM", 10**6)
    options = {"token_pattern": r"\S+", "lowercase": False, "norm": None}
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, **options)
    short = make_documents(200, seed=2, longest=10)  # no count above MAX_COUNT

    def to_texts(ids):
        pairs = zip(ids.row_splits, ids.row_splits[1:], strict=False)
        return [" ".join(["START", *map(str, ids.values[a:b])]) for a, b in pairs]

    features = NGramFeatures.adapt(short, **SIZES, num_classes=2)
    expected = vectorizer.fit_transform(to_texts(short))
    is_start = vectorizer.get_feature_names_out() == "START"
    expected = normalize(expected[:, ~is_start])
    found = features.transform(short)
    assert features.buckets == MAX_BUCKETS
    assert found.shape == expected.shape
    np.testing.assert_allclose((found @ found.T).toarray(), (expected @ expected.T).toarray(), atol=1e-9)


def test_features_of_pieces_are_those_of_all_documents(monkeypatch):
    features = Features(TRAIN, VOCABULARY, num_classes=3, ngrams=(1, 2), characters=(2, 3), vectors=VECTORS)
    expected = features.transform(TRAIN)
    monkeypatch.setattr(ngram_features, "PIECE_TOKENS", 50)
    assert len(list(ngram_features.split_documents(TRAIN))) > 10
    found = Features(TRAIN, VOCABULARY, num_classes=3, ngrams=(1, 2), characters=(2, 3), vectors=VECTORS)
    np.testing.assert_array_equal(found.ngrams.idf, features.ngrams.idf)
    np.testing.assert_array_equal(found.transform(TRAIN).toarray(), expected.toarray())


@pytest.mark.parametrize("lengths", [[], [0], [0, 0, 70, 0], [3, 50, 0, 2]])
def test_pieces_hold_each_document_once_however_long_it_is(lengths, monkeypatch):
    monkeypatch.setattr(ngram_features, "PIECE_TOKENS", 5)
    splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    documents = RaggedIds(np.arange(splits[-1], dtype=np.int32), splits)
    pieces = list(ngram_features.split_documents(documents))
    assert np.concatenate([piece.lengths for piece in pieces]).tolist() == lengths
    np.testing.assert_array_equal(np.concatenate([piece.values for piece in pieces]), documents.values)


def test_features_take_little_memory_beside_themselves(monkeypatch):
    monkeypatch.setattr(ngram_features, "PIECE_TOKENS", 2**12)
    documents = make_documents(20_000, seed=3)
    features = NGramFeatures.adapt(documents, **SIZES, num_classes=2)
    tracemalloc.start()
    try:
        matrix = features.transform(documents)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * (matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes)


@pytest.mark.parametrize(
    ("option", "characters", "vectors", "expected"),
    [
        ("linear_vectors", (), VECTORS, "linear_vectors"),
        ("linear_characters", (), VECTORS, "linear_ngrams"),
        ("linear_characters", (2, 3), VECTORS, "linear_characters"),
        ("linear_vectors", (2, 3), None, "linear_characters"),
        ("linear_ngrams", (2, 3), VECTORS, "linear_ngrams"),
    ],
)
def test_choice_names_the_same_features_where_others_fell_out(option, characters, vectors, expected):
    features = Features(TRAIN, VOCABULARY, num_classes=3, ngrams=(1, 2), characters=characters, vectors=vectors)
    assert features.count_columns(Choice(option, 1.0, 1.0, 0.0)) == features.column_counts[expected]


@pytest.mark.parametrize("vectors", [None, VECTORS])
@pytest.mark.parametrize("characters", [(), (2, 3, 4)])
def test_layers_compute_the_features_that_were_solved_for(characters, vectors):
    features = Features(TRAIN, VOCABULARY, num_classes=3, ngrams=(1, 2), characters=characters, vectors=vectors)
    matrix = features.transform(TEST)
    rng = np.random.default_rng(0)
    coefficients, bias = rng.normal(size=(matrix.shape[1], 3)), rng.normal(size=3)
    layers = features.build_layers(coefficients, bias)
    assert len(layers) == len(features.column_counts) == 1 + bool(characters) + bool(vectors)
    assert features.num_counts == matrix.shape[1] - 7 * bool(vectors)
    found = sum(np.asarray(layer(pad(TEST))) for layer in layers)
    np.testing.assert_allclose(found, matrix @ coefficients + bias, atol=1e-4)


def test_number_of_buckets_follows_from_ngrams_and_classes():
    few = choose_buckets(make_documents(3, seed=0), **SIZES, num_classes=2)
    many = choose_buckets(TRAIN, **SIZES, num_classes=2)
    limited = choose_buckets(TRAIN, **SIZES, num_classes=2**16)
    assert few < many <= MAX_BUCKETS
    assert limited <= ngram_features.MAX_TABLE_SIZE / 2**16 < many
    assert all(buckets & (buckets - 1) == 0 for buckets in (few, many, limited))


def test_word_vectors_have_the_ngrams_that_several_words_contain():
    vocabulary = ["", "[UNK]", "walk", "walks", "sea"]
    ids = make_documents(20, seed=0)
    ids.values[:] = 2 + ids.values % 3
    features = adapt_character_features(ids, vocabulary, sizes=(2, 3))
    contained = (features.words > 0).toarray().sum(axis=1)
    # " w wa al lk", " wa wal alk" of walk; none of sea occurs in two words
    assert contained.tolist() == [0, 0, 7, 7, 0]
    assert adapt_character_features(ids, ["", "[UNK]", "ab", "cd", "ef"], sizes=(2, 3)) is None


def test_vectors_have_one_size_whatever_their_scale():
    matrices = [
        adapt_vector_features(TRAIN, WordVectors(VECTORS.ids, scale * VECTORS.rows), vocabulary_size=len(VOCABULARY))
        .transform(TEST)
        .toarray()
        for scale in (1, 1000)
    ]
    np.testing.assert_allclose(*matrices, atol=1e-6)
    norms = np.linalg.norm(matrices[0][TEST.lengths > 0], axis=1)
    assert 0.3 < np.median(norms) < 0.8
    nothing = WordVectors(VECTORS.ids, 0 * VECTORS.rows)
    assert adapt_vector_features(TRAIN, nothing, vocabulary_size=len(VOCABULARY)) is None


def test_large_data_have_no_features_of_characters_and_vectors(monkeypatch):
    monkeypatch.setattr(word_features, "MAX_VALUES", 10)
    assert adapt_character_features(TRAIN, VOCABULARY, sizes=(2, 3)) is None
    assert adapt_vector_features(TRAIN, VECTORS, vocabulary_size=len(VOCABULARY)) is None


def test_document_without_known_words_has_no_features():
    features = adapt_character_features(TRAIN, VOCABULARY, sizes=(2, 3))
    empty = make_documents(3, seed=0)
    empty.values[:] = 1
    assert sparse.csr_matrix(features.transform(empty)).count_nonzero() == 0
