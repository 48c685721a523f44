"""TensorFlow Datasets as a source: prepared ones without a network, others if their hosts answer.

The library itself would try for minutes before it gave up on a network that is not there.
"""

from __future__ import annotations

import queue
import re
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from kerascnn.config import SourceConfig
from kerascnn.data.records import Record
from kerascnn.utils.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import tensorflow_datasets

PREFIX = "tfds:"
PROBE_SECONDS = 5.0
_SPEC = re.compile(r"(?P<name>[\w/.+-]+(:\d+\.\d+\.\d+)?)(:(?P<split>[a-zA-Z].*))?")


class _Spec(NamedTuple):
    name: str
    split: str


def read(spec: str, source: SourceConfig) -> Iterator[Record]:
    """Read ``tfds:NAME[/config][:version][:split]``; the split is ``train`` unless named, slices are allowed.

    Text is the feature called ``source.text_column``, or else the only one of type ``Text``; label the feature called
    ``source.label_column``, or else the only ``ClassLabel``, by its names. A label below 0 (hidden) reads as empty.

    Args:
        spec: Name of the data set.
        source: Columns, and the folder of prepared data sets.

    Yields:
        Records, in the order of the prepared files.

    Raises:
        InputError: The data set, its config, split or features do not exist, or it is not prepared and out of reach.
    """
    import tensorflow_datasets

    name, split = _parse(spec)
    builder = _builder(spec, source)
    text_feature = _text_feature(spec, builder.info.features, source.text_column)
    label_feature, label_name = _label_feature(spec, builder.info.features, source.label_column)
    try:
        examples = builder.as_dataset(split=split, read_config=_read_config())
    except (ValueError, KeyError, AssertionError):  # what the library raises for a wrong split has changed over time
        splits = list(builder.info.splits)
        raise InputError(
            f"{PREFIX}{name}: no split {split!r}{did_you_mean(split, splits)}; there are {', '.join(splits)}"
        ) from None
    for number, example in enumerate(tensorflow_datasets.as_numpy(examples), start=1):
        text = example[text_feature].decode("utf-8", errors="replace")
        fields = {source.text_column: text, source.label_column: label_name(example[label_feature])}
        yield Record(fields, f"{PREFIX}{name}:{split}", number)


def own_split(spec: str, split: str, source: SourceConfig) -> str | None:
    """The source that reads another split of the same data set, such as ``test``; None where there is none."""
    if not spec.startswith(PREFIX):
        return None
    return f"{PREFIX}{_parse(spec).name}:{split}" if split in _builder(spec, source).info.splits else None


def _parse(spec: str) -> _Spec:
    match = _SPEC.fullmatch(spec.removeprefix(PREFIX))
    if not match:
        raise InputError(f"{spec!r} is no data set; write {PREFIX}NAME[/config][:version][:split]")
    return _Spec(match["name"], match["split"] or "train")


def _builder(spec: str, source: SourceConfig) -> tensorflow_datasets.core.DatasetBuilder:
    """The prepared data set."""
    import tensorflow_datasets

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
        raise InputError(f"{PREFIX}{name}: {_one_line(error)}") from None
    if not builder.is_prepared():
        _prepare(name, builder)
    return builder


def _prepare(name: str, builder: tensorflow_datasets.core.DatasetBuilder) -> None:
    folder = builder.data_dir_root
    remedy = (
        f"on a connected machine run python -c \"import tensorflow_datasets; tensorflow_datasets.load('{name}', "
        f"data_dir='FOLDER')\", copy FOLDER here and say --source.tfds_dir FOLDER"
    )
    hosts = _hosts(builder.url_infos or ())
    if hosts and not _any_reachable(hosts):
        raise InputError(
            f"{PREFIX}{name} is not prepared in {folder}, and no network: {_some(hosts)} does not answer; {remedy}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # each data set has code of its own, which may raise anything
        raise InputError(f"{PREFIX}{name} could not be prepared in {folder}: {_one_line(error)}; {remedy}") from error


def _hosts(urls: Iterable[str]) -> list[tuple[str, int]]:
    """Host and port of what a download connects to: the proxy, where one is set."""
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
    """Whether one of the hosts accepts a connection within ``PROBE_SECONDS``."""
    answers: queue.Queue[bool] = queue.Queue()

    def connect(host: tuple[str, int]) -> None:
        try:
            socket.create_connection(host, timeout=PROBE_SECONDS).close()
            answers.put(True)
        except OSError:
            answers.put(False)

    # Daemon threads, because a name server that does not answer holds a look-up for longer than any timeout of ours.
    for host in hosts:
        threading.Thread(target=connect, args=(host,), daemon=True).start()
    try:
        return any(answers.get(timeout=PROBE_SECONDS) for _ in hosts)
    except queue.Empty:
        return False


def _some(hosts: list[tuple[str, int]]) -> str:
    return hosts[0][0] + (f" (and {len(hosts) - 1} more)" if len(hosts) > 1 else "")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _read_config() -> tensorflow_datasets.ReadConfig:
    """Reading in a fixed order, without tf.data's autotuner, which can stall the end of a pass."""
    import tensorflow_datasets

    config = tensorflow_datasets.ReadConfig(interleave_cycle_length=1)
    config.options.autotune.enabled = False
    return config


def _text_feature(spec: str, features: tensorflow_datasets.features.FeaturesDict, wanted: str) -> str:
    import tensorflow_datasets

    def is_text(feature: object) -> bool:
        return isinstance(feature, tensorflow_datasets.features.Text)

    name = _pick(spec, features, wanted, is_text, kind="Text", option="--text-column")
    if not is_text(features[name]):
        raise InputError(f"{spec}: {name!r} is not text but {features[name]}; name a Text feature with --text-column")
    return name


def _label_feature(
    spec: str, features: tensorflow_datasets.features.FeaturesDict, wanted: str
) -> tuple[str, Callable[[object], str]]:
    import numpy
    import tensorflow_datasets

    def is_class(feature: object) -> bool:
        return isinstance(feature, tensorflow_datasets.features.ClassLabel)

    name = _pick(spec, features, wanted, is_class, kind="ClassLabel", option="--label-column")
    feature = features[name]
    if is_class(feature):
        return name, lambda value: feature.int2str(int(value)) if value >= 0 else ""
    if isinstance(feature, tensorflow_datasets.features.Text):
        return name, lambda value: value.decode("utf-8", errors="replace")
    if feature.shape == () and numpy.issubdtype(feature.np_dtype, numpy.integer):
        return name, lambda value: str(int(value))
    raise InputError(
        f"{spec}: {name!r} is {feature}, not a label; name a ClassLabel, Text or integer feature with --label-column"
    )


def _pick(spec: str, features: dict, wanted: str, fits: Callable[[object], bool], kind: str, option: str) -> str:
    """The feature of that name, or the only one of that kind."""
    if wanted in features:
        return wanted
    fitting = [name for name, feature in features.items() if fits(feature)]
    if len(fitting) == 1:
        return fitting[0]
    raise InputError(
        f"{spec}: no feature {wanted!r} and {len(fitting) or 'none'} of type {kind}; "
        f"there are {', '.join(map(repr, sorted(features)))}; name one with {option}"
    )
