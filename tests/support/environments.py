"""Build an environment with one set of versions, and run the tests in it.

    python tests/support/environments.py oldest     # the lower bounds of requirements.txt
    python tests/support/environments.py colab      # what Google Colab has installed
    python tests/support/environments.py newest     # the newest releases, in a browser too

What follows the name goes to pytest: tests/test_kernels.py -k adam. The environment has the Python
that runs this script, and stays as .venv-NAME-VERSION in the project; it can be deleted any time.
uv makes it (`pip install -e ".[ci]"`): in seconds, where pip takes two minutes.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "tests" / "constraints"
NAMES = ("oldest", "colab", "newest")
# With the newest versions only: what no version of a library changes, what has no browser for
# ipywidgets 7 (JupyterLab 4 shows those of ipywidgets 8 alone), and the server, which Colab lacks.
NEWEST_ONLY = ("notebooks/test_browser.py", "publishing/test_links.py", "test_packaging.py")
NEWEST_ONLY += ("test_server.py",)


def build(name):
    """The Python of an environment with this set of versions, made or brought up to date."""
    folder = ROOT / f".venv-{name}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if importlib.util.find_spec("uv") is None:
        sys.exit(f'uv is missing in {sys.executable}: pip install -e ".[ci]"')
    uv = [sys.executable, "-m", "uv"]
    if not python.exists():
        subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    how = ["-c", CONSTRAINTS / f"{name}.txt"] if name != "newest" else ["--upgrade"]
    install = [*uv, "pip", "install", "--quiet", "--python", python, "-r", "requirements.txt", *how]
    subprocess.run(install, cwd=ROOT, check=True)
    return python


def main(name=None, *arguments):
    """Build, test, and return pytest's exit status."""
    if name not in NAMES:
        sys.exit(__doc__)
    left_out = () if name == "newest" else NEWEST_ONLY  # but for those that are named
    command = [build(name), "-m", "pytest", *(f"--ignore=tests/{file}" for file in left_out)]
    # Modules of the caller's environment have no business in this one.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    env |= {"VERSIONS": name, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # old kernels nag
    return subprocess.run([*command, *arguments], cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
