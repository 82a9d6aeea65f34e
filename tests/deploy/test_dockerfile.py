"""The Dockerfile, read as text: nothing here can build it."""

import fnmatch
import json
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
TEXT = (CHECKOUT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
UNIT = (CHECKOUT / "deploy" / "systemd" / "edgecrack.service").read_text(encoding="utf-8")
KNOWN = {
    *("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "RUN", "SHELL", "STOPSIGNAL"),
    *("USER", "VOLUME", "WORKDIR"),
}


@pytest.fixture(scope="module")
def instructions():
    """Return each instruction and what it is told, continuation lines joined."""
    lines = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in joined.splitlines()]


def values(instructions, name):
    """Return what every instruction of a name is told."""
    return [told for instruction, told in instructions if instruction == name]


def test_it_has_instructions_only(instructions):
    """Each line is an instruction that Docker knows, beginning with a base image."""
    assert {name for name, _ in instructions} <= KNOWN
    assert next(name for name, _ in instructions if name != "ARG") == "FROM"


def test_both_stages_stand_on_images_with_a_tag(instructions):
    """The images are NVIDIA's, pinned by tag, in the text and in what the comment says to type."""
    assert values(instructions, "FROM") == ["${BUILD_IMAGE} AS build", "${RUN_IMAGE}"]
    images = re.findall(r"_IMAGE=(\S+)", TEXT)
    assert len(images) == 4
    for image in images:
        assert re.fullmatch(r"nvcr\.io/nvidia/[\w-]+:[\w.-]*\d[\w.-]*", image)
        assert not image.endswith(":latest")


def test_it_runs_as_the_unit_does(instructions):
    """No root, the same program, the same environment and folders as in the unit file."""
    assert values(instructions, "USER") == ["edgecrack"]
    last = [name for name, _ in instructions]
    assert last.index("USER") > max(i for i, name in enumerate(last) if name == "RUN")
    (entry,), (command,) = values(instructions, "ENTRYPOINT"), values(instructions, "CMD")
    (started,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    assert " ".join(json.loads(entry) + json.loads(command)) == started
    here = {word for told in values(instructions, "ENV") for word in told.split()}
    there = re.findall(r"^Environment=(.*)$", UNIT, re.MULTILINE)
    of_unit = " ".join(there).replace("%C", "/var/cache").split()
    assert set(of_unit) <= here
    (volumes,) = values(instructions, "VOLUME")
    assert json.loads(volumes) == ["/var/lib/edgecrack", "/var/cache/edgecrack"]


def test_the_image_that_runs_has_no_compiler_and_no_torch(instructions):
    """The compiler stays in the first stage; only the package and TensorRT leave it."""
    second = instructions[[told for _, told in instructions].index("${RUN_IMAGE}") :]
    copied = values(second, "COPY")
    assert all(told.startswith("--from=build ") for told in copied)
    installed = " ".join(values(second, "RUN"))
    for word in ("g++", "gcc", "-dev", "pip", "torch", "jetpack"):
        assert word not in installed
    assert "--extra train" not in TEXT


def test_lists_of_packages_do_not_stay_in_a_layer(instructions):
    """Whatever updates apt's lists removes them in the same layer."""
    updating = [told for told in values(instructions, "RUN") if "apt-get update" in told]
    assert len(updating) == 2
    assert all("rm -rf /var/lib/apt/lists/*" in told for told in updating)


def test_all_that_the_package_is_made_of_is_sent_to_docker():
    """What deb.sh copies, and what make reads, is not ignored; nothing secret or large is sent."""
    rules = (CHECKOUT / ".dockerignore").read_text().splitlines()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    script = (CHECKOUT / "deploy" / "deb.sh").read_text()
    (copied,) = re.findall(r'cp -r "\$checkout"/\{(.*?)\}', script)
    assert kept == {*copied.split(","), "Makefile", "constraints.txt"}
    assert "*" in rules
    assert any(fnmatch.fnmatch("training/checkpoints", rule) for rule in rules if rule != "*")
    assert all((CHECKOUT / name).exists() for name in kept)
