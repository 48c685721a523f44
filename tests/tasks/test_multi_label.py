"""Labels of multi-label data in Python: lists, and every form of indicator matrix that scikit-learn accepts."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.preprocessing import MultiLabelBinarizer

from kerascnn import tasks
from kerascnn.utils.errors import InputError

LISTS = [["sport", "law"], ["tech"], [], ("law", "tech", "tech")]
MATRIX = MultiLabelBinarizer().fit_transform(LISTS)


@pytest.mark.parametrize(
    "labels",
    [LISTS, [set(names) for names in LISTS], pd.Series(LISTS, index=[5, 6, 7, 8]), [np.array(x) for x in LISTS]],
    ids=["lists", "sets", "series", "arrays"],
)
def test_encodes_lists_like_scikit_learn(labels):
    assert tasks.infer_task(labels) is tasks.MULTI_LABEL
    labels = tasks.MULTI_LABEL.as_labels(labels)
    classes = tasks.MULTI_LABEL.find_classes(labels, has_teacher=False)
    assert classes.tolist() == ["law", "sport", "tech"]
    np.testing.assert_array_equal(tasks.MULTI_LABEL.encode(labels, classes), MATRIX)
    assert tasks.MULTI_LABEL.decode(MATRIX, classes) == [("law", "sport"), ("tech",), (), ("law", "tech")]


@pytest.mark.parametrize(
    "labels", [MATRIX, MATRIX.astype(bool), MATRIX.astype(float), MATRIX.tolist(), sparse.csr_matrix(MATRIX)], ids=type
)
def test_keeps_indicator_matrix(labels):
    assert tasks.infer_task(labels) is tasks.MULTI_LABEL
    labels = tasks.MULTI_LABEL.as_labels(labels)
    classes = tasks.MULTI_LABEL.find_classes(labels, has_teacher=False)
    assert classes.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(tasks.MULTI_LABEL.encode(labels, classes), MATRIX)


def test_finds_columns_of_data_frame_by_name():
    frame = pd.DataFrame(MATRIX, columns=["law", "sport", "tech"])
    classes = tasks.MULTI_LABEL.find_classes(frame, has_teacher=False)
    assert classes.tolist() == ["law", "sport", "tech"]
    np.testing.assert_array_equal(tasks.MULTI_LABEL.encode(frame[["tech", "law", "sport"]], classes), MATRIX)
    with pytest.raises(InputError, match="no column 'tech'"):
        tasks.MULTI_LABEL.encode(frame.rename(columns={"tech": "it"}), classes)


@pytest.mark.parametrize("labels", [["a", "b"], np.array([1, 2]), np.array([["a"], ["b"]]), [0.5, 1.5], None, [3, 4]])
def test_one_label_per_document_is_single_label(labels):
    assert tasks.infer_task(labels) is tasks.SINGLE_LABEL


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a"], "b"], r"row 1: 'b' where a list of labels is expected; write \['b'\]"),
        ([["a"], None], "row 1: None where a list of labels is expected"),
        ([["a", 0.5], ["b"]], "row 0: the label 0.5 is neither a string nor a whole number"),
        ([["a"], [1]], "labels are of several types, int, str"),
        ([["a"], []], "two labels or more"),
    ],
)
def test_rejects_row_without_list_of_labels(labels, message):
    assert tasks.infer_task(labels) is tasks.MULTI_LABEL
    with pytest.raises(InputError, match=message):
        tasks.MULTI_LABEL.find_classes(labels, has_teacher=False)


def test_rejects_labels_not_seen_in_training():
    with pytest.raises(InputError, match="row 1: the label 'x' was not seen in training"):
        tasks.MULTI_LABEL.encode([["a"], ["x"]], np.array(["a", "b"]))
    with pytest.raises(InputError, match="3 columns for the 2 labels"):
        tasks.MULTI_LABEL.encode(MATRIX, np.array(["a", "b"]))
