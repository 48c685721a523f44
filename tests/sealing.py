"""Changes of files of bundles and exports whose hashes are right again."""

import hashlib
import json

from kerascnn.utils.atomic_files import sha256


def edit_sealed(path, **changes):
    """Change values of a JSON file that ends with its hash."""
    values = json.loads(path.read_text(encoding="utf-8")) | changes
    values.pop("sha256", None)
    head = json.dumps(values | {"sha256": ""}, ensure_ascii=False, indent=1).removesuffix('"\n}').encode()
    path.write_bytes(head + hashlib.sha256(head).hexdigest().encode() + b'"\n}\n')


def update_hash(path, description="manifest.json"):
    """Update the hash of a changed file in the description of its folder."""
    description = path.with_name(description)
    files = json.loads(description.read_text(encoding="utf-8"))["files"]
    edit_sealed(description, files=files | {path.name: sha256(path)})


def edit_golden(folder, description="manifest.json", **changes):
    """Change values of golden.json."""
    path = folder / "golden.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    update_hash(path, description)
