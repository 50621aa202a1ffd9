"""Slides from every notebook: which cell is shown on which slide, by one rule.

    python -m nbhelpers slides                                # mark the cells of all notebooks
    python -m nbhelpers slides notebooks/01_xor_loop.ipynb    # of one
    jupyter nbconvert --to slides notebooks/01_xor_loop.ipynb

The first command writes `slideshow` metadata and nothing else; it can be repeated after every
change of a notebook. What the rule says (see `marks`):

- A heading opens a slide (`#`, `##`: to the right, `###`: below it). What follows goes below, as
  many cells together as belong together and fit: words, and then the code that they announce.
- A picture, a box of text (a question, a check) and long output end a slide. A question and its
  answer never share one.
- Long prose is for the speaker's notes, unless it has a heading, a formula, a list or a table.
- Setup, links and further reading are left out, and so is what fits on no slide: whole programs,
  long comparisons. Solutions are notes.
- Code is set smaller where its lines are long, and a slide that is still too high is drawn at a
  smaller scale. nbconvert writes `slideshow.data` as attributes of the slide; one of them is a
  style.

Heights are estimated from the text and the stored pictures, on the safe side of what a browser
makes of them at nbconvert's size of a slide, 960 x 700 pixels, which fills a screen of 1280 x 720.
"""

import base64
import math
import re
import struct

from nbhelpers.files import replacing
from nbhelpers.teaching.notebook_files import notebook_text, parsed

WIDTH, HEIGHT = 920, 660  # pixels for the contents of a slide, some kept in reserve
SMALLEST, LARGEST = 0.7, 1.25  # scales that a slide is drawn at
CODE = 19  # pixels, nbconvert's size of code on slides; prose has 20
LONG = 420  # characters of prose that a listener won't read
ALWAYS = "--jp-cell-prompt-width:0px;--jp-cell-prompt-not-active-opacity:0"  # no In [1]:
SKIPPED = {"setup", "links"}
UNREAD = {"further reading"}


# -- how high a cell is, in pixels -------------------------------------------------------------


def _rows(text, width):
    """Rows that text takes where `width` characters fit in one."""
    return sum(max(1, math.ceil(len(line) / width)) for line in text.split("\n"))


def _prose_height(source):
    text = re.sub(r"<details>.*?</details>", "", source, flags=re.DOTALL)
    height = 30.0
    for block in re.split(r"\n\s*\n", text.strip()):
        heading = re.match(r"(#+) (.*)", block)
        if heading:
            size = {1: 75, 2: 42, 3: 31}.get(len(heading[1]), 22)
            height += 1.2 * size * _rows(heading[2], int(1.75 * WIDTH / size)) + 22
            block = block[heading.end() :].strip()
        if not block:
            continue
        if block.startswith("|"):
            height += sum(26 * math.ceil(len(row) / 70) + 16 for row in block.splitlines())
            continue
        shown = re.sub(r"\]\([^)]*\)", "]", block)
        for formula in re.findall(r"\$\$.*?\$\$", shown, flags=re.DOTALL):
            long = len(re.sub(r"\\[a-zA-Z]+|[{}$ ]", "", formula)) // 75  # is broken into lines
            height += 78 + 40 * ("underbrace" in formula) + 25 * formula.count("\\\\") + 55 * long
            shown = shown.replace(formula, "\n")
        shown = re.sub(r"\\[a-zA-Z]+|[{}$]", "", shown)  # TeX is longer than what it shows
        if "```" in block:
            height += 26 * _rows(shown, 75) + 20
        else:
            items = re.findall(r"^\s*(?:[-*]|\d+\.) ", shown, flags=re.MULTILINE)
            row = 32 if items else 28 if "$" in block else 26
            height += row * _rows(shown.strip(), 80 if items else 88) + 20
            height += 6 * len(re.findall(r"\\[td]?frac", block))
    return height


def _code_size(cell, scale=1):
    """Font size in pixels at which the longest line of a cell's code and output fits."""
    if cell["cell_type"] != "code":
        return CODE
    longest = max(len(line) for line in cell["source"].split("\n"))
    for output in cell["outputs"]:
        if not _picture(output) and not _html(output):  # these have nine tenths of the width
            longest = max(longest, *(len(line) / 0.9 for line in _text(output).split("\n")))
    return max(1, min(CODE, int(WIDTH / max(1, scale) / 0.61 / (longest + 1))))


def _picture(output):
    """(width, height) of an output's PNG, or None."""
    png = output.get("data", {}).get("image/png")
    if not png:
        return None
    return struct.unpack(">II", base64.b64decode("".join(png))[16:24])


def _html(output):
    return "".join(output.get("data", {}).get("text/html", ""))


def _text(output):
    return "".join(output.get("data", {}).get("text/plain", output.get("text", ""))).rstrip("\n")


def _output_height(output, size, wide=WIDTH):
    if _html(output):
        page = re.sub(r"(?s)<details>(.*?</summary>).*?</details>", r"\1", _html(output))
        rows = 0
        for part in re.split(r"</?(?:p|div|li|tr|summary|h\d|br|pre|ol|ul|table)\b[^>]*>", page):
            words = re.sub(r"<[^>]*>", "", part).strip("\n")
            rows += _rows(words, 95) if words.strip() else 0
        return 27 * rows + 40
    if _picture(output):
        width, height = _picture(output)
        return height * min(1, wide / width) + 60
    return 1.22 * size * _rows(_text(output), int(0.9 * WIDTH / 0.61 / size)) + 25


def _height(cell, size=CODE, wide=WIDTH):
    """Height of a cell with its outputs in pixels, for a size of code and a width for pictures."""
    if cell["cell_type"] != "code":
        return _prose_height(cell["source"])
    outputs = sum(_output_height(output, size, wide) for output in cell["outputs"])
    return 1.22 * size * _rows(cell["source"], 500) + 35 + outputs


# -- the rule ---------------------------------------------------------------------------------


def _heading(cell):
    """Level and text of the heading that a cell opens with; (0, "") if there is none."""
    found = re.match(r"(#+) (.*)", cell["source"]) if cell["cell_type"] == "markdown" else None
    return (len(found[1]), found[2].strip().lower()) if found else (0, "")


def _plain(cell):
    """Whether a cell is prose and nothing else: no heading, formula, list, table or code."""
    shown = r"#|\$\$|```|^\||^\s*(?:[-*]|\d+\.) |!\["
    return cell["cell_type"] == "markdown" and not re.search(shown, cell["source"], re.MULTILINE)


def _ends(cell):
    """Whether nothing may follow a cell on its slide: it has a picture, a box or long output."""
    outputs = cell.get("outputs", ())
    return any(_picture(o) or _html(o) or _output_height(o, CODE) > 200 for o in outputs)


def _left_out(cell):
    """ "skip" or "notes" for a cell that is on no slide, whatever stands around it; else ""."""
    tags = set(cell["metadata"].get("tags", ()))
    code = cell["cell_type"] == "code"
    if tags & SKIPPED or _heading(cell)[1] in UNREAD:
        return "skip"
    if "solution" in tags or (_plain(cell) and len(cell["source"]) > LONG):
        return "notes"
    if HEIGHT / _height(cell, _code_size(cell)) < SMALLEST:
        return "skip" if code else "notes"
    return ""


def _kind(cell, following):
    """What becomes of a cell: "skip", "notes" or "show"; `following` is the next one shown."""
    closing = following is None or _heading(following)[0]  # said, when the section is over
    return _left_out(cell) or ("notes" if _plain(cell) and closing else "show")


def _look(slide, top):
    """The style of a slide: size of its code; a scale if it is too high, or has small text."""
    size = min(_code_size(cell) for cell in slide)
    height = sum(_height(cell, size) for cell in slide)
    if height > HEIGHT:  # drawn smaller, there is room for the whole width of a picture
        height = sum(_height(cell, size, WIDTH * height / HEIGHT) for cell in slide)
    scale = min(1, HEIGHT / height)
    if any(_html(output) for cell in slide for output in cell.get("outputs", ())):
        # Such boxes have 14 pixels. reveal.js, which centres a slide, takes it for as high as it
        # was, so it ends at scale * (700 + height) / 2; prose takes more lines when it is larger.
        scale = max(scale, min(LARGEST, 2 * HEIGHT / (700 + 1.2 * height)))
    scale = (
        1 if top else math.floor(20 * scale) / 20 if scale > 1 else math.floor(100 * scale) / 100
    )
    size = min(size, min(_code_size(cell, scale) for cell in slide))
    zoom = "" if scale == 1 else f";zoom:{scale:g}"
    return f"{ALWAYS};--jp-code-font-size:{size}px{zoom}"


def marks(cells):
    """The `slideshow` metadata of each cell of a notebook.

    Parameters
    ----------
    cells : list of dict
        Cells as nbformat 4 has them, executed.

    Returns
    -------
    list of dict
        `slide_type` is "slide", "subslide", "-" (on the slide of the cell before), "notes" or
        "skip"; the first cell of a slide has `data` as well, with its style.
    """
    found, slide, opened, ended = [], [], None, False

    def close():
        if slide:
            opened["data"] = {"size style": _look(slide, opened["slide_type"] == "slide")}
            slide.clear()

    for i, cell in enumerate(cells):
        kind = _kind(cell, next((c for c in cells[i + 1 :] if not _left_out(c)), None))
        mark = {"slide_type": kind}
        if kind == "show":
            level = _heading(cell)[0]
            words = cell["cell_type"] == "markdown"
            together = [*slide, cell]
            size = min(_code_size(c) for c in together)
            fits = sum(_height(c, size) for c in together) <= HEIGHT
            answer = cell["source"].startswith("questions.reveal(")
            asked = words or cell["source"].startswith("questions.ask(")
            apart = asked and any(c["cell_type"] == "code" for c in slide)
            if not slide or level or ended or apart or answer or not fits:
                close()
                high = _height(cell, _code_size(cell)) > HEIGHT  # a scale counts twice at the top
                top = not opened or (level in (1, 2) and not high)
                mark["slide_type"], opened = "slide" if top else "subslide", mark
            else:
                mark["slide_type"] = "-"
            slide.append(cell)
            ended = _ends(cell)
        found.append(mark)
    close()
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
