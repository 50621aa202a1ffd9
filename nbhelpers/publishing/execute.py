"""Execute notebooks from top to bottom and store them clean.

    python -m nbhelpers execute                          # all of notebooks/
    python -m nbhelpers execute notebooks/01_xor_loop.ipynb
    python -m nbhelpers execute --check                  # only tell whether they are clean

Each runs once in a fresh kernel, in its own folder. What is stored has execution counts 1..n, the
same cell ids as before, and no widget state, times, machine paths, memory addresses or stderr. What
stands between a question and its answer is folded, until a reader runs it. A notebook is replaced,
at once and as a whole, only if nothing was wrong with it.
"""

import base64
import copy
import io
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from PIL import Image

from nbhelpers.files import replacing
from nbhelpers.publishing import slides
from nbhelpers.teaching import my_network
from nbhelpers.teaching.notebook_files import folder, read_notebook

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "pygments_lexer": "ipython3",
}
KEPT = {"colab", "accelerator", "title"}  # other notebook metadata is dropped
BLANK = " \n"  # a line that shows nothing
VIEW = "application/vnd.jupyter.widget-view+json"
DROPPED = {
    "lines_to_next_cell",
    "execution",
    "ExecuteTime",
    "collapsed",
    "scrolled",
    "id",
    "outputId",
    "colab",
}
PATHS = re.compile(
    r"(?<![\w.:/-])/(?:home|root|Users|tmp|work|private|var/folders)(?![\w.-])[^\s\"'<>]*"
    r"|\b[A-Z]:\\+[^\s\"'<>]*|site-packages|ipykernel_\d+"
)
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


def execute(notebook, working=None, timeout=300):
    """Run every cell of a notebook in a fresh kernel, in place.

    The working folder is `working`, by default the one with the notebooks.

    Raises
    ------
    nbclient.exceptions.CellExecutionError, CellTimeoutError
    """
    with tempfile.TemporaryDirectory() as settings:
        style = Path(settings) / "matplotlibrc"
        style.write_text("svg.hashsalt: nbhelpers\n", encoding="utf-8")
        variables = os.environ | {
            "MATPLOTLIBRC": str(style),  # nobody's own style, and the same ids in every SVG
            "IPYTHONDIR": settings,  # nobody's own start-up files
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": "0",  # no date in a figure
            my_network.SWITCH: "off",  # nobody's own functions, and none is written
        }
        variables.pop("MPLBACKEND", None)  # the kernel's inline backend stores the figures
        client = NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            record_timing=False,
            store_widget_state=False,
            resources={"metadata": {"path": str(folder() if working is None else working)}},
        )
        client.execute(env=variables)
    return notebook


def clean(notebook):
    """A copy of the notebook without what differs from machine to machine and run to run."""
    notebook = copy.deepcopy(notebook)
    kept = {k: v for k, v in notebook.metadata.items() if k in KEPT}
    fixed = {"kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE)}
    notebook.metadata = nbformat.from_dict(kept | fixed)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        for key in DROPPED & set(cell.metadata):
            del cell.metadata[key]
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
            for output in cell.outputs:
                _clean_output(output)
    _fold_what_answers(notebook)
    return notebook


def _fold_what_answers(notebook):
    """Hide the outputs between `questions.ask(name)` and `questions.reveal(name)`, in JupyterLab.

    There a stored output would answer the question before it is asked. To run the cell shows it.
    JupyterLab goes on showing the first line that isn't empty: it gets a blank for one.
    """
    asked = None
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if asked and f"questions.reveal({asked})" in cell.source:
            asked = None
        its = dict(cell.metadata.get("jupyter", {}))
        its.pop("outputs_hidden", None)
        for output in cell.outputs[:1]:
            words, key = (output, "text") if "text" in output else (output.data, "text/plain")
            if key in words:
                words[key] = BLANK * bool(asked) + words[key].removeprefix(BLANK)
        if asked:
            its["outputs_hidden"] = True
        cell.metadata.pop("jupyter", None)
        if its:
            cell.metadata["jupyter"] = nbformat.from_dict(its)
        found = re.search(r"questions\.ask\((.+?)\)", cell.source)
        asked = found[1] if found else asked


def _joined(outputs):
    """Outputs with neighbouring pieces of one stream put together."""
    joined = []
    for output in outputs:
        same = joined and output.output_type == "stream" == joined[-1].output_type
        if same and joined[-1].name == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _clean_output(output):
    output.get("data", {}).pop(VIEW, None)  # means nothing without the kernel that made it
    output.get("metadata", {}).pop(VIEW, None)
    picture = output.get("data", {}).get("image/png")
    if picture:
        output.data["image/png"] = base64.b64encode(small(base64.b64decode(picture))).decode()


def small(png):
    """A PNG file's bytes with a palette of 256 colours and without text: half the size or less.

    The text names matplotlib's version, which would change every picture with each release.
    """
    picture = Image.open(io.BytesIO(png))
    if picture.mode == "P" and not picture.info.keys() & {"Software", "dpi"}:
        return png  # has been here before
    file = io.BytesIO()
    colours = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(file, "PNG", optimize=True)
    return file.getvalue()


def problems(notebook):
    """What is wrong with an executed notebook, in words; an empty list if nothing is."""
    wrong = []
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if any(not cell.source.strip() for cell in code):
        wrong.append("an empty code cell")
    counts = [cell.execution_count for cell in code if cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        wrong.append(f"not run once from top to bottom: execution counts {counts[:8]}")
    for cell in code:
        first = next(iter(cell.source.strip().splitlines()), "")[:60]
        where = f", in the output of: {first}"
        wrong += [
            what + where for output in cell.outputs for what in _output_problems(cell, output)
        ]
    return wrong


def _output_problems(cell, output):
    if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
        yield f"error {output.ename}: {output.evalue[:200]}"
    if output.get("name") == "stderr":
        yield f"stderr: {output.text.strip()[-200:]}"
    pictures = ("image/png", "image/jpeg", "application/pdf")
    data = {k: v for k, v in output.get("data", {}).items() if k not in pictures}
    pieces = [output.get("text", ""), *data.values(), *output.get("traceback", [])]
    text = "\n".join(p if isinstance(p, str) else json.dumps(p) for p in pieces)
    text = re.sub(r"base64,[A-Za-z0-9+/=\s]+", "base64,", text)
    path = PATHS.search(text)
    here = str(folder().resolve().parent)
    for local in (here, sys.prefix, str(Path.home()), tempfile.gettempdir()):
        if len(local) > 4 and local in text and not path:
            path = re.search(re.escape(local), text)
    if path:
        yield f"a path of this machine: {path[0]}"
    address = ADDRESS.search(text)
    if address:
        yield f"a memory address, different in each run: {text[:80]!r} (end the line with ;)"


def dump(notebook):
    """The notebook as text, as it is stored."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def load(path):
    """The stored notebook; where ids of cells are missing or not unique, new ones are given."""
    raw, used = read_notebook(path), set()
    for i, cell in enumerate(raw["cells"]):
        if not cell.get("id") or cell["id"] in used:
            cell["id"] = f"cell-{i:03d}"
        used.add(cell["id"])
    raw["nbformat"], raw["nbformat_minor"] = 4, 5
    return nbformat.reads(json.dumps(raw), as_version=4)


def refresh(path, timeout=300):
    """Execute a notebook and store it clean; returns what was wrong (then nothing is stored)."""
    notebook = load(path)
    try:
        execute(notebook, path.resolve().parent, timeout)
    except CellExecutionError as error:
        return [re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()]
    except (CellTimeoutError, DeadKernelError) as error:
        return [str(error).strip()]
    notebook = clean(notebook)
    wrong = problems(notebook)
    if not wrong:
        with replacing(path) as file:
            file.write(slides.marked(dump(notebook)).encode())
    return wrong


def inspect(path):
    """What is wrong with a stored notebook."""
    notebook = load(path)
    wrong = problems(notebook)
    if dump(clean(notebook)) != path.read_text(encoding="utf-8"):
        wrong.append("not clean: run python -m nbhelpers execute")
    return wrong


def run(paths, check=False, timeout=300):
    """Execute and store notebooks, or only `check` them; tell how it went, line by line.

    Returns 1 if something was wrong with one of them, else 0.
    """
    failed = False
    for path in paths:
        start = time.perf_counter()
        if not path.is_file():
            wrong = ["no such file"]
        else:
            wrong = inspect(path) if check else refresh(path, timeout)
        failed |= bool(wrong)
        seconds = "" if check else f" {time.perf_counter() - start:.1f} s"
        print(f"{'✗' if wrong else '✓'} {path.name}{seconds}", flush=True)
        for what in wrong:
            print("   " + what.replace("\n", "\n   "))
    return int(failed)
