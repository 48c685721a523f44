"""Tables for terminals and pages."""

from kerascnn.utils.tables import markdown_table, text_table


def test_text_table_aligns_full_width_characters():
    assert text_table(("class", "rows"), [("business", "50"), ("好评", "1,000")]).splitlines() == [
        "class      rows",
        "business     50",
        "好评      1,000",  # each of the two characters takes two columns
    ]


def test_text_table_keeps_cells_as_they_are_written():
    assert text_table(("setting", "value"), [("1e-3", "007"), ("", "0.50")], align="lr").splitlines() == [
        "setting  value",
        "1e-3       007",
        "          0.50",
    ]


def test_markdown_table_escapes_bars():
    assert markdown_table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"
