"""Pictures as valid files of the right size, in every format, with any labels."""

import re
import struct
import xml.etree.ElementTree

import numpy as np
import pytest

from kerascnn.evaluation.curve_plots import list_pictures, picture_curves
from kerascnn.evaluation.plots import MAX_CLASSES, picture_confusion_matrix, plot_confusion_matrix
from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL
from kerascnn.tasks.curves import MAX_CURVES, compute_curves

NAMES = ["好评", "خدمة", "<b>$x$</b>"]
HISTORY = [{"epoch": 1, "loss": 1.0, "val_loss": 1.2}, {"epoch": 2, "loss": 0.5, "val_loss": 0.9}]


def evaluate(names, rows=120):
    """Metrics of random predictions that are better than chance."""
    rng = np.random.default_rng(len(names))
    targets = rng.integers(len(names), size=rows)
    probabilities = rng.dirichlet(np.ones(len(names)), rows)
    probabilities[np.arange(rows), targets] += 0.3
    return SINGLE_LABEL.evaluate(targets, (probabilities / 1.3).astype(np.float32), names)


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


def test_confusion_matrix_has_counts_and_percentages_of_the_rows():
    svg = picture_confusion_matrix([[3, 1], [0, 2]], ["a", "b"]).to_svg()
    shown = re.findall(r">\s*([^<>]*\d[^<>]*?)\s*</text>", svg)
    assert shown == ["3", "75 %", "1", "25 %", "2", "100 %"]


@pytest.mark.parametrize("name", ["$x$ and $", r"\frac", "two\nlines", "x" * 10_000, "", "\ud800", "\x00", "عربي 12"])
def test_any_label_can_be_drawn(name, tmp_path):
    for picture in (picture_confusion_matrix([[3, 1], [0, 2]], [name, "other"]), picture_curves(
        compute_curves(np.eye(2)[[0, 1, 1]], np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4]]), [name, "other"])
    )[1]):  # fmt: skip
        picture.save(tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size < 200_000
        xml.etree.ElementTree.fromstring(picture.to_svg().encode("utf-8"))


def test_all_pictures_of_a_classifier_can_be_saved_in_all_formats(tmp_path):
    pictures = list_pictures(evaluate(NAMES), HISTORY, NAMES)
    names = [picture.name for picture in pictures]
    assert names == ["loss_by_epoch", "confusion_matrix", "reliability", "roc", "precision_recall", "coverage"]
    for picture in pictures[1:5:3]:
        starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
        for suffix, start in starts.items():
            picture.save(tmp_path / f"{picture.name}.{suffix}")
            first = (tmp_path / f"{picture.name}.{suffix}").read_bytes()
            assert first.startswith(start)
        picture.save(tmp_path / f"{picture.name}.pdf")
        assert (tmp_path / f"{picture.name}.pdf").read_bytes() == first, "files do not hold the time"
    assert b"/FontFile2" in first, "fonts are embedded as TrueType"


def test_pictures_of_a_page_take_its_colors_and_escape_labels():
    [roc, *_] = picture_curves(evaluate(NAMES)["curves"])
    svg = roc.to_svg()
    assert "var(--ink)" in svg and "#1a1c20" not in svg
    assert "<b>" not in svg and "&lt;b&gt;$x$&lt;/b&gt;" in svg


def test_curves_name_averages_and_the_weakest_labels():
    results = evaluate([f"class {i}" for i in range(12)], 600)
    [roc, precision_recall, coverage] = picture_curves(results["curves"])
    areas = results["curves"]["roc"]["areas"]
    weakest = min(areas, key=areas.get)
    assert (
        f"lowest {areas[weakest]:.3f} for {weakest}. Of 12 labels, the {MAX_CURVES} with the lowest are drawn"
        in roc.caption
    )
    assert "average precision: macro 0." in precision_recall.caption
    assert "of the most confident 100%" in coverage.caption
    [binary, *_] = picture_curves(evaluate(["no", "yes"])["curves"])
    assert binary.caption.startswith("ROC curve of yes; area under the ROC curve: 0.")


def test_multi_label_results_have_curves_without_coverage():
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=(50, 3))
    probabilities = np.clip(0.5 * targets + 0.5 * rng.random((50, 3)), 0, 1).astype(np.float32)
    results = MULTI_LABEL.evaluate(targets, probabilities, ["a", "b", "c"], [0.5] * 3)
    assert [picture.name for picture in list_pictures(results, [], ["a", "b", "c"])] == [
        "reliability", "roc", "precision_recall",
    ]  # fmt: skip
