"""The tables of Unicode are those of the libraries inside TensorFlow."""

from kerascnn.text import unicode_tables
from tests import generate_unicode_tables


def test_tables_are_those_of_the_installed_tensorflow():
    ranges = generate_unicode_tables.find_ranges()
    expected = {name: table for name, table in unicode_tables.TABLES.items() if name in ranges}
    assert ranges == expected, "run python -m tests.generate_unicode_tables"
