"""Build an environment with one set of versions, and run the tests there that make sense in it.

    python tests/support/environments.py oldest     # the lower bounds of requirements.txt
    python tests/support/environments.py colab      # what Google Colab has installed
    python tests/support/environments.py newest     # the newest releases, in a browser too

What follows the name goes to pytest, files and notebooks in place of the selection below::

    python tests/support/environments.py colab tests/test_kernels.py -k adam

The environment has the Python that runs this script. It stays, as ``.venv-NAME`` in the project
(``--folder`` names another place), and is built anew when that Python or a bound has changed.
"""

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "tests" / "constraints"
NAMES = (*sorted(path.stem for path in CONSTRAINTS.glob("*.txt")), "newest")

# What no version of a library changes, what has no browser for ipywidgets 7 (JupyterLab 4 shows
# those of ipywidgets 8 alone), and our part of the server, which Colab has no use for, run with the
# newest versions only.
THE_SAME_EVERYWHERE = ("browser", "packaging", "publish", "server")


def selection(name):
    """The tests for one set of versions, as arguments of pytest; none: all that there are."""
    if name == "newest":
        return []
    left_out = {f"test_{part}.py" for part in THE_SAME_EVERYWHERE}
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    files = [path for path in files if path.name not in left_out]
    return [*(str(path.relative_to(ROOT)) for path in files), "notebooks"]


def wanted(name):
    """All that decides what is installed, as text; it is left in the environment it has built."""
    files = [ROOT / "requirements.txt", ROOT / "pyproject.toml", *CONSTRAINTS.glob(f"{name}.txt")]
    return "\n".join([sys.version, *(path.read_text(encoding="utf-8") for path in files)])


def build(name, folder):
    """The Python of an environment with this set of versions, made or brought up to date.

    Raises FileExistsError if something else is in the folder, subprocess.CalledProcessError if pip
    cannot install it.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").is_file():
        raise FileExistsError(f"{folder} is not empty and not an environment: name another folder")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "installed.txt"
    as_wanted = stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted(name)
    if not as_wanted:
        venv.create(folder, clear=folder.exists(), with_pip=True)
    if not as_wanted or name == "newest":
        how = ["--upgrade", "--upgrade-strategy=eager"]
        if name != "newest":
            how = ["-c", str(CONSTRAINTS / f"{name}.txt")]
        pip = [str(python), "-m", "pip", "install", "--quiet", "-r", "requirements.txt", *how]
        subprocess.run(pip, cwd=ROOT, check=True)
        stamp.write_text(wanted(name), encoding="utf-8")
    return python


def names_tests(argument):
    """Whether an argument for pytest is a file or folder with tests (or one of them)."""
    if argument.startswith("-"):  # --ignore=… names a file as well
        return False
    path = ROOT / argument.split("::")[0]
    return path.suffix in (".py", ".ipynb") or path in (ROOT / "tests", ROOT / "notebooks")


def main():
    """Build, test, and return pytest's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--folder", type=Path, help="where the environment is (.venv-NAME)")
    known, rest = parser.parse_known_args()
    try:
        python = build(known.name, (known.folder or ROOT / f".venv-{known.name}").absolute())
    except (OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    words = [word for i, word in enumerate(rest) if rest[max(i - 1, 0)] not in ("-k", "-m")]
    tests = [] if any(map(names_tests, words)) else selection(known.name)
    # Modules of the caller's environment have no business in this one.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    env |= {"VERSIONS": known.name, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # old kernels nag
    command = [str(python), "-m", "pytest", *tests, *rest]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
