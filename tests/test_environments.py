"""The sets of versions that tests/support/environments.py builds."""

import os
import re
from importlib import metadata

import environments
import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from test_packaging import pip_requirements

PINNED = {path.stem: path for path in environments.CONSTRAINTS.glob("*.txt")}


def pins(name):
    """What a constraints file pins: name -> version."""
    return dict(
        line.lower().replace("_", "-").split("==") for line in pip_requirements(PINNED[name])
    )


def test_each_set_has_its_file_and_what_is_left_out_exists():
    assert {*PINNED, "newest"} == set(environments.NAMES)
    assert all((environments.ROOT / "tests" / file).is_file() for file in environments.NEWEST_ONLY)


@pytest.mark.parametrize("name", PINNED)
def test_exact_versions_that_the_requirements_allow(name):
    """pip would refuse them otherwise, and only in a run that builds the environment."""
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", line) for line in pip_requirements(PINNED[name]))
    pinned = pins(name)
    for line in pip_requirements(environments.ROOT / "requirements.txt"):
        if line != "-e .":
            wanted = Requirement(line)
            version = pinned.get(wanted.name.lower())
            assert version is None or wanted.specifier.contains(version), (line, version)


def test_colab_has_all_that_a_notebook_imports():
    """Colab pins whatever the package itself needs; only the tools of the tests come from us."""
    project = environments.ROOT / "pyproject.toml"
    needed = re.search(r"^dependencies = \[(.*?)\]", project.read_text("utf-8"), re.M | re.S)[1]
    names = re.findall(r'"([\w-]+)', needed)
    assert names
    assert {*names, "ipykernel", "ipython", "anywidget"} <= set(pins("colab"))


@pytest.mark.skipif("VERSIONS" not in os.environ, reason="not one of the three sets")
def test_this_environment_has_the_versions_of_its_set():
    name = os.environ["VERSIONS"]
    if name == "newest":
        assert Version(metadata.version("ipywidgets")).major >= 8
        return
    pinned = pins(name)
    installed = {d.name.lower().replace("_", "-"): d.version for d in metadata.distributions()}
    assert {n: installed.get(n) for n in pinned} == pinned
