"""Measure training and inference of the convolutional networks against the limits of the chip, on generated ids."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from unittest import mock

import annotated_types

from kerascnn.utils.cpu import available_cpus
from kerascnn.utils.stderr import log
from kerascnn.utils.tables import markdown_table
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.benchmark import results

if TYPE_CHECKING:
    import keras
    import numpy as np

    from benchmarks.compiled_steps import CompiledSteps
    from benchmarks.layer_costs import Costs

COLUMNS = (
    "device", "backend", "work", "model", "dtype", "batch_size", "length", "milliseconds", "gflop", "megabytes",
    "product_gflops", "copy_gigabytes_per_second",
)  # fmt: skip
LENGTHS = {"word_cnn": 64, "char_cnn": 128, "sentence_cnn": 64, "vdcnn": 1024}
"""Longest document of a batch, in tokens: words, characters, pieces, characters."""
CLASSES = 4
SENTENCE_PIECES = 128_000
SENTENCE_SIZES: dict[str, Any] = {
    "embedding_dim": 512, "filters": 256, "pooled_dim": 512, "hidden_units": 320, "sentence_dim": 512, "epsilon": 1e-6,
}  # fmt: skip
"""Sizes of the multilingual Universal Sentence Encoder."""
PRODUCT_DTYPES = {"float32, full precision": "float32", "float32": "float32", "bfloat16": "bfloat16"}
"""Kinds of matrix products; without "full precision" as the backend computes them unless told otherwise: tf32 on GPUs
that have it."""
MEASURED_SECONDS, REPEATS = 0.3, 3
LARGEST_PRODUCT, LARGEST_COPY = 2**14, 2**28
Dtype = Literal["float32", "mixed_bfloat16"]
Network = Literal["word_cnn", "char_cnn", "sentence_cnn", "vdcnn"]
PositiveInt = Annotated[int, annotated_types.Ge(1)]


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """Train networks on generated ids with the active Keras backend, and compare with the limits of the device.

    The limits are the rate of a large matrix product and the bandwidth of a large copy, measured in the same run. The
    steps are compiled; a training step is forward pass, loss, gradients and Adam. vdcnn has 29 layers; sentence_cnn has
    random weights.
    """

    models: tuple[Network, ...] = ("word_cnn", "char_cnn", "sentence_cnn", "vdcnn")
    """Networks, one after another."""
    batch_sizes: tuple[PositiveInt, ...] = (64, 256, 1024)
    """Documents per step."""
    dtypes: tuple[Dtype, ...] = ("float32", "mixed_bfloat16")
    """Dtype policies of Keras."""
    output: str = "accelerator.csv"
    """CSV file with one row per measurement; existing rows are kept."""


@dataclass(frozen=True)
class Case:
    """A model with a batch, ready to be compiled."""

    facts: dict[str, Any]
    costs: Costs
    steps: CompiledSteps


def run(args: Accelerator) -> None:
    """Measure the limits, then each network, and store each result at once.

    Raises:
        InputError: The backend of Keras is neither TensorFlow nor JAX, or the results file cannot be used.
    """
    file = results.ResultsFile(Path(args.output), COLUMNS)
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        start_tensorflow()
    import keras

    from benchmarks.compiled_steps import describe_device

    device = {"device": describe_device(), "backend": keras.backend.backend()}
    products, copy = measure_limits(file, device)
    for model in args.models:
        cases = list(prepare_cases(args, model))
        with ThreadPoolExecutor(available_cpus()) as pool:
            list(pool.map(lambda case: case.steps.compile(), cases))
        while cases:
            measure_case(cases.pop(0), file, device, products, copy)


def measure_case(
    case: Case, file: results.ResultsFile, device: dict[str, Any], products: dict[str, float], copy: float
) -> None:
    """Measure training and inference of a model with a batch, and store the results."""
    product = products[case.facts["dtype"].removeprefix("mixed_")]
    limits = {"product_gflops": product, "copy_gigabytes_per_second": copy}
    for work, function, (flop, size) in (
        ("training", case.steps.train, case.costs.training),
        ("inference", case.steps.infer, case.costs.inference),
    ):
        milliseconds = 1e3 * measure_seconds(function)
        measured = {"work": work, "milliseconds": milliseconds, "gflop": flop / 1e9, "megabytes": size / 1e6}
        file.add(device | case.facts | measured | limits)
        speed = 1e3 * case.facts["batch_size"] / milliseconds
        settings = f"{case.facts['model']}, {case.facts['dtype']}, {case.facts['batch_size']} documents per step"
        log(f"{settings}: {work} {speed:,.0f} documents/s")


def measure_limits(file: results.ResultsFile, device: dict[str, Any]) -> tuple[dict[str, float], float]:
    """Return the GFLOP/s of matrix products by kind, and the GB/s of a copy, bytes read and written counted."""
    import keras
    import numpy as np

    from benchmarks.compiled_steps import run_repeatedly

    def grow(make: Callable[[int], Callable[[int], None]], size: int, largest: int) -> tuple[int, float]:
        """Double the size while the work is too short to be measured well."""
        while True:
            seconds = measure_seconds(make(size))
            if seconds > MEASURED_SECONDS / 4 or size >= largest:
                return size, seconds
            size *= 2

    generator, products = np.random.default_rng(0), {}
    for kind, dtype in PRODUCT_DTYPES.items():
        multiply = multiply_precisely if "full" in kind else keras.ops.matmul

        def make_product(size: int, multiply: Any = multiply, dtype: str = dtype) -> Callable[[int], None]:
            matrix = generator.standard_normal((size, size), "float32")
            return run_repeatedly(lambda x: multiply(x, x), matrix, dtype)

        size, seconds = grow(make_product, 1024, LARGEST_PRODUCT)
        products[kind] = 2 * size**3 / seconds / 1e9
        facts = {"work": "matrix product", "dtype": kind, "length": size, "milliseconds": 1e3 * seconds}
        file.add(device | facts | {"gflop": 2 * size**3 / 1e9, "product_gflops": products[kind]})
        log(f"matrix product, {kind}: {products[kind]:,.0f} GFLOP/s")

    def make_copy(size: int) -> Callable[[int], None]:
        return run_repeatedly(keras.ops.negative, generator.random(size, "float32"), "float32")

    size, seconds = grow(make_copy, 2**24, LARGEST_COPY)
    copy = 2 * 4 * size / seconds / 1e9
    facts = {"work": "copy", "dtype": "float32", "length": size, "milliseconds": 1e3 * seconds}
    file.add(device | facts | {"megabytes": 2 * 4 * size / 1e6, "copy_gigabytes_per_second": copy})
    log(f"copy: {copy:,.0f} GB/s")
    return products, copy


def multiply_precisely(x: Any, y: Any) -> Any:
    """Return the matrix product without tf32."""
    import keras

    if keras.backend.backend() != "jax":
        return keras.ops.matmul(x, y)
    import jax

    return jax.numpy.matmul(x, y, precision="highest")


def measure_seconds(function: Callable[[int], None]) -> float:
    """Return the seconds of one step, after warm-up: the median of some repetitions."""

    def measure(steps: int) -> float:
        start = time.perf_counter()
        function(steps)
        return (time.perf_counter() - start) / steps

    function(2)
    steps = max(1, round(MEASURED_SECONDS / max(measure(1), measure(2))))
    return statistics.median(measure(steps) for _ in range(REPEATS))


def prepare_cases(args: Accelerator, name: str) -> Iterator[Case]:
    """Build a network with each dtype policy, for each batch size, in the order of the settings."""
    import keras
    import numpy as np

    from benchmarks.compiled_steps import make_steps
    from benchmarks.layer_costs import count_costs

    before = keras.config.dtype_policy()
    for batch in args.batch_sizes:
        for dtype in args.dtypes:
            keras.config.set_dtype_policy(dtype)
            try:
                model, vocabulary = build_network(name)
            finally:
                keras.config.set_dtype_policy(before)
            generator = np.random.default_rng(0)
            ids = generate_ids(generator, batch, LENGTHS[name], vocabulary)
            labels = generator.integers(0, CLASSES, batch).astype("int32")
            facts = {"model": name, "dtype": dtype, "batch_size": batch, "length": LENGTHS[name]}
            yield Case(facts, count_costs(model, ids), make_steps(model, ids, labels))


def build_network(name: str) -> tuple[keras.Model, int]:
    """Return a network that is ready for training, with random weights, and the size of its vocabulary."""
    import keras

    from kerascnn import models
    from kerascnn.encoders import universal_sentence_encoder

    config = models.get(name)(**({"depth": 29} if name == "vdcnn" else {}))
    vocabulary = SENTENCE_PIECES if name == "sentence_cnn" else config.text.max_tokens
    sizes = universal_sentence_encoder.EncoderSizes(**SENTENCE_SIZES)
    # the sizes come from the file of the weights, which need not be installed
    with mock.patch.object(universal_sentence_encoder, "read_sizes", return_value=sizes):
        model = config.build(vocabulary_size=vocabulary, num_classes=CLASSES).model
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model, vocabulary


def generate_ids(generator: np.random.Generator, batch: int, length: int, vocabulary: int) -> np.ndarray:
    """Return a padded batch of documents of similar length, 80 % of the longest or more, with Zipf frequencies."""
    import numpy as np

    cumulative = np.cumsum(1 / np.arange(1, vocabulary - 1))
    ids = 2 + np.searchsorted(cumulative, cumulative[-1] * generator.random((batch, length)))
    lengths = generator.integers(round(0.8 * length), length + 1, batch)
    return np.where(np.arange(length) < lengths[:, None], ids, 0).astype("int32")


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return Markdown tables: the limits of each device, and the networks."""
    limits, lines = [], []
    for row in rows:
        seconds = float(row["milliseconds"]) / 1e3
        if not row["model"]:
            product, copy = (f"{float(row[name]):,.0f}" if row[name] else "" for name in COLUMNS[-2:])
            limits.append([row["device"], row["backend"], row["work"], row["dtype"], product, copy])
            continue
        rate, bandwidth = float(row["gflop"]) / seconds, float(row["megabytes"]) / 1e3 / seconds
        cells = [row["model"], row["work"], row["dtype"], row["batch_size"], row["length"]]
        cells += [f"{int(row['batch_size']) / seconds:,.0f}", f"{rate / 1e3:,.2f}"]
        cells += [f"{rate / float(row['product_gflops']):.1%}"]
        cells += [f"{bandwidth / float(row['copy_gigabytes_per_second']):.1%}"]
        lines.append([row["device"], row["backend"], *cells])
    head = ("device", "backend")
    first = markdown_table((*head, "limit", "dtype", "GFLOP/s", "GB/s"), limits)
    columns = ("model", "work", "dtype", "batch", "length", "documents/s", "TFLOP/s", "of the product", "of the copy")
    return f"{first}\n\n{markdown_table((*head, *columns), lines)}"
