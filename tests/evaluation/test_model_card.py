"""The model card: the figures of the run, in Markdown that a label cannot break."""

from kerascnn import config as configuration
from kerascnn.evaluation.metrics import evaluate
from kerascnn.evaluation.model_card import model_card
from tests.evaluation.test_metrics import LABELS, PROBABILITIES


def test_it_states_data_figures_and_training():
    labels = ["good|bad", "体育", "tech"]
    figures = evaluate(LABELS, PROBABILITIES, labels)
    speed = {"parameters": 1_234_567, "epochs": 3, "seconds": 12.3, "documents_per_second": 4567.8}
    run = configuration.default_config("word_cnn").replace_values({"data": ["news.csv"], "seed": 7}, "test")
    data = {"train": {"sources": ["news.csv"], "rows": 12_345, "sha256": "0"}}
    card = model_card(run, labels, data, {"test": figures, **speed})
    assert card.startswith("# word_cnn for news.csv\n")
    assert "| train | 12,345 | news.csv |" in card
    assert "| test | 5 | 0.6000 (0.2000 to 1.0000) |" in card
    assert "| good\\|bad | 体育 | 1 | 50.0% |" in card
    assert "| good\\|bad | 1.000 | 0.500 |" in card
    assert "1,234,567 parameters, 3 epochs" in card and "seed 7" in card
    assert "tensorflow-text" not in card
    assert model_card(run, labels, {}, {"test": figures, **speed}).startswith("# word_cnn\n")
    normalized = model_card(
        run.replace_values({"text": {"normalize": "nfkc"}}, "test"), labels, data, {"test": figures, **speed}
    )
    assert "operations of tensorflow-text" in normalized
