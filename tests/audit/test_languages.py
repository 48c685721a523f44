"""Languages and scripts of texts, as far as the texts show them."""

import pytest

from kerascnn.audit.languages import MAX_SAMPLED, guess_languages, measure_scripts, sample_texts

ENGLISH = ["The shares of the bank fell, and that is what they had said.", "It was a good day for the team."]
GERMAN = ["Die Aktien der Bank fielen gestern um drei Prozent.", "Es war ein guter Tag für die Mannschaft."]
OTHERS = [
    "A mi me gusta mucho la comida, pero a veces me duele", "O que me dizes a mim é a verdade, e a casa é boa",
    "I ragazzi e i professori sono in classe, e a me piace", "I dag er jeg i byen, og det er som i fjor, har du tid",
    "Wat is er aan de hand, is het in orde, ik weet niet of is dat zo",
    "Am fost as fi bine, a venit si a plecat, do re mi",
    "A ház a fa mellett is szép, de a kert is, és is a part",
]  # fmt: skip
REVIEWS = [
    "Very good phone, works well and it was cheap",
    "Not what I wanted, it broke",
    "Great for the price",
    "Love it",
]
JAPANESE, KOREAN, RUSSIAN = ["昨日の試合に勝ちました"], ["경기에서 이겼습니다"], ["Цены выросли"]
CHINESE = ["银行的股票昨天下跌了", "这支球队昨天赢了比赛"]


@pytest.mark.parametrize(
    ("texts", "languages"),
    [
        (ENGLISH, ["en"]), (GERMAN, []), (REVIEWS, ["en"]), (CHINESE, ["zh"]),
        (JAPANESE, ["ja"]), (KOREAN, ["ko"]), (RUSSIAN, []),
        ([*ENGLISH * 2, *CHINESE], ["en", "zh"]), ([*CHINESE, *GERMAN], ["zh"]), ([*CHINESE * 50, ENGLISH[0]], ["zh"]),
        (["1 2 3"], []), ([], []),
    ],
)  # fmt: skip
def test_languages_of_texts(texts, languages):
    assert guess_languages(texts) == languages


@pytest.mark.parametrize("text", OTHERS)
def test_short_words_that_languages_share_are_not_english(text):
    assert guess_languages([text]) == []


def test_fractions_of_scripts():
    assert measure_scripts([*ENGLISH * 2, *CHINESE]) == {"Latin": 0.667, "Han": 0.333}
    assert measure_scripts(["1 2 3"]) == measure_scripts([]) == {}
    assert len(sample_texts(["a"] * (2 * MAX_SAMPLED + 1))) <= MAX_SAMPLED
