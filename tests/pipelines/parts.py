"""Input folders as other programs write them, and the predictions in an output folder."""

import csv
import gzip
import io
import json

import pyarrow
import pyarrow.parquet

PARTS = ("a.csv", "b.jsonl", "c.tsv.gz", "d.parquet")


def write_part(path, texts):
    """Write a part with the columns id and text, in the format of its suffix."""
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


def write_folder(folder, texts):
    """Write texts to parts of every format; return the folder, and the texts of each part."""
    folder.mkdir()
    size = -(-len(texts) // len(PARTS))
    split = {name: texts[i * size : (i + 1) * size] for i, name in enumerate(PARTS)}
    for name, part in split.items():
        write_part(folder / name, part)
    return folder, split


def read_predictions(folder):
    """Return the rows of each output file, by file name."""
    return {path.name: pyarrow.parquet.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))}


def file_versions(folder):
    """Return the time and the inode of each output file, by file name."""
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.glob("*.parquet")}
