"""The metadata of model cards, as the Hugging Face Hub reads it."""

import dataclasses
import re

import pytest
from huggingface_hub import ModelCard

from kerascnn.evaluation.card_metadata import merge_metadata, split_card
from kerascnn.evaluation.model_card import render_model_card
from kerascnn.utils.errors import InputError
from tests.evaluation.test_model_card import bundle  # noqa: F401


def test_hub_reads_languages_and_results(bundle):  # noqa: F811
    card = ModelCard(render_model_card(dataclasses.replace(bundle, languages=["en", "zh"], scripts={"Latin": 0.9})))
    assert (card.data.language, card.data.library_name, card.data.license) == (["en", "zh"], "kerascnn", None)
    assert card.data.metrics == ["accuracy", "f1"] and card.data.model_name == "word_cnn for news.csv"
    found = {(result.metric_name, result.metric_value, result.dataset_split) for result in card.data.eval_results}
    results = bundle.metrics["test"]
    assert found == {("accuracy", 0.6, "test"), ("macro-F1", round(results["macro_f1"], 4), "test")}
    assert "languages, as far as the texts show them: en, zh" in card.content


@pytest.mark.parametrize(
    "name", ["demo:bbc", "a b/ü.csv", "../x", "---\nlicense: mit\n---", "数据.csv", "\ud800.csv", "'{[*&"]
)
def test_any_name_of_data_gives_valid_metadata(bundle, name):  # noqa: F811
    data = {"test": {"sources": [name], "rows": 5, "sha256": "0"}}
    text = render_model_card(dataclasses.replace(bundle, data=data)).encode("utf-8", "replace").decode()
    card = ModelCard(text)
    assert {result.dataset_name for result in card.data.eval_results} == {name}
    assert all(re.fullmatch(r"[\w.-]+", result.dataset_type, re.ASCII) for result in card.data.eval_results)
    assert card.data.license is None


def test_given_metadata_is_merged():
    card = merge_metadata("# Mine\n", {"license": "mit", "tags": "a", "language": None})
    assert split_card(card) == ({"license": "mit", "tags": ["a"]}, "# Mine\n")
    card = merge_metadata(card, {"license": "apache-2.0", "tags": ["b", "a"], "language": ("en",)})
    assert split_card(card) == ({"license": "apache-2.0", "tags": ["a", "b"], "language": ["en"]}, "# Mine\n")
    assert split_card(card.replace("\n", "\r\n")) == split_card(card)
    assert merge_metadata("text\n\n---\n\nmore\n---\n", {}) == "text\n\n---\n\nmore\n---\n"
    assert merge_metadata("", {}) == ""


def test_broken_metadata_is_named():
    with pytest.raises(InputError, match=r"README.md: the lines between --- are not YAML .*; correct them"):
        merge_metadata("---\na: [\n---\n# Mine\n", {"license": "mit"})
