"""The files that install the project agree with each other, and what they install is whole."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"matplotlib-base": "matplotlib", "playwright-python": "playwright"}


def split(requirement):
    """A requirement line as (name, sorted bounds): "numpy>=1.26,<3" -> ("numpy", "<3,>=1.26")."""
    name, bounds = re.fullmatch(r"([A-Za-z0-9._-]+?)\s*([<>=!~].*)?", requirement).groups()
    bounds = sorted(b.strip() for b in (bounds or "").split(","))
    return re.sub(r"[-_.]+", "-", name).lower(), ",".join(bounds)


def pip_requirements(path=ROOT / "requirements.txt"):
    """Lines of a requirements file without comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [line.split("#")[0].strip() for line in lines]
    return [line for line in lines if line]


def bounds_of(lines):
    """name -> bounds of requirement lines; the package itself, "-e .", is left out."""
    return dict(split(line) for line in lines if line != "-e .")


def conda_environment():
    """(conda requirements without python and pip, python's own, lines of the pip section)."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text)["dependencies"]
    plain = [item for item in listed if isinstance(item, str)]
    pip = [line for item in listed if isinstance(item, dict) for line in item["pip"]]
    python = [item for item in plain if re.match(r"python\b(?!-)", item)]
    return [item for item in plain if item != "pip" and item not in python], python, pip


def metadata():
    """The tables of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_pip_and_conda_install_the_same():
    conda, _, pip = conda_environment()
    renamed = (split(item) for item in conda)
    renamed = {CONDA_NAMES.get(name, name): bounds for name, bounds in renamed}
    assert "-e ." in pip
    assert renamed | bounds_of(pip) == bounds_of(pip_requirements())


def test_binder_gets_the_python_it_understands():
    """repo2docker takes Python from environment.yml in the form x.y alone."""
    (python,) = conda_environment()[1]
    assert re.fullmatch(r"python=3\.1[1-4]", python)


def test_the_package_needs_a_part_of_the_requirements():
    wanted = bounds_of(pip_requirements())
    project = metadata()["project"]
    for line in project["dependencies"] + project["optional-dependencies"]["pad"]:
        name, bounds = split(line)
        assert wanted.get(name) == bounds, line


def test_pytorch_is_an_extra_that_the_readme_names_and_ci_installs():
    assert metadata()["project"]["optional-dependencies"]["torch"][0].startswith("torch>=")
    assert 'pip install -e ".[torch]"' in (ROOT / "README.md").read_text(encoding="utf-8")
    run = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.search(r"pip install .* torch==[\d.]+ ", run), "a pinned one: a plain one is huge"
    assert "REQUIRE_TORCH" in run


def test_the_cluster_is_an_extra_that_the_readme_names_and_ci_installs():
    extra = metadata()["project"]["optional-dependencies"]["cluster"]
    names = {re.match(r"[\w-]+", line)[0] for line in extra}
    assert names == {"dask", "bokeh"}
    assert not names & set(bounds_of(pip_requirements()))
    assert 'pip install -e ".[cluster]"' in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "'.[cluster]'" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_bounds_are_loose():
    """Courses that pin exact versions break wherever newer ones are installed already."""
    assert not [line for line in pip_requirements() if re.search("==|<", line)]


def test_kernels_that_may_stop_listening_are_excluded():
    for lines in (pip_requirements(), conda_environment()[0]):
        allowed = SpecifierSet(bounds_of(lines)["ipykernel"])
        assert not [v for v in ("7.0.0", "7.1.2", "7.2.0", "7.3.0", "7.4.0") if v in allowed]
        assert all(version in allowed for version in ("6.17.0", "6.31.0", "7.4.1", "8.0.0"))


def test_oldest_versions_are_the_lower_bounds():
    oldest = bounds_of(pip_requirements(ROOT / "tests/constraints/oldest.txt"))
    for name, bounds in bounds_of(pip_requirements()).items():
        if name == "hatchling":  # builds the wheel; nothing of ours runs on it
            continue
        lowest = re.search(r">=([\d.]+)", bounds).group(1)
        pinned = oldest[name].removeprefix("==")
        assert re.sub(r"(\.0)+$", "", pinned).startswith(re.sub(r"(\.0)+$", "", lowest)), name


def test_the_wheel_has_every_file_and_switches_the_extension_of_the_server_on(tmp_path):
    """Of a copy of the project, without the network; settings are where Jupyter looks for them."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "nbhelpers", tmp_path / "nbhelpers", ignore=skip)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--quiet", "--wheel-dir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(file) as opened:
        wheel = set(opened.namelist())
    files = (path for path in (ROOT / "nbhelpers").rglob("*") if path.is_file())
    files = {f.relative_to(ROOT).as_posix() for f in files if "__pycache__" not in f.parts}
    assert {name for name in wheel if name.startswith("nbhelpers/")} == files
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"nbhelpers"}
    assert any(name.endswith("licenses/LICENSE") for name in wheel)
    settings = ".data/data/etc/jupyter/jupyter_server_config.d/nbhelpers.json"
    assert any(name.endswith(settings) for name in wheel)


def test_the_readme_has_both_commands():
    """.ci/run takes the test command from the README; the first line starts the lessons."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    fenced = "\n".join(re.findall(r"^```.*?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL))
    install = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && "
    lines = [line.strip() for line in fenced.splitlines()]
    assert install + ".venv/bin/jupyter lab notebooks/00_start_here.ipynb" in lines
    assert [line for line in lines if ".venv/bin/pytest" in line] == [install + ".venv/bin/pytest"]
