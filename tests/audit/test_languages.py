"""Languages and scripts of texts, as far as the texts show them."""

import pytest

from kerascnn.audit.languages import MAX_SAMPLED, guess_languages, measure_scripts, sample_texts

ENGLISH = ["The shares of the bank fell, and that is what they had said.", "It was a good day for the team."]
GERMAN = ["Die Aktien der Bank fielen gestern um drei Prozent.", "Es war ein guter Tag für die Mannschaft."]
JAPANESE, KOREAN, RUSSIAN = ["昨日の試合に勝ちました"], ["경기에서 이겼습니다"], ["Цены выросли"]
CHINESE = ["银行的股票昨天下跌了", "这支球队昨天赢了比赛"]


@pytest.mark.parametrize(
    ("texts", "languages"),
    [
        (ENGLISH, ["en"]), (GERMAN, []), (CHINESE, ["zh"]), (JAPANESE, ["ja"]), (KOREAN, ["ko"]), (RUSSIAN, []),
        ([*ENGLISH * 2, *CHINESE], ["en", "zh"]), ([*CHINESE, *GERMAN], ["zh"]), ([*CHINESE * 50, ENGLISH[0]], ["zh"]),
        (["1 2 3"], []), ([], []),
    ],
)  # fmt: skip
def test_languages_of_texts(texts, languages):
    assert guess_languages(texts) == languages


def test_fractions_of_scripts():
    assert measure_scripts([*ENGLISH * 2, *CHINESE]) == {"Latin": 0.667, "Han": 0.333}
    assert measure_scripts(["1 2 3"]) == measure_scripts([]) == {}
    assert len(sample_texts(["a"] * (2 * MAX_SAMPLED + 1))) <= MAX_SAMPLED
