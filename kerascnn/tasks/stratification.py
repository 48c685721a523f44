"""Split rows so that every part has its proportion of every class or label. The same seed gives the same split.

The stratified splits of scikit-learn do not guarantee one row of each class in each part, fail if a part has fewer rows
than there are classes, and support one class per row only.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence

from kerascnn.data.records import Row


def split_by_class(rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
    """Return positions of rows of each class per part: at least one row for each part, and one that remains."""
    generator = random.Random(seed)
    positions_by_label: dict[str, array[int]] = {}  # a list of integers takes five times the memory
    for position, row in enumerate(rows):
        positions_by_label.setdefault(row.label, array("q")).append(position)
    parts: dict[str, list[int]] = {name: [] for name in fractions}
    for label in sorted(positions_by_label):
        remaining, total = positions_by_label[label], len(positions_by_label[label])
        generator.shuffle(remaining)
        for name, count in _count_rows(fractions, total).items():
            parts[name] += remaining[:count]
            remaining = remaining[count:]
    return parts


def split_by_labels(rows: Sequence[Row], fractions: Mapping[str, float], seed: int) -> dict[str, list[int]]:
    """Return positions of rows per part, such that each part has its proportion of each label.

    No label is lost to the remaining rows. The method is iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011,
    On the Stratification of Multi-Label Data, algorithm 1): the label with the fewest remaining rows comes first, and
    each of its rows goes to the part that lacks most rows of this label, ties to the part that lacks most rows. Rows
    without labels are distributed as if that were a label.
    """
    generator = random.Random(seed)
    row_labels = [row.labels or (None,) for row in rows]
    names = ["", *fractions]  # "" remains
    label_counts = Counter(label for labels in row_labels for label in labels)
    lacking = {label: _count_all_rows(fractions, count) for label, count in label_counts.items()}
    lacking_rows = _count_all_rows(fractions, len(rows))
    row_parts: list[str | None] = [None] * len(rows)
    remaining = Counter(label_counts)
    positions: dict[str | None, list[int]] = {}
    for position in generator.sample(range(len(rows)), len(rows)):
        for label in row_labels[position]:
            positions.setdefault(label, []).append(position)
    while remaining:
        rarest = min(remaining, key=lambda label: (remaining[label], label is None, str(label)))
        for position in positions[rarest]:
            if row_parts[position] is None:
                part = max(names, key=lambda name: (lacking[rarest][name], lacking_rows[name]))
                row_parts[position] = part
                lacking_rows[part] -= 1
                for label in row_labels[position]:
                    lacking[label][part] -= 1
                    remaining[label] -= 1
        del remaining[rarest]
    _keep_one_row_of_each_label(row_labels, row_parts)
    return {name: [position for position, part in enumerate(row_parts) if part == name] for name in fractions}


def _keep_one_row_of_each_label(row_labels: Sequence[tuple[str | None, ...]], row_parts: list[str | None]) -> None:
    """Return the last row of a label from its part, if all of them were assigned because of rarer labels."""
    remaining = {label for labels, part in zip(row_labels, row_parts, strict=True) if part == "" for label in labels}
    for position, labels in enumerate(row_labels):
        if not remaining.issuperset(labels):
            row_parts[position] = ""
            remaining.update(labels)


def _count_all_rows(fractions: Mapping[str, float], total: int) -> dict[str, int]:
    """Return the number of rows of each part, and of the remaining rows under the empty name."""
    counts = _count_rows(fractions, total)
    return {"": total - sum(counts.values()), **counts}


def _count_rows(fractions: Mapping[str, float], total: int) -> dict[str, int]:
    """Return the number of rows of each part: at least one, and one row remains if there are enough."""
    counts: dict[str, int] = {}
    remaining = total
    for parts_after, name in zip(range(len(fractions), 0, -1), fractions, strict=True):
        counts[name] = max(0, min(max(1, round(fractions[name] * total)), remaining - parts_after))
        remaining -= counts[name]
    return counts
