"""Archives that declare more than they hold are rejected before memory is allocated."""

import io
import json
import shutil
import tracemalloc
import zipfile

import h5py
import keras
import numpy as np
import pytest

from kerascnn.training.state_file import read_state, write_state
from kerascnn.utils.archives import check_keras_file, read_arrays
from kerascnn.utils.errors import InputError


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    layers = [keras.Input((7,), dtype="int32"), keras.layers.Embedding(50, 4), keras.layers.GlobalMaxPooling1D()]
    keras.Sequential([*layers, keras.layers.Dense(3)]).save(path)
    return path


@pytest.fixture
def rewrite(model_file, tmp_path):
    """Function that writes a copy of the model file with changed members."""

    def write_copy(change, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(model_file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        path = tmp_path / "model.keras"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    return write_copy


def test_accepts_what_keras_writes(model_file, rewrite):
    check_keras_file(model_file)
    check_keras_file(rewrite(lambda members: None))


def test_reads_no_weights_of_a_large_model(rewrite):
    def add_array(members):
        file = io.BytesIO(members["model.weights.h5"])
        with h5py.File(file, "a") as weights:
            weights.create_dataset("layers/ones", data=np.ones(20_000_000, np.int8))
        members["model.weights.h5"] = file.getvalue()

    path = rewrite(add_array)
    check_keras_file(path)  # imports
    tracemalloc.start()
    check_keras_file(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def add_zeros(members):
    members["model.weights.h5"] += bytes(20_000_000)


def test_rejects_compressed_zeros(rewrite):
    with pytest.raises(InputError, match=r"declares 20,\d+,\d+ bytes of content in a file of \d+,\d+ bytes"):
        check_keras_file(rewrite(add_zeros, zipfile.ZIP_DEFLATED))


def test_rejects_members_that_share_bytes(model_file, tmp_path):
    path = tmp_path / "model.keras"
    shutil.copy(model_file, path)
    with zipfile.ZipFile(path, "a") as archive:
        [weights] = [member for member in archive.infolist() if member.filename == "model.weights.h5"]
        archive.filelist += [weights] * 1000
        archive._didModify = True
    with pytest.raises(InputError, match="bytes of content in a file"):
        check_keras_file(path)


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"chunks": (1000,)}])
def test_rejects_arrays_that_are_not_stored(options, rewrite):
    def add_array(members):
        file = io.BytesIO(members["model.weights.h5"])
        with h5py.File(file, "a") as weights:
            weights.create_dataset("layers/zeros", (10**9,), "float32", **options)
        members["model.weights.h5"] = file.getvalue()

    with pytest.raises(InputError, match=r"layers/zeros declares 4,000,000,000 bytes and stores \d+"):
        check_keras_file(rewrite(add_array))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input_dim": 10**9}, "input_dim is 1,000,000,000"),
        ({"input_dim": 200_000, "output_dim": 200_000}, "output_dim is 40,000,000,000"),
    ],
)
def test_rejects_dimensions_that_the_weights_do_not_have(settings, message, rewrite):
    def enlarge(members):
        model = json.loads(members["config.json"])
        [embedding] = [layer for layer in model["config"]["layers"] if layer["class_name"] == "Embedding"]
        embedding["config"] |= settings
        members["config.json"] = json.dumps(model).encode()

    with pytest.raises(InputError, match=f"{message}, but its weights are"):
        check_keras_file(rewrite(enlarge))


def test_reads_stored_arrays_and_rejects_compressed_ones(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.zeros(0, "int32")}
    np.savez(tmp_path / "stored.npz", **arrays)
    for name, array in read_arrays(tmp_path / "stored.npz").items():
        np.testing.assert_array_equal(array, arrays[name])
    np.savez_compressed(tmp_path / "compressed.npz", a=np.zeros(10**6))
    with pytest.raises(InputError, match="declares 8,000"):
        read_arrays(tmp_path / "compressed.npz")


def test_rejects_state_with_an_array_of_absurd_shape(tmp_path):
    write_state(tmp_path / "state.npz", {}, {"a": np.zeros(3)})
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    with zipfile.ZipFile(tmp_path / "state.npz", "a") as archive:
        archive.writestr("b.npy", header.getvalue() + bytes(24))
    with pytest.raises(InputError, match="not a training state"):
        read_state(tmp_path / "state.npz")
