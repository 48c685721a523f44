"""The choice of a model for a run that is interrupted and resumed."""

from kerascnn.config import default_config
from kerascnn.experiment.automatic_run import choose_run
from kerascnn.experiment.run_data import read_splits


def test_interrupted_run_keeps_its_choice(news_csv, tmp_path):
    run = default_config("auto").replace_values(
        {"data": [str(news_csv)], "output": str(tmp_path / "out"), "training": {"epochs": 1}}, "test"
    )
    splits, messages = read_splits(run), []
    short = type(splits)(splits.train[::8], splits.validation, splits.test, task=splits.task)
    first = choose_run(run, short, tmp_path / "out", resume=False, log=messages.append)
    messages.clear()
    assert choose_run(run, short, tmp_path / "out", resume=True, log=messages.append) == first
    assert messages == ["model auto chose word_cnn before the interruption"]
    choose_run(run.replace_values({"seed": 1}, "test"), short, tmp_path / "out", resume=True, log=messages.append)
    assert "model auto chooses word_cnn: fewer than 50 rows to compare models on, the default" in messages
