"""Readers of pretrained vectors: every format gives the same rows, and what is broken is named."""

from __future__ import annotations

import gzip
import struct
import zipfile

import numpy as np
import pytest

from kerascnn.text import word_vectors
from kerascnn.utils.errors import InputError

VOCABULARY = ["[PAD]", "[UNK]", "film", "好", "paris", "straße", "unseen", "a"]
WORDS = ["the", "a", "film", "Paris", "好", "STRASSE", ". . .", "ﬁlm"]
MATRIX = np.random.default_rng(0).normal(0, 0.4, (len(WORDS), 5)).astype(np.float32)


def text(header=True, words=WORDS, matrix=MATRIX, separator=" ", ending="\n"):
    lines = [f"{len(words)} {matrix.shape[1]}"] if header else []
    for word, row in zip(words, matrix, strict=True):
        lines.append(separator.join([word, *(f"{value:.9g}" for value in row)]))
    return (ending.join(lines) + ending).encode()


def binary(newline=b"\n"):
    rows = (word.encode() + b" " + struct.pack("<5f", *row) for word, row in zip(WORDS, MATRIX, strict=True))
    return f"{len(WORDS)} 5\n".encode() + b"".join(row + newline for row in rows)


def npz(path, dtype=np.float32, **others):
    np.savez(path, words=np.array(WORDS), vectors=MATRIX.astype(dtype), **others)
    return path.read_bytes()


def contents(tmp_path):
    return {
        "glove.txt": text(header=False), "word2vec.txt": text(), "fasttext.vec": text(ending=" \n"),
        "tabs.txt": text(separator="\t"), "windows.txt": text(ending="\r\n"), "word2vec.bin": binary(),
        "gensim.bin": binary(newline=b""), "vectors.npz": npz(tmp_path / "made.npz"),
    }  # fmt: skip


FORMATS = ("glove.txt", "word2vec.txt", "fasttext.vec", "tabs.txt", "windows.txt", "word2vec.bin", "gensim.bin",
           "vectors.npz")  # fmt: skip


PACKED = [(name, packing) for name in FORMATS[:-1] for packing in ("plain", "gz", "zip")]


@pytest.mark.parametrize(("name", "packing"), [*PACKED, (FORMATS[-1], "plain")])
def test_every_format_plain_or_packed_gives_the_same_rows(name, packing, tmp_path):
    content, path = contents(tmp_path)[name], tmp_path / name
    if packing == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"folder/{name}", content)
    else:
        path.write_bytes(gzip.compress(content) if packing == "gz" else content)
    found = word_vectors.read_vectors(path, VOCABULARY)
    assert found.messages == ()
    assert [VOCABULARY[number] for number in found.ids] == ["film", "好", "paris", "straße", "a"]
    np.testing.assert_array_equal(found.rows, MATRIX[[2, 4, 3, 5, 1]])


def save(tmp_path, content, name="vectors.txt"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_the_same_word_wins_over_one_in_another_case_wherever_it_stands(tmp_path):
    words = ["FILM", "film", "Film", "PARIS", "Paris"]
    found = word_vectors.read_vectors(save(tmp_path, text(words=words, matrix=MATRIX[:5])), VOCABULARY)
    np.testing.assert_array_equal(found.rows, MATRIX[[1, 3]])


def test_half_precision_matrices_are_read_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(word_vectors, "_CHUNK", 3)
    npz(tmp_path / "half.npz", np.float16)
    found = word_vectors.read_vectors(tmp_path / "half.npz", VOCABULARY)
    np.testing.assert_allclose(found.rows, MATRIX[[2, 4, 3, 5, 1]], atol=1e-3)


def test_words_come_in_the_order_of_the_file(tmp_path):
    assert list(word_vectors.read_words(save(tmp_path, text()))) == WORDS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("good 0.1 0.2", "on line 10: fewer than 5 numbers"),
        ("unseen 1 2 three 4 5", "on line 10: not all of it are numbers"),
        ("unseen 1 2 nan 4 5", "on line 10: a number is not finite"),
        ("film 1 2 3 4 5", "on line 10: its word stands in the file before"),
    ],
)
def test_a_broken_line_is_passed_over_and_counted(line, message, tmp_path):
    content = text().replace(b"8 5\n", b"9 5\n", 1) + f"{line}\n".encode()
    found = word_vectors.read_vectors(save(tmp_path, content), VOCABULARY)
    np.testing.assert_array_equal(found.rows, MATRIX[[2, 4, 3, 5, 1]])
    [told] = found.messages
    assert "1 entry passed over" in told and message in told


def test_words_that_are_not_utf8_are_passed_over_and_counted(tmp_path):
    content = text(header=False) + b"caf\xe9 1 2 3 4 5\nna\xefve 1 2 3 4 5\n"
    [told] = word_vectors.read_vectors(save(tmp_path, content), VOCABULARY).messages
    assert "2 entries passed over, the first on line 9: its word is not UTF-8" in told


def test_a_header_that_announces_more_vectors_than_there_are_is_told(tmp_path):
    [told] = word_vectors.read_vectors(save(tmp_path, text().replace(b"8 5\n", b"800 5\n", 1)), VOCABULARY).messages
    assert "announces 800 vectors" in told


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (text().replace(b"8 5\n", b"8 7\n", 1), r"line 2: 5 numbers, where 7 were announced"),
        (binary()[:100], r"ends within vector \d of 8|vector \d of 8 is cut short"),
        (gzip.compress(text())[:-20], "damaged or cut short"),
        (b"%PDF-1.7 not vectors\n", "line 1: no vectors"),
        (b"text,label\na film,good\n", "line 1: no vectors"),
        (b"", "line 1: no vectors"),
        (text(words=["x"] * 8), "knows none of the 6 tokens"),
        (b"PK\x03\x04 not a zip", "damaged or cut short"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(content, complaint, tmp_path):
    with pytest.raises(InputError, match=complaint) as error:
        word_vectors.read_vectors(save(tmp_path, content), VOCABULARY)
    assert "\n" not in str(error.value) and "vectors.txt" in str(error.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.txt: no such file"):
        word_vectors.read_vectors(tmp_path / "nowhere.txt", VOCABULARY)


def test_a_zip_of_several_files_names_them(tmp_path):
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.50d.txt", text())
        archive.writestr("glove.100d.txt", text())
    with pytest.raises(InputError, match=r"glove\.50d\.txt, glove\.100d\.txt"):
        word_vectors.read_vectors(tmp_path / "glove.zip", VOCABULARY)


def test_arrays_without_words_are_refused_with_what_there_is(tmp_path):
    np.savez(tmp_path / "matrix.npz", vectors=MATRIX)
    with pytest.raises(InputError, match=r"an array of words.*vectors\.npy \(8, 5\) float32"):
        word_vectors.read_vectors(tmp_path / "matrix.npz", VOCABULARY)
