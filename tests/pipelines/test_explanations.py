"""The text of an explanation, and the format of its file."""

import pytest

from kerascnn.evaluation.explanation import Explanation
from pipelines.explanations import explanation_format, write_explanations
from tests.scoring.test_output_columns import Record


class Explainer:
    """Explains every text with one label."""

    def __init__(self, label):
        self.label = label

    def explain(self, text):
        return Explanation(text, self.label, 1.0, 0.5, 0.5, "filters", (), ((text, 0.5),))


@pytest.mark.parametrize(("label", "shown"), [("a\x1b[31m", "a\ufffd[31m 1.0000\n"), (True, "true 1.0000\n")])
def test_label_cannot_steer_the_terminal_and_has_its_name(label, shown, tmp_path):
    path = tmp_path / "shown.txt"
    with open(path, "w", encoding="utf-8") as file:
        write_explanations(Explainer(label), [Record({"text": "x"}, "in.csv", 1)], "text", file, "text", title="")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(shown) and "\x1b" not in text


def test_suffix_of_a_page_may_have_capitals():
    assert explanation_format("e.HTML", as_html=True, as_json=False) == "html"
