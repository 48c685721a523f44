"""Word vectors: every format gives the same rows, and damaged files are reported."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import strategies as st

from kerascnn.text import vector_arrays, word_vectors
from kerascnn.utils.errors import InputError
from tests.tiers import check_examples, tiers

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


COMPRESSED = [(name, compression) for name in FORMATS[:-1] for compression in ("plain", "gz", "zip")]


@pytest.mark.parametrize(("name", "compression"), [*COMPRESSED, (FORMATS[-1], "plain")])
def test_every_format_and_compression_gives_the_same_rows(name, compression, tmp_path):
    content, path = contents(tmp_path)[name], tmp_path / name
    if compression == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"folder/{name}", content)
    else:
        path.write_bytes(gzip.compress(content) if compression == "gz" else content)
    vectors = word_vectors.read_vectors(path, VOCABULARY)
    assert vectors.messages == ()
    assert [VOCABULARY[number] for number in vectors.ids] == ["film", "好", "paris", "straße", "a"]
    np.testing.assert_array_equal(vectors.rows, MATRIX[[2, 4, 3, 5, 1]])


def save(tmp_path, content, name="vectors.txt"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_exact_match_precedes_match_in_another_case(tmp_path):
    words = ["FILM", "film", "Film", "PARIS", "Paris"]
    vectors = word_vectors.read_vectors(save(tmp_path, text(words=words, matrix=MATRIX[:5])), VOCABULARY)
    np.testing.assert_array_equal(vectors.rows, MATRIX[[1, 3]])


def test_reads_half_precision_matrix_in_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(vector_arrays, "_CHUNK_ROWS", 3)
    npz(tmp_path / "half.npz", np.float16)
    vectors = word_vectors.read_vectors(tmp_path / "half.npz", VOCABULARY)
    np.testing.assert_allclose(vectors.rows, MATRIX[[2, 4, 3, 5, 1]], atol=1e-3)


def test_read_words_keeps_file_order(tmp_path):
    assert list(word_vectors.read_words(save(tmp_path, text()))) == WORDS


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("good 0.1 0.2", "on line 10: fewer than 5 numbers"),
        ("unseen 1 2 three 4 5", "on line 10: a value is not a number"),
        ("unseen 1 2 nan 4 5", "on line 10: a number is not finite"),
        ("film 1 2 3 4 5", "on line 10: its word is a duplicate"),
    ],
)
def test_skips_and_counts_invalid_lines(line, message, tmp_path):
    content = text().replace(b"8 5\n", b"9 5\n", 1) + f"{line}\n".encode()
    vectors = word_vectors.read_vectors(save(tmp_path, content), VOCABULARY)
    np.testing.assert_array_equal(vectors.rows, MATRIX[[2, 4, 3, 5, 1]])
    assert "skipped 1 entry" in vectors.messages[0] and message in vectors.messages[0]


def test_skips_and_counts_words_that_are_not_utf8(tmp_path):
    content = text(header=False) + b"caf\xe9 1 2 3 4 5\nna\xefve 1 2 3 4 5\n"
    [message] = word_vectors.read_vectors(save(tmp_path, content), VOCABULARY).messages
    assert "skipped 2 entries, the first on line 9: its word is not UTF-8" in message


def test_reports_header_with_more_vectors_than_the_file(tmp_path):
    [message] = word_vectors.read_vectors(save(tmp_path, text().replace(b"8 5\n", b"800 5\n", 1)), VOCABULARY).messages
    assert "the header gives 800 vectors" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (text().replace(b"8 5\n", b"8 7\n", 1), r"line 2: 5 numbers, not 7 as in the header"),
        (binary()[:100], r"truncated in vector \d of 8|vector \d of 8 is truncated"),
        (gzip.compress(text())[:-20], "damaged or truncated"),
        (b"%PDF-1.7 not vectors\n", "line 1: not word vectors"),
        (b"text,label\na film,good\n", "line 1: not word vectors"),
        (b"", "line 1: not word vectors"),
        (text(words=["x"] * 8), "has none of the 6 tokens"),
        (b"PK\x03\x04 not a zip", "damaged or truncated"),
    ],
)
def test_rejects_unusable_file_in_one_line(content, message, tmp_path):
    with pytest.raises(InputError, match=message) as error:
        word_vectors.read_vectors(save(tmp_path, content), VOCABULARY)
    assert "\n" not in str(error.value) and "vectors.txt" in str(error.value)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("marks", [1, 2])
def test_byte_order_mark_is_not_part_of_the_first_word(header, marks, tmp_path):
    words = ["film", "a", "paris"]
    content = b"\xef\xbb\xbf" * marks + text(header, words, MATRIX[:3])
    vectors = word_vectors.read_vectors(save(tmp_path, content), VOCABULARY)
    assert [VOCABULARY[number] for number in vectors.ids] == ["film", "paris", "a"] and not vectors.messages


def npz_of(**members):
    """Return an archive of members, each the bytes of an array or of something else."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def npy(array, **header):
    """Return an array as a file, with other values in its header."""
    file = io.BytesIO()
    values = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **header}
    np.lib.format.write_array_header_1_0(file, values)
    return file.getvalue() + array.tobytes()


LIST, VECTORS = np.array(WORDS), npy(MATRIX)
UNUSABLE = {
    "header with 5,000 digits": (b"9" * 5000 + b" 5\nfilm 1 2 3 4 5\n", "line 1: a number of 5,000 digits"),
    "header without dimensions": (b"5 0\nfilm\n", "line 1: vectors of 0 dimensions"),
    "header with huge dimensions": (b"8 999999999999\nfilm " + b"\1" * 99, "line 1: vectors of 999,999,999,999 dim"),
    "endless line": (text() + b"film" + b" 1" * 2**20, "line 10: 1,048,576 bytes or more, too many for 5 numbers"),
    "UTF-16": (text().decode().encode("utf-16"), "line 1: not word vectors .UTF-16; save it as UTF-8"),
    "model of fastText": (b"\xba\x16O/\x0c\0\0\0", "damaged or truncated model of fastText"),
    "array without words": (VECTORS, "an array without words; save both with numpy.savez"),
    "no number": (b"2 5\nnothing 1 2 3 4 5\nfilm 1 2 x 4 5\n", "line 3: a value is not a number"),
    "empty archive": (npz_of(), "expected a zip of one file, found none"),
    "no array": (npz_of(words=b"", vectors=VECTORS), r"words\.npy: not a NumPy array"),
    "damaged header": (npz_of(words=npy(LIST).replace(b"{", b"("), vectors=VECTORS), r"words\.npy: not a NumPy array"),
    "unknown version": (npz_of(words=b"\x93NUMPY\x09\0" + npy(LIST)[8:], vectors=VECTORS), "version 9.0 of"),
    "more words than declared": (npz_of(words=npy(LIST, shape=(10**12,)), vectors=VECTORS), "not the 28,000,000,000,0"),
    "negative shape": (npz_of(words=npy(LIST, shape=(-8,)), vectors=VECTORS), "bytes of data, not the"),
    "no dimensions": (npz_of(words=npy(LIST), vectors=npy(MATRIX[:, :0])), "0 bytes a row"),
    "fewer words": (npz_of(words=npy(LIST[:7]), vectors=VECTORS), "7 words for 8 vectors"),
    "truncated matrix": (npz_of(words=npy(LIST), vectors=VECTORS[:-7]), "153 bytes of data, not the 160"),
    "objects": (npz_of(words=npy(LIST, descr="|O"), vectors=VECTORS), "found words.npy .* object"),
    "unknown compression": (npz_of(w=VECTORS).replace(b"\x14\0\0\0\x08", b"\x14\0\0\0\x63"), "damaged or truncated"),
}  # fmt: skip


@pytest.mark.parametrize(
    "extra",
    [
        np.asfortranarray(np.ones((3, 4), np.int64)),
        np.zeros((1, 2**19, 2), np.float32),
        np.zeros((2, 0), np.int8),
        np.array(1),
    ],
    ids=["fortran order", "large rows", "empty rows", "number"],
)
def test_other_arrays_of_a_file_do_not_matter(extra, tmp_path):
    npz(tmp_path / "vectors.npz", matrix=extra)
    vectors = word_vectors.read_vectors(tmp_path / "vectors.npz", VOCABULARY)
    np.testing.assert_array_equal(vectors.rows, MATRIX[[2, 4, 3, 5, 1]])


@pytest.mark.parametrize("case", UNUSABLE)
def test_rejects_malformed_file_in_one_line(case, tmp_path):
    content, message = UNUSABLE[case]
    with pytest.raises(InputError, match=message) as error:
        word_vectors.read_vectors(save(tmp_path, content), VOCABULARY)
    assert "\n" not in str(error.value) and "vectors.txt" in str(error.value)


def test_skips_words_that_are_not_unicode(tmp_path):
    words = np.array([*WORDS[:-1], "x"]).view(np.uint32).copy()
    words[-1] = 0x7FFFFFFF
    path = save(tmp_path, npz_of(words=npy(words, descr="<U7", shape=(8,)), vectors=VECTORS))
    vectors = word_vectors.read_vectors(path, VOCABULARY)
    np.testing.assert_array_equal(vectors.rows, MATRIX[[2, 4, 3, 5, 1]])


def test_rejects_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.txt: no such file"):
        word_vectors.read_vectors(tmp_path / "nowhere.txt", VOCABULARY)


def test_zip_error_lists_its_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "glove.zip", "w") as archive:
        archive.writestr("glove.50d.txt", text())
        archive.writestr("glove.100d.txt", text())
    with pytest.raises(InputError, match=r"glove\.50d\.txt, glove\.100d\.txt"):
        word_vectors.read_vectors(tmp_path / "glove.zip", VOCABULARY)


def test_rejects_npz_without_words_and_lists_its_arrays(tmp_path):
    np.savez(tmp_path / "matrix.npz", vectors=MATRIX)
    with pytest.raises(InputError, match=r"an array of words.*vectors\.npy \(8, 5\) float32"):
        word_vectors.read_vectors(tmp_path / "matrix.npz", VOCABULARY)


def zip_of(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.txt", content)
    return file.getvalue()


@st.composite
def damaged_contents(draw):
    """Return the bytes of a file after damage before or after it was compressed."""
    content = draw(st.sampled_from([text(), text(header=False), binary(), npz_of(words=npy(LIST), vectors=VECTORS)]))
    compress = draw(st.sampled_from([bytes, gzip.compress, zip_of]))
    for step in (bytes, compress):
        content = bytearray(step(content))
        for _ in range(draw(st.integers(0, 2))):
            start = draw(st.integers(0, len(content)) | st.integers(0, 12))
            end = start + draw(st.integers(0, 4))
            pieces = st.sampled_from([b"9" * 40, b" ", b"\n", b"\0", b"-", b"nan"])
            content[start:end] = draw(st.binary(max_size=4) | pieces)
        content = content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 3)) == 0 else content
    return bytes(content)


@tiers(few=200)
def test_any_file_gives_vectors_or_an_error(count, tmp_path):
    path = tmp_path / "vectors"

    def check(content):
        path.write_bytes(content)
        try:
            vectors = word_vectors.read_vectors(path, VOCABULARY)
            assert np.isfinite(vectors.rows).all() and len(vectors.ids) == len(vectors.rows)
            "".join(word_vectors.read_words(path)).encode("utf-8")
        except InputError as error:
            assert str(path) in str(error) and "\n" not in str(error)

    check_examples(count, check, damaged_contents())
