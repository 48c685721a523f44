"""Fonts for labels in any script, found by their characters."""

import warnings

import pytest
from fontTools.fontBuilder import FontBuilder
from matplotlib import font_manager

from kerascnn.evaluation import fonts
from kerascnn.evaluation.plots import picture_confusion_matrix

KANJI = "好评差"


def build_font(path, family, characters):
    """Write a font with empty glyphs for some characters."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", *(f"uni{ord(character):04X}" for character in characters)]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): f"uni{ord(character):04X}" for character in characters})
    builder.setupGlyf({name: builder_glyph() for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def builder_glyph():
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((500, 700))
    pen.closePath()
    return pen.glyph()


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Return a function that installs a font; matplotlib knows its own ones only."""
    own = [font for font in font_manager.fontManager.ttflist if "matplotlib" in font.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(path) for path in tmp_path.glob("*.ttf")])
    monkeypatch.setattr(fonts, "_reported", set())
    monkeypatch.setattr(fonts, "_searched", [])
    fonts._read_characters.cache_clear()
    yield lambda family, characters: build_font(tmp_path / f"{family}.ttf", family, characters)
    fonts._read_characters.cache_clear()


def test_font_that_was_installed_after_matplotlib_is_found_by_its_characters(installed):
    installed("Some Hanzi", KANJI)
    installed("Other", "abc")
    assert fonts.find_fonts(["好评 good", "差评"]) == ["DejaVu Sans", "Some Hanzi"]
    assert fonts.find_fonts(["good"]) == ["DejaVu Sans"]


def test_characters_are_those_of_the_upright_form_whatever_the_order(installed, capsys):
    ordered = sorted(font_manager.fontManager.ttflist, key=lambda font: font.style == "normal")  # oblique forms first
    for fonts_of_any_order in (ordered, ordered[::-1]):
        font_manager.fontManager.ttflist[:] = fonts_of_any_order
        fonts._read_characters.cache_clear()
        assert fonts.find_fonts(["خدمة"]) == ["DejaVu Sans"]
    assert capsys.readouterr().err == ""


def test_fonts_for_the_language_come_first(installed):
    installed("Any Font", KANJI + "カ")
    installed("Noto Sans CJK SC", KANJI + "カ")
    installed("Noto Sans JP", KANJI + "カ")
    assert fonts.find_fonts(["好评"]) == ["DejaVu Sans", "Noto Sans CJK SC"]
    assert fonts.find_fonts(["好カ"]) == ["DejaVu Sans", "Noto Sans JP"]


def test_missing_characters_are_reported_once_with_the_package_and_without_warnings(installed, tmp_path, capsys):
    (tmp_path / "damaged.ttf").write_bytes(b"\x00\x01\x00\x00 no font")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            picture_confusion_matrix([[3, 1], [0, 2]], ["好评", "𓂀"]).save(tmp_path / "matrix.png")
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "pictures show boxes for 3 characters of the labels that no installed font has, 好评𓂀; install "
    )
    assert "fonts-noto-cjk" in line


def test_arabic_needs_no_other_font(installed, capsys):
    assert fonts.find_fonts(["خدمة سيئة", "עברית", "Ελλάδα", "плохо"]) == ["DejaVu Sans"]
    assert capsys.readouterr().err == ""
