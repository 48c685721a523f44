"""Models of fastText as word vectors: the vectors of its own package, for words that it has and has not seen."""

from pathlib import Path

import fasttext
import numpy as np
import pytest

from kerascnn.text import word_vectors
from kerascnn.utils.errors import InputError

TEXTS = [
    "the bank raised its rates again and shares in London fell",
    "the striker scored twice and the team won the cup in Paris",
    "el niño corrió por la montaña con su perro",
    "质量 很 好 下次 还 来 买",
    "a café in Zürich naïve façade 😀 emoji",
]
VOCABULARY = [
    "", "[UNK]", "the", "bank", "banks", "striker", "corrió", "montañas", "质量", "质地", "café", "😀", "unseenword",
    "x", "paris", "</s>",
]  # fmt: skip


@pytest.fixture(scope="module")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("fasttext") / "texts.txt"
    path.write_text("\n".join(TEXTS * 3), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=["skipgram", "cbow of whole words", "classifier", "classifier with n-grams"])
def model(request, text_file):
    options = {"dim": 8, "minCount": 1, "bucket": 500, "epoch": 1, "thread": 1, "verbose": 0}
    path = str(text_file.with_suffix(".bin"))
    if request.param.startswith("classifier"):
        labelled = text_file.with_suffix(".labelled")
        labelled.write_text("\n".join(f"__label__{i % 2} {text}" for i, text in enumerate(TEXTS * 3)), encoding="utf-8")
        characters = {"minn": 2, "maxn": 4} if "n-grams" in request.param else {}
        trained = fasttext.train_supervised(str(labelled), wordNgrams=2, **options, **characters)
    else:
        characters = {"minn": 1, "maxn": 5} if request.param == "skipgram" else {"maxn": 0}
        trained = fasttext.train_unsupervised(str(text_file), request.param.split()[0], **options, **characters)
    trained.save_model(path)
    return path, trained


def test_vectors_are_those_of_fasttext(model):
    path, trained = model
    vectors = word_vectors.read_vectors(path, VOCABULARY)
    words = [{"paris": "Paris"}.get(VOCABULARY[number], VOCABULARY[number]) for number in vectors.ids]
    parts = [trained.get_subwords(word)[1] for word in words]  # of fastText's releases, one scales get_word_vector
    expected = np.stack([np.mean([trained.get_input_vector(part) for part in same], axis=0) for same in parts])
    np.testing.assert_allclose(vectors.rows, expected, rtol=1e-5, atol=1e-7)
    assert ("unseenword" in words) == bool(trained.get_subwords("unseenword")[1].size)
    assert set(words) >= {"the", "bank", "striker", "Paris", "</s>"}


def test_words_are_those_of_the_dictionary(model):
    path, trained = model
    assert list(word_vectors.read_words(path)) == trained.words


@pytest.mark.parametrize("model", ["skipgram"], indirect=True)
def test_damaged_models_are_named(model, tmp_path):
    damaged, content = tmp_path / "damaged.bin", Path(model[0]).read_bytes()
    content = content[: -4 * 8 * len(model[1].words) - 17]  # without the output matrix, which is not read
    for size in [*range(4, 200, 3), *range(200, len(content), 997), len(content) // 2]:
        damaged.write_bytes(content[:size])
        try:
            word_vectors.read_vectors(damaged, VOCABULARY)
        except InputError as error:
            assert str(damaged) in str(error)
        else:
            pytest.fail(f"the first {size} of {len(content)} bytes")


def test_quantized_models_are_refused(text_file, tmp_path):
    labelled = tmp_path / "labelled.txt"
    labelled.write_text("\n".join(f"__label__{i % 2} {text}" for i, text in enumerate(TEXTS * 60)), encoding="utf-8")
    trained = fasttext.train_supervised(str(labelled), dim=8, minn=2, maxn=4, bucket=500, thread=1, verbose=0)
    trained.quantize(str(labelled), cutoff=300, retrain=False, verbose=0)
    trained.save_model(str(tmp_path / "model.ftz"))
    with pytest.raises(InputError, match=r"quantized; take its \.bin or \.vec file"):
        word_vectors.read_vectors(tmp_path / "model.ftz", VOCABULARY)
