"""Slides: which cell is on which, and that nothing on them is cut off, in a real Chromium.

The slides are nbconvert's own, of the stored notebooks. The network isn't needed: reveal.js and
MathJax, which they load from the web, are replaced. Of reveal.js the layout is, by the rules of its
style sheets (version 4.0.2, theme "simple") that say how large things are on a slide: 960 x 700
pixels with 20 above and below, drawn 0.987 times as large on a screen of 1280 x 720. Formulas are
drawn as MathML in the place of MathJax. Each slide is laid out so at its natural height, and then
measured. (Compared once with the real reveal.js 4.0.2 and MathJax 2.7.7, on 756 slides: nothing was
cut off there, and the highest slide had 688 pixels. Of the 626 slides without formulas, each had
the same height here to a pixel; of the 130 with formulas, the median is as high and single ones are
from 35 pixels lower to 166 higher, because MathJax breaks long formulas into lines.)
"""

import copy
import json
import re
import shutil
from collections import Counter

import pytest
from nbconvert.exporters import SlidesExporter
from notebook_tools import cells, notebooks, read, tags

from nbhelpers.__main__ import main
from nbhelpers.publishing import execute as execute_notebooks
from nbhelpers.publishing import handouts as pages
from nbhelpers.publishing import slides

NOTEBOOKS = notebooks()
WIDTH, HEIGHT = 960, 700

REVEAL = """<style>
html, body, .reveal, .slides { margin: 0; padding: 0; }
.reveal { font-size: 40px; text-align: center; font-family: sans-serif; }
.slides { width: 960px; margin: auto; }
.slides > section { display: block; }
.slides section section { display: block; padding: 20px 0; min-height: 0; position: relative; }
.slides section { line-height: 1.3; box-sizing: border-box; }
aside.notes { display: none; }
.reveal .slides { text-align: center; }
.reveal h1, .reveal h2, .reveal h3, .reveal h4 { margin: 0 0 20px 0; font-weight: normal;
  line-height: 1.2; word-wrap: break-word; font-family: sans-serif; }
.reveal h1 { font-size: 3.77em; }
.reveal h2 { font-size: 2.11em; }
.reveal h3 { font-size: 1.55em; }
.reveal h4 { font-size: 1em; }
.reveal p { margin: 20px 0; line-height: 1.3; }
.reveal img { margin: 20px 0; max-width: 95%; max-height: 95%; }
.reveal ol, .reveal dl, .reveal ul { display: inline-block; text-align: left; margin: 0 0 0 1em; }
.reveal pre { display: block; position: relative; width: 90%; margin: 20px auto; text-align: left;
  font-size: 0.55em; font-family: monospace; line-height: 1.2em; word-wrap: break-word; }
.reveal pre code { display: block; padding: 5px; overflow: auto; max-height: 400px; }
.reveal table { margin: auto; border-collapse: collapse; border-spacing: 0; }
.reveal table th, .reveal table td { text-align: left; padding: 0.2em 0.5em;
  border-bottom: 1px solid; }
p math { font-size: 1.25em; }
p math[display="block"] { font-size: 1.5em; margin: 0.5em 0; overflow: hidden; }
</style></head>"""

# Of each slide: height, how far its contents reach beyond its left, right and lower edge, and the
# code and output that is wider than the box that shows it. Folded text and prompts don't count.
MEASURE = """() => [...document.querySelectorAll('.slides > section > section')].map(slide => {
  const box = slide.getBoundingClientRect();
  const seen = [...slide.querySelectorAll('*')].filter(e =>
    !e.closest('aside.notes, .jp-InputPrompt, .jp-OutputPrompt, script') &&
    !e.closest('details:not([open]) > :not(summary)'));
  const boxes = seen.filter(e => !e.closest('.jp-InputArea-editor > *, math'));
  const formulas = seen.filter(e => e.matches('math[display="block"]'));
  const lines = formulas.map(f => Math.floor(f.scrollWidth / box.width));  // to be broken into
  const edges = boxes.map(e => e.getBoundingClientRect()).filter(r => r.width && r.height);
  const clipped = seen.filter(e => e.matches('.jp-InputArea-editor, pre')).filter(e => {
    const text = document.createRange();
    text.selectNodeContents(e.querySelector('pre') || e);
    return text.getBoundingClientRect().right > e.getBoundingClientRect().right + 1;
  });
  return {
    height: box.height + 60 * lines.reduce((a, b) => a + b, 0),
    out: Math.max(...edges.map(r => Math.max(
      box.left - r.left, r.right - box.right, r.bottom - box.bottom))),
    clipped: clipped.map(e => e.textContent.trim().slice(0, 80)),
    pictures: [...slide.querySelectorAll('img')].map(i => [i.naturalWidth, i.clientWidth]),
    text: slide.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60),
    zoom: +getComputedStyle(slide).zoom,
  };
})"""


class Offline(SlidesExporter):
    """nbconvert's slides with formulas that need no script."""

    markdown2html = pages.Pages.markdown2html


EXPORTER = Offline()


def shown(notebook):
    """A page with all slides of a notebook, laid out one below the other."""
    page, _ = EXPORTER.from_notebook_node(notebook)
    page = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    page = re.sub(r'<link rel="stylesheet"[^>]*>', "", page)
    return page.replace("</head>", REVEAL, 1)


def measured(browser, tmp_path, notebook):
    """What MEASURE says of each slide."""
    file = tmp_path / "slides.html"
    file.write_text(shown(notebook), encoding="utf-8")
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.evaluate("() => Promise.all([...document.images].map(i => i.decode()))")
    found = page.evaluate(MEASURE)
    context.close()
    return found


def cut_off(found):
    """The slides with something cut off, in words."""
    return [
        f"{slide['text']!r}: {slide['height']:.0f} high, {slide['out']:.0f} out, {slide['clipped']}"
        for slide in found
        if slide["height"] > HEIGHT or slide["out"] > 1 or slide["clipped"]
    ]


def marks(notebook):
    """(cell, slide_type) of every cell of a notebook."""
    return [(cell, cell.metadata.slideshow["slide_type"]) for cell in notebook.cells]


def each(test):
    """Run a test once for each notebook."""
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(test)


@each
def test_marked_by_the_rule(path):
    """What is stored is what the rule gives, and marking a notebook twice changes nothing."""
    text = path.read_text(encoding="utf-8")
    assert slides.marked(text) == text, "python -m nbhelpers slides"


@pytest.mark.browser
@each
def test_nothing_is_cut_off(path, browser, tmp_path):
    notebook = read(path)
    found = measured(browser, tmp_path, notebook)
    opened = [mark for _, mark in marks(notebook) if mark in ("slide", "subslide")]
    assert len(found) == len(opened)
    assert cut_off(found) == []
    assert all(0.7 <= slide["zoom"] <= 1.25 for slide in found)
    # Each stored picture is on a slide, and not much smaller there.
    pictures = [picture for slide in found for picture in slide["pictures"]]
    outputs = [output for cell in cells(notebook, kind="code") for output in cell.outputs]
    assert len(pictures) == sum("image/png" in output.get("data", {}) for output in outputs)
    assert all(natural > 0 and drawn > 0.6 * natural for natural, drawn in pictures)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("source", "why"),
    [("x = 1\n" * 60, "high"), ("x = " + "1 + " * 40 + "1", "x = 1 + 1")],
    ids=["too many lines", "too long a line"],
)
def test_what_does_not_fit_would_be_seen(source, why, browser, tmp_path):
    notebook = read(NOTEBOOKS[0])
    assert cut_off(measured(browser, tmp_path, notebook)) == []
    cell = next(c for c, mark in marks(notebook)[4:] if c.cell_type == "code" and mark != "skip")
    cell.source = source
    (told,) = cut_off(measured(browser, tmp_path, notebook))
    assert why in told


@each
def test_a_talk_has_no_solutions_and_leaves_out_little(path):
    """Questions, exercises, headings are all there; no answer stands on its question's slide."""
    slide = []
    for cell, mark in marks(read(path)):
        if tags(cell) & {"setup", "links"}:
            assert mark == "skip"
        if "solution" in tags(cell):
            assert mark == "notes"
        left_out = mark in ("skip", "notes")
        if cell.cell_type == "code" and left_out and "setup" not in tags(cell):
            assert "program" in tags(cell) or cell.source.startswith("lessons."), cell.source
        heading = cell.cell_type == "markdown" and re.match("##? ", cell.source)
        if heading and "Further reading" not in cell.source:
            assert not left_out, cell.source[:60]
        if mark in ("slide", "subslide"):
            slide = []
        if not left_out:
            slide.append(cell.source)
        if cell.source.startswith("questions.reveal("):
            assert not any(source.startswith("questions.ask(") for source in slide)


def test_the_rule():
    """A section made by hand, cell by cell."""
    png = json.loads(notebooks()[0].read_text(encoding="utf-8"))
    picture = next(
        output
        for cell in png["cells"]
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    )

    def words(source, *tagged):
        return {"cell_type": "markdown", "metadata": {"tags": tagged}, "source": source}

    def code(source, *outputs):
        return {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs}

    wanted = [
        (words("# A title\n\nAnd what it is about."), "slide"),
        (words("*badges*", "links"), "skip"),
        (words("## A section\n\nWords."), "slide"),
        (code("x = 1"), "-"),
        (words("What comes now is announced."), "subslide"),
        (code("plt.plot(x)", picture), "-"),
        (words("A long talk. " * 40), "notes"),
        (words("A long talk with a formula, $$x = 1$$ " + "and so on. " * 40), "subslide"),
        (code("x = 1\n" * 20), "subslide"),
        (code("x = 1\n" * 20), "subslide"),
        (code("x = 1\n" * 100), "skip"),
        (words("A remark that closes the section."), "notes"),
        (words("### A part"), "subslide"),
        (code("questions.ask('a')"), "-"),
        (code("questions.reveal('a')"), "subslide"),
        (words("<details>x = 1</details>", "solution"), "notes"),
        (words("## Further reading\n\n- A book."), "skip"),
    ]
    assert [m["slide_type"] for m in slides.marks([c for c, _ in wanted])] == [m for _, m in wanted]


def test_long_lines_are_smaller_and_high_slides_drawn_smaller():
    def style(source):
        title = {"cell_type": "markdown", "metadata": {}, "source": "# A title"}
        cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": []}
        last = slides.marks([title, {**title, "source": "## " + 9 * "long "}, cell])[-1]
        return last.get("data", {}).get("size style", "")

    assert style("x = 1") == ""  # on the slide of its heading
    assert "--jp-code-font-size:19px" in style("x = 1\n" * 28)
    assert "zoom" in style("x = 1\n" * 33)
    assert "--jp-code-font-size:14px" in style("#" * 100 + "\nx = 1" * 33)


def test_marks_are_all_that_changes(tmp_path):
    for path in NOTEBOOKS:
        old = json.loads(path.read_text(encoding="utf-8"))
        bare = copy.deepcopy(old)
        for cell in bare["cells"]:
            cell["metadata"].pop("slideshow", None)
        text = json.dumps(bare, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        new = json.loads(slides.marked(text))
        for cell in new["cells"]:
            del cell["metadata"]["slideshow"]
        assert new == bare


def test_the_command_marks_a_notebook_and_running_it_again_keeps_the_marks(tmp_path, capsys):
    copied = tmp_path / NOTEBOOKS[0].name
    shutil.copy(NOTEBOOKS[0], copied)
    notebook = json.loads(copied.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].pop("slideshow", None)
    copied.write_text(json.dumps(notebook), encoding="utf-8")
    assert main(["slides", str(copied)]) == 0
    assert re.fullmatch(r"00_start_here\.ipynb: \d+ slides\n", capsys.readouterr().out)
    once = copied.read_bytes()
    assert main(["slides", str(copied)]) == 0
    assert copied.read_bytes() == once
    cleaned = execute_notebooks.clean(read(copied))
    kept = Counter(cell.metadata.slideshow["slide_type"] for cell in cleaned.cells)
    assert kept == Counter(mark for _, mark in marks(read(copied)))
    assert execute_notebooks.dump(cleaned) == copied.read_text(encoding="utf-8")
    assert main(["slides", str(tmp_path / "none.ipynb")]) == 1
