"""Texts whose words are hard to find."""

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
    '(me@x.com) <a@b.c> "q@r.s" [x] {y} ^_^ :-) \\o/ `code`',
)
