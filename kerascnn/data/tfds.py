"""Read TensorFlow Datasets: prepared ones without a network, others if their hosts answer.

The library itself retries for minutes before it gives up on a missing network. It is imported when a ``tfds:``
source is read, not before.
"""

from __future__ import annotations

import importlib
import queue
import re
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Record
from kerascnn.utils.errors import InputError, did_you_mean, to_one_line
from kerascnn.utils.tensorflow_startup import start_tensorflow

if TYPE_CHECKING:
    import tensorflow_datasets

PREFIX = "tfds:"
PROBE_SECONDS = 5.0
"""Time within which a host must accept a connection."""
_SPEC = re.compile(r"(?P<name>[\w/.+-]+(:\d+\.\d+\.\d+)?)(:(?P<split>[a-zA-Z].*))?")


class _Spec(NamedTuple):
    name: str
    split: str


def start_tensorflow_for(specs: Sequence[str]) -> None:
    """Start TensorFlow if one of the sources needs it to be read (``tfds:``); otherwise it starts after all checks."""
    if any(spec.startswith(PREFIX) for spec in specs):
        start_tensorflow()


def read_tfds(spec: str, source: SourceConfig) -> Iterator[Record]:
    """Read ``tfds:NAME[/config][:version][:split]``; the default split is ``train``, and slices are allowed.

    The text is the feature named ``source.text_column``, or else the only feature of type ``Text``. The label is the
    feature named ``source.label_column``, or else the only ``ClassLabel``, as the name of its class. A label below 0
    (hidden) is empty.

    Args:
        spec: Name of the source.
        source: Columns, and the folder of prepared data sets.

    Yields:
        Records, in the order of the prepared files.

    Raises:
        InputError: The data set, its config, split or features do not exist, it is neither prepared nor within reach,
            or tensorflow-datasets cannot be imported.
    """
    name, split = _parse(spec)
    builder = _load_builder(spec, source)
    text_feature = _find_text_feature(spec, builder.info.features, source.text_column)
    label_feature, to_label = _find_label_feature(spec, builder.info.features, source.label_column)
    try:
        examples = builder.as_dataset(split=split, read_config=_build_read_config())
    except (ValueError, KeyError, AssertionError):  # what the library raises for a wrong split has changed over time
        splits = list(builder.info.splits)
        raise InputError(
            f"{PREFIX}{name}: no split {split!r}{did_you_mean(split, splits)}; there are {', '.join(splits)}"
        ) from None
    for number, example in enumerate(_import_tfds().as_numpy(examples), start=1):
        text = example[text_feature].decode("utf-8", errors="replace")
        fields = {source.text_column: text, source.label_column: to_label(example[label_feature])}
        yield Record(fields, f"{PREFIX}{name}:{split}", number)


def find_split(spec: str, split: str, source: SourceConfig) -> str | None:
    """Return the source of another split of the same data set, such as ``test``; None if there is none."""
    if not spec.startswith(PREFIX):
        return None
    return f"{PREFIX}{_parse(spec).name}:{split}" if split in _load_builder(spec, source).info.splits else None


def find_version(spec: str, source: SourceConfig) -> str:
    """Return name, config and version of the data set of a source."""
    return str(_load_builder(spec, source).info.full_name)


def count_rows(spec: str, source: SourceConfig) -> int:
    """Return the number of rows of a source."""
    splits = _load_builder(spec, source).info.splits
    try:
        return int(splits[_parse(spec).split].num_examples)
    except (ValueError, KeyError, AssertionError):  # ``read_tfds`` reports a wrong split
        return 0


def _import_tfds() -> Any:
    try:
        return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise InputError(
            f"{PREFIX} sources need tensorflow-datasets, which cannot be imported ({error}); pip install"
            " tensorflow-datasets"
        ) from None


def _parse(spec: str) -> _Spec:
    match = _SPEC.fullmatch(spec.removeprefix(PREFIX))
    if not match:
        raise InputError(f"{spec!r} is not the name of a data set; write {PREFIX}NAME[/config][:version][:split]")
    return _Spec(match["name"], match["split"] or "train")


def _load_builder(spec: str, source: SourceConfig) -> tensorflow_datasets.core.DatasetBuilder:
    """Return the builder of a data set, and prepare the data set if necessary."""
    tensorflow_datasets = _import_tfds()
    name = _parse(spec).name
    base, _, config = name.partition(":")[0].partition("/")
    try:
        builder = tensorflow_datasets.builder(name, data_dir=source.tfds_dir or None)
    except tensorflow_datasets.core.DatasetNotFoundError:
        names = tensorflow_datasets.list_builders(with_community_datasets=False)
        raise InputError(f"{PREFIX}{name}: no such data set{did_you_mean(base, names)}") from None
    except (ValueError, AssertionError) as error:
        configs = tensorflow_datasets.builder_cls(base).builder_configs
        if config and config not in configs:
            raise InputError(f"{PREFIX}{name}: no config {config!r}; there are {', '.join(configs)}") from None
        raise InputError(f"{PREFIX}{name}: {to_one_line(error)[:300]}") from None
    if not builder.is_prepared():
        _prepare(name, builder)
    return builder


def _prepare(name: str, builder: tensorflow_datasets.core.DatasetBuilder) -> None:
    folder = builder.data_dir_root
    remedy = (
        f"on a machine with a network run python -c \"import tensorflow_datasets; tensorflow_datasets.load('{name}', "
        f"data_dir='FOLDER')\", copy FOLDER here and add --source.tfds_dir FOLDER"
    )
    hosts = _find_hosts(builder.url_infos or ())
    if hosts and not _any_reachable(hosts):
        raise InputError(
            f"{PREFIX}{name} is not prepared in {folder}, and there is no network: {_format_hosts(hosts)} does not"
            f" answer; {remedy}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # each data set has code of its own, which may raise anything
        raise InputError(
            f"{PREFIX}{name} could not be prepared in {folder}: {to_one_line(error)[:300]}; {remedy}"
        ) from error


def _find_hosts(urls: Iterable[str]) -> list[tuple[str, int]]:
    """Return host and port of each server that a download connects to: the proxy, if one is set."""
    proxies = urllib.request.getproxies()
    hosts = set()
    for url in urls:
        address = urllib.parse.urlsplit(url)
        if address.hostname and not urllib.request.proxy_bypass(address.hostname):
            address = urllib.parse.urlsplit(proxies.get(address.scheme, url))
        if address.hostname:
            hosts.add((address.hostname, address.port or {"http": 80, "ftp": 21}.get(address.scheme, 443)))
    return sorted(hosts)


def _any_reachable(hosts: list[tuple[str, int]]) -> bool:
    """Return whether one of the hosts accepts a connection within ``PROBE_SECONDS``."""
    answers: queue.Queue[bool] = queue.Queue()

    def connect(host: tuple[str, int]) -> None:
        try:
            socket.create_connection(host, timeout=PROBE_SECONDS).close()
            answers.put(True)
        except OSError:
            answers.put(False)

    # Daemon threads, because a look-up at a name server that does not answer exceeds the timeout.
    for host in hosts:
        threading.Thread(target=connect, args=(host,), daemon=True).start()
    try:
        return any(answers.get(timeout=PROBE_SECONDS) for _ in hosts)
    except queue.Empty:
        return False


def _format_hosts(hosts: list[tuple[str, int]]) -> str:
    return hosts[0][0] + (f" (and {len(hosts) - 1} more)" if len(hosts) > 1 else "")


def _build_read_config() -> tensorflow_datasets.ReadConfig:
    """Return options for a fixed order, without tf.data's autotuner, which can stall the end of a pass."""
    config = _import_tfds().ReadConfig(interleave_cycle_length=1)
    config.options.autotune.enabled = False
    return config


def _find_text_feature(spec: str, features: tensorflow_datasets.features.FeaturesDict, column: str) -> str:
    text_type = _import_tfds().features.Text
    name = _find_feature(spec, features, column, text_type, option="--text-column")
    if not isinstance(features[name], text_type):
        raise InputError(f"{spec}: {name!r} is not text but {features[name]}; name a Text feature with --text-column")
    return name


def _find_label_feature(
    spec: str, features: tensorflow_datasets.features.FeaturesDict, column: str
) -> tuple[str, Callable[[Any], str]]:
    """Return the name of the label feature, and a function from its values to labels."""
    import numpy

    types = _import_tfds().features
    name = _find_feature(spec, features, column, types.ClassLabel, option="--label-column")
    feature = features[name]
    if isinstance(feature, types.ClassLabel):
        return name, lambda value: feature.int2str(int(value)) if value >= 0 else ""
    if isinstance(feature, types.Text):
        return name, lambda value: value.decode("utf-8", errors="replace")
    if feature.shape == () and numpy.issubdtype(feature.np_dtype, numpy.integer):
        return name, lambda value: str(int(value))
    raise InputError(
        f"{spec}: {name!r} is {feature}, not a label; name a ClassLabel, Text or integer feature with --label-column"
    )


def _find_feature(
    spec: str, features: tensorflow_datasets.features.FeaturesDict, column: str, feature_type: type, option: str
) -> str:
    """Return the name of the feature called ``column``, or else of the only feature of a type."""
    if column in features:
        return column
    matches: list[str] = [name for name, feature in features.items() if isinstance(feature, feature_type)]
    if len(matches) == 1:
        return matches[0]
    raise InputError(
        f"{spec}: no feature {column!r} and {len(matches) or 'none'} of type {feature_type.__name__}; "
        f"there are {', '.join(map(repr, sorted(features)))}; name one with {option}"
    )
