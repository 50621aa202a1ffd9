"""Imports point down one list, functions' bodies included, and the kernels bring in NumPy alone."""

import ast
import graphlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "nbhelpers"
KERNELS = (
    "validation",
    "threads",
    "activations",
    "losses",
    "initializers",
    "network",
    "optimizers",
    "schedules",
    "history",
    "bars",
    "training",
    "gradient_check",
    "warps",
)
# From the bottom to the top: a module imports what stands before it. A folder's name stands for all
# in it that has no place of its own, "folder.*" for its modules without the folder's own.
ORDER = (
    *KERNELS,
    "files",
    "boxes",
    "time_limit",
    "mnist_files",
    "datasets",
    "weights",
    "estimators",
    "plots",
    "labs.*",
    "labs",
    "playgrounds.engine",
    "playgrounds.*",
    "playgrounds",
    "teaching.exercise",
    "teaching.bank.*",
    "teaching.bank",
    "teaching",
    "notebook",
    "publishing",
    "server",
    "__main__",
)
IN_ANY_ORDER = {"playgrounds.engine", "teaching", "publishing"}  # but without a cycle
HEAVY = {"matplotlib", "ipywidgets", "sklearn", "scipy", "tqdm", "IPython", "anywidget", "pandas"}


def name_of(path):
    """The dotted name of a file below the package: "network", "playgrounds", "playgrounds.xor"."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
del MODULES["__init__"]
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(name):
    """Every import statement of a module, and the names that it imports, absolute or not."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield node, [start, *(f"{start}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            yield node, [alias.name for alias in node.names]


def imported(name):
    """The modules of the package that a module imports; a folder only if nothing in it is meant."""
    found = set()
    for _, names in imports(name):
        inside = [n.removeprefix("nbhelpers.") for n in names if n.startswith("nbhelpers.")]
        modules = [n for n in inside if n in MODULES]
        found |= {n for n in modules if not any(m.startswith(f"{n}.") for m in modules)}
    return found


GRAPH = {name: imported(name) for name in MODULES}


def place(name):
    """Where a module stands in ORDER."""
    folder = name.rpartition(".")[0]
    while name not in ORDER and f"{folder}.*" not in ORDER:
        name, folder = folder, folder.rpartition(".")[0]
        assert name, "a module without a place in ORDER"
    return ORDER.index(name if name in ORDER else f"{folder}.*")


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name):
    here = place(name)
    lowest = here + 1 if ORDER[here] in IN_ANY_ORDER else here
    up = {n for n in GRAPH[name] if place(n) >= lowest}
    assert not up, f"{name} imports what does not stand before {ORDER[here]!r} in ORDER"


def test_there_is_no_cycle():
    graphlib.TopologicalSorter(GRAPH).prepare()  # CycleError names one


def test_imports_are_absolute():
    for name in MODULES:
        for node, names in imports(name):
            assert not names[0].startswith("."), f"{name}: {ast.unparse(node)}"


def test_order_has_no_module_that_is_gone():
    gone = {n for n in ORDER if n.removesuffix(".*") not in MODULES}
    assert not gone


def loaded_by(*modules):
    """Top-level names in sys.modules after these modules were imported in a fresh Python."""
    code = f"import {', '.join(modules)}, sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_the_kernels_and_the_data_sets_import_numpy_alone():
    loaded = loaded_by(*(f"nbhelpers.{name}" for name in (*KERNELS, "datasets")))
    assert "numpy" in loaded
    assert loaded & HEAVY == set()


def test_importing_the_package_is_quick():
    """``import nbhelpers`` imports nothing at all."""
    assert loaded_by("nbhelpers") & (HEAVY | {"numpy"}) == set()


def test_only_the_estimators_import_scikit_learns_base_classes():
    for name in MODULES:
        found = {n for _, names in imports(name) for n in names if n.startswith("sklearn.base")}
        assert name == "estimators" or not found


def test_playgrounds_use_no_pyplot_no_threads_no_asyncio():
    """pyplot's global state, threads and awaiting break playgrounds in some front ends."""
    for name in MODULES:
        if not name.startswith("playgrounds"):
            continue
        words = " ".join(n for _, names in imports(name) for n in names)
        assert "pyplot" not in words, name
        assert "asyncio" not in words, name
        for node in ast.walk(TREES[name]):
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), name
            if isinstance(node, ast.Attribute | ast.Name):
                assert ast.unparse(node).split(".")[-1] not in ("Thread", "Timer"), name


def test_every_module_says_what_it_is_for():
    """Each module opens with a sentence that a student can read."""
    for name, tree in TREES.items():
        words = ast.get_docstring(tree)
        assert words, f"{name} has no docstring"
        assert words.split("\n\n")[0].endswith((".", "?", ":")), name
