"""Files, globs and folders by name, and what is said where there are none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kerascnn.config import SourceConfig
from kerascnn.data import location, read_records, read_rows
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text


def error(*specs: str, **settings: object) -> str:
    with pytest.raises(InputError) as caught:
        list(read_rows(specs, SourceConfig(**settings)))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_several_files_of_several_formats_are_read_one_after_the_other(write):
    first = write("a.csv", csv_text(ENGLISH))
    second = write("b.tsv", csv_text(CHINESE, delimiter="\t"))
    rows = list(read_rows([first, second], SourceConfig()))
    assert [(row.text, row.label) for row in rows] == ENGLISH + CHINESE
    assert location(rows[-1]) == f"{second}, row 5"


def test_a_pattern_reads_its_files_in_the_order_of_their_names(write, tmp_path):
    write("part-2.csv", csv_text(CHINESE))
    write("part-1.csv", csv_text(ENGLISH))
    write("other.csv", csv_text([("no", "no")]))
    rows = read_rows([str(tmp_path / "part-*.csv")], SourceConfig())
    assert [(row.text, row.label) for row in rows] == ENGLISH + CHINESE


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_folder_a_class_is_read_in_the_order_of_its_names(write, tmp_path, encoding):
    for number, (text, label) in enumerate(CHINESE):
        write(f"reviews/{label}/{number}.txt", f"{text}\n第二行\n", encoding)
    write("reviews/.git/config", "[core]")
    write("reviews/好评/.DS_Store", b"\x00\xff")
    rows = list(read_rows([str(tmp_path / "reviews")], SourceConfig(encoding=encoding)))
    assert [(row.label, row.text) for row in rows] == [
        (label, f"{CHINESE[number][0]}\n第二行\n")
        for label, number in (("好评", 0), ("好评", 2), ("差评", 1), ("差评", 3))
    ]
    assert location(rows[0]) == f"{tmp_path / 'reviews' / '好评' / '0.txt'}, row 1"


def test_sources_without_columns_take_the_names_of_the_settings(write, tmp_path):
    write("reviews/good/1.txt", "Good film.")
    record = next(read_records(str(tmp_path / "reviews"), SourceConfig(text_column="content", label_column="stars")))
    assert record.fields == {"content": "Good film.", "stars": "good"}


def test_rows_without_labels_can_be_read_where_none_are_wanted(write):
    path = write("a.csv", "text\nGood film.\n")
    assert [(row.text, row.label) for row in read_rows([path], SourceConfig(), labelled=False)] == [("Good film.", "")]


def test_a_missing_file_names_its_neighbours(write, tmp_path):
    write("train.csv", csv_text(ENGLISH))
    message = error(str(tmp_path / "trian.csv"))
    assert "no file or folder" in message
    assert "did you mean 'train.csv'?" in message


def test_a_missing_folder_and_a_forgotten_prefix_are_said(tmp_path):
    assert "there is no folder" in error(str(tmp_path / "nowhere" / "train.csv"))
    assert "did you mean demo:bbc?" in error("bbc")


def test_a_file_that_may_not_be_opened_says_why(write, tmp_path, monkeypatch):
    path = write("a.csv", csv_text(ENGLISH))

    def raise_permission_error(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("builtins.open", raise_permission_error)
    assert "a.csv cannot be opened: Permission denied" in error(path)


def test_a_folder_without_class_folders_says_what_is_expected(write, tmp_path):
    write("data/train.csv", csv_text(ENGLISH))
    message = error(str(tmp_path / "data"))
    assert "a folder a class" in message
    assert "*.csv" in message


def test_folders_nested_too_deep_point_at_the_right_level(write, tmp_path):
    write("imdb/train/pos/1.txt", "Good film.")
    message = error(str(tmp_path / "imdb"))
    assert "inside the class 'train'" in message
    assert f"such as {tmp_path / 'imdb' / 'train'}" in message


def test_class_folders_without_texts_are_refused(tmp_path):
    (tmp_path / "data" / "good").mkdir(parents=True)
    assert "no rows" in error(str(tmp_path / "data"))


def test_an_article_in_another_encoding_is_named(write, tmp_path):
    write("data/good/1.txt", "plain")
    write("data/good/2.txt", "Fine.\nCafé au lait", "cp1252")
    message = error(str(tmp_path / "data"))
    assert "2.txt, row 2: byte 0xe9 is not utf-8" in message
    assert "cp1252" in message


def test_reading_files_needs_none_of_the_heavy_libraries(write):
    path = write("a.csv", csv_text(ENGLISH))
    program = (
        "import sys; from kerascnn.config import SourceConfig; from kerascnn.data import read_rows; "
        f"assert len(list(read_rows([{path!r}], SourceConfig()))) == 4; "
        "heavy = {'tensorflow', 'keras', 'tensorflow_datasets', 'sklearn', 'pyarrow', 'pandas', 'numpy'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
