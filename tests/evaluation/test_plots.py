"""Plots as valid files of the right size."""

import struct

import pytest

from kerascnn.evaluation.plots import plot_confusion_matrix


@pytest.mark.parametrize("classes", [2, 15])
def test_confusion_matrix_grows_with_classes(classes, tmp_path):
    matrix = [[10 * (i == j) + (i + j) % 3 for j in range(classes)] for i in range(classes)]
    plot_confusion_matrix(matrix, [f"class {i}" for i in range(classes)], tmp_path / "matrix.png")
    header = (tmp_path / "matrix.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", header[16:24])
    assert width == height == pytest.approx(120 * (2.5 + 0.55 * classes), abs=2)
