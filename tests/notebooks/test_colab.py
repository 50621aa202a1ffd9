"""Colab's part of the setup cell, with stand-ins for Colab and for GitHub.

A folder holds one notebook and nothing else; a module `google.colab` exists; git finds a bare
repository of this machine where the cell asks for github.com. With Colab's versions
(`tests/support/environments.py colab`) the whole series is executed in this way: its panels,
questions and unsolved exercises. Else its first notebook is.
"""

import os
import shutil
import subprocess

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from notebook_tools import ROOT, cells, core, notebooks, read

from nbhelpers.publishing import execute as execute_notebooks
from nbhelpers.publishing import links as publish

NOTEBOOKS = notebooks() if os.environ.get("VERSIONS") == "colab" else notebooks()[:1]
TOP = ("notebooks", "nbhelpers", "data", "requirements.txt", "pyproject.toml", "README.md")
COLAB = """
import os, sys, types
sys.modules["google.colab"] = types.ModuleType("google.colab")
sys.path[:] = [p for p in sys.path if not os.path.isdir(os.path.join(p, "nbhelpers"))]
"""  # the package isn't there


COURSE = "-".join(publish.setting(ROOT)).replace("/", "-")  # the folder that the cell fetches
INSTALLED = """
import importlib.metadata as m
print(sorted((d.name, d.version) for d in m.distributions()))
"""


def git(*words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false"]
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A bare repository with the project as it is now, branch main and tag v1."""
    tree, bare = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("origin") / "bare.git"
    skip = shutil.ignore_patterns(".*", "__pycache__", "*.npz", "*.egg-info")
    for name in TOP:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name, **({"ignore": skip} if (ROOT / name).is_dir() else {}))
    git("init", "--quiet", "--initial-branch=main", tree)
    git("-C", tree, "add", "--all")
    git("-C", tree, "commit", "--quiet", "-m", "all")
    git("-C", tree, "tag", "v1")
    git("clone", "--quiet", "--bare", tree, bare)
    return bare


@pytest.fixture
def colab(origin, tmp_path, monkeypatch):
    """An empty working folder; every Python that starts now believes to be on Colab."""
    place, site = tmp_path / "content", tmp_path / "site"
    place.mkdir()
    site.mkdir()
    (site / "sitecustomize.py").write_text(COLAB, encoding="utf-8")
    repository, _ = publish.setting(ROOT)
    redirected = {
        "PYTHONPATH": str(site),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{origin.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": f"https://github.com/{repository}.git",
    }
    for name, value in redirected.items():
        monkeypatch.setenv(name, value)
    return place


def last(*sources):
    """A notebook with these cells."""
    made = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=made)


def setup_source(**replaced):
    """The setup cell, with some of its words replaced."""
    (cell,) = cells(read(notebooks()[0]), "setup")
    for old, new in replaced.values():
        assert old in cell.source
        cell.source = cell.source.replace(old, new)
    return cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_that_came_alone_runs(colab, path):
    notebook = core(read(path))
    nbformat.write(notebook, colab / path.name)  # alone in its folder
    notebook.cells.append(nbformat.v4.new_code_cell("import nbhelpers\nprint(nbhelpers.__file__)"))
    execute_notebooks.execute(notebook, colab)
    assert notebook.cells[-1].outputs[0].text.startswith(str(colab / COURSE))


def test_the_setup_cell_runs_twice_and_installs_nothing(colab):
    notebook = last(INSTALLED, setup_source(), setup_source(), INSTALLED)
    execute_notebooks.execute(notebook, colab)
    assert notebook.cells[0].outputs[0].text == notebook.cells[3].outputs[0].text
    shallow = ["git", "-C", colab / COURSE, "rev-list", "--count", "HEAD"]
    assert subprocess.run(shallow, capture_output=True, check=True).stdout.strip() == b"1"


def test_a_tag_will_do(colab):
    _, ref = publish.setting(ROOT)
    notebook = last(setup_source(ref=(f'", "{ref}"', '", "v1"')))
    execute_notebooks.execute(notebook, colab)
    (fetched,) = colab.iterdir()
    assert fetched.name.endswith("-v1")
    assert (fetched / "nbhelpers").is_dir()
    execute_notebooks.execute(last(setup_source()), colab)  # another version: fetched beside it
    assert len(list(colab.iterdir())) == 2


def test_what_an_interrupted_download_has_left_is_no_obstacle(colab):
    (colab / f"{COURSE}.part" / ".git").mkdir(parents=True)
    execute_notebooks.execute(last(setup_source()), colab)
    assert [path.name for path in colab.iterdir()] == [COURSE]


@pytest.mark.parametrize("fault", ["wrong name", "wrong branch", "no network"])
def test_what_cannot_be_fetched_is_told_and_leaves_nothing(colab, monkeypatch, fault):
    repository, ref = publish.setting(ROOT)
    source = setup_source()
    if fault == "wrong branch":
        source = setup_source(ref=(f'", "{ref}"', '", "no-such-branch"'))
    else:  # a name that exists nowhere; an address where nobody answers
        base = "file:///nowhere/" if fault == "wrong name" else "http://127.0.0.1:9/"
        monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{base}.insteadOf")
    with pytest.raises(CellExecutionError, match="Run this cell again") as error:
        execute_notebooks.execute(last(source), colab)
    assert f"https://github.com/{repository}.git" in str(error.value)
    assert "fatal: " in str(error.value)  # git's own words
    assert list(colab.iterdir()) == []
