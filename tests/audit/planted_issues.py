"""Rows with planted issues, and reports on them."""

from kerascnn import config as configuration
from kerascnn.audit.audit import run_audit
from kerascnn.config import Config
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.splits import split_rows


def make_config(model="char_cnn", **text) -> Config:
    return configuration.default_config(model).replace_values({"text": text}, "test")


def audit_rows(rows, config=None, changes=None, **options):
    """Return the report of the rows after a change to some splits."""
    rows = {name: list(rows[name]) for name in rows}
    for name, change in (changes or {}).items():
        rows[name] = change(rows[name])
    return run_audit(
        split_rows(rows["train"], rows["validation"], rows["test"], SourceConfig()), config or make_config(), **options
    )


def issue_kinds(report):
    return {issue.kind for issue in report.issues}


def only_issue(report, kind):
    issues = [issue for issue in report.issues if issue.kind == kind]
    assert len(issues) == 1, report.issues
    return issues[0]


def change_text(change, count=2):
    """Change the text of the first rows."""
    return lambda rows: [row._replace(text=change(row.text)) for row in rows[:count]] + rows[count:]


def change_label(change, count=2):
    def change_row(row):
        label = change(row.label)
        return row._replace(labels=(label,) if label else ())

    return lambda rows: [*map(change_row, rows[:count]), *rows[count:]]


def append_changed(change, count=2, file="more.csv"):
    """Append changed copies of the first rows."""
    return lambda rows: [
        *rows, *(change(row)._replace(file=file, number=number) for number, row in enumerate(rows[:count], start=2))
    ]  # fmt: skip


def decode_wrongly(text):
    return ("Café £5, it’s " + text).encode("utf-8").decode("cp1252")


PLANTED = {
    "replacement_character": ("serious", change_text(lambda text: f"{text[:40]}\ufffd{text[40:]}")),
    "mojibake": ("serious", change_text(decode_wrongly)),
    "control_character": ("note", change_text(lambda text: f"{text}\x07")),
    "nul_character": ("warning", change_text(lambda text: f"{text}\0")),
    "invisible_character": ("note", change_text(lambda text: text.replace(" ", " \u200b", 1))),
    "empty_text": ("warning", change_text(lambda text: " ")),
    "missing_label": ("warning", change_label(lambda label: "")),
    "short_text": ("note", lambda rows: [rows[0]._replace(text="…!?"), rows[1]._replace(text="7"), *rows[2:]]),
    "mixed_scripts": (
        "note",
        lambda rows: [*rows, *(Row(t, ("tech",), "ru.csv", 9) for t in ("Цены выросли", "Цены упали"))],
    ),
    "truncated": ("note", change_text(lambda text: f"{text} {text[::-1]}")),
    "duplicate": ("note", append_changed(lambda row: row)),
    "conflicting_labels": ("serious", append_changed(lambda row: row._replace(labels=("tech",)))),
    "near_duplicate": ("note", append_changed(lambda row: row._replace(text=row.text.upper() + "!"))),
    "similar_labels": ("serious", change_label(lambda label: f"{label.title()}.")),
    "swallowed_row": (
        "serious",
        append_changed(lambda row: row._replace(text=f"{row.text}!,{row.label}\nAnother text of the file")),
    ),
    "list_as_label": ("serious", change_label(lambda label: f"['{label}', 'other']")),
    "missing_label_name": ("warning", change_label(lambda label: "N/A")),
    "rare_class": (
        "warning",
        lambda rows: [*rows, *(Row(f"Rain, {t}", ("rain",), "r.csv", 9) for t in ("wind.", "sun."))],
    ),
}


def make_rows(pairs):
    return [Row(text, (label,), "all.csv", number) for number, (text, label) in enumerate(pairs, start=2)]


def keep_all(pairs):
    """Return splits whose training rows are all rows."""
    others = [Row("Another text", ("a",), "v.csv", 2)], [Row("One more text", ("b",), "t.csv", 2)]
    return split_rows(make_rows(pairs), *others, SourceConfig())
