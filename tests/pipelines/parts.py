"""A folder of files of rows, as other programs leave them, and what was answered to it."""

import csv
import gzip
import io
import json

import pyarrow
import pyarrow.parquet

PARTS = ("a.csv", "b.jsonl", "c.tsv.gz", "d.parquet")


def write(path, texts):
    """A part with a number and a text a row, in the format of its name."""
    rows = [{"id": number, "text": text} for number, text in enumerate(texts)]
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        table = pyarrow.table({"id": pyarrow.array(range(len(rows)), pyarrow.int16()), "text": list(texts)})
        pyarrow.parquet.write_table(table.replace_schema_metadata({"of": "another program"}), path)
        return
    text = io.StringIO()
    if name.endswith(".jsonl"):
        text.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    else:
        writer = csv.DictWriter(text, ["id", "text"], delimiter="\t" if name.endswith(".tsv") else ",")
        writer.writeheader()
        writer.writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)


def folder_of(place, texts):
    """A folder with the texts in parts of every format; returns it, and the texts of each part."""
    place.mkdir()
    size = -(-len(texts) // len(PARTS))
    split = {name: texts[i * size : (i + 1) * size] for i, name in enumerate(PARTS)}
    for name, some in split.items():
        write(place / name, some)
    return place, split


def answers(folder):
    """Name of each file of answers to its rows."""
    return {path.name: pyarrow.parquet.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))}


def times(folder):
    """When and as what each file of answers was written."""
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.glob("*.parquet")}
