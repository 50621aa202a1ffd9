"""The series as a web site that runs in the reader's browser: pages, and a JupyterLab behind them.

    python -m nbhelpers site OUT                       # Python comes from Pyodide's network
    python -m nbhelpers site OUT --pyodide FOLDER      # a copy of it goes into the site

OUT is a folder of plain files for any web server: a first page with the map, each notebook as a
page to be read, and in `lab/` JupyterLite, where it runs. No server computes anything: Python is
Pyodide (CPython in WebAssembly), NumPy and matplotlib are its builds, and what a reader writes is
kept by the browser. It needs `pip install -e ".[site]"`.
"""

import html
import json
import re
import shutil
import tempfile
from pathlib import Path
from string import Template
from urllib.parse import quote

import nbformat

from nbhelpers.publishing import links
from nbhelpers.publishing.handouts import Pages
from nbhelpers.publishing.site_lab import SLOW, build_lab, stage, to_run
from nbhelpers.publishing.site_python import add_python, base_lock, fetch_wheels
from nbhelpers.teaching import bank
from nbhelpers.teaching.notebook_files import numbered

ASSETS = Path(__file__).with_name("site_assets")
HEAD = '<link rel="stylesheet" href="../site.css"><link rel="icon" href="../lab/lab/favicon.ico">'
MAP_ROW = re.compile(
    r"\| \[(?P<name>.+?)\]\(notebooks/(?P<file>\S+?)\) \| (?P<what>.+?) \| (?P<minutes>\d+) \|"
)


def site(out, pyodide=None, root=None):
    """Build the site in `out`, a new or empty folder; returns the first page's path.

    Parameters
    ----------
    out : path-like
    pyodide : str, optional
        A folder with Pyodide and its packages, which goes into the site, or the address of one.
        Without it, the address of the version that the installed kernel names.
    root : path-like, optional
        The checkout.

    Raises
    ------
    ValueError
        If `out` isn't empty, JupyterLite is missing, or Pyodide isn't there or lacks a package.
    """
    out, root = Path(out), links.ROOT if root is None else Path(root)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} should be a new or an empty folder")
    notebooks, rows = numbered(root / "notebooks"), course_map(root)
    if [row["file"] for row in rows] != [path.name for path in notebooks]:
        raise ValueError("README.md's map should list the notebooks, one a line and in their order")
    try:
        from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL
    except ImportError:
        raise ValueError("JupyterLite is missing: run pip install -e '.[site]'") from None
    place = str(pyodide or PYODIDE_CDN_URL)
    lock = base_lock(place)
    with tempfile.TemporaryDirectory() as temporary:
        new, contents, wheels = (Path(temporary) / name for name in ("site", "contents", "wheels"))
        stage(root, notebooks, contents)
        build_lab(new / "lab", contents)
        fetch_wheels(root, wheels)
        add_python(new / "lab", wheels, place, lock)
        write_pages(new, notebooks, rows, links.setting(root))
        shutil.copytree(new, out, dirs_exist_ok=True)
    return out / "index.html"


def course_map(root):
    """The rows of the README's map: dicts of name, file, what, minutes."""
    return [
        found.groupdict() for found in MAP_ROW.finditer((root / "README.md").read_text("utf-8"))
    ]


def write_pages(new, notebooks, rows, setting):
    """The first page, and one for each notebook."""
    for name in ("site.css", "site.js"):
        shutil.copy(ASSETS / name, new / name)
    (new / "pages").mkdir()
    exporter = Pages()
    for path in notebooks:
        contents = nbformat.read(path, as_version=4)
        hidden = {"setup", "links"}  # the bar has the links, and nobody reads the setup
        contents.cells = [c for c in contents.cells if not hidden & set(c.metadata.get("tags", []))]
        place = {"metadata": {"path": str(path.parent), "name": path.stem}}
        page, _ = exporter.from_notebook_node(contents, place)
        page = page.replace("</head>", f"{HEAD}</head>", 1)
        bar = (
            '<nav class="bar"><a href="../index.html">The map</a>'
            f'<a class="run" href="../{run_here(path.name)}">{what_runs(path.name)}</a>'
            f"{elsewhere(setting, path.name)}{note(path.name)}</nav>"
        )
        head, body, rest = re.split(r"(<body[^>]*>)", page, maxsplit=1)
        page = f"{head}{body}{bar}{rest}"
        (new / "pages" / f"{path.stem}.html").write_text(page, encoding="utf-8")
    frames, begin, size = recorded(new)
    template = (ASSETS / "index.html").read_text(encoding="utf-8")
    filled = {
        "first": run_here(notebooks[0].name),
        "elsewhere": elsewhere(setting, notebooks[0].name),
        "frames": html.escape(json.dumps(frames, ensure_ascii=False)),
        "frame": frames[begin][0],
        "words": html.escape(frames[begin][1]),
        "width": size[0],
        "height": size[1],
        "last": len(frames) - 1,
        "begin": begin,
        "rows": "\n".join(map(map_row, rows)),
    }
    (new / "index.html").write_text(Template(template).substitute(filled), encoding="utf-8")


def run_here(notebook):
    """The address, from the first page, that opens a notebook in the lab."""
    return f"lab/lab/index.html?path=notebooks/{quote(to_run(notebook))}"


def what_runs(notebook):
    """The words on that link."""
    return "Run its playground here" if notebook[:2] in SLOW else "Run it here"


def elsewhere(setting, notebook):
    """Links to Colab and Binder, where there is a name for them."""
    if setting[0] == links.UNSET:
        return ""
    return (
        f'<a href="{html.escape(links.colab(*setting, notebook))}">Open in Colab</a> '
        f'<a href="{html.escape(links.binder(*setting, notebook))}">Launch on Binder</a>'
    )


def note(notebook):
    """Why a notebook is better on a laptop, if it is."""
    why = SLOW.get(notebook[:2])
    return f'<small class="note">Better on a laptop or Colab: {why}.</small>' if why else ""


def map_row(row):
    """A line of the map; site.js adds how many of the exercises have been done."""
    stem = row["file"].removesuffix(".ipynb")
    lesson = stem[3:]
    return (
        f'<tr data-lesson="{lesson}" data-exercises="{len(bank.exercises(lesson))}">'
        f'<td><a href="pages/{stem}.html">{row["name"]}</a></td>'
        f'<td>{row["what"]}{note(row["file"])}<small class="done"></small></td>'
        f"<td>{row['minutes']}</td>"
        f'<td><a class="run" href="{run_here(row["file"])}">{what_runs(row["file"])}</a></td></tr>'
    )


def recorded(new):
    """Write the pictures of a training.

    Returns [file, words] of each, the one to begin with, and their width and height.
    """
    from nbhelpers import playgrounds

    (new / "recorded").mkdir()
    figure = playgrounds.xor_recorded()
    moments, frames = range(0, figure.controls["moment"].max + 1, 2), []
    for moment in moments:
        figure.controls["moment"].value = moment
        frames.append([f"recorded/{moment:03}.jpg", figure.summary])
        (new / frames[-1][0]).write_bytes(figure.picture.render())
    size = figure.picture.width, figure.picture.height
    figure.close()
    return frames, len(frames) // 3, size
