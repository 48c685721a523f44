"""The audit of rows in files: the same as in memory, with a sample of the texts if there are many rows."""

import pytest

from kerascnn.audit import stored_corpus
from kerascnn.audit.audit import quick_audit, run_audit
from kerascnn.config import default_config
from kerascnn.data.cache import Cache
from kerascnn.data.config import SourceConfig
from kerascnn.data.splits import load_splits
from kerascnn.data.stored_splits import load_stored_splits
from tests.data.real_text import CHINESE, ENGLISH, csv_text

PAIRS = [(f"{text} {number}", label) for number in range(20) for text, label in ENGLISH]
PAIRS += [(text, "差评") for text, _ in CHINESE] + [("Caf\u00c3\u00a9 au lait", "Positive"), ("<b>x</b>", "rare")]


@pytest.fixture
def splits(write, tmp_path):
    """Return the same splits in memory and in files."""
    data = [write("train.csv", csv_text([*PAIRS, *PAIRS[:7]]))], [], [write("test.csv", csv_text(PAIRS[:30] * 2))]
    source = SourceConfig()
    return load_splits(*data, source), load_stored_splits(*data, source, Cache(tmp_path / "cache"))


def sort(issues):
    return sorted(issues, key=lambda issue: (issue.kind, issue.message))


@pytest.mark.parametrize("audit", [quick_audit, lambda *args: run_audit(*args).issues])
def test_few_rows_have_the_issues_of_rows_in_memory(splits, audit):
    expected, found = (sort(audit(part, default_config("word_cnn"))) for part in splits)
    assert found == expected and {issue.kind for issue in found} >= {"similar_labels"}


def test_statistics_are_those_of_rows_in_memory(splits):
    expected, found = (run_audit(part, default_config("word_cnn")).statistics for part in splits)
    assert found == expected


def test_classes_and_duplicates_of_many_rows_are_counted_exactly(splits, monkeypatch):
    monkeypatch.setattr(stored_corpus, "SAMPLED_ROWS", 20)
    expected, found = (run_audit(part, default_config("word_cnn")) for part in splits)
    for kind in ("class_imbalance", "rare_class", "missing_class", "duplicate", "train_overlap"):
        assert [x for x in sort(found.issues) if x.kind == kind] == [x for x in sort(expected.issues) if x.kind == kind]
    for name, values in found.statistics.items():
        assert values["rows"] == expected.statistics[name]["rows"]
        assert values["classes"] == expected.statistics[name]["classes"]
    sampled = [issue.message for issue in found.issues if issue.kind in ("short_text", "mixed_scripts")]
    assert all(message.startswith("in a sample of 20 of the ") for message in sampled)
