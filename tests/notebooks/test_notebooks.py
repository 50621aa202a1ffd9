"""Notebooks as they are stored, every program cell alone, and every notebook with its solutions.

That each cell runs, exercises unsolved, is nbval's part: pytest collects notebooks/ too.
"""

import os
import re
import subprocess
import sys
import venv

import pytest
from lab import find_browser
from notebook_tools import (
    FOLDER,
    ROOT,
    cells,
    core,
    notebooks,
    plain_text,
    read,
    shorten,
    solved,
    tags,
    unpassed,
)

from nbhelpers.publishing import execute as execute_notebooks

NOTEBOOKS = notebooks()
LESSONS = [path for path in NOTEBOOKS if not path.stem.startswith("00")]
PROGRAMS = [path for path in NOTEBOOKS if cells(read(path), "program", "code")]
LARGEST = 600_000  # bytes
LONGEST = 25  # lines of a code cell

# What a program that ran alone, shortened, must have reached, in the names that it leaves behind.
# Every notebook with a cell tagged `program` has an entry.
RESULTS = {
    "01_xor_loop": "np.abs(A2 - Y).max() < 0.05",
    "02_bias": "np.abs(A2 - Y).max() < 0.01",
    "03_sgd": "error < 0.05",
    "04_activations": "error < 0.05",
    "05_initial_weights": "error < 0.01",
    "06_softmax": "abs(share - 0.970) < 0.005",
    "07_backpropagation": "0.96 < share < 0.975",
    "08_digits": "share > 0.96",
    "09_optimizers": "share > 0.96",
    "10_mnist": "share > 0.97",
    "11_past_99_percent": "share > 0.94",
}


def each(paths):
    """Run a test once for each of these notebooks."""
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def outputs(path):
    """All outputs that are stored in a notebook."""
    return [output for cell in cells(read(path), kind="code") for output in cell.outputs]


# ---------------------------------------------------------------- as stored
def test_the_series_opens_with_its_start_page():
    assert NOTEBOOKS[0].stem == "00_start_here"
    assert set(FOLDER.glob("*.ipynb")) == set(NOTEBOOKS)


@each(NOTEBOOKS)
def test_stored_clean(path):
    """Run in order from a fresh kernel; no error, stderr, widget state, path or time is stored."""
    assert execute_notebooks.inspect(path) == []


@each(NOTEBOOKS)
def test_small(path):
    assert path.stat().st_size < LARGEST


@each(NOTEBOOKS)
def test_something_is_seen_where_no_kernel_runs(path):
    """A widget leaves a picture or HTML beside it, not only its name."""
    for output in outputs(path):
        widget = re.match(r"[A-Z]\w*\(.*(children|description|value)=", plain_text(output))
        assert not widget or {"image/png", "text/html"} & set(output.data), plain_text(output)[:80]


@each(NOTEBOOKS)
def test_exercises_are_stored_unsolved(path):
    for cell in cells(read(path), "exercise", "code"):
        assert not any(plain_text(o).startswith("✓ Right") for o in cell.outputs), cell.source


def test_one_setup_cell_everywhere():
    """The same cell, tagged `setup`, is the first code cell of every notebook."""
    sources = {}
    for path in NOTEBOOKS:
        notebook = read(path)
        tagged = cells(notebook, "setup", "code")
        assert len(tagged) == 1, f"{path.name}: {len(tagged)} cells are tagged setup"
        assert cells(notebook, kind="code")[0] is tagged[0], f"{path.name}: another cell is first"
        sources.setdefault(tagged[0].source, []).append(path.name)
    assert len(sources) == 1, list(sources.values())


@each(NOTEBOOKS)
def test_no_cell_takes_a_name_that_the_setup_cell_gives_and_the_notebook_needs(path):
    notebook = read(path)
    code = [cell.source for cell in cells(notebook, kind="code") if "setup" not in tags(cell)]
    for name in ("answers", "checks", "datasets", "lessons", "playgrounds", "plots", "questions"):
        taken = rf"^\s*{name} = |^for [^:]*\b{name}\b[^:]* in "
        if re.search(rf"\b{name}\.\w+\(", "\n".join(code)):
            assert not [s for s in code if re.search(taken, s, re.MULTILINE)], name


def test_the_setup_cell_says_what_to_do_in_a_python_without_the_packages(tmp_path):
    venv.create(tmp_path / "other", symlinks=os.name != "nt")
    python = tmp_path / "other" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (setup,) = cells(read(NOTEBOOKS[0]), "setup")
    run = [str(python), "-I", "-c", setup.source]
    done = subprocess.run(run, cwd=NOTEBOOKS[0].parent, capture_output=True, encoding="utf-8")
    assert done.returncode
    assert f"matplotlib is missing in {python}, the Python behind this notebook" in done.stderr
    assert "%pip install -e .." in done.stderr
    assert done.stderr.count("Traceback") == 1  # that one, not the import's as well


@each(NOTEBOOKS)
def test_code_cells_are_short(path):
    notebook = read(path)
    whole = cells(notebook, "program", "code") + cells(notebook, "setup", "code")
    for cell in cells(notebook, kind="code"):
        if cell not in whole:
            assert len(cell.source.splitlines()) <= LONGEST, cell.source[:80]


@each(NOTEBOOKS)
def test_what_the_quick_tests_leave_out_or_shorten_is_there(path):
    for cell in cells(read(path)):
        if "more" in tags(cell):  # what later cells run is none of it
            assert not tags(cell) & {"setup", "program"}
            assert "answers.use" not in cell.source
        shorten(cell)  # ValueError if the text has changed


@each(NOTEBOOKS)
def test_title_comes_first(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


@each(LESSONS)
def test_has_what_every_lesson_has(path):
    """Minutes, two questions, three exercises, a playground, and the closing sections."""
    notebook = read(path)
    prose = "\n".join(cell.source for cell in cells(notebook, kind="markdown"))
    code = "\n".join(cell.source for cell in cells(notebook, kind="code"))
    headings = [h.strip().lower() for h in re.findall(r"^##+ (.*)$", prose, flags=re.MULTILINE)]
    assert {"in practice", "further reading", "recap"} <= set(headings)
    assert any(heading.startswith("exercise") for heading in headings)
    assert "minutes" in prose
    assert len(cells(notebook, "exercise", "code")) >= 3
    asked = re.findall(r'questions\.ask\("([\w.]+)"', code)
    assert len(asked) >= 2
    for name in asked:
        revealed = code.find(f'questions.reveal("{name}"')
        assert revealed > code.find(f'questions.ask("{name}"'), f"{name} is never revealed"
    assert "playgrounds." in code


# ---------------------------------------------------------------- programs, alone
RUN_ALONE = """
import runpy, sys
names = runpy.run_path("program.py", run_name="__main__")
import numpy as np
print("RESULT", bool(eval(sys.argv[1], {**names, "np": np})))
"""


@each(PROGRAMS)
def test_the_program_runs_alone(path, tmp_path):
    """In an empty directory and a new Python, warnings being errors, it reaches its result."""
    (cell,) = cells(read(path), "program", "code")
    assert path.stem in RESULTS, f"add to RESULTS what the program of {path.name} must reach"
    shorten(cell)
    (tmp_path / "program.py").write_text(cell.source, encoding="utf-8")
    env = os.environ | {
        "NBHELPERS_DATA": str(ROOT / "data"),
        "MPLBACKEND": "Agg",
        "PYTHONUTF8": "1",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_ALONE, RESULTS[path.stem]],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "RESULT True", (RESULTS[path.stem], done.stdout[-1000:])
    left = {file.name for file in tmp_path.iterdir()} - {"program.py", "__pycache__"}
    assert left == set()


# ---------------------------------------------------------------- with solutions
IN_A_BROWSER = find_browser() is not None and os.environ.get("VERSIONS", "newest") == "newest"


@pytest.mark.skipif(IN_A_BROWSER, reason="test_browser.py has them all solved")
@each(NOTEBOOKS)
def test_every_solution_passes_its_checks(path):
    """And every cell of the core runs."""
    notebook = execute_notebooks.execute(core(solved(read(path))))
    assert unpassed(notebook) == []
