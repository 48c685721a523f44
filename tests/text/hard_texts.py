"""Text settings, and texts that are hard to tokenize equally in two implementations."""

from hypothesis import strategies as st

from kerascnn.text.config import TextConfig

SETTINGS = {
    "default": TextConfig(),
    "punctuation": TextConfig(standardize=("html", "width", "lowercase", "punctuation")),
    "whitespace": TextConfig(split="whitespace"),
    "dictionary": TextConfig(split="dictionary"),
    "character": TextConfig(level="character"),
    "no steps": TextConfig(standardize=()),
    "nfkc": TextConfig(normalize="nfkc"),
    "nfkc_casefold": TextConfig(normalize="nfkc_casefold", standardize=()),
}

WORDS = [
    "手机",
    "手机壳",
    "机壳里",
    "很好用",
    "好用",
    "東京",
    "東京タワー",
    "タワ",
    "行き",
    "カメラ",
    "字字字",
    "𠀋𠀌",
    "用机",
    "々〆",
]
"""Words for the split dictionary, with overlaps and common prefixes and suffixes."""

TEXTS = [
    "",
    " \t\n ",
    "I don't like it; it wasn’t 'good' -- rock'n'roll, o'clock''s ''quoted'' for $1 or $& more",
    "A <b>bold</b><br />line, a < b and c > d, I <3 U, <foo@bar.com> <!-- no <i>comment</i> --> &lt;b&gt;&amp;amp;lt;",
    "caf&eacute; &quot;x&quot; it #39;s AT&amp;T R&D; &#8220;q&#8221; &#x27; &nbsp;&hellip;&#12345; &unknown; &#;",
    "手机iPhone12很好用!!！ＡＢＣ　１２３，don't机'手",
    "東京タワーへ行きました。カ\u3099ｶﾞ ー 々 〆切 한국어 텍스트입니다.",
    "مرحبا بالعالم! می\u200cخواهم \u202bשלום\u202c ١٢٣",
    "สวัสดีชาวโลก น้ำ \u200bkm។ နေကောင်း नमस्ते दुनिया क्\u200dष",
    "👍🏻👍🏿 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷🇩 1️⃣ ❤️❤ ☺︎ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🤷🏽‍♀️x",
    "e\u0301 é ﬁ ﬀ Ⅷ ² ½ ß ẞ ŉ \u0301x ᾳ Ǆ ẞ",
    "\u0345\u0301 x\u0345\u0327 \u0308\u0345\u0301 ᾳ\u0301 ᾴ\u0308 ᾼ\u0327 x\u037a\u0301",
    "İstanbul IĞDIR ıi ΟΔΟΣ ΑΣ. Σ ΑΣ' ΣΑ\u0301Σ Ì Í Ĩ Į Į́",
    "a\x00b\x01c\x7fd\x85e\u2028f\u2029g\xa0h\u3000i\ufeffj\xadk\u200bl\ufffdm\nn\r\no",
    "lone \ud800 surrogates \udfff, \ue000 private \U0010ffff last",
    "手机壳里很好用手机壳 里手 机壳\u0301里、東\u0301京タワカ\u3099メラ𠀋𠀋𠀌𠀌手機手机a手机壳東京タワ",
    "手" * 500 + "手机壳" * 500 + "字" * 1_000 + "機𠀋",
    "x" * 100_000 + " " + "word " * 2_000 + "字" * 1_000 + "!" * 1_000,
]

_PIECES = [
    *"<>&;'’\"#/!-_.,?aZßİıςΣΑﬁǅᾳé字手机壳好ーカﾞ한กำ0٣²½１Ａ　",
    *"\u00a0\u0301\u0345\u0308\u0327\u093f\u3099\u200b\u200c\u200d\ufeff\u00ad\u034f\u061c\u202e\u2028\u0085\x00\x0b\x1c\x7f",
    *"\ud800\udc00\udfff\ufffd\uffff\ue000\ufe0f\u20e3🇩🏽👩😀𠀋",
    "&amp;", "&amp;lt;", "&#39;", "&#x27", "&#0;", "&#xD800;", "&#1114112;", "&nbsp", "<br/>", "<b>", "</", "<!--",
    "-->", "<a href='x>y'>", "don't", "'s", "''", "ΑΣ", "ΣΑ", "i\u0307", "ſt", "\r\n", "👨\u200d👩\u200d👧", "𝒜",
    "手机壳", "東京タワー", "[UNK]", "[PAD]", "##s",
]  # fmt: skip
"""Characters and sequences that a step of the rules changes, removes or splits at."""


def hostile_texts():
    """Return a strategy of texts of these pieces, other code points and repetitions."""
    pieces = st.sampled_from(_PIECES) | st.characters(codec=None)
    repeated = st.tuples(pieces, st.integers(2, 40)).map(lambda pair: pair[0] * pair[1])
    return st.lists(pieces | repeated, max_size=25).map("".join)
