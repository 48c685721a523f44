"""Words of texts without tokens."""

from __future__ import annotations

import pytest

from kerascnn.text.words import split_characters, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I don't know, it's 3.5%!!!", ["I", "do", "n't", "know", ",", "it", "'s", "3.5", "%", "!!!"]),
        ("The U.S. re-elected him...", ["The", "U.S.", "re", "-", "elected", "him", "..."]),
        ("mail a.b@c.org or https://d.org/e?f", ["mail", "a.b@c.org", "or", "https://d.org/e?f"]),
        ("我在北京用iPhone。", ["我", "在", "北", "京", "用", "iPhone", "。"]),
        ("Straße\u00a0№5", ["Straße", "№", "5"]),
        ("", []),
    ],
)
def test_words_of_a_text(text, words):
    assert [text[start:end] for start, end in split_words(text)] == words


@pytest.mark.parametrize(
    "words",
    [
        "हिन्दी भाषा", "বাংলা ভাষা", "தமிழ் மொழி", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ગુજરાતી", "ਪੰਜਾਬੀ", "नेपाली",
        "ภาษาไทยที่", "ພາສາລາວ", "ភាសាខ្មែរ", "မြန်မာ", "བོད", "שָׁלוֹם עֲלֵיכֶם", "ٱلْعَرَبِيَّةُ", "می\u200cخواهم", "ދިވެހި", "ܣܘܼܪܝܝܐ",
        "क्\u200dष", "nai\u0308ve cafe\u0301", "co\u00adop", "か\u3099 葛\U000e0100", "Tiê\u0301ng Viê\u0323t",
        "𞤀𞤣\U0001e944", "𑄌𑄋𑄴𑄟𑄳𑄦",
        "❤️ 👍🏽 👨\u200d👩\u200d👧 🏳️\u200d🌈 1️⃣ #️⃣ 🇩🇪 🏴\U000e0067\U000e0062\U000e007f 🤷🏽\u200d♀️", "E\u0301.U.",
    ],
)  # fmt: skip
def test_marks_belong_to_their_word(words):
    assert [words[start:end] for start, end in split_words(words)] == words.split()
    glued = words.replace(" ", "-")
    assert [glued[start:end] for start, end in split_words(glued)] == glued.replace("-", " - ").split()


def test_words_cover_all_but_spaces():
    text = "Ünïcode 👍🏽 – “quotes” \u200b e\u0301 ไทย हिन्दी"
    covered = {position for start, end in split_words(text) for position in range(start, end)}
    assert {i for i, character in enumerate(text) if not character.isspace()} == covered


def test_characters_are_all_but_spaces():
    assert split_characters("a 京") == [(0, 1), (2, 3)]


def test_ideographic_space_is_no_token():
    assert [text_range for text_range in split_words("东京\u3000タワー") if text_range == (2, 3)] == []
