"""Accuracy by number of training rows, and what more labels would bring."""

import csv
import json
import random
import re

import numpy as np
import pytest

from kerascnn.utils.errors import InputError
from pipelines.benchmark import accuracy, learning_curve, main, results
from pipelines.benchmark.learning_curve import choose_numbers, describe_gain
from pipelines.benchmark.power_law import fit_power_law
from tests.pipelines.conftest import run_in_process

ROWS = [100, 200, 400, 800, 1600]


def measure(scale, exponent, floor, deviation=0.003):
    """Errors of three seeds that follow a power law."""
    rng = np.random.default_rng(0)
    return [[scale * rows**-exponent + floor + deviation * rng.normal() for _ in range(3)] for rows in ROWS]


@pytest.mark.parametrize(("scale", "exponent", "floor"), [(2.0, 0.5, 0.03), (1.0, 0.25, 0.0), (3.0, 0.8, 0.1)])
def test_estimates_the_error_with_more_rows_and_its_uncertainty(scale, exponent, floor):
    law = fit_power_law(ROWS, measure(scale, exponent, floor))
    [error], [low], [high] = law.predict([3200])
    assert error == pytest.approx(scale * 3200**-exponent + floor, abs=0.01)
    assert low <= error <= high < low + 0.03
    wider = fit_power_law(ROWS, measure(scale, exponent, floor, 0.01)).predict([3200])
    assert wider[2] - wider[1] > high - low


def test_says_whether_more_labels_are_worth_their_work():
    steep, flat = (fit_power_law(ROWS, measure(*law)) for law in ((2.0, 0.3, 0.0), (3.0, 1.0, 0.1)))
    assert "More labels are worth their work." in describe_gain(steep, 1600)
    said = describe_gain(flat, 1600)
    assert "bring little" in said and re.search(r"levels off at (89|90)\.\d %", said)


def test_equal_measurements_can_be_fitted():
    for error in (0.0, 0.2, 1.0):
        law = fit_power_law(ROWS[:3], [[error]] * 3)
        assert np.isfinite(law.predict([100, 10_000])).all()


def test_command_measures_a_file_and_draws_the_curve(news_csv, tmp_path):
    options = ("--model", "tfidf_svm", "--data", news_csv, "--shares", "0.2", "0.5", "1", "--seeds", "0")
    files = ("--output", tmp_path / "curve.csv", "--plots", "pdf")
    finished = run_in_process(main, "learning-curve", *options, *files)
    assert finished.status == 0, finished.err
    assert finished.out.count("measured") == 4 and finished.out.count("estimated") == 3
    assert re.search(r"Twice as many labels, 5\d\d, would bring about -?\d+\.\d points of accuracy", finished.out)
    assert (tmp_path / "curve.pdf").read_bytes().startswith(b"%PDF")
    again = run_in_process(main, "learning-curve", *options, *files)
    wrote = f"wrote {tmp_path / 'curve.csv'}, {tmp_path / 'curve.pdf'}\n"
    assert again.err == wrote and again.out == finished.out, "finished trainings are not repeated"


def test_other_rows_of_the_same_name_are_measured_anew(news, tmp_path):
    """Columns have names of their own; the second file has wrong labels, the third file those of the first again."""
    texts, labels = news
    options = ("--model", "tfidf_svm", "--data", tmp_path / "lines.csv", "--output", tmp_path / "curve.csv")
    options += ("--shares", "0.2", "0.5", "1", "--seeds", "0", "--plots", "--text-column", "Message", "--quiet")
    options += ("--label-column", "Category", "--json")
    measured = []
    for values in (labels, random.Random(0).sample(labels, len(labels)), labels):
        with open(tmp_path / "lines.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("Message", "Category"), *zip(texts, values, strict=True)])
        finished = run_in_process(main, "learning-curve", *options)
        assert (finished.status, finished.err) == (0, ""), finished.err
        measured.append(json.loads(finished.out))
    right, wrong, again = measured
    assert right == again != wrong
    assert right["measured"][-1]["values"] > wrong["measured"][-1]["values"]
    assert [set(point) for point in right["estimated"]] == [{"rows", "value", "interval"}] * 3
    with open(tmp_path / "curve.csv", encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 6
    assert {path.name for path in tmp_path.iterdir()} == {"lines.csv", "curve.csv"}


def test_results_of_other_models_and_devices_do_not_count(tmp_path):
    key = {"data": "demo:bbc", "fold": "", "settings": "", "seed": "0", "rows": "10"}
    rows = [("auto", "CPU", 0.75), ("tfidf_svm", "CPU", 0.5), ("auto", "GPU", 0.25)]
    file = results.ResultsFile(tmp_path / "curve.csv", accuracy.COLUMNS)
    for model, device, value in rows:
        file.add({**key, "model": model, "device": device, "accuracy": value})
    trainings = accuracy.Accuracy(models=("auto",), seeds=(0,), rows=(10,), output=str(file.path))
    assert learning_curve.read_errors(trainings, "accuracy") == [[0.25]]


def test_many_labels_raise_the_smallest_number_of_rows():
    assert choose_numbers((0.1, 0.2, 0.4, 0.7, 1), 160, 40, "data.csv") == [80, 112, 160]
    with pytest.raises(InputError, match=r"--shares .*: only 1 .* from 150, at least two per label, to the 160"):
        choose_numbers((0.1, 0.2, 0.4, 0.7), 160, 75, "data.csv")


def test_too_few_rows_are_named_before_any_training(news_csv, tmp_path):
    options = ("--data", news_csv, "--shares", "0.5", "1", "--output", tmp_path / "curve.csv", "--plots")
    finished = run_in_process(main, "learning-curve", *options)
    assert finished.status == 1
    assert re.fullmatch(r"error: --shares 0\.5 1\.0: only 2 different numbers .*; give three or more\n", finished.err)
