"""What docs/cluster starts on clusters: manifests that Kubernetes takes, and processes that find each other."""

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
VERSION = "1.31"
"""Of Kubernetes: the oldest one that the manifests are for."""


def manifests(path):
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def validate(resource):
    kubernetes_validate.validate(resource, VERSION, strict=True)


def container(job):
    [found] = job["spec"]["template"]["spec"]["containers"]
    return found


def program(job):
    """What a container runs, without its last step: the command that it becomes."""
    script = container(job)["args"][0]
    before, _, command = script.partition("exec python -m pipelines.")
    return before, command.replace("\\\n", " ").split()


@pytest.fixture
def training():
    return manifests(FOLDER / "kubernetes-train.yaml")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.name)
def test_manifests_are_what_kubernetes_takes(path):
    assert manifests(path)
    for resource in manifests(path):
        validate(resource)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda job: job["spec"].update(completions="two"),
        lambda job: job["spec"].update(workers=2),
        lambda job: container(job).update(command="bash"),
        lambda job: container(job).pop("name"),
    ],
    ids=["type", "unknown key", "no list", "missing key"],
)
def test_a_broken_manifest_is_noticed(spoil, training):
    job = copy.deepcopy(training[1])
    spoil(job)
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(job)


def test_every_pod_of_a_training_knows_its_place(training, monkeypatch):
    from kerascnn.training.distributed.strategies import is_chief

    service, job = training
    name, count = job["metadata"]["name"], job["spec"]["completions"]
    assert job["spec"]["parallelism"] == count
    assert job["spec"]["completionMode"] == "Indexed"
    # what gives the pods their names
    assert service["metadata"]["name"] == job["spec"]["template"]["spec"]["subdomain"] == name
    assert service["spec"]["selector"] == {"job-name": name}
    variables = {variable["name"]: variable["value"] for variable in container(job)["env"]}
    [port] = [port["containerPort"] for port in container(job)["ports"]]
    script, _ = program(job)
    for index in range(count):
        # Kubernetes sets it in the pods of an indexed job
        place = os.environ | variables | {"JOB_COMPLETION_INDEX": str(index)}
        command = [*container(job)["command"], f"{script}\nprintenv TF_CONFIG"]
        printed = subprocess.run(command, env=place, capture_output=True, text=True, check=True).stdout
        config = json.loads(printed)
        assert config["task"] == {"type": "worker", "index": index}
        assert config["cluster"]["worker"] == [f"{name}-{i}.{name}:{port}" for i in range(count)]
        monkeypatch.setenv("TF_CONFIG", printed)
        assert is_chief("multi_worker") == (index == 0)


def test_the_commands_of_the_cluster_are_ours(training):
    _, (verb, *options) = program(training[1])
    batch = (FOLDER / "slurm-train.sh").read_text(encoding="utf-8")
    _, _, of_slurm = batch.replace("\\\n", " ").partition("-m pipelines.train ")
    for argv in (options, of_slurm.split()):
        args = train.arguments(argv)
        assert (args.run.training.strategy, args.resume) == ("multi_worker", True)
    assert verb == "train"
    subprocess.run(["bash", "-n", FOLDER / "slurm-train.sh"], check=True)


@pytest.mark.full
def test_the_pods_that_score_give_the_command_options_that_it_has():
    [job] = manifests(FOLDER / "kubernetes-score.yaml")
    _, (verb, *options) = program(job)
    args = parse(predict.Arguments, verb, None, shlex.split(" ".join(options)))
    assert (args.engine, str(args.workers)) == ("ray", container(job)["resources"]["requests"]["cpu"])
    assert args.input.endswith("$JOB_COMPLETION_INDEX") and args.output.endswith("$JOB_COMPLETION_INDEX")
