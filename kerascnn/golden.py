"""Probe texts, for which every loaded or exported model must predict the same probabilities as the trained model."""

from __future__ import annotations

PROBES = (
    "",
    " ",
    "a",
    "The plot is thin, but the acting is wonderful!",
    "I don't think it's worth the price; the battery died after 2 days.",
    "WHAT A GREAT DAY -- visit HTTPS://EXAMPLE.COM/a?b=1&c=2 for more",
    "Shares rose 3.5% on Tuesday as the bank cut its forecast for 2025.",
    "<p>Tags &amp; entities,<br/>a < b and b > a &#39;quoted&#39;</p>",
    "Café déjà vu – naïve coöperation, Straße, ﬁne e\u0301tude",
    "这部电影很好看，演员的表演也很棒！",
    "手机收到了，屏幕有划痕，客服态度很差。",
    "ＡＢＣ１２３　全角文字，ｍｉｘｅｄ with English words",
    "今日は天気がいいですね。カメラのレンズを買いました。",
    "배송이 빠르고 품질도 좋아요.",
    "هذا المنتج رائع والسعر مناسب جدا",
    "Очень хороший фильм, советую посмотреть.",
    "Το ΤΕΛΟΣ της ημέρας",
    "İstanbul'da ılık bir gün",
    "यह किताब बहुत अच्छी है।",
    "สินค้าคุณภาพดีมาก",
    "👍🏽 great 👨‍👩‍👧 family 🇩🇪 ❤️ :-)",
    "line one\nline two\ttab\u0085next\u2028separator\x00null",
    "\ufffd odd \u200b marks \ufeff",
    "word " * 700,
    "长文本测试，" * 200,
)
"""Many scripts, empty texts, one token, unusual characters, texts longer than any default ``max_length``."""
