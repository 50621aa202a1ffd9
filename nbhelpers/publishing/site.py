"""The series as a web site that runs in the reader's browser: pages, and a JupyterLab behind them.

    python -m nbhelpers site OUT                       # Python comes from Pyodide's network
    python -m nbhelpers site OUT --pyodide FOLDER      # a copy of it goes into the site

OUT is a folder of plain files for any web server: a first page with the map, each notebook as a
page to be read, and in `lab/` JupyterLite, where it runs. No server computes anything: Python is
Pyodide (CPython in WebAssembly), NumPy and matplotlib are its builds, and what a reader writes is
kept by the browser. It needs `pip install -e ".[site]"`.
"""

import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path
from string import Template
from urllib.error import URLError
from urllib.parse import quote, urljoin
from urllib.request import urlopen

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from nbhelpers import files
from nbhelpers.publishing import links
from nbhelpers.publishing.handouts import Pages
from nbhelpers.teaching.notebook_files import notebook_text, numbered, read_notebook

ASSETS = Path(__file__).with_name("site_assets")
PACKAGES = "packages"  # the folder of the wheels, in the lab's
ICON = '<link rel="icon" href="favicon.ico">'
HEAD = '<link rel="stylesheet" href="../site.css"><link rel="icon" href="../lab/lab/favicon.ico">'
#: wheels that Pyodide has not; they fit the Python and the JupyterLab that build the site
EXTRA = [
    "ipywidgets",
    "jupyterlab_widgets",
    "anywidget",
    "psygnal",
    "typing_extensions",
    "tqdm",
    "comm",
]
#: what the kernel itself loads; with all of it in the lock file, it asks no package index
KERNEL = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"]
#: too large for notebooks that can do without
SELDOM = {"scikit-learn"}
NEEDS_SKLEARN = re.compile(r"sklearn|estimators|datasets\.digits|playgrounds\.digits")
#: from here on, a laptop is better
SLOW = {
    "09": "its races train for minutes",
    "10": "60,000 digits train some thirty times slower",
    "11": "its training takes a minute on a laptop and half an hour here",
    "12": "PyTorch, Dask and several processes are not to be had",
}
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


# -- what the lab holds -------------------------------------------------------------------------
def stage(root, notebooks, folder):
    """Copy what the kernel reads into `folder`: the notebooks and the data."""
    (folder / "notebooks").mkdir(parents=True)
    shutil.copytree(root / "data", folder / "data")
    (folder / files.OWN).mkdir()
    (folder / files.OWN / "README.md").write_text("What the notebooks keep for you.\n", "utf-8")
    for path in notebooks:
        (folder / "notebooks" / path.name).write_text(staged(path), encoding="utf-8")


def staged(path):
    """A notebook's JSON as the lab gets it.

    JupyterLite shows an output of many lines with a comma after each if it is stored as a list. A
    package that only few notebooks need is named in their setup cells, where the kernel loads it.
    """
    contents = read_notebook(path)
    sources = ["".join(cell["source"]) for cell in contents["cells"]]
    for cell, source in zip(contents["cells"], sources, strict=True):
        if "setup" in cell["metadata"].get("tags", []) and NEEDS_SKLEARN.search("".join(sources)):
            source += "\nimport sklearn  # in the browser it is fetched when a cell names it"
        cell["source"] = source
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = "".join(output["text"])
            for kind, data in output.get("data", {}).items():
                if isinstance(data, list):
                    output["data"][kind] = "".join(data)
    return notebook_text(contents)


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


# -- Python ------------------------------------------------------------------------------------
def base_lock(place):
    """Pyodide's own list of packages, from a folder or an address."""
    name = "pyodide-lock.json"
    try:
        if re.match("https?://", place):
            with urlopen(f"{place.rstrip('/')}/{name}", timeout=60) as answer:
                return json.load(answer)
        return json.loads((Path(place) / name).read_text(encoding="utf-8"))
    except (OSError, URLError, ValueError) as error:
        raise ValueError(f"Pyodide is not at {place}: {error}") from None


def add_python(lab, wheels, place, lock):
    """Add the wheels that Pyodide lacks, the lock file that lists all, and where Pyodide is.

    From an address, the packages of Pyodide stay there; from a folder, those that the notebooks
    need are copied beside ours.
    """
    remote = bool(re.match("https?://", place))
    folder = lab / PACKAGES
    folder.mkdir()
    found = [*wheels.glob("*.whl"), *(lab / "extensions").glob("*/*/static/pypi/*.whl")]
    ours = {entry["name"]: (wheel, entry) for wheel in found for entry in [wheel_entry(wheel)]}
    known = lock["packages"] | {name: entry for name, (_, entry) in ours.items()}
    for wheel, entry in ours.values():
        entry["depends"] = sorted(known.keys() & set(requirements(wheel)) - SELDOM)
        shutil.copy(wheel, folder / wheel.name)
    wanted = closure(known, [*KERNEL, "nbhelpers", *SELDOM])
    packages = {name: known[name] for name in sorted(wanted)}
    for name, entry in packages.items():
        if name in ours:
            continue
        if remote:
            entry["file_name"] = urljoin(place.rstrip("/") + "/", entry["file_name"])
        else:
            copy_checked(Path(place) / entry["file_name"], folder, entry["sha256"])
    if remote:
        url = f"{place.rstrip('/')}/pyodide.mjs"
    else:
        url = f"./{PACKAGES}/pyodide.mjs"
        for pattern in ("pyodide.*js", "pyodide.asm.wasm", "python_stdlib.zip", "package.json"):
            for file in Path(place).glob(pattern):
                shutil.copy(file, folder / file.name)
    (folder / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": packages}), "utf-8")
    config = json.loads((lab / "jupyter-lite.json").read_text("utf-8"))
    config["jupyter-config-data"]["appName"] = "From XOR to MNIST"
    config["jupyter-config-data"].setdefault("litePluginSettings", {})[
        "@jupyterlite/pyodide-kernel-extension:kernel"
    ] = {
        "pyodideUrl": url,
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            "lockFileURL": f"./{PACKAGES}/pyodide-lock.json",
            "packages": KERNEL,
        },
    }
    (lab / "jupyter-lite.json").write_text(json.dumps(config, indent=1), "utf-8")


def fetch_wheels(root, folder):
    """Fetch the wheels of EXTRA into `folder`, and build ours."""
    pinned = [f"{name}=={metadata.version(name)}" for name in EXTRA]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    for command in (
        [*pip, "download", "--no-deps", "--only-binary=:all:", "--platform=any",
         "--implementation=py", "--abi=none", "-d", str(folder), *pinned],
        [*pip, "wheel", "--no-deps", "-w", str(folder), str(root)],
    ):  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
        if made.returncode:
            raise ValueError(f"{' '.join(command)}\n{made.stderr[-2000:]}")


def wheel_entry(wheel):
    """A wheel's entry in Pyodide's lock file; its `depends` is still empty."""
    name, version = wheel.stem.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        tops = {Path(file).parts[0] for file in archive.namelist()}
    modules = [top for top in tops if not top.endswith((".dist-info", ".data"))]
    return {
        "name": canonicalize_name(name),
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(module.removesuffix(".py") for module in modules),
        "depends": [],
        "unvendored_tests": False,
    }


def requirements(wheel):
    """Names of what a wheel always requires."""
    with zipfile.ZipFile(wheel) as archive:
        (file,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(file).decode().splitlines()
    mark = "Requires-Dist: "
    found = [Requirement(line.removeprefix(mark)) for line in lines if line.startswith(mark)]
    if wheel.name.startswith("nbhelpers"):
        found.append(Requirement("anywidget"))
    return [
        canonicalize_name(one.name)
        for one in found
        if one.marker is None or one.marker.evaluate({"extra": "", "sys_platform": "emscripten"})
    ]


def closure(known, names):
    """All packages that these need."""
    found, waiting = set(), [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in known:
            raise ValueError(f"this Pyodide has no package {name}")
        found.add(name)
        waiting += [canonicalize_name(needed) for needed in known[name]["depends"]]
    return found


def copy_checked(file, folder, sha256):
    """Copy a file of Pyodide; ValueError if it isn't there, or not the one that the lock means."""
    if not file.is_file():
        raise ValueError(f"{file} is missing: Pyodide's folder should have all packages")
    if hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        raise ValueError(f"{file} is not the file that pyodide-lock.json means")
    shutil.copy(file, folder / file.name)


# -- pages -------------------------------------------------------------------------------------
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
            f'<a class="run" href="../{run_here(path.name)}">Run it here</a>'
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
    return f"lab/lab/index.html?path=notebooks/{quote(notebook)}"


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
    """A line of the map."""
    stem = row["file"].removesuffix(".ipynb")
    return (
        f'<tr><td><a href="pages/{stem}.html">{row["name"]}</a></td>'
        f"<td>{row['what']}{note(row['file'])}</td><td>{row['minutes']}</td>"
        f'<td><a class="run" href="{run_here(row["file"])}">Run here</a></td></tr>'
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
