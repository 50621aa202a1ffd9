"""Slides: which cell is on which, and what nbconvert makes of it."""

import json
import re

import pytest
from nbconvert.exporters import SlidesExporter
from notebook_tools import notebooks, read, tags

from nbhelpers.__main__ import main
from nbhelpers.publishing import execute as execute_notebooks
from nbhelpers.publishing import slides

NOTEBOOKS = notebooks()
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

PICTURE = {"output_type": "display_data", "data": {"image/png": "AA=="}, "metadata": {}}
BOX = {"output_type": "display_data", "data": {"text/html": "<p>A box</p>"}, "metadata": {}}


def words(source, *tagged):
    return {"cell_type": "markdown", "metadata": {"tags": tagged}, "source": source}


def code(source, *outputs, tagged=()):
    return words(source, *tagged) | {"cell_type": "code", "outputs": outputs}


SECTION = [
    (words("# A title\n\nAnd what it is about."), "slide"),
    (words("*badges*", "links"), "skip"),
    (code("import numpy", tagged=["setup"]), "skip"),
    (words("## A section\n\nWords."), "slide"),
    (code("x = 1"), "-"),
    (words("What comes now is announced."), "subslide"),
    (code("x = 2"), "-"),
    (code("plt.plot(x)", PICTURE), "-"),
    (code("x = 1"), "subslide"),
    (words("A long talk. " * 40), "notes"),
    (words("A long talk with a formula, $$x = 1$$ " + "and so on. " * 40), "subslide"),
    (code("x = 1\n" * 15), "-"),
    (code("x = 1\n" * 15), "subslide"),
    (code("print(x)", {"output_type": "stream", "text": "x\n" * 20}), "subslide"),
    (code("x = 1\n" * 40, tagged=["program"]), "skip"),
    (code("lessons.difference('01', '02')", BOX), "skip"),
    (words("- an item\n" * 40), "notes"),
    (words("A remark that closes the section."), "notes"),
    (words("### A part"), "subslide"),
    (code("questions.ask('a')", BOX), "-"),
    (code("y = 1"), "subslide"),
    (code("questions.ask('b')"), "subslide"),
    (code("questions.reveal('b')", BOX), "subslide"),
    (words("<details>x = 1</details>", "solution"), "notes"),
    (words("## Further reading\n\n- A book."), "skip"),
]


def test_the_rule():
    """A section made by hand, cell by cell."""
    cells = [cell for cell, _ in SECTION]
    assert [m["slide_type"] for m in slides.marks(cells)] == [m for _, m in SECTION]


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml", "image/jpeg", "text/html"])
@pytest.mark.parametrize("metadata", [{}, {"image/png": {"width": 400, "height": 280}}])
def test_a_picture_of_any_kind_and_size_is_on_a_slide_and_ends_it(kind, metadata):
    """One of 400 × 560 pixels and one that is stored for two pixels a point are the same here."""
    picture = {"output_type": "display_data", "data": {kind: "…"}, "metadata": metadata}
    cells = [words("# A title"), code("plot()", picture), code("x = 1")]
    assert [m["slide_type"] for m in slides.marks(cells)] == ["slide", "-", "subslide"]


@each
def test_marked_by_the_rule(path):
    """What is stored is what the rule gives, and executing a notebook again keeps it."""
    text = path.read_text(encoding="utf-8")
    assert slides.marked(text) == text, "python -m nbhelpers slides"
    assert execute_notebooks.dump(execute_notebooks.clean(read(path))) == text


@each
def test_a_talk_leaves_out_little(path):
    """Every section, exercise, question and picture is there, and no slide has many cells."""
    size = 0
    for cell in read(path).cells:
        mark = cell.metadata.slideshow["slide_type"]
        left_out = mark in ("skip", "notes")
        size = size + 1 if mark == "-" else 1 if not left_out else size
        assert size <= 5, cell.source
        if cell.cell_type == "code" and not tags(cell) & {"setup", "program"}:
            assert not left_out or cell.source.startswith("lessons.difference("), cell.source
        if re.match("##? ", cell.source) and "Further reading" not in cell.source:
            assert not left_out or cell.cell_type == "code", cell.source


def test_nbconvert_makes_a_talk():
    """As many slides as are marked, prompts hidden, solutions among the notes alone."""
    notebook = read(NOTEBOOKS[0])
    page, _ = SlidesExporter().from_notebook_node(notebook)
    kinds = [cell.metadata.slideshow["slide_type"] for cell in notebook.cells]
    opened = kinds.count("slide") + kinds.count("subslide")
    assert page.count(f'style="{slides.STYLE}"') >= kinds.count("slide") > 3
    assert page.count("<section") == kinds.count("slide") + opened  # and one around each column
    without_notes = re.sub(r'(?s)<aside class="notes">.*?</aside>', "", page)
    assert "Solution" in page
    assert "Solution" not in without_notes
    assert "REPOSITORY, REF" not in page


def test_the_command_changes_marks_and_nothing_else(tmp_path, capsys):
    bare = json.loads(NOTEBOOKS[0].read_text(encoding="utf-8"))
    for cell in bare["cells"]:
        del cell["metadata"]["slideshow"]
    copied = tmp_path / NOTEBOOKS[0].name
    copied.write_text(json.dumps(bare), encoding="utf-8")
    for _ in range(2):
        assert main(["slides", str(copied)]) == 0
        assert re.fullmatch(r"00_start_here\.ipynb: \d+ slides\n", capsys.readouterr().out)
        assert copied.read_bytes() == NOTEBOOKS[0].read_bytes()
