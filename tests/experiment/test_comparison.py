"""Classifiers on the same rows."""

from kerascnn.config import default_config
from kerascnn.experiment import run_training
from kerascnn.experiment.comparison import compare_classifiers, format_comparison
from kerascnn.experiment.run_data import read_splits
from kerascnn.utils.atomic_files import read_json


def test_rows_that_a_classifier_has_learned_do_not_measure_it(news_csv, tmp_path):
    folder = tmp_path / "bow"
    run = default_config("bow").replace_values(
        {"data": [str(news_csv)], "output": str(folder), "source": {"test_fraction": 0.0}}, "test"
    )
    run_training(run, verbose=False, log=lambda message: None)
    metrics = read_json(folder / "metrics.json")
    assert "refit" in metrics

    splits = read_splits(run)
    comparison = compare_classifiers({"teacher": folder}, splits)
    assert comparison["teacher"]["accuracy"] == metrics["validation"]["accuracy"] < 1
    assert "unknown" not in format_comparison(comparison, splits)

    others = read_splits(run.replace_values({"source": {"split_seed": 1}}, "test"))
    comparison = compare_classifiers({"teacher": folder}, others)
    assert comparison["teacher"]["accuracy"] is None
    lines = format_comparison(comparison, others).splitlines()
    assert lines[-2].split()[:2] == ["teacher", "unknown"] and "give --test-data" in lines[-1]
