"""Which rows are held out: of every class, or of every label, its part. Each function is its seed's and no other's.

scikit-learn's stratified splits do not promise a row of each class in each part, fail where a part has fewer rows than
there are classes, and know one class a row only.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from kerascnn.data.records import Label, Row


def stratified_split(rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[Row]]:
    """Draw parts of the rows, stratified.

    Args:
        rows: Rows, all of one class or all of any number of labels; each label has a row for each part and one more.
        fractions: Name of a part to what it holds of the rows, above 0.
        seed: Seed of the draw.

    Returns:
        Name to rows, in their order.
    """
    draw = split_by_class if isinstance(rows[0].label, str) else split_by_labels
    return {
        name: [rows[position] for position in sorted(positions)]
        for name, positions in draw(rows, fractions, seed).items()
    }


def split_by_class(rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
    """Positions of rows drawn from each class: at least one for each part, and one that stays."""
    order = random.Random(seed)
    of_label: dict[Label, list[int]] = {}
    for position, row in enumerate(rows):
        of_label.setdefault(row.label, []).append(position)
    held: dict[str, list[int]] = {name: [] for name in fractions}
    for label in sorted(of_label):
        left, total = of_label[label], len(of_label[label])
        order.shuffle(left)
        for name, count in _counts(fractions, total).items():
            held[name] += left[:count]
            left = left[count:]
    return held


def split_by_labels(rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
    """Positions of rows drawn so that each part has its share of each label, and no label is in held-out rows only.

    Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, On the Stratification of Multi-Label Data, algorithm
    1): the label with the fewest rows left is dealt out first, each of its rows to the part that misses most of it,
    ties to the part that misses most rows. Rows without a label are dealt out as if that were a label.
    """
    order = random.Random(seed)
    of_row = [row.labels or (None,) for row in rows]
    names = ["", *fractions]  # "" stays
    wanted = {label: _with_rest(fractions, count) for label, count in Counter(x for y in of_row for x in y).items()}
    wanted_rows = _with_rest(fractions, len(rows))
    part_of: list[str | None] = [None] * len(rows)
    left = Counter(label for labels in of_row for label in labels)
    positions: dict[str | None, list[int]] = {}
    for position in order.sample(range(len(rows)), len(rows)):
        for label in of_row[position]:
            positions.setdefault(label, []).append(position)
    while left:
        rarest = min(left, key=lambda label: (left[label], label is None, str(label)))
        for position in positions[rarest]:
            if part_of[position] is None:
                part = max(names, key=lambda name: (wanted[rarest][name], wanted_rows[name]))
                part_of[position] = part
                wanted_rows[part] -= 1
                for label in of_row[position]:
                    wanted[label][part] -= 1
                    left[label] -= 1
        del left[rarest]
    _keep_one_of_each(of_row, part_of)
    return {name: [position for position, part in enumerate(part_of) if part == name] for name in fractions}


def _keep_one_of_each(of_row: Sequence[tuple[str | None, ...]], part_of: list[str | None]) -> None:
    """Let a row of each label stay: one that was dealt out for its rarer labels may have been its last."""
    staying = {label for labels, part in zip(of_row, part_of, strict=True) if part == "" for label in labels}
    for position, labels in enumerate(of_row):
        if not staying.issuperset(labels):
            part_of[position] = ""
            staying.update(labels)


def _with_rest(fractions: Mapping[str, float], total: int) -> dict[str, int]:
    """How many of so many rows each part gets, and how many stay (the part without a name)."""
    counts = _counts(fractions, total)
    return {"": total - sum(counts.values()), **counts}


def _counts(fractions: Mapping[str, float], total: int) -> dict[str, int]:
    """How many of so many rows each part gets: one at least, and one stays where there are enough."""
    counts: dict[str, int] = {}
    left = total
    for parts_after, name in zip(range(len(fractions), 0, -1), fractions, strict=True):
        counts[name] = max(0, min(max(1, round(fractions[name] * total)), left - parts_after))
        left -= counts[name]
    return counts
