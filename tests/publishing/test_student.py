"""Copies of the notebooks for students: all but the solutions, and they run."""

import os
import re

import nbformat
import pytest
from made import ONE, code, four_notebooks, markdown, save, tagged
from notebook_tools import cells, notebooks, pairs, plain_text, read, solution_code, solve, tags

from nbhelpers.__main__ import main
from nbhelpers.publishing import execute as execute_notebooks
from nbhelpers.publishing.student import student

SERIES = notebooks()
EXECUTED = SERIES if os.environ.get("EVERY_NOTEBOOK") else SERIES[:1]


@pytest.fixture
def folder(tmp_path):
    return four_notebooks(tmp_path / "notebooks")


@pytest.fixture(scope="module", params=[False, True], ids=["cleared", "with outputs"])
def copies(request, tmp_path_factory):
    """The series as it is given to students, and whether its outputs have been kept."""
    out = tmp_path_factory.mktemp("class") / "week 1" / "copies"
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in SERIES}
    written = student(out, outputs=request.param)
    assert [path.name for path in written] == [path.name for path in SERIES]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in SERIES} == before
    return {path.name: read(path) for path in written}, request.param


@pytest.mark.parametrize("path", SERIES, ids=lambda path: path.stem)
def test_a_student_copy_has_all_but_the_solutions(copies, path):
    original, (copy, outputs) = read(path), (copies[0][path.name], copies[1])
    nbformat.validate(copy)
    kept = [
        cell
        for cell in original.cells
        if not {"solution", "links"} & tags(cell)
        and not re.fullmatch(r"<details>((?!</details>).)*</details>", cell.source, re.DOTALL)
    ]
    assert [cell.id for cell in copy.cells] == [cell.id for cell in kept]
    assert copy.metadata == original.metadata
    for old, new in zip(kept, copy.cells, strict=True):
        assert (new.cell_type, new.metadata) == (old.cell_type, old.metadata)
        if new.source != old.source:  # folded answers have gone, and nothing else
            assert new.cell_type == "markdown"
            outside = "".join(p.split("</details>")[-1] for p in old.source.split("<details>"))
            assert new.source.split() == outside.split()
            assert "<details" not in new.source
        if new.cell_type == "code":
            wanted = (old.outputs, old.execution_count) if outputs else ([], None)
            assert (new.outputs, new.execution_count) == wanted


def test_links_of_student_copies_lead_to_what_is_there(copies):
    """Not to the originals, on Colab or Binder or beside them: those have the solutions."""
    for name, notebook in copies[0].items():
        prose = "\n".join(c.source for c in cells(notebook, kind="markdown"))
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
    (written,) = student(out, [path.stem])
    notebook = read(written)
    solutions = [(e.id, solve(e.source, solution_code(s))) for e, s in pairs(read(path))]
    notebook.cells = [
        made
        for cell in notebook.cells
        for made in (cell, *(code(source) for name, source in solutions if name == cell.id))
    ]
    execute_notebooks.execute(notebook, out)
    for place, cell in enumerate(notebook.cells):
        if "exercise" in tags(cell):
            said, then = (
                "".join(map(plain_text, notebook.cells[place + k].outputs)) for k in (0, 1)
            )
            assert "Not solved yet" in said
            assert "✓ Right" in then


def copied(folder, out, *more):
    """Texts of the student's cells of a notebook with these, in `out`."""
    save(folder / "04_words.ipynb", *more)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    written = student(out, ["01", 4], notebooks=folder)
    assert [path.name for path in written] == ["01_one.ipynb", "04_words.ipynb"]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return [cell.source for cell in read(written[1]).cells]


def test_code_stays_and_solutions_and_answers_go(folder, tmp_path):
    text = "`f[name](z)`\n\n```python\nf[name](z)\n```"
    answer = "<details><summary>Answer</summary>\n\n3\n\n</details>"
    made = markdown(f"{text}\n\n{answer}"), markdown(answer), code("f[name](z)")
    left = copied(folder, tmp_path / "out", *made, tagged("answer = 3", "solution"))
    assert left == [text, "f[name](z)"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[b](01_one.ipynb#top) [c](#top)", "[b](01_one.ipynb#top) [c](#top)"),
        ("[before](00_start.ipynb#top)", "before"),
        ("[book](https://example.org/b)", "[book](https://example.org/b)"),
        ("[guide](LECTURERS.md), [project](../README.md)", "guide, project"),
        ('[guide](LECTURERS.md "for you") [plan](<my plan.md>)', "guide plan"),
        ("![s](%2E%2E/secret.png) [![u](images/none.png)](LECTURERS.md)", "s u"),
        ("![t](/{}/secret.png)", "t"),
    ],
)
def test_links_to_what_is_elsewhere_keep_their_words(folder, tmp_path, before, after):
    (tmp_path / "secret.png").write_bytes(b"secret")
    before = before.replace("/{}", tmp_path.as_posix())
    assert copied(folder, tmp_path / "out", markdown(before)) == [after]
    assert not list((tmp_path / "out").rglob("*.png"))


@pytest.mark.parametrize("opening", ["<details open>", "<details\nopen >", "<DETAILS>"])
def test_answers_go_however_their_fold_is_spelt(folder, tmp_path, opening):
    closing = "</DETAILS>" if opening.isupper() else "</details>"
    answer = f"Before.\n\n{opening}<summary>Answer</summary>\n\n42\n\n{closing}\n\nAfter."
    assert copied(folder, tmp_path / "out", markdown(answer)) == ["Before.\n\nAfter."]


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
        student(tmp_path / "out", notebooks=folder)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "picture"),
    [
        ('![a net](images/net.png "a title")', "images/net.png"),
        ("![a net](<images/my net.png>)", "images/my net.png"),
        ("![a net](images/my%20net.png)", "images/my net.png"),
        ("![a net](images/net(1).png)", "images/net(1).png"),
        ('<p><img alt="a net" src="images/my net.png" width="300"/></p>', "images/my net.png"),
        ("<IMG width=3 src=images/net.png>", "images/net.png"),
        ("[![a net](images/net.png)](https://example.org/b)", "images/net.png"),
    ],
)
def test_pictures_are_copied_however_they_are_spelt(folder, tmp_path, text, picture):
    (folder / "images").mkdir()
    (folder / picture).write_bytes(b"picture")
    assert copied(folder, tmp_path / "out", markdown(text)) == [text]
    assert (tmp_path / "out" / picture).read_bytes() == b"picture"


def test_a_link_to_an_original_is_not_written_through(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "01_one.ipynb").symlink_to(folder / "01_one.ipynb")
    before = (folder / "01_one.ipynb").read_bytes()
    with pytest.raises(ValueError, match="has the originals, or links to them"):
        student(out, overwrite=True, notebooks=folder)
    assert (folder / "01_one.ipynb").read_bytes() == before


def test_student_copies_spare_what_is_there(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    student(out, notebooks=folder)  # an empty folder will do
    (out / "mine.txt").write_text("mine")
    (out / "01_one.ipynb").write_text("mine, too")
    with pytest.raises(FileExistsError, match="is not empty"):
        student(out, notebooks=folder)
    assert (out / "01_one.ipynb").read_text() == "mine, too"
    assert main(["student", str(out), "--overwrite", "--notebooks", str(folder)]) == 0
    assert read(out / "01_one.ipynb").cells[1].source == ONE.rstrip()
    assert (out / "mine.txt").read_text() == "mine"
    link = tmp_path / "link"
    link.symlink_to(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for originals in (folder, link, folder / ".." / "notebooks"):
        with pytest.raises(ValueError, match="has the originals"):
            student(originals, overwrite=True, notebooks=folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(ValueError, match="no notebook 09, 11"):
        student(tmp_path / "new", ["01", 9, "11"], notebooks=folder)
    with pytest.raises(ValueError, match="no notebooks in"):
        student(tmp_path / "new", notebooks=out.parent)
    assert not (tmp_path / "new").exists()
