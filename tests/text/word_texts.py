"""Texts whose words are hard to find."""

import random

WORD_TEXTS = (
    "Don't! I can’t, won't, shouldn't've; it's Bob's, they'll, we're, I'd.",
    "rock'n'roll 'n' o'clock n't N'T 'S ''' dogs' 90's 1990's",
    "See http://example.com/a?b=c's, www.example.org. or HTTPS://X.Y mail me@x-y.co.uk now@ @home a@b",
    "3,400.50 12:30 1/2/1999 1.2.3. 5'11 5n't x86_64 90s 2nd",
    "U.S. U.S.A. e.g. i.e. A. B.C a.b. 1U.S.",
    "wait... what?!? ---- ==== ** ## $$ %% «» “quoted” – — … ……",
    "北京,China 2024年 iPad在京 中.国. カタカナ 한국어 ｆｕｌｌ",
    "naïve café Ægir Straße ÀÉ İstanbul ǅ é́ x²  ½ ④ Ⅷ",
    "tabs\tand\nlines\r\nand\u00a0spaces\u3000here\u2028\x85",
    "emoji 😀😀 👨‍👩‍👧 ❤️ ‿ ⁀ a‿b foo_bar __init__",
    "हिन्दी भाषा नमस्ते। বাংলা தமிழ் ગુજરાતી తెలుగు ಕನ್ನಡ മലയാളം සිංහල ក្រុមហ៊ុន ລາວ ภาษาไทย မြန်မာ བོད་ཡིག",
    "שָׁלוֹם עֲלֵיכֶם מַה־נִּשְׁמַע ٱلْعَرَبِيَّةُ می\u200cخواهم क्\u200dष ܣܘܪܝܝܐ ދިވެހި",
    "nai\u0308ve cafe\u0301s' do\u0301n't don't\u0301 it's\u0301 E\u0301.U. co\u00adop\u00ad -\u0301 \u0301a",
    "1\u0301a 3\u0301.5 _\u0301x",
    "か\u3099き a\u3099か 葛\U000e0100飾 。\u0301 ..\u0301. \u0301\u0308 \u200d\u200d \u200da",
    "a\u200d👩 👩\u200da 👩\u200d.",
    "👍🏽👍🏿 👨\u200d👩\u200d👧x 🏳️\u200d🌈 🇩🇪🇫🇷🇩 1️⃣2️⃣ #️⃣ *️⃣ ☺︎ 🏴\U000e0067\U000e0062\U000e007f",
    "🤷🏽\u200d♀️ a🏽 .🏽",
    "me@cafe\u0301.org e\u0301@x.org a@b\u0301.c.d http://e\u0301.x www.e\u0301 𖼀𖽑x 𑄌𑄋𑄴𑄟𑄳𑄦 𞤀\U0001e944 𞤁",
    '(me@x.com) <a@b.c> "q@r.s" [x] {y} ^_^ :-) \\o/ `code`',
)

_PIECES = [
    *"nt'.@1中か👩🏽🇩#- \u0301\u3099\u200d\u200c\u00ad\ufe0f\u20e3ि्\U000e0067", "n't", "'s", "http://", "a.b@c.",
]  # fmt: skip


def draw_texts() -> list[str]:
    """Return mixes of letters, punctuation marks, combining marks and emoji."""
    generator = random.Random(0)
    return ["".join(generator.choices(_PIECES, k=20)) for _ in range(300)]
