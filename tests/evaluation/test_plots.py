"""Plots as valid files of the right size."""

import struct

import numpy as np
import pytest

from kerascnn.evaluation.plots import MAX_CLASSES, plot_confusion_matrix


@pytest.mark.parametrize("classes", [2, 15])
def test_confusion_matrix_grows_with_classes(classes, tmp_path):
    matrix = [[10 * (i == j) + (i + j) % 3 for j in range(classes)] for i in range(classes)]
    plot_confusion_matrix(matrix, [f"class {i}" for i in range(classes)], tmp_path / "matrix.png")
    header = (tmp_path / "matrix.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", header[16:24])
    assert width == height == pytest.approx(120 * (2.5 + 0.55 * classes), abs=2)


def test_confusion_matrix_of_many_classes_shows_the_most_confused(tmp_path):
    classes = 1500
    matrix = np.diag(np.full(classes, 9))
    matrix[7, 1200] = matrix[33, 5] = 3
    plot_confusion_matrix(matrix.tolist(), [f"class {i}" for i in range(classes)], tmp_path / "matrix.png")
    assert struct.unpack(">I", (tmp_path / "matrix.png").read_bytes()[16:20])[0] <= 120 * (2.5 + 0.55 * MAX_CLASSES) + 2


@pytest.mark.parametrize("name", ["$x$ and $", r"\frac", "two\nlines", "x" * 10_000, "", "\ud800"])
def test_any_label_can_be_drawn(name, tmp_path):
    plot_confusion_matrix([[3, 1], [0, 2]], [name, "other"], tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").stat().st_size < 200_000
