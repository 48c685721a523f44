"""YAML files: readable ones, and what is refused before it takes memory."""

import pytest

from kerascnn.utils.errors import InputError
from kerascnn.utils.yaml_files import MAX_BYTES, read_yaml


def test_reads_settings_with_aliases(write):
    path = write("a.yaml", "base: &base {epochs: 3}\ntraining: {<<: *base, patience: 2}\nnetwork: *base\n")
    training, base = {"epochs": 3, "patience": 2}, {"epochs": 3}
    assert read_yaml(path) == {"base": base, "training": training, "network": base}
    assert read_yaml(write("empty.yaml", "# nothing\n")) is None


def nested_aliases(line):
    return "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(line.format(new=new, old=new - 1) for new in range(1, 10))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (nested_aliases("a{new}: &a{new} [" + ", ".join(["*a{old}"] * 9) + "]\n"), "more than 1,000,000 values"),
        ("a0: &a0 {x: 1}\n" + "".join(
            f"a{new}: &a{new} {{<<: [{', '.join([f'*a{new - 1}'] * 9)}]}}\n" for new in range(1, 12)
        ), "more than 1,000,000 values"),
        ("a: &a [*a]", "contains itself"),
        ("a: &a {b: *a}", "contains itself"),
        ("[" * 50_000, "not YAML"),
        ("- " * 50_000, "not YAML"),
        ("a: 2024-99-99", "not YAML"),
        ("a: " + "9" * 5000, "not YAML"),
        ("a: *b", "not YAML"),
        ("{[a]: b}", "not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "not YAML"),
        (b"a: \xff", "not YAML"),
        (b"a: \x00", "not YAML"),
        (b"#" * (MAX_BYTES + 1), "at most 10,000,000"),
    ],
    ids=range(14),
)  # fmt: skip
def test_refuses_in_one_line(content, message, write):
    path = write("a.yaml", content)
    with pytest.raises(InputError, match=message) as error:
        read_yaml(path)
    assert "\n" not in str(error.value) and path in str(error.value)


def test_names_a_folder(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_yaml(tmp_path)
