"""Files, globs and folders by name, and errors about missing ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import location
from kerascnn.data.sources import read_records, read_rows
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text


def error(*specs: str, **settings: object) -> str:
    with pytest.raises(InputError) as caught:
        list(read_rows(specs, SourceConfig(**settings)))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_reads_files_of_several_formats(write):
    first = write("a.csv", csv_text(ENGLISH))
    second = write("b.tsv", csv_text(CHINESE, delimiter="\t"))
    rows = list(read_rows([first, second], SourceConfig()))
    assert [(row.text, row.label) for row in rows] == ENGLISH + CHINESE
    assert location(rows[-1]) == f"{second}, row 5"


def test_glob_reads_files_in_order_of_names(write, tmp_path):
    write("part-2.csv", csv_text(CHINESE))
    write("part-1.csv", csv_text(ENGLISH))
    write("other.csv", csv_text([("no", "no")]))
    rows = read_rows([str(tmp_path / "part-*.csv")], SourceConfig())
    assert [(row.text, row.label) for row in rows] == ENGLISH + CHINESE


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_reads_class_folders_in_order_of_names(write, tmp_path, encoding):
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


def test_sources_without_columns_use_configured_names(write, tmp_path):
    write("reviews/good/1.txt", "Good film.")
    record = next(read_records(str(tmp_path / "reviews"), SourceConfig(text_column="content", label_column="stars")))
    assert record.fields == {"content": "Good film.", "stars": "good"}


def test_reads_rows_without_labels(write):
    path = write("a.csv", "text\nGood film.\n")
    assert [(row.text, row.label) for row in read_rows([path], SourceConfig(), labelled=False)] == [("Good film.", "")]


def test_missing_file_error_suggests_similar_name(write, tmp_path):
    write("train.csv", csv_text(ENGLISH))
    message = error(str(tmp_path / "trian.csv"))
    assert "no file or folder" in message
    assert "did you mean 'train.csv'?" in message


def test_missing_folder_or_prefix_is_named_in_error(tmp_path):
    assert "does not exist either" in error(str(tmp_path / "nowhere" / "train.csv"))
    assert "did you mean demo:bbc?" in error("bbc")


def test_reports_why_file_cannot_be_opened(write, tmp_path, monkeypatch):
    path = write("a.csv", csv_text(ENGLISH))

    def raise_permission_error(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("builtins.open", raise_permission_error)
    assert "a.csv cannot be opened: Permission denied" in error(path)


def test_rejects_folder_without_class_folders(write, tmp_path):
    write("data/train.csv", csv_text(ENGLISH))
    message = error(str(tmp_path / "data"))
    assert "one folder per class" in message
    assert "*.csv" in message


def test_nested_folders_error_names_right_level(write, tmp_path):
    write("imdb/train/pos/1.txt", "Good film.")
    message = error(str(tmp_path / "imdb"))
    assert "inside the class 'train'" in message
    assert f"such as {tmp_path / 'imdb' / 'train'}" in message


def test_rejects_empty_class_folders(tmp_path):
    (tmp_path / "data" / "good").mkdir(parents=True)
    assert "no rows" in error(str(tmp_path / "data"))


def test_folder_error_names_file_in_other_encoding(write, tmp_path):
    write("data/good/1.txt", "plain")
    write("data/good/2.txt", "Fine.\nCafé au lait", "cp1252")
    message = error(str(tmp_path / "data"))
    assert "2.txt, row 2: byte 0xe9 is not utf-8" in message
    assert "cp1252" in message


def test_reading_files_imports_no_heavy_library(write):
    path = write("a.csv", csv_text(ENGLISH))
    program = (
        "import sys; from kerascnn.data.config import SourceConfig; from kerascnn.data.sources import read_rows; "
        f"assert len(list(read_rows([{path!r}], SourceConfig()))) == 4; "
        "heavy = {'tensorflow', 'keras', 'tensorflow_datasets', 'sklearn', 'pyarrow', 'pandas', 'numpy'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_only_modules_of_ids_import_tensorflow():
    program = """if True:
        import importlib, pkgutil, sys
        import kerascnn.data
        for module in pkgutil.walk_packages(kerascnn.data.__path__, "kerascnn.data."):
            if module.name.rpartition(".")[2] not in ("batches", "ragged", "stored_documents", "stored_ids"):
                importlib.import_module(module.name)
        heavy = {"tensorflow", "keras", "tensorflow_datasets", "pyarrow", "charset_normalizer", "sklearn"}
        heavy &= set(sys.modules)
        sys.exit(str(heavy) if heavy else 0)
    """
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
