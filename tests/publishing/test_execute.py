"""Notebooks are executed from top to bottom, and stored clean or not at all."""

import os
import subprocess
import sys

import nbformat
import notebook_tools
from made import code, markdown, save

from nbhelpers.publishing import execute as execute_notebooks

PLOT = """%matplotlib inline
import matplotlib.pyplot as plt

plt.plot([1, 2])
plt.show()"""
WIDGET = "import ipywidgets\n\nipywidgets.IntSlider()"


def run_script(path, *options):
    return subprocess.run(
        [sys.executable, "-m", "nbhelpers", "execute", str(path), *options],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1"},
        check=False,
    )


def test_a_notebook_is_executed_cleaned_and_stored_the_same_twice(tmp_path):
    cells = [
        markdown("text"),
        code("import sys\n\nprint(1)\nprint(2, flush=True)\nprint(3)"),
        code(PLOT),
        code(WIDGET),
        code("import os\n\nos.path.basename(os.getcwd())"),
    ]
    cells[1].metadata = {"execution": {"iopub.execute_input": "now"}, "tags": ["setup"]}
    cells[1].execution_count = 17
    path = save(tmp_path / "01_x.ipynb", *cells)
    wild = notebook_tools.read(path)
    wild.metadata = {
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
        "language_info": {"name": "python", "version": "3.11.2"},
        "kernelspec": {"name": "my-env", "display_name": "mine", "language": "python"},
        "title": "kept",
    }
    nbformat.write(wild, path)
    assert "not clean: run python -m nbhelpers execute" in execute_notebooks.inspect(path)
    done = run_script(path)
    assert done.returncode == 0, done.stdout + done.stderr
    first = path.read_text(encoding="utf-8")
    stored = notebook_tools.read(path)
    assert [c.id for c in stored.cells] == [c.id for c in cells]
    assert [c.execution_count for c in stored.cells[1:]] == [1, 2, 3, 4]
    assert set(stored.metadata) == {"kernelspec", "language_info", "title"}
    assert stored.metadata.kernelspec.name == "python3"
    assert "version" not in stored.metadata.language_info
    assert stored.cells[1].metadata == {"tags": ["setup"], "slideshow": {"slide_type": "skip"}}
    assert [o.text for o in stored.cells[1].outputs] == ["1\n2\n3\n"]
    png = stored.cells[2].outputs[0].data["image/png"]
    assert png.startswith("iVBOR")
    assert "TWF0cGxvdGxpYi" not in png, "matplotlib's version is in the picture"
    assert set(stored.cells[3].outputs[0].data) == {"text/plain"}
    assert stored.cells[4].outputs[0].data["text/plain"] == f"'{tmp_path.name}'"
    assert run_script(path, "--check").stdout == "✓ 01_x.ipynb\n"
    assert execute_notebooks.refresh(path, timeout=60) == []
    assert path.read_text(encoding="utf-8") == first
    assert [p.name for p in tmp_path.iterdir()] == ["01_x.ipynb"]


UNWANTED = [
    ("import sys\n\nprint('oh', file=sys.stderr)", "stderr: oh"),
    ("import warnings\n\nwarnings.warn('careful')", "careful"),
    ("import tempfile\n\ntempfile.gettempdir()", "a path of this machine"),
    ("import numpy\n\nprint(numpy)", "a path of this machine"),
    ("print('/home/ada/xor.py')", "a path of this machine: /home/ada/xor.py"),
    (r"print('C:\\Users\\ada')", "a path of this machine"),
    ("object()", "a memory address"),
    ("", "an empty code cell"),
]


def test_what_answers_a_question_is_stored_folded():
    ask, answer, reveal = 'questions.ask("x.y")', "print(3)", 'questions.reveal("x.y")'
    cells = [code(text) for text in (answer, ask, answer, answer, reveal, answer)]
    cells[0].metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}  # no more
    for cell in cells:
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="3\n")]
    shown = nbformat.v4.new_output("display_data", data={"text/plain": "three"})
    cells[3].outputs = [shown]
    notebook = nbformat.v4.new_notebook(cells=[markdown("text"), *cells])
    stored = execute_notebooks.clean(execute_notebooks.clean(notebook))
    hidden = [
        cell.metadata.get("jupyter", {}).get("outputs_hidden", False) for cell in stored.cells
    ]
    assert hidden == [False, False, False, True, True, False, False]
    first = [cell.outputs[0] for cell in stored.cells[1:]]
    told = [output.get("text") or output.data["text/plain"] for output in first]
    assert told == ["3\n", "3\n", " \n3\n", " \nthree", "3\n", "3\n"], "the line that stays"
    assert stored.cells[1].metadata == {"jupyter": {"source_hidden": True}}


def test_what_must_not_be_stored_is_told_and_nothing_is_written(tmp_path):
    cells = [
        code(f"# cell {i}\n{source}" if source else "") for i, (source, _) in enumerate(UNWANTED)
    ]
    path = save(tmp_path / "01_x.ipynb", code("'harmless'"), *cells)
    before = path.read_bytes()
    told = execute_notebooks.refresh(path, timeout=60)
    for i, (source, said) in enumerate(UNWANTED):
        where = f"in the output of: # cell {i}" if source else ""
        assert [t for t in told if said in t and where in t], (source, told)
    assert not any("harmless" in t for t in told)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["01_x.ipynb"]


def test_an_error_is_told_and_nothing_is_written(tmp_path):
    path = save(tmp_path / "01_x.ipynb", code("x = 1"), code("x / 0"))
    before = path.read_bytes()
    (told,) = execute_notebooks.refresh(path, timeout=60)
    assert "ZeroDivisionError" in told
    assert path.read_bytes() == before


def test_an_endless_cell_ends(tmp_path):
    path = save(tmp_path / "01_x.ipynb", code("while True:\n    pass"))
    (said,) = execute_notebooks.refresh(path, timeout=2)
    assert "timed out" in said


def test_paths_in_links_and_words_are_no_machine_paths():
    for text in ("https://a.org/home/x", "and/or", "data/tmp/x", "w/tmp/", "1/2", "A: B", "/works"):
        assert not execute_notebooks.PATHS.search(text), text
    for text in ("/tmp/x", "'/root/a'", "C:\\x", "(/Users/me)", "'/tmp'"):
        assert execute_notebooks.PATHS.search(text), text


def test_check_reports_order_and_errors(tmp_path):
    path = save(tmp_path / "01_x.ipynb", code("x = 1"), code("x"))
    assert execute_notebooks.refresh(path, timeout=60) == []
    stored = notebook_tools.read(path)
    stored.cells[1].execution_count = 5
    path.write_text(execute_notebooks.dump(stored), encoding="utf-8")
    assert "execution counts [1, 5]" in execute_notebooks.inspect(path)[0]
    assert execute_notebooks.run([path], check=True) == 1
    assert execute_notebooks.run([tmp_path / "none.ipynb"]) == 1
