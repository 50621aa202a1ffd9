"""Imports point down the list of modules only, and the kernels bring in NumPy alone."""

import ast
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
    "training",
    "gradient_check",
    "warps",
)
ABOVE_KERNELS = (
    "datasets",
    "estimators",
    "plots",
    "checks",
    "questions",
    "lessons",
    "digit_pad",
    "playgrounds",
    "self_test",
)
HEAVY = {"matplotlib", "ipywidgets", "sklearn", "scipy", "tqdm", "IPython", "anywidget", "pandas"}


def loaded_by(statement):
    """Top-level names in sys.modules after ``statement`` in a fresh Python."""
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("module", KERNELS)
def test_a_kernel_imports_numpy_alone(module):
    assert loaded_by(f"import nbhelpers.{module}") & HEAVY == set()


def test_importing_the_package_is_quick():
    """``import nbhelpers`` costs no more than NumPy does."""
    assert loaded_by("import nbhelpers") & HEAVY == set()


def imported(path):
    """Modules of the package that the file imports, anywhere in it: {"losses", "plots", …}."""
    found = set()
    depth = len(path.relative_to(PACKAGE).parts)  # 1 for nbhelpers/x.py
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ImportFrom):
            parts = ["nbhelpers", *path.relative_to(PACKAGE).parts[: depth - node.level]]
            parts += [node.module] if node.module else []
            names = [".".join([*parts, alias.name]) for alias in node.names]
        else:
            continue
        found |= {n.split(".")[1] for n in names if n and n.startswith("nbhelpers.")}
    return found


def test_kernels_import_no_teaching_tool():
    for module in KERNELS:
        assert imported(PACKAGE / f"{module}.py") & set(ABOVE_KERNELS) == set(), module


def test_only_the_estimators_import_scikit_learns_base_classes():
    for path in PACKAGE.rglob("*.py"):
        if path.name != "estimators.py":
            assert "sklearn.base" not in path.read_text(encoding="utf-8"), path.name


def test_playgrounds_use_no_pyplot_no_threads_no_asyncio():
    """pyplot's global state, threads and awaiting break playgrounds in some front ends."""
    for path in (PACKAGE / "playgrounds").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), path.name
            if isinstance(node, ast.Import | ast.ImportFrom):
                line = ast.unparse(node)
                assert "pyplot" not in line, f"{path.name}: {line}"
                assert "asyncio" not in line, f"{path.name}: {line}"
            if isinstance(node, ast.Attribute | ast.Name):
                assert ast.unparse(node).split(".")[-1] not in ("Thread", "Timer"), path.name


def test_every_module_says_what_it_is_for():
    """Each module opens with a sentence that a student can read."""
    for path in PACKAGE.rglob("*.py"):
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert words, f"{path.name} has no docstring"
        assert words.split("\n\n")[0].endswith((".", "?", ":")), path.name
