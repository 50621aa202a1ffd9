"""The sets of versions that tests/environments.py builds, and what it runs in them."""

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

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


def test_three_sets():
    assert environments.NAMES == ("colab", "oldest", "newest")


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


def test_what_runs_with_old_versions():
    oldest = environments.selection("oldest")
    for name in ("kernels", "estimators", "panels", "datasets", "weights", "lessons", "colab"):
        assert f"tests/test_{name}.py" in [path.replace("\\", "/") for path in oldest]
    assert "notebooks" in oldest
    assert all((environments.ROOT / path).exists() for path in oldest)
    left_out = [f"test_{part}.py" for part in environments.THE_SAME_EVERYWHERE]
    assert all((environments.ROOT / "tests" / file).is_file() for file in left_out)
    assert oldest == environments.selection("colab")
    assert environments.selection("newest") == []  # everything


def test_a_changed_bound_changes_what_is_wanted(tmp_path, monkeypatch):
    """An environment keeps the text that it was built from, and is built anew for another one."""
    (tmp_path / "oldest.txt").write_text("numpy==1.26.4\n", encoding="utf-8")
    before = environments.wanted("oldest")
    monkeypatch.setattr(environments, "CONSTRAINTS", tmp_path)
    assert environments.wanted("oldest") != before
    assert "numpy==1.26.4" in environments.wanted("oldest")


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not an environment"):
        environments.build("oldest", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        (["-k", "notebooks"], True),
        (["-k", "tests", "--durations=3"], True),
        (["-m", "not browser", "-x"], True),
        (["--ignore=notebooks/11_past_99_percent.ipynb"], True),
        (["tests/test_kernels.py", "-k", "adam"], False),
        (["tests/test_kernels.py::test_x"], False),
        (["notebooks", "--ignore=notebooks/11_past_99_percent.ipynb"], False),
        ([], True),
    ],
)
def test_files_on_the_command_line_take_the_place_of_the_selection(
    arguments, selected, monkeypatch
):
    commands = []
    monkeypatch.setattr(environments, "build", lambda name, folder: Path("python"))
    monkeypatch.setattr(sys, "argv", ["environments.py", "oldest", *arguments])
    monkeypatch.setattr(
        environments.subprocess,
        "run",
        lambda command, **_: commands.append(command) or subprocess.CompletedProcess(command, 0),
    )
    assert environments.main() == 0
    tests = environments.selection("oldest") if selected else []
    assert commands == [["python", "-m", "pytest", *tests, *arguments]]


@pytest.mark.skipif("VERSIONS" not in os.environ, reason="not one of the three sets")
def test_this_environment_has_the_versions_of_its_set():
    name = os.environ["VERSIONS"]
    if name == "newest":
        assert Version(metadata.version("ipywidgets")).major >= 8
        return
    pinned = pins(name)
    installed = {d.name.lower().replace("_", "-"): d.version for d in metadata.distributions()}
    assert {n: installed.get(n) for n in pinned} == pinned
