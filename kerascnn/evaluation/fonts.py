"""Fonts that have the characters of the labels in a picture. matplotlib is imported by the functions."""

from __future__ import annotations

import contextlib
import functools
import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from kerascnn.utils import stderr

DEFAULT = "DejaVu Sans"
"""The font that comes with matplotlib: Latin, Greek, Cyrillic, Arabic, Hebrew and others."""
BOXES = "Last Resort"
"""Beginning of the names of fonts that have a box for every character; one comes with matplotlib."""
# the first that is installed is used, before any other font with the characters
HAN_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "PingFang SC", "Hiragino Sans GB", "Heiti TC", "Microsoft YaHei", "SimHei", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip
KANA_FONTS = ("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Hiragino Sans", "Yu Gothic", "IPAexGothic")
HANGUL_FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "Source Han Sans KR", "Apple SD Gothic Neo", "Malgun Gothic")
CJK_REMEDY = "install Noto Sans CJK (Debian and Ubuntu: apt install fonts-noto-cjk; conda: font-ttf-noto-cjk)"
OTHER_REMEDY = "install a font that has them, such as one of https://fonts.google.com/noto"
REGULAR = (400, "normal", "regular", "book")
"""Weights of the text of a picture."""
MAX_SHOWN = 8
"""Most characters that a message names."""

_reported: set[str] = set()
_searched: list[bool] = []
"""Not empty after the search for new fonts, which takes a second where there are many."""


def find_fonts(texts: Iterable[str]) -> list[str]:
    """Return names of fonts that together have the characters of some texts, the first one where several have them.

    Characters that no installed font has are reported once in a process, with what to install.
    """
    characters = {x for text in texts for x in text if x.isprintable() and not x.isspace()}
    families, missing = _choose_families(characters)
    if missing and _register_new_fonts():
        families, missing = _choose_families(characters)
    _report(missing)
    return families


def _choose_families(characters: set[str]) -> tuple[list[str], set[str]]:
    """Return names of fonts, and the characters that none of them has."""
    families, missing = [DEFAULT], _select_missing(characters, DEFAULT)
    for family in _list_candidates(missing):
        if not missing:
            break
        left = _select_missing(missing, family)
        if len(left) < len(missing):
            families.append(family)
            missing = left
    return families, missing


@contextlib.contextmanager
def use_fonts(texts: Iterable[str]) -> Iterator[None]:
    """Draw text in the block with fonts that have the characters of some texts."""
    import matplotlib

    # a minus sign of its own is in few fonts
    settings: Any = {"font.family": find_fonts(texts), "axes.unicode_minus": False}
    logger = logging.getLogger("matplotlib.font_manager")
    level = logger.level
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # reported by find_fonts, once and with a remedy
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        # it names the weights that a font lacks
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)


def _list_candidates(missing: set[str]) -> Iterator[str]:
    """Return the installed fonts for some characters, those that suit their language first."""
    from matplotlib import font_manager

    if not missing:
        return
    names = dict.fromkeys(font.name for font in font_manager.fontManager.ttflist)
    installed = [name for name in names if not name.startswith(BOXES)]
    preferred: Sequence[str] = HAN_FONTS
    if any("\u3040" <= character <= "\u30ff" for character in missing):
        preferred = (*KANA_FONTS, *HAN_FONTS)
    elif any("\uac00" <= character <= "\ud7a3" or "\u1100" <= character <= "\u11ff" for character in missing):
        preferred = (*HANGUL_FONTS, *HAN_FONTS)
    first = [family for family in preferred if family in installed]
    yield from (*first, *(family for family in installed if family not in first))


def _select_missing(characters: Iterable[str], family: str) -> set[str]:
    """Return those of some characters that a font lacks."""
    covered = _read_characters(family)
    return {character for character in characters if ord(character) not in covered}


@functools.cache
def _read_characters(family: str) -> frozenset[int]:
    """Return the code points of a font in its upright, regular form; none if its file cannot be read."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    # an oblique or a bold form may have fewer characters, and the list has the forms in any order
    forms = [font for font in font_manager.fontManager.ttflist if font.name == family]
    forms.sort(key=lambda font: (font.style != "normal", font.weight not in REGULAR, font.stretch != "normal"))
    try:
        return frozenset(FT2Font(forms[0].fname if forms else "").get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def _register_new_fonts() -> bool:
    """Add fonts that were installed after matplotlib stored its list; return whether there are any."""
    if _searched:
        return False
    _searched.append(True)
    from matplotlib import font_manager

    known = {font.fname for font in font_manager.fontManager.ttflist}
    new = sorted(set(font_manager.findSystemFonts()) - known)
    for path in new:
        # a damaged font is none
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            font_manager.fontManager.addfont(path)
    return bool(new)


def _report(missing: set[str]) -> None:
    """Log which characters have no font, those that were not logged before."""
    new = sorted(missing - _reported)
    if not new:
        return
    _reported.update(new)
    shown = "".join(new[:MAX_SHOWN]) + "…" * (len(new) > MAX_SHOWN)
    count = f"{len(new)} characters" if len(new) > 1 else "a character"
    is_cjk = any("\u2e80" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" for character in new)
    remedy = CJK_REMEDY if is_cjk else OTHER_REMEDY
    stderr.log(f"pictures show boxes for {count} of the labels that no installed font has, {shown}; {remedy}")
