"""Anything that gives probabilities can teach, and what it does wrong is said."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.config import SourceConfig
from kerascnn.data import Row
from kerascnn.distillation import teachers
from kerascnn.utils.errors import InputError

TEXTS = ["The bank cut the rate.", "A late goal, and\nthe cup is theirs.", "新闻, “quoted”"]
ROWS = [Row(text, "", "train.csv", number) for number, text in enumerate(TEXTS, start=2)]
LABELS = ["business", "sports"]
TAUGHT = np.array([[0.9, 0.1], [0.123456789, 0.876543211], [1.0, 0.0]])
GOOD = [{"text": text, "business": b, "sports": s} for text, (b, s) in zip(TEXTS, TAUGHT.tolist(), strict=True)]


def write(path, records):
    """The records in the format of the file's name."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records), path)
    else:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(records[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(records)
    return str(path)


def ask(spec, labels=LABELS):
    return teachers.teacher_probabilities(str(spec), ROWS, labels, SourceConfig())


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_file_is_looked_up_by_text_in_any_order_and_with_other_columns(suffix, tmp_path):
    records = [{"id": number, "label": "?", **record} for number, record in enumerate(reversed(GOOD))]
    others = [{"id": 9, "label": "?", "text": "Another text.", "business": 0.5, "sports": 0.5}, records[0]]
    path = write(tmp_path / f"answers{suffix}", records + others)
    np.testing.assert_array_equal(ask(path), TAUGHT.astype(np.float32))


def test_columns_are_found_by_the_name_of_their_label(tmp_path):
    path = write(tmp_path / "answers.csv", GOOD)
    np.testing.assert_array_equal(ask(path, LABELS[::-1]), TAUGHT[:, ::-1].astype(np.float32))


def test_rounded_probabilities_sum_to_one_afterwards(tmp_path):
    path = write(tmp_path / "answers.csv", [{**record, "business": 0.667, "sports": 0.33} for record in GOOD])
    answer = ask(path)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(answer[:, 0], 0.667 / 0.997, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sports": 0.5}, "row 3: the probabilities of 'business', 'sports' sum to 0.6235, not to 1; give the softmax"),
        ({"sports": 0.5, "weather": 0.3}, r"not to 1 \(no label of the training data: 'weather'\); give the softmax"),
        ({"sports": "nan"}, "row 3: 'sports' has the probability nan; give numbers from 0 to 1"),
        ({"sports": -0.2}, "row 3: 'sports' has the probability -0.2; give numbers from 0 to 1"),
        ({"sports": 7.5}, "row 3: 'sports' has the probability 7.5; give numbers from 0 to 1"),
        ({"sports": "very"}, "row 3: 'sports' has the probability 'very'; give a number from 0 to 1"),
        ({"sports": None, "sport": 1}, "row 3: 'sports' has the probability ''; give a number"),
        (
            {"text": "Another."},
            r"no row has the text of train.csv, row 3, 'A late goal, .*' \(1 rows in all\); give every",
        ),
        ({"text": TEXTS[0]}, "row 3: the text of row 2 again, with other probabilities; keep one of them"),
    ],
    ids=["sum", "unknown class", "nan", "negative", "logit", "word", "empty", "no row", "contradiction"],
)
def test_a_file_that_is_wrong_is_refused_with_its_row_and_value(change, message, tmp_path):
    records = [GOOD[0], {**GOOD[1], **change}, GOOD[2]]
    columns = dict.fromkeys(name for record in records for name in record)
    path = tmp_path / "answers.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval=0)
        writer.writeheader()
        writer.writerows({**record, "text": record["text"].replace("\n", " ")} for record in records)
    rows = [row._replace(text=row.text.replace("\n", " ")) for row in ROWS]
    with pytest.raises(InputError, match=message) as error:
        teachers.teacher_probabilities(str(path), rows, LABELS, SourceConfig())
    assert "answers.csv" in str(error.value) and "\n" not in str(error.value)


def test_a_label_without_a_column_is_refused_by_name(tmp_path):
    path = write(tmp_path / "answers.csv", [{"text": text, "busines": 0.5, "sports": 0.5} for text in TEXTS])
    with pytest.raises(InputError, match="row 2: no column for the label 'business'; did you mean 'busines'"):
        ask(path)


FUNCTIONS = """
import numpy as np
def probabilities(texts, labels):
    known = {0.9: "business", 0.1: "sports"}
    assert isinstance(texts, list) and labels == ["business", "sports"]
    return [[0.9, 0.1] if "bank" in text else [0.25, 0.75] for text in texts]
def narrow(texts, labels): return np.ones((len(texts), 1))
def logits(texts, labels): return np.array([[2.5, -1.0]] * len(texts))
def words(texts, labels): return labels
constant = 3
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    """A module of teachers in the working directory."""
    (tmp_path / "my_teacher.py").write_text(FUNCTIONS)
    (tmp_path / "my_broken_teacher.py").write_text("import a_package_that_is_nowhere")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield
    assert sys.path == before
    sys.modules.pop("my_teacher", None)


def test_a_function_of_a_module_in_the_working_directory_is_asked(functions):
    np.testing.assert_array_equal(ask("my_teacher:probabilities"), np.float32([[0.9, 0.1], [0.25, 0.75], [0.25, 0.75]]))


def program(name):
    """A program of the page about distillation."""
    page = (Path(__file__).parents[2] / "docs" / "knowledge_distillation.md").read_text(encoding="utf-8")
    [found] = re.findall(rf"<!-- {name}\.py -->\n```py\n(.*?)```", page, re.DOTALL)
    return found


def test_the_teacher_of_the_documentation_teaches(functions, tmp_path):
    (tmp_path / "tfidf_teacher.py").write_text(program("tfidf_teacher"), encoding="utf-8")
    write(tmp_path / "train.csv", [{"text": text, "label": LABELS[i % 2]} for i, text in enumerate(TEXTS)])
    assert ask("tfidf_teacher:probabilities").argmax(axis=1).tolist() == [0, 1, 0]


def test_the_latent_teacher_of_the_documentation_learns_from_a_third_of_the_labels(functions, tmp_path, news):
    (tmp_path / "latent_teacher.py").write_text(program("latent_teacher"), encoding="utf-8")
    rows = [{"text": text, "label": label} for text, label in zip(*news, strict=True)]
    write(tmp_path / "train.csv", rows[::3])
    names = sorted(set(news[1]))
    asked = [Row(row["text"], "", "texts.csv", number) for number, row in enumerate(rows, start=2)]
    answers = teachers.teacher_probabilities("latent_teacher:probabilities", asked, names, SourceConfig())
    right = [names[answer] == row["label"] for answer, row in zip(answers.argmax(axis=1), rows, strict=True)]
    assert np.mean(right) > 0.8


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("my_teacher:narrow", r"my_teacher:narrow: .* shape \(texts, labels\) = \(3, 2\), the labels being 'business'"),
        ("my_teacher:logits", "my_teacher:logits, for train.csv, row 2: 'business' has the probability 2.5; give"),
        ("my_teacher:words", "my_teacher:words: expected an array of numbers"),
        ("my_teacher:probabilitys", "has no function 'probabilitys'; did you mean 'probabilities'.*; write def prob"),
        ("my_teacher:constant", "my_teacher has no function 'constant'"),
        (
            "your_teacher:probabilities",
            r"cannot import 'your_teacher' .*start the command in the folder of your_teacher",
        ),
        ("my_broken_teacher:f", r"cannot import 'my_broken_teacher' \(No module named 'a_package_that_is_nowhere'\)"),
        (
            "my_teacher.csv",
            r"--teacher my_teacher\.csv: there is no such file or folder; did you mean 'my_teacher\.py'",
        ),
        ("nowhere/at_all", "nowhere/at_all: there is no such file or folder; give the folder of a bundle, a file of"),
        (".", "no bundle"),
    ],
)
def test_a_teacher_that_cannot_be_asked_is_refused_with_the_remedy(spec, message, functions):
    with pytest.raises(InputError, match=message) as error:
        ask(spec)
    assert "\n" not in str(error.value)
