"""Python for a site: Pyodide's packages, the wheels that it lacks, ours, and a list of them all."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urljoin
from urllib.request import urlopen

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = "packages"  # the folder of the wheels, in the lab's
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
