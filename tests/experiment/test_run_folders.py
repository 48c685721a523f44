"""The folders of a run."""

import pytest

from kerascnn.config import default_config
from kerascnn.experiment.run_folders import check_inputs
from kerascnn.utils.errors import InputError


@pytest.mark.parametrize(
    "values", [{"data": ["{}/news.csv"]}, {"test_data": ["{}/n*.csv"]}, {"text": {"stop_words": "{}/news.csv"}}]
)
def test_inputs_may_not_be_in_the_folder_that_is_replaced(values, tmp_path, write):
    write("bundle/news.csv", "text,label\na match,sports\n")
    folder = tmp_path / "bundle"
    name, value = next(iter(values.items()))
    if isinstance(value, dict):
        filled = {key: text.format(folder) for key, text in value.items()}
    else:
        filled = [text.format(folder) for text in value]
    config = default_config("bow").replace_values({name: filled}, "the test")
    with pytest.raises(InputError, match=r"news\.csv is in .*bundle, which is replaced; move it out"):
        check_inputs(config, folder)
    check_inputs(config, tmp_path / "other")
