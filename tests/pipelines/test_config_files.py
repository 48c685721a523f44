"""Files of settings by path, bundle and name."""

import pytest

from kerascnn.utils.errors import InputError
from pipelines import train
from pipelines.config_files import SPACES, find_config, list_configs
from tests.pipelines.conftest import command


@pytest.mark.parametrize("name", ["kim2014_rand", "kim2014_rand.yaml"])
def test_packaged_settings_are_found_by_name_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    args = train.parse_arguments(["--config", name, "--epochs", "2"])
    assert args.run.training.optimizer == "adadelta" and args.run.training.epochs == 2


def test_own_file_precedes_a_packaged_one_and_a_bundle_has_its_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compact_word.yaml").write_text("seed: 7\n")
    (tmp_path / "kim2014_rand").mkdir()
    assert train.parse_arguments(["--config", "compact_word.yaml"]).run.seed == 7
    assert train.parse_arguments(["--config", "kim2014_rand"]).run.training.optimizer == "adadelta"
    (tmp_path / "kim2014_rand" / "config.yaml").write_text("seed: 8\n")
    assert train.parse_arguments(["--config", "kim2014_rand"]).run.seed == 8


def test_every_packaged_file_is_valid():
    assert len(list_configs()) >= 10
    for name in list_configs():
        assert train.parse_arguments(["--config", name]).run.model


def test_unknown_names_list_the_similar_or_all_ones():
    with pytest.raises(InputError, match=r"--config kim2014_ran: no such file.*; did you mean 'kim2014_rand'"):
        find_config("kim2014_ran")
    with pytest.raises(InputError, match=r"--space xyz: no such file.*; there are char_cnn, id_cnn, word_cnn$"):
        find_config("xyz", SPACES, "--space")


def test_commands_take_names(news_csv, tmp_path):
    for options in (("tune", "--space", "wordcnn"), ("distill", "--teacher", "bow", "--teacher-config", "compact_wor")):
        finished = command(*options, "--data", news_csv, "--output", tmp_path / "out")
        assert finished.status == 1
        assert (
            finished.err.startswith(f"error: {options[-2]} {options[-1]}: no such file")
            and "did you mean" in finished.err
        )
