"""The files of docs/cluster: valid Kubernetes manifests, and pods and tasks that find each other."""

import copy
import json
import os
import shlex
import subprocess

import kubernetes_validate
import pytest
import yaml

from pipelines import predict, train
from pipelines.command import parse
from tests.documents import ROOT

FOLDER = ROOT / "docs" / "cluster"
KUBERNETES_VERSION = "1.31"
"""The oldest version that the manifests support."""


def load_manifests(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def validate(resource):
    kubernetes_validate.validate(resource, KUBERNETES_VERSION, strict=True)


def get_container(job):
    [container] = job["spec"]["template"]["spec"]["containers"]
    return container


def split_script(job):
    """Return the script of a container up to its last command, and the words of that command."""
    script = get_container(job)["args"][0]
    setup, _, command = script.partition("exec python -m pipelines.")
    return setup, command.replace("\\\n", " ").split()


@pytest.fixture
def training():
    return load_manifests(FOLDER / "kubernetes-train.yaml")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_manifests_are_valid(path):
    assert load_manifests(path)
    for resource in load_manifests(path):
        validate(resource)


@pytest.mark.parametrize(
    "damage",
    [
        lambda job: job["spec"].update(completions="two"),
        lambda job: job["spec"].update(workers=2),
        lambda job: get_container(job).update(command="bash"),
        lambda job: get_container(job).pop("name"),
    ],
    ids=["wrong type", "unknown key", "string for a list", "missing key"],
)
def test_validation_rejects_a_broken_manifest(damage, training):
    job = copy.deepcopy(training[1])
    damage(job)
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(job)


def test_each_training_pod_gets_its_task_index(training, monkeypatch):
    from kerascnn.training.distributed.strategies import is_chief

    service, job = training
    name, count = job["metadata"]["name"], job["spec"]["completions"]
    assert job["spec"]["parallelism"] == count
    assert job["spec"]["completionMode"] == "Indexed"
    # the service gives the pods their names
    assert service["metadata"]["name"] == job["spec"]["template"]["spec"]["subdomain"] == name
    assert service["spec"]["selector"] == {"job-name": name}
    variables = {variable["name"]: variable["value"] for variable in get_container(job)["env"]}
    [port] = [port["containerPort"] for port in get_container(job)["ports"]]
    script, _ = split_script(job)
    for index in range(count):
        # Kubernetes sets it in the pods of an indexed job
        environment = os.environ | variables | {"JOB_COMPLETION_INDEX": str(index)}
        command = [*get_container(job)["command"], f"{script}\nprintenv TF_CONFIG"]
        printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        config = json.loads(printed)
        assert config["task"] == {"type": "worker", "index": index}
        assert config["cluster"]["worker"] == [f"{name}-{i}.{name}:{port}" for i in range(count)]
        monkeypatch.setenv("TF_CONFIG", printed)
        assert is_chief("multi_worker") == (index == 0)


def test_training_commands_parse(training):
    _, (verb, *options) = split_script(training[1])
    batch = (FOLDER / "slurm-train.sh").read_text(encoding="utf-8")
    _, _, slurm_options = batch.replace("\\\n", " ").partition("-m pipelines.train ")
    for argv in (options, slurm_options.split()):
        args = train.parse_arguments(argv)
        assert (args.run.training.strategy, args.resume) == ("multi_worker", True)
    assert verb == "train"
    subprocess.run(["bash", "-n", FOLDER / "slurm-train.sh"], check=True)


@pytest.mark.full
def test_scoring_commands_parse():
    [job] = load_manifests(FOLDER / "kubernetes-score.yaml")
    _, (verb, *options) = split_script(job)
    args = parse(predict.Arguments, verb, None, shlex.split(" ".join(options)))
    assert (args.engine, str(args.workers)) == ("ray", get_container(job)["resources"]["requests"]["cpu"])
    assert args.input.endswith("$JOB_COMPLETION_INDEX") and args.output.endswith("$JOB_COMPLETION_INDEX")
