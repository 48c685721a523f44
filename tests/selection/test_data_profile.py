"""What is measured about training data."""

import pytest

from kerascnn.selection.data_profile import DataProfile

ENGLISH = "Prices rose for the third month, and the bank is not expected to cut its rate."
GERMAN = "Die Preise stiegen im dritten Monat, und die Bank wird den Zins wohl nicht senken."
QUESTION = "What is the capital of Peru ?"


@pytest.mark.parametrize(
    ("texts", "script", "is_english", "is_unspaced"),
    [
        ([ENGLISH], "Latin", True, False),
        ([QUESTION] * 3, "Latin", True, False),
        ([GERMAN], "Latin", False, False),
        (["Цены растут третий месяц подряд"], "Cyrillic", False, False),
        (["价格连续第三个月上涨"], "Han", False, True),
        ([ENGLISH, "Цены растут третий месяц"], "", False, False),
        (["1234"], "", False, False),
    ],
    ids=["English", "questions", "German", "Russian", "Chinese", "two scripts", "numbers"],
)
def test_script_and_language(texts, script, is_english, is_unspaced):
    profile = DataProfile.measure(texts, 2)
    assert (profile.script, profile.is_english, profile.is_unspaced) == (script, is_english, is_unspaced)


def test_scripts_of_more_than_a_few_texts():
    texts = [ENGLISH] * 85 + ["Цены растут"] * 11 + ["价格上涨"] * 4
    assert DataProfile.measure(texts, 2).scripts == {"Latin", "Cyrillic"}


def test_lengths_are_in_words_or_in_characters():
    assert DataProfile.measure([QUESTION] * 5000, 2).length == 7
    assert DataProfile.measure(["价格上涨", "价格连续上涨"], 2).length == 5
    assert DataProfile.measure([QUESTION] * 5000, 2).characters == 5000 * len(QUESTION)


def test_describes_the_data_in_one_line():
    assert DataProfile.measure([QUESTION] * 3, 6).describe() == "3 rows, 6 labels, English, 7 words a text"
