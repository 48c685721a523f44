"""Teachers of every kind, and their errors."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.distillation import teachers
from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL
from kerascnn.utils.errors import InputError

TEXTS = ["The bank cut the rate.", "A late goal, and\nthe cup is theirs.", "新闻, “quoted”"]
ROWS = [Row(text, (), "train.csv", number) for number, text in enumerate(TEXTS, start=2)]
LABELS = ["business", "sports"]
PROBABILITIES = np.array([[0.9, 0.1], [0.123456789, 0.876543211], [1.0, 0.0]])
RECORDS = [
    {"text": text, "business": b, "sports": s} for text, (b, s) in zip(TEXTS, PROBABILITIES.tolist(), strict=True)
]


def write(path, records):
    """Write records in the format of the file's suffix."""
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


def predict(spec, labels=LABELS):
    return teachers.teacher_probabilities(str(spec), ROWS, labels, SourceConfig())


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_file_rows_match_by_text_in_any_order(suffix, tmp_path):
    records = [{"id": number, "label": "?", **record} for number, record in enumerate(reversed(RECORDS))]
    others = [{"id": 9, "label": "?", "text": "Another text.", "business": 0.5, "sports": 0.5}, records[0]]
    path = write(tmp_path / f"answers{suffix}", records + others)
    np.testing.assert_array_equal(predict(path), PROBABILITIES.astype(np.float32))


def test_columns_match_by_label_name(tmp_path):
    path = write(tmp_path / "answers.csv", RECORDS)
    np.testing.assert_array_equal(predict(path, LABELS[::-1]), PROBABILITIES[:, ::-1].astype(np.float32))


def test_normalizes_rounded_probabilities(tmp_path):
    path = write(tmp_path / "answers.csv", [{**record, "business": 0.667, "sports": 0.33} for record in RECORDS])
    found = predict(path)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found[:, 0], 0.667 / 0.997, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sports": 0.5}, "row 3: the probabilities of 'business', 'sports' sum to 0.6235, not to 1; give the"),
        ({"sports": 0.5, "weather": 0.3}, r"not to 1 \(not a label of the training data: 'weather'\); give the"),
        ({"sports": "nan"}, "row 3: 'sports' has the probability nan; give numbers from 0 to 1"),
        ({"sports": -0.2}, "row 3: 'sports' has the probability -0.2; give numbers from 0 to 1"),
        ({"sports": 7.5}, "row 3: 'sports' has the probability 7.5; give numbers from 0 to 1"),
        ({"sports": "very"}, "row 3: 'sports' has the probability 'very'; give a number from 0 to 1"),
        ({"sports": None, "sport": 1}, "row 3: 'sports' has the probability ''; give a number"),
        (
            {"text": "Another."},
            r"no row has the text of train.csv, row 3, 'A late goal, .*' \(1 texts are missing in total\); add a row",
        ),
        ({"text": TEXTS[0]}, "row 3: has the text of row 2 with other probabilities; keep one of the rows"),
    ],
    ids=["sum", "unknown class", "nan", "negative", "logit", "word", "empty", "no row", "contradiction"],
)
def test_rejects_invalid_file_with_row_and_value(change, message, tmp_path):
    records = [RECORDS[0], {**RECORDS[1], **change}, RECORDS[2]]
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


def test_probabilities_of_several_labels_need_not_sum_to_1(tmp_path):
    write(tmp_path / "teacher.csv", [{"text": row.text, "sports": 0.9, "business": 0.8} for row in ROWS])
    found = teachers.teacher_probabilities(str(tmp_path / "teacher.csv"), ROWS, LABELS, SourceConfig(), MULTI_LABEL)
    np.testing.assert_allclose(found, [[0.8, 0.9]] * len(ROWS), atol=1e-6)


def test_rejects_label_without_column(tmp_path):
    path = write(tmp_path / "answers.csv", [{"text": text, "busines": 0.5, "sports": 0.5} for text in TEXTS])
    with pytest.raises(InputError, match="row 2: no column for the label 'business'; did you mean 'busines'"):
        predict(path)


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
    """Put a module with teacher functions into the working directory."""
    (tmp_path / "my_teacher.py").write_text(FUNCTIONS)
    (tmp_path / "my_broken_teacher.py").write_text("import a_package_that_is_nowhere")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield
    assert sys.path == before
    sys.modules.pop("my_teacher", None)


def test_function_of_module_in_working_directory(functions):
    np.testing.assert_array_equal(
        predict("my_teacher:probabilities"), np.float32([[0.9, 0.1], [0.25, 0.75], [0.25, 0.75]])
    )


def program(name):
    """Return a program of the page about distillation."""
    page = (Path(__file__).parents[2] / "docs" / "knowledge_distillation.md").read_text(encoding="utf-8")
    [found] = re.findall(rf"<!-- {name}\.py -->\n```py\n(.*?)```", page, re.DOTALL)
    return found


def test_documented_tfidf_teacher(functions, tmp_path):
    (tmp_path / "tfidf_teacher.py").write_text(program("tfidf_teacher"), encoding="utf-8")
    write(tmp_path / "train.csv", [{"text": text, "label": LABELS[i % 2]} for i, text in enumerate(TEXTS)])
    assert predict("tfidf_teacher:probabilities").argmax(axis=1).tolist() == [0, 1, 0]


def test_documented_latent_teacher_learns_from_third_of_labels(functions, tmp_path, news):
    (tmp_path / "latent_teacher.py").write_text(program("latent_teacher"), encoding="utf-8")
    rows = [{"text": text, "label": label} for text, label in zip(*news, strict=True)]
    write(tmp_path / "train.csv", rows[::3])
    names = sorted(set(news[1]))
    texts = [Row(row["text"], (), "texts.csv", number) for number, row in enumerate(rows, start=2)]
    probabilities = teachers.teacher_probabilities("latent_teacher:probabilities", texts, names, SourceConfig())
    correct = [names[target] == row["label"] for target, row in zip(probabilities.argmax(axis=1), rows, strict=True)]
    assert np.mean(correct) > 0.8


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("my_teacher:narrow", r"my_teacher:narrow: .* shape \(texts, labels\) = \(3, 2\) for the labels 'business'"),
        ("my_teacher:logits", "my_teacher:logits, for train.csv, row 2: 'business' has the probability 2.5; give"),
        ("my_teacher:words", "my_teacher:words: expected an array of numbers"),
        ("my_teacher:probabilitys", "has no function 'probabilitys'; did you mean 'probabilities'.*; write def prob"),
        ("my_teacher:constant", "my_teacher has no function 'constant'"),
        (
            "your_teacher:probabilities",
            r"cannot import 'your_teacher' .*run the command in the folder of your_teacher",
        ),
        ("my_broken_teacher:f", r"cannot import 'my_broken_teacher' \(No module named 'a_package_that_is_nowhere'\)"),
        (
            "my_teacher.csv",
            r"--teacher my_teacher\.csv: no such file or folder; did you mean 'my_teacher\.py'",
        ),
        ("nowhere/at_all", "nowhere/at_all: no such file or folder; give the folder of a bundle, a file of"),
        (".", "not a bundle"),
    ],
)
def test_rejects_unusable_teacher_with_remedy(spec, message, functions):
    with pytest.raises(InputError, match=message) as error:
        predict(spec)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("task", "known", "message"),
    [
        (
            MULTI_LABEL,
            LABELS,
            "a multi-label teacher, and the data is single-label; train a teacher on",
        ),
        (SINGLE_LABEL, ["sports", "weather"], "the teacher does not know the label 'business'"),
        (SINGLE_LABEL, [*LABELS, "weather"], "the teacher knows the label 'weather', which no training row has"),
    ],
    ids=["multi-label", "unknown label", "unused label"],
)
def test_rejects_bundle_with_other_labels(task, known, message, tmp_path, monkeypatch):
    classifier = SimpleNamespace(bundle_=SimpleNamespace(task=task, labels=known))
    monkeypatch.setattr("kerascnn.loading.load", lambda folder, runtime: classifier)
    with pytest.raises(InputError, match=message):
        predict(tmp_path)
