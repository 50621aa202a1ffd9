"""The JupyterLab of a site: JupyterLite, the data, and the notebooks in the form that it needs."""

import re
import shutil
import subprocess
import sys
import tempfile

from nbhelpers import files
from nbhelpers.teaching.notebook_files import notebook_text, read_notebook

ICON = '<link rel="icon" href="favicon.ico">'
NEEDS_SKLEARN = re.compile(r"sklearn|estimators|datasets\.digits|playgrounds\.digits")
#: from here on, a laptop is better
SLOW = {
    "09": "its races train for minutes",
    "10": "60,000 digits train some thirty times slower",
    "11": "its training takes a minute on a laptop and half an hour here",
    "12": "PyTorch, Dask and several processes are not to be had",
}


def stage(root, notebooks, folder):
    """Copy what the kernel reads into `folder`: the notebooks and the data."""
    (folder / "notebooks").mkdir(parents=True)
    shutil.copytree(root / "data", folder / "data")
    (folder / files.OWN).mkdir()
    (folder / files.OWN / "README.md").write_text("What the notebooks keep for you.\n", "utf-8")
    for path in notebooks:
        contents = staged(path)
        (folder / "notebooks" / path.name).write_text(notebook_text(contents), "utf-8")
        if path.name[:2] in SLOW:
            short = notebook_text(playground_of(contents, path.name))
            (folder / "notebooks" / to_run(path.name)).write_text(short, "utf-8")


def to_run(name):
    """The file that opens with *Run it here*: a notebook, or the playground of one that is slow."""
    return name.replace(".ipynb", "-playground.ipynb") if name[:2] in SLOW else name


def staged(path):
    """A notebook's contents as the lab gets them.

    A cell that takes minutes there says in its metadata, `in_browser`, what to replace by what: a
    loop by one with a bar, a network by a smaller one. JupyterLite shows an output of many lines
    with a comma after each if it is stored as a list. A package that only few notebooks need is
    named in their setup cells, where the kernel loads it. Links to other places are left out.
    """
    contents = read_notebook(path)
    cells = contents["cells"]
    contents["cells"] = [c for c in cells if "links" not in c["metadata"].get("tags", [])]
    sources = ["".join(cell["source"]) for cell in contents["cells"]]
    for cell, source in zip(contents["cells"], sources, strict=True):
        if "setup" in cell["metadata"].get("tags", []) and NEEDS_SKLEARN.search("".join(sources)):
            source += "\nimport sklearn  # in the browser it is fetched when a cell names it"
        cell["source"] = replaced(source, cell["metadata"].get("in_browser", {}))
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = "".join(output["text"])
            for kind, data in output.get("data", {}).items():
                if isinstance(data, list):
                    output["data"][kind] = "".join(data)
    return contents


def replaced(source, changes):
    """A cell's source with these texts replaced. ValueError if one isn't there once."""
    for text, other in changes.items():
        if source.count(text) != 1:
            raise ValueError(f"in_browser: {text!r} should stand once in the cell\n{source}")
        source = source.replace(text, other)
    return source


def playground_of(contents, name):
    """A notebook's title, setup and playground alone, with what is to be tried there."""
    cells = contents["cells"]
    title, setup = cells[0], next(c for c in cells if "setup" in c["metadata"].get("tags", []))
    (at,) = (i for i, c in enumerate(cells) if re.fullmatch(r"playgrounds\.\w+\(.*\)", c["source"]))
    heading = title["source"].partition("\n")[0]
    words = (
        f"{heading}\n\nThis is the playground of notebook {name[:2]}. The rest is better on a "
        f"laptop or on Colab: {SLOW[name[:2]]}. (With patience, [it opens here]({name}), too.)"
    )
    return contents | {"cells": [title | {"source": words}, setup, *cells[at : at + 2]]}


def build_lab(folder, contents):
    """JupyterLite with these contents and the extensions of the environment that runs this."""
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--apps", "lab",
                   "--lite-dir", empty, "--contents", str(contents), "--output-dir", str(folder),
                   "--no-sourcemaps", "--no-unused-shared-packages", "--no-libarchive"]  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=empty)
    if made.returncode:
        said = made.stdout[-2000:] + made.stderr[-2000:]
        raise ValueError(f"JupyterLite could not be built:\n{said}")
    for source_map in folder.rglob("*.map"):
        source_map.unlink()
    page = folder / "lab" / "index.html"  # without a link, the browser asks the host for an icon
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<head>", f"<head>{ICON}", 1), encoding="utf-8")
