"""Program cells recalled, exported, run alone and compared; notebooks executed and stored."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import notebook_tools
import pytest
from notebook_tools import Texts, unreadable

from nbhelpers.__main__ import main
from nbhelpers.publishing import execute as execute_notebooks
from nbhelpers.publishing import student
from nbhelpers.teaching import lessons, notebook_files

ONE = """import numpy as np

rng = np.random.default_rng(0)
W = rng.uniform(size=(2, 3))  # "input" & hidden
lr = 1.0


def sigmoid(Z):
    \"\"\"Squash to (0, 1).\"\"\"
    return 1 / (1 + np.exp(-Z))


A = sigmoid(W)
print(A.shape, A.min() > 0)
"""
TWO = (
    ONE.replace("lr = 1.0\n", "b = np.zeros(3)\nc = 2\n")
    .replace("sigmoid(W)", "sigmoid(W + b)")
    .replace("\n\ndef", "\n\n\ndef")
)
code, markdown = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell


def save(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


def full(*arguments):
    raise OSError("disk full")


def tagged(source, tag, make=code):
    return make(source, metadata={"tags": [tag]})


@pytest.fixture
def folder(tmp_path):
    """Four notebooks: two with a program, one without, one with two."""
    place = tmp_path / "notebooks"
    place.mkdir()
    save(place / "00_start.ipynb", code("1"))
    save(place / "01_one.ipynb", code("import os"), tagged(ONE.rstrip(), "program"))
    save(place / "02_two.ipynb", markdown("text"), tagged(TWO, "program"))
    save(place / "03_both.ipynb", tagged(ONE, "program"), tagged(TWO, "program"))
    return place


# ------------------------------------------------------------------------ program, recall
@pytest.mark.parametrize("name", ["01", "1", 1, "01_one"])
def test_program_is_the_tagged_cell(folder, name):
    assert lessons.program(name, folder) == ONE


def test_program_of_the_checkout_is_found_from_anywhere(tmp_path, monkeypatch):
    if not notebook_tools.notebooks():
        pytest.skip("no notebooks yet")
    monkeypatch.chdir(tmp_path)
    assert notebook_files.folder() == notebook_tools.FOLDER


def test_program_errors_list_what_exists(folder, tmp_path):
    with pytest.raises(ValueError, match=r"no notebook 09; .*: 01_one, 02_two, 03_both"):
        lessons.program("09", folder)
    with pytest.raises(ValueError, match="00_start has 0 program cells"):
        lessons.program("00", folder)
    with pytest.raises(ValueError, match="03_both has 2 program cells"):
        lessons.program("03", folder)
    with pytest.raises(ValueError, match="none"):
        lessons.program("01", tmp_path)
    for bad in ("", "one", None, 1.5, True, "123", "../01"):
        with pytest.raises(ValueError, match="such as '01'"):
            lessons.program(bad, folder)


def test_a_copy_that_jupyterlab_made_changes_nothing(folder, tmp_path):
    """Its "Duplicate" writes 01_one-Copy1.ipynb, which stands before 01_one.ipynb."""
    for copied in ("01_one-Copy1.ipynb", "03_both (1).ipynb", "Untitled.ipynb"):
        save(folder / copied, tagged("print('a copy')", "program"))
    assert lessons.program("01", folder) == ONE
    assert [path.name for path in student.student(tmp_path / "out", notebooks=folder)] == [
        "00_start.ipynb",
        "01_one.ipynb",
        "02_two.ipynb",
        "03_both.ipynb",
    ]


def test_two_notebooks_with_one_number_are_named(folder):
    save(folder / "01_another.ipynb", tagged(TWO, "program"))
    with pytest.raises(ValueError, match=r"01_another\.ipynb and 01_one\.ipynb"):
        lessons.program("01", folder)


def test_recall_has_the_source_and_the_sentence(folder):
    recalled = lessons.recall("01", folder)
    assert recalled.source == ONE
    assert repr(recalled).startswith("The program so far (notebook 01, 14 lines)\n\nimport numpy")
    assert "The program so far (notebook 01, 14 lines)" in recalled.html
    assert "<details open>" in recalled.html
    pre = recalled.html.split("<pre")[1].split(">", 1)[1].split("</pre>")[0]
    assert lessons_text(pre) == ONE


def lessons_text(fragment):
    """Text of an HTML fragment, with every space and line."""
    parser = Texts("")
    pieces = []
    parser.handle_data = pieces.append
    parser.feed(fragment)
    parser.close()
    return "".join(pieces)


def test_a_long_program_starts_folded(folder):
    long = "".join(f"x{i} = {i}\n" for i in range(lessons.FOLD + 1))
    save(folder / "04_long.ipynb", tagged(long, "program"))
    assert "<details><summary" in lessons.recall("04", folder).html


def test_highlighting_marks_words_numbers_and_comments(folder):
    marked = lessons.highlighted(ONE)
    for text in ("import", "def", "sigmoid", "1.0", "# &quot;input&quot;"):
        text = text.replace("&quot;", '"')
        assert f">{text}" in marked
    assert "class=" not in marked, "colours are inline, or GitHub and HTML export lose them"


def test_all_is_readable_in_light_and_dark(folder):
    everything = '''class A(list):
    """Text."""

    @property
    def f(self):  # comment
        return None or not len(b"x") + 0x1F, f"{1:.2f}\\n", True is lambda: ...
'''
    save(folder / "05_all.ipynb", tagged(everything, "program"))
    assert unreadable(lessons.recall("05", folder).html) == []
    assert unreadable(lessons.difference("01", "05", notebooks=folder).html) == []
    assert unreadable(lessons.difference("01", "02", notebooks=folder).html) == []


# ------------------------------------------------------------------------ export, run
def test_export_writes_a_script_and_spares_other_files(folder, tmp_path):
    path = tmp_path / "xor.py"
    assert lessons.export("01", path, notebooks=folder) == path
    assert path.read_text(encoding="utf-8") == ONE
    assert lessons.export("01", path, notebooks=folder) == path, "the same file is no conflict"
    with pytest.raises(FileExistsError, match="overwrite=True"):
        lessons.export("02", path, notebooks=folder)
    assert path.read_text(encoding="utf-8") == ONE
    lessons.export("02", path, overwrite=True, notebooks=folder)
    assert path.read_text(encoding="utf-8") == TWO
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notebooks", "xor.py"]
    with pytest.raises(IsADirectoryError, match="folder"):
        lessons.export("01", tmp_path, notebooks=folder)


def test_export_leaves_the_old_file_if_it_cannot_finish(folder, tmp_path, monkeypatch):
    path = tmp_path / "xor.py"
    path.write_text("mine")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        lessons.export("01", path, overwrite=True, notebooks=folder)
    assert path.read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notebooks", "xor.py"]


def test_run_returns_what_the_program_prints(folder):
    assert lessons.run("01", notebooks=folder) == "(2, 3) True\n"


def test_run_is_alone_in_an_empty_folder_with_the_package(folder):
    source = """import os, sys
import nbhelpers
print(os.listdir(), "é−∂", os.path.basename(sys.argv[0]))
try:
    input()
except EOFError:
    print("nobody there")
"""
    save(folder / "06_alone.ipynb", tagged(source, "program"))
    said = lessons.run("06", notebooks=folder).splitlines()
    assert said == ["[] é−∂ program_06.py", "nobody there"]


def test_run_tells_what_went_wrong(folder):
    save(folder / "07_bad.ipynb", tagged("x = 1\nx / 0\n", "program"))
    with pytest.raises(RuntimeError, match="notebook 07 failed") as caught:
        lessons.run("07", notebooks=folder)
    assert "ZeroDivisionError" in str(caught.value)
    assert 'File "program_07.py", line 2' in str(caught.value)
    save(folder / "08_slow.ipynb", tagged("while True:\n    pass\n", "program"))
    with pytest.raises(TimeoutError, match=r"notebook 08 did not end within 1\.5 s"):
        lessons.run("08", timeout=1.5, notebooks=folder)


# ------------------------------------------------------------------------ difference
def test_difference_counts_and_marks_lines(folder):
    found = lessons.difference("01", "02", notebooks=folder)
    assert found.title == "from notebook 01 to 02: 1 line changed, 2 added, 1 removed"
    assert (found.changed, found.added, found.removed) == (1, 2, 1)
    assert ("~", "A = sigmoid(W)", "A = sigmoid(W + b)") in found.rows
    assert ("−", "lr = 1.0", None) in found.rows
    assert ("+", None, "b = np.zeros(3)") in found.rows
    assert [p for m, p, q in found.rows if p is not None] == ONE.splitlines()
    assert [q for m, p, q in found.rows if q is not None] == TWO.splitlines()


def test_difference_reads_without_colours(folder):
    text = lessons_text(lessons.difference("01", "02", notebooks=folder).html)
    assert " − lr = 1.0\n" in text
    assert " + b = np.zeros(3)\n" in text
    assert "~− A = sigmoid(W)\n~+ A = sigmoid(W + b)\n" in text
    plain = repr(lessons.difference("01", "02", notebooks=folder))
    assert "--- notebook 01\n+++ notebook 02\n" in plain
    assert "\n-A = sigmoid(W)\n+A = sigmoid(W + b)\n" in plain


def test_difference_marks_the_words_that_changed(folder):
    marked = lessons.difference("01", "02", notebooks=folder).html
    assert f'<span style="background:{lessons.ADDED[1]};font-weight:bold;"> + b</span>' in marked


def test_difference_folds_what_did_not_change(folder):
    text = "".join(f"x{i} = {i}\n" for i in range(40))
    save(folder / "04_a.ipynb", tagged(text, "program"))
    save(folder / "05_b.ipynb", tagged(text.replace("x20 = 20", "x20 = 21"), "program"))
    short = lessons_text(lessons.difference("04", "05", notebooks=folder).html)
    assert "⋯ 17 lines unchanged" in short
    assert "⋯ 16 lines unchanged" in short
    assert "x17 = 17" in short
    assert "x16 = 16" not in short
    whole = lessons.difference("04", "05", context=None, notebooks=folder)
    assert "x0 = 0" in lessons_text(whole.html)
    assert "x0 = 0" in whole.text


def test_no_difference_is_said(folder):
    same = lessons.difference("01", "01", notebooks=folder)
    assert same.title == "from notebook 01 to 01: no line changed"
    assert {mark for mark, _, _ in same.rows} == {"="}


@pytest.mark.parametrize(
    ("old", "new", "marks"),
    [
        ("", "a = 1", "+"),
        ("a = 1", "", "−"),
        ("a = 1\nb = 2", "b = 2\na = 1", "+=−"),
        ("x = f(a)\ny = g(b)", "y = g(b, c)", "−~"),
        ("for i in x:\n    go(i)", "for i in x:\n\n    go(i)", "=+="),
        ("one", "completely different", "−+"),
    ],
)
def test_lines_are_paired_as_a_reader_would(old, new, marks):
    rows = lessons.compare(old, new)
    assert sorted(m for m, _, _ in rows) == sorted(marks)
    assert [p for _, p, _ in rows if p is not None] == old.splitlines()
    assert [q for _, _, q in rows if q is not None] == new.splitlines()


# ------------------------------------------------------------------------ student copies
SERIES = notebook_tools.notebooks()
EXECUTED = SERIES if os.environ.get("EVERY_NOTEBOOK") else SERIES[:1]


@pytest.fixture(scope="module", params=[False, True], ids=["cleared", "with outputs"])
def copies(request, tmp_path_factory):
    """The series as it is given to students, and whether its outputs have been kept."""
    out = tmp_path_factory.mktemp("class") / "week 1" / "copies"
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in SERIES}
    written = student.student(out, outputs=request.param)
    assert [path.name for path in written] == [path.name for path in SERIES]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in SERIES} == before
    return {path.name: notebook_tools.read(path) for path in written}, request.param


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_a_student_copy_has_all_but_the_solutions(copies, path):
    original, copy = notebook_tools.read(path), copies[0][path.name]
    nbformat.validate(copy)
    gone = {"solution", "links"}
    kept = [cell for cell in original.cells if not gone & notebook_tools.tags(cell)]
    assert [cell.id for cell in copy.cells] == [cell.id for cell in kept]
    assert copy.metadata == original.metadata
    for old, new in zip(kept, copy.cells, strict=True):
        assert (new.cell_type, new.metadata) == (old.cell_type, old.metadata)
        if new.source != old.source:  # folded answers have gone, and nothing else
            assert new.cell_type == "markdown"
            outside = "".join(p.split("</details>")[-1] for p in old.source.split("<details>"))
            assert new.source.split() == outside.split()


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_no_solution_is_left_in_a_student_copy(copies, path):
    """Neither its code as a whole, nor a line that the text doesn't have elsewhere, nor a word."""
    original, copy = notebook_tools.read(path), copies[0][path.name]
    solutions = notebook_tools.cells(original, "solution")
    assert len(solutions) == len(notebook_tools.cells(copy, "exercise"))
    everything = "\n\n".join(cell.source for cell in copy.cells)
    others = [c.source for c in original.cells if "solution" not in notebook_tools.tags(c)]
    elsewhere = "\n\n".join(others)
    for solution in solutions:
        assert notebook_tools.solution_code(solution) not in everything
        for line in map(str.strip, solution.source.splitlines()):
            assert line in elsewhere or line not in everything, line
            assert everything.count(line) <= elsewhere.count(line), line
    assert "<details" not in "".join(c.source for c in copy.cells if c.cell_type == "markdown")


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_student_copies_are_unexecuted_unless_their_outputs_are_wanted(copies, path):
    original, (everything, outputs) = notebook_tools.read(path), copies
    stored = {cell.id: cell for cell in original.cells}
    for cell in notebook_tools.cells(everything[path.name], kind="code"):
        old = stored[cell.id]
        wanted = (old.outputs, old.execution_count) if outputs else ([], None)
        assert (cell.outputs, cell.execution_count) == wanted


def test_links_of_student_copies_lead_to_what_is_there(copies):
    """Not to the originals, on Colab or Binder or beside them: those have the solutions."""
    for name, notebook in copies[0].items():
        prose = "\n".join(c.source for c in notebook_tools.cells(notebook, kind="markdown"))
        prose = re.sub(r"```.*?```|`[^`\n]*`|\$[^$]*\$", "", prose, flags=re.DOTALL)
        for address in re.findall(r"\]\(([^)\s]+)\)", prose):
            host = re.match(r"https?://([^/]+)", address)
            if host:
                assert host[1] not in ("colab.research.google.com", "mybinder.org"), name
            else:
                assert address in copies[0], (name, address)


@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: path.stem)
def test_a_student_copy_runs_from_top_to_bottom_and_its_checks_work(tmp_path, path):
    """Unsolved, as it is, and then with each solution in a cell of its own below its exercise."""
    out = tmp_path / "somewhere else"
    (written,) = student.student(out, [path.stem])
    notebook = notebook_tools.read(written)
    solutions = [
        (e.id, notebook_tools.solve(e.source, notebook_tools.solution_code(s)))
        for e, s in notebook_tools.pairs(notebook_tools.read(path))
    ]
    solved_below = []
    for cell in notebook.cells:
        solved_below.append(cell)
        solved_below += [code(source) for name, source in solutions if name == cell.id]
    notebook.cells = solved_below
    execute_notebooks.execute(notebook, out)
    for place, cell in enumerate(notebook.cells):
        if "exercise" in notebook_tools.tags(cell):
            said, then = (
                "".join(map(notebook_tools.plain_text, notebook.cells[place + k].outputs))
                for k in (0, 1)
            )
            assert "Not solved yet" in said
            assert "✓ Right" in then


def test_a_student_copy_keeps_pictures_and_code_and_unlinks_what_is_elsewhere(folder, tmp_path):
    (folder / "images").mkdir()
    (folder / "images" / "net.png").write_bytes(b"picture")
    text = (
        "![a net](images/net.png) [before](01_one.ipynb#top) [guide](LECTURERS.md), "
        "[project](../README.md) [book](https://example.org/b) `f[name](z)` [top](#top)\n\n"
        "```python\nf[name](z)\n```\n\n<details><summary>Answer</summary>\n\n3\n\n</details>"
    )
    folded = "<details><summary>What happens</summary>\n\nAll.\n\n</details>"
    solution = tagged("answer = 3", "solution")
    save(folder / "04_words.ipynb", markdown(text), markdown(folded), code("f[name](z)"), solution)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    out = tmp_path / "out"
    assert student.student(out, ["01", 4], notebooks=folder) == [
        out / "01_one.ipynb",
        out / "04_words.ipynb",
    ]
    words, source = notebook_tools.read(out / "04_words.ipynb").cells
    assert words.source == (
        "![a net](images/net.png) [before](01_one.ipynb#top) guide, "
        "project [book](https://example.org/b) `f[name](z)` [top](#top)\n\n"
        "```python\nf[name](z)\n```"
    )
    assert source.source == "f[name](z)"
    assert (out / "images" / "net.png").read_bytes() == b"picture"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    student.student(tmp_path / "alone", ["04"], notebooks=folder)
    assert (
        ") before guide" in notebook_tools.read(tmp_path / "alone/04_words.ipynb").cells[0].source
    )


@pytest.mark.parametrize(
    "opening", ["<details open>", '<details class="x">', "<details\nopen >", "<DETAILS>"]
)
def test_answers_go_however_their_fold_is_spelt(folder, tmp_path, opening):
    closing = "</DETAILS>" if opening.isupper() else "</details>"
    answer = f"Before.\n\n{opening}<summary>Answer</summary>\n\n42\n\n{closing}\n\nAfter."
    save(folder / "04_words.ipynb", markdown(answer))
    (written,) = student.student(tmp_path / "out", ["04"], notebooks=folder)
    assert notebook_tools.read(written).cells[0].source == "Before.\n\nAfter."


@pytest.mark.parametrize(
    "answer",
    [
        "<details><summary>Answer</summary>\n\n42",
        "<details open>one <details>inside</details> 42 </details>",
        "42\n\n</details>",
    ],
)
def test_a_student_copy_that_keeps_an_answer_is_refused(folder, tmp_path, answer):
    save(folder / "04_words.ipynb", markdown(answer))
    with pytest.raises(ValueError, match=r"04_words\.ipynb: an answer would stay in the copy"):
        student.student(tmp_path / "out", notebooks=folder)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        ('![a net](images/net.png "a title")', "images/net.png"),
        ("![a net](images/net.png 'a title')", "images/net.png"),
        ("![a net](<images/my net.png>)", "images/my net.png"),
        ('![a net](<images/my net.png> "a title")', "images/my net.png"),
        ("![a net](images/my%20net.png)", "images/my net.png"),
        ("![a net](images/net(1).png)", "images/net(1).png"),
        ('<img src="images/net.png">', "images/net.png"),
        ('<p><img alt="a net" src="images/my net.png" width="300"/></p>', "images/my net.png"),
        ("<img src='images/my%20net.png' />", "images/my net.png"),
        ("<IMG width=3 src=images/net.png>", "images/net.png"),
        ("[![a net](images/net.png)](https://example.org/b)", "images/net.png"),
    ],
)
def test_pictures_are_copied_however_they_are_spelt(folder, tmp_path, text, picture):
    (folder / "images").mkdir()
    (folder / picture).write_bytes(b"picture")
    save(folder / "04_words.ipynb", markdown(text))
    out = tmp_path / "out"
    (written,) = student.student(out, ["04"], notebooks=folder)
    assert notebook_tools.read(written).cells[0].source == text
    assert (out / picture).read_bytes() == b"picture"


def test_student_copies_unlink_what_has_a_title_and_copy_nothing_from_elsewhere(folder, tmp_path):
    elsewhere = tmp_path / "secret.png"
    elsewhere.write_bytes(b"secret")
    text = (
        f'[guide](LECTURERS.md "for you") [plan](<my plan.md>) ![s](%2E%2E/secret.png) '
        f"![t]({elsewhere.as_posix()}) [![u](images/none.png)](LECTURERS.md)"
    )
    save(folder / "04_words.ipynb", markdown(text))
    (written,) = student.student(tmp_path / "out", ["04"], notebooks=folder)
    assert notebook_tools.read(written).cells[0].source == "guide plan s t u"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["04_words.ipynb"]


def test_a_link_to_an_original_is_not_written_through(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "01_one.ipynb").symlink_to(folder / "01_one.ipynb")
    before = (folder / "01_one.ipynb").read_bytes()
    with pytest.raises(ValueError, match=r"01_one\.ipynb is a link to the original"):
        student.student(out, overwrite=True, notebooks=folder)
    assert (folder / "01_one.ipynb").read_bytes() == before


def test_a_notebook_that_is_none_is_named(folder, tmp_path, capsys):
    (folder / "01_one.ipynb").write_text("[]", encoding="utf-8")
    for use in (
        lambda: lessons.program("01", folder),
        lambda: student.student(tmp_path / "out", notebooks=folder),
    ):
        with pytest.raises(ValueError, match=r"01_one\.ipynb: not a notebook: .* list"):
            use()
    assert main(["program", "01", "--notebooks", str(folder)]) == 1
    assert "not a notebook" in capsys.readouterr().err


def test_student_copies_spare_what_is_there(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    student.student(out, notebooks=folder)  # an empty folder will do
    (out / "mine.txt").write_text("mine")
    (out / "01_one.ipynb").write_text("mine, too")
    with pytest.raises(FileExistsError, match="is not empty"):
        student.student(out, notebooks=folder)
    assert (out / "01_one.ipynb").read_text() == "mine, too"
    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", full)
        with pytest.raises(OSError, match="disk full"):
            student.student(out, overwrite=True, notebooks=folder)
    assert (out / "01_one.ipynb").read_text() == "mine, too"
    student.student(out, overwrite=True, notebooks=folder)
    assert notebook_tools.read(out / "01_one.ipynb").cells[1].source == ONE.rstrip()
    assert (out / "mine.txt").read_text() == "mine"
    link = tmp_path / "link"
    link.symlink_to(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for originals in (folder, link, folder / ".." / "notebooks"):
        with pytest.raises(ValueError, match="has the originals"):
            student.student(originals, overwrite=True, notebooks=folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(ValueError, match="no notebook 09, 11"):
        student.student(tmp_path / "new", ["01", 9, "11"], notebooks=folder)
    with pytest.raises(ValueError, match="no notebooks in"):
        student.student(tmp_path / "new", notebooks=out.parent)
    assert not (tmp_path / "new").exists()


# ------------------------------------------------------------------------ command line, import
def test_command_line(folder, tmp_path):
    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "nbhelpers", *arguments, "--notebooks", str(folder)],
            capture_output=True,
            encoding="utf-8",
            cwd=tmp_path,
            check=False,
        )

    assert command("program", "01").stdout == ONE
    assert command("export", "01", "one.py").returncode == 0
    assert (tmp_path / "one.py").read_text() == ONE
    refused = command("export", "02", "one.py")
    assert refused.returncode == 1
    assert "exists and differs" in refused.stderr
    assert command("export", "02", "one.py", "--overwrite").returncode == 0
    assert "1 line changed, 2 added, 1 removed" in command("difference", "01", "02").stdout
    assert command("student", "out", "01").stdout == "notebooks written into out: 1\n"
    refused = command("student", "out")
    assert refused.returncode == 1
    assert "--overwrite" in refused.stderr
    assert command("student", "out", "--outputs", "--overwrite").returncode == 0
    assert len(list((tmp_path / "out").iterdir())) == 4
    missing = command("program", "09")
    assert missing.returncode == 1
    assert missing.stderr.startswith("no program for '09'")
    assert "Traceback" not in missing.stderr


def test_importing_is_light():
    """NumPy for the checks; nothing of Jupyter, matplotlib or Pygments until it is needed."""
    heavy = "{'IPython', 'ipywidgets', 'pygments', 'matplotlib', 'sklearn'} & set(sys.modules)"
    source = f"import sys, nbhelpers.{{0}}; print(sorted({heavy}), 'numpy' in sys.modules)"
    for module, numpy in (("lessons", False), ("questions", False), ("checks", True)):
        done = subprocess.run(
            [sys.executable, "-c", source.replace("{0}", module)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == f"[] {numpy}", module


# ------------------------------------------------------------------------ storing notebooks
PLOT = """%matplotlib inline
import matplotlib.pyplot as plt

plt.plot([1, 2])
plt.show()"""
WIDGET = "import ipywidgets\n\nipywidgets.IntSlider()"


def run_script(path, *options):
    return subprocess.run(
        [sys.executable, execute_notebooks.__file__, str(path), *options],
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
    start = time.perf_counter()
    (said,) = execute_notebooks.refresh(path, timeout=2)
    assert "timed out" in said
    assert time.perf_counter() - start < 30


def test_paths_in_links_and_words_are_no_machine_paths():
    for text in (
        "https://example.org/home/x",
        "and/or",
        "data/tmp/x",
        "w/tmp/",
        "1/2",
        "A: B",
        "/works",
    ):
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


def test_a_large_notebook_is_warned_about(tmp_path, capsys):
    path = save(tmp_path / "01_x.ipynb", code(f"print('x' * {execute_notebooks.LARGE})"))
    assert execute_notebooks.run([path]) == 0
    assert "warning: 60" in capsys.readouterr().out


# ------------------------------------------------------------------------ solutions
EXERCISE = """given = 3


def weighted_sum(x, w):
    return ...  # your code here

checks.check("start_here.weighted_sum", weighted_sum)"""
SOLUTION = """<details><summary>Solution</summary>

```python
def weighted_sum(x, w):
    return (x * w).sum()
```

</details>"""


def lesson(exercise=EXERCISE, solution=SOLUTION):
    cells = [
        code("from nbhelpers.teaching import checks"),
        tagged(exercise, "exercise"),
        markdown("between"),
    ]
    if solution:
        cells.append(tagged(solution, "solution", markdown))
    return nbformat.v4.new_notebook(cells=cells)


def test_solved_puts_the_solution_in_place(tmp_path):
    notebook = lesson()
    solved = notebook_tools.solved(notebook)
    source = solved.cells[1].source
    assert source.startswith("given = 3\n\ndef weighted_sum")
    assert source.endswith('checks.check("start_here.weighted_sum", weighted_sum)')
    assert "..." not in source
    assert notebook.cells[1].source == EXERCISE, "the notebook itself is unchanged"
    execute_notebooks.execute(solved, tmp_path, timeout=60)
    assert notebook_tools.unpassed(solved) == []
    execute_notebooks.execute(notebook, tmp_path, timeout=60)
    (failed,) = notebook_tools.unpassed(notebook)
    assert "Not solved yet" in failed


def test_a_wrong_solution_is_found(tmp_path):
    solved = notebook_tools.solved(lesson(solution=SOLUTION.replace("(x * w).sum()", "x * w")))
    execute_notebooks.execute(solved, tmp_path, timeout=60)
    (failed,) = notebook_tools.unpassed(solved)
    assert "△ Not yet" in failed


@pytest.mark.parametrize(
    ("exercise", "solution", "said"),
    [
        (EXERCISE, "", "without a solution"),
        (EXERCISE, "```python\nx = 1\n```", "a solution is <details>"),
        (EXERCISE, SOLUTION.replace("weighted_sum", "other"), "leaves open"),
        ("x = 1", SOLUTION, "without checks.check"),
    ],
)
def test_incomplete_exercises_are_refused(exercise, solution, said):
    with pytest.raises(ValueError, match=said):
        notebook_tools.solved(lesson(exercise, solution))


def test_a_given_line_after_the_answer_stays_after_it():
    exercise = "answer = ...\nprint(answer)\nchecks.check('a.b', answer)"
    assert notebook_tools.solve(exercise, "answer = 3") == (
        "answer = 3\n\nprint(answer)\n\nchecks.check('a.b', answer)"
    )


def test_a_solution_may_have_words_around_its_code():
    wordy = SOLUTION.replace("```python", "Multiply, then add:\n\n```python")
    wordy = wordy.replace("</details>", "One number.\n\n</details>")
    for source in (SOLUTION, wordy):
        found = notebook_tools.solution_code(markdown(source))
        assert found == "def weighted_sum(x, w):\n    return (x * w).sum()"
    for source in (SOLUTION.replace("\n\n", "\n"), SOLUTION.replace("</details>", "")):
        with pytest.raises(ValueError, match="blank lines"):  # GitHub would not show the code
            notebook_tools.solution_code(markdown(source))


def test_cells_by_tag_and_kind():
    notebook = lesson()
    assert [c.source for c in notebook_tools.cells(notebook, "exercise")] == [EXERCISE]
    assert len(notebook_tools.cells(notebook, kind="markdown")) == 2
    assert notebook_tools.cells(notebook, "program") == []


def test_notebooks_are_listed_in_order(folder):
    names = [path.name for path in notebook_tools.notebooks(folder)]
    assert names == ["00_start.ipynb", "01_one.ipynb", "02_two.ipynb", "03_both.ipynb"]
    assert Path(notebook_tools.FOLDER).name == "notebooks"
