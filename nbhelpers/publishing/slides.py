"""Slides from every notebook: headings and tags decide which cell is on which slide.

    python -m nbhelpers slides                                # mark the cells of all notebooks
    python -m nbhelpers slides notebooks/01_xor_loop.ipynb    # of one
    jupyter nbconvert --to slides notebooks/01_xor_loop.ipynb

The first command writes `slideshow` metadata and nothing else; it can be repeated after every
change of a notebook. The rule:

- A heading opens a slide (`#`, `##`: to the right, `###`: below it). So does text that follows
  code, and an answer (`questions.reveal`), which never stands beside its question. Such slides go
  below, as those do that are opened because the one before is full: it has a picture or a box (a
  question, a check), or the next cell would make it longer than 24 lines.
- Long plain text, and text that closes a section, is for the speaker's notes; so is a solution.
  (Text is plain that has no heading, formula, list, table, picture or code.)
- Setup, links, whole programs, comparisons of two programs and further reading are left out.
"""

import re

from nbhelpers.files import replacing
from nbhelpers.teaching.notebook_files import notebook_text, parsed

LONG = 420  # characters of plain text that a listener won't read
MOST = 24  # lines on a slide
#: nbconvert writes `slideshow.data` as attributes of the slide, so one of them can be a style: no
#: "In [1]:", and a size at which a line of 100 characters fits into the 960 pixels of a slide.
STYLE = "--jp-cell-prompt-width:0px;--jp-cell-prompt-not-active-opacity:0;--jp-code-font-size:15px"


def _heading(cell):
    """Level and text of the heading that a cell opens with; (0, "") if there is none."""
    found = re.match(r"(#+) (.*)", cell["source"]) if cell["cell_type"] == "markdown" else None
    return (len(found[1]), found[2].strip().lower()) if found else (0, "")


def _plain(cell):
    """Whether a cell is text and nothing else: no heading, formula, list, table or code."""
    shown = r"#|\$\$|\\begin\{|```|^\||^\s*(?:[-*]|\d+\.) |!\[|<"
    return cell["cell_type"] == "markdown" and not re.search(shown, cell["source"], re.MULTILINE)


def _left_out(cell):
    """ "skip" or "notes" for a cell that is on no slide, whatever stands around it; else ""."""
    tags = set(cell["metadata"].get("tags", ()))
    compares = cell["source"].startswith("lessons.difference(")
    if tags & {"setup", "links", "program"} or compares or _heading(cell)[1] == "further reading":
        return "skip"
    long = _plain(cell) and len(cell["source"]) > LONG
    text = cell["cell_type"] == "markdown" and not _heading(cell)[0]
    return "notes" if "solution" in tags or long or (text and _lines(cell) > MOST) else ""


def _ends(cell):
    """Whether nothing may follow a cell on its slide: it has a picture or a box."""
    shown = {kind for output in cell.get("outputs", ()) for kind in output.get("data", {})}
    return any(kind == "text/html" or kind.startswith("image/") for kind in shown)


def _lines(cell):
    """Lines of a cell and its output on a slide; a picture takes as much room as 14."""
    texts, pictures = [cell["source"]], 0
    for output in cell.get("outputs", ()):
        texts.append("".join(output.get("text", "")))
        pictures += "image/png" in output.get("data", {})
    rows = sum(1 + len(line) // 100 for text in texts for line in text.rstrip().split("\n"))
    return rows + 14 * pictures


def marks(cells):
    """The `slideshow` metadata of each cell of a notebook.

    Parameters
    ----------
    cells : list of dict
        Cells as nbformat 4 has them, executed, each with its source as one str.

    Returns
    -------
    list of dict
        `slide_type` is "slide", "subslide", "-" (on the slide of the cell before), "notes" or
        "skip"; a "slide" has `data` as well, with its style.
    """
    found, slide = [], []
    for i, cell in enumerate(cells):
        level, kind = _heading(cell)[0], _left_out(cell)
        following = next((c for c in cells[i + 1 :] if not _left_out(c)), None)
        if not kind and _plain(cell) and (following is None or _heading(following)[0]):
            kind = "notes"
        if kind:
            found.append({"slide_type": kind})
            continue
        text = cell["cell_type"] == "markdown" or cell["source"].startswith("questions.ask(")
        opens = (
            not slide
            or level
            or sum(map(_lines, [*slide, cell])) > MOST
            or _ends(slide[-1])
            or (text and slide[-1]["cell_type"] == "code")
            or cell["source"].startswith("questions.reveal(")
        )
        if opens:
            if not slide or level in (1, 2):  # and what goes below has the style from it
                found.append({"slide_type": "slide", "data": {"size style": STYLE}})
            else:
                found.append({"slide_type": "subslide"})
            slide = []
        else:
            found.append({"slide_type": "-"})
        slide.append(cell)
    return found


def marked(text, name="the text"):
    """A notebook's JSON text with the metadata that `marks` gives; all else stays as it is.

    Raises
    ------
    ValueError
        If it is no notebook; the message begins with `name`.
    """
    notebook = parsed(text, name)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    for cell, mark in zip(notebook["cells"], marks(notebook["cells"]), strict=True):
        cell["metadata"]["slideshow"] = mark
        cell["source"] = cell["source"].splitlines(keepends=True)
    return notebook_text(notebook)


def mark(path):
    """Write the marks into a notebook's file; returns how many slides it has."""
    new = marked(path.read_bytes(), path)
    if new != path.read_text(encoding="utf-8"):
        with replacing(path) as file:
            file.write(new.encode())
    kinds = [c["metadata"]["slideshow"]["slide_type"] for c in parsed(new, path)["cells"]]
    return kinds.count("slide") + kinds.count("subslide")
