"""Any file gives its rows, or an error in one line; no row is lost or changed in silence."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import strategies as st

from kerascnn.audit.audit import run_audit
from kerascnn.config import default_config
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_records, read_rows, read_texts
from kerascnn.data.splits import split_rows
from kerascnn.scoring.arrow_tables import read_tables
from kerascnn.utils.errors import InputError
from tests.data.file_strategies import csv_files, damaged_files, jsonl_files, parquet_files
from tests.tiers import check_examples, tiers


@pytest.fixture(scope="module")
def write_file(tmp_path_factory):
    """Return a function that writes a file and returns its path; files of one name replace each other."""
    folder = tmp_path_factory.mktemp("files")

    def write(file):
        (folder / file.name).write_bytes(file.content)
        return str(folder / file.name)

    return write


@contextlib.contextmanager
def one_line_error(path):
    """Expect success, or an ``InputError`` that names the file in one line."""
    try:
        yield
    except InputError as error:
        message = str(error)
        assert "\n" not in message and "\r" not in message
        assert path in message or "training" in message or "rows" in message, message


FILES = {"csv": csv_files(), "jsonl": jsonl_files(), "parquet": parquet_files()}


def labels_of(label):
    if isinstance(label, list):
        return tuple(sorted({one.strip() for one in label} - {""}))
    return (str(label).strip(),) if str(label).strip() else ()


@pytest.mark.parametrize("kind", FILES)
@tiers(few=60)
def test_well_formed_file_gives_its_rows(kind, count, write_file):
    def check(file):
        source, path = SourceConfig(**file.settings), write_file(file)
        expected = [(text, labels_of(label)) for text, label in file.rows]
        assert [(row.text, row.labels) for row in read_rows([path], source)] == expected

    check_examples(count, check, FILES[kind])


@tiers(few=150)
def test_any_file_gives_rows_or_an_error(count, write_file):
    def check(file):
        source, path, bad = SourceConfig(**file.settings), write_file(file), []
        with one_line_error(path):
            list(read_rows([path], source))
        strict = None
        with one_line_error(path):
            strict = [record.fields for record in read_texts(path, source)]
        with one_line_error(path):
            skipped = [record.fields for record in read_records(path, source, on_bad_row=bad.append)]
            if strict is not None and not bad:
                assert [
                    {name: value.replace("\0", " ") for name, value in fields.items()} for fields in skipped
                ] == strict
        if not path.removesuffix(".gz").endswith(".txt") or source.format != "auto":
            rejected = []
            with one_line_error(path):
                tables = sum(map(len, read_tables(path, source, rejected.append)))
                assert tables + len(rejected) == len(skipped) + len(bad)

    check_examples(count, check, damaged_files())


@tiers(few=25)
def test_any_file_can_be_audited_or_is_an_error(count, write_file):
    config = default_config("bow")

    def check(files):
        rows = []
        for file in files:
            path = write_file(file)
            with one_line_error(path):
                rows += read_rows([path], SourceConfig(**file.settings))
        with one_line_error("a"):
            run_audit(split_rows(rows, None, None, SourceConfig()), config)

    check_examples(count, check, st.lists(st.one_of(*FILES.values()), min_size=1, max_size=4))
