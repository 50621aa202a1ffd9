"""Self-test: is everything here that the notebooks need, and what to do if not.

Used in notebook 00. Every line of the report is a tick, or a cross and what to do about it.
"""

import html
import importlib
import io
import platform
import re
import sys
from importlib import metadata

from nbhelpers.boxes import Shown, box, plain

PACKAGES = {  # name of the package -> the least version that the notebooks run on
    "numpy": (1, 26),
    "matplotlib": (3, 8),
    "ipywidgets": (7, 7),
    "scikit-learn": (1, 6),
}
FETCHED = {"scikit-learn"}  # in a browser, when a notebook needs it
AGAIN = "run <code>pip install -r requirements.txt</code>, then restart the kernel"


def python():
    """Return the version of Python."""
    return f"Python {platform.python_version()}"


def packages():
    """Return names and versions of the packages; ValueError with what to do where one is amiss."""
    found = []
    for name, least in PACKAGES.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name in FETCHED and sys.platform == "emscripten":
                continue
            raise ValueError(f"{name} is missing: {AGAIN}") from None
        if release(version) < least:
            wanted = ".".join(map(str, least))
            raise ValueError(f"{name} {version} is too old, {wanted} is needed: {AGAIN}")
        found.append(f"{name} {version}")
    return ", ".join(found)


def release(version):
    """Return the first two numbers of a version: (2, 5) for "2.5.0rc1"; () where it has none."""
    numbers = re.match(r"\D*(\d+)(?:\.(\d+))?", str(version))
    return tuple(int(number) for number in numbers.groups("0")) if numbers else ()


def kernel():
    """Return the version of the kernel; ValueError for those that can stop hearing sliders."""
    version = metadata.version("ipykernel")
    if (7, 0) <= release(version) < (7, 4) or version == "7.4.0":
        raise ValueError(f"ipykernel {version} can stop hearing sliders: {AGAIN}")
    return f"ipykernel {version}"


def data():
    """Return a sentence about the MNIST files, whose checksums have been verified."""
    from nbhelpers import datasets

    (X, _), (X_test, _) = datasets.mnist()
    return f"MNIST: {len(X):,} + {len(X_test):,} images, every checksum right"


def slider():
    """Return a sentence about a slider that has been moved; ValueError if nobody heard it."""
    widgets = importlib.import_module("ipywidgets")
    heard = []
    moved = widgets.IntSlider(value=3)
    moved.observe(lambda change: heard.append(change.new), "value")
    moved.value = 4
    if heard != [4]:
        raise ValueError(f"a slider was moved and {heard} was heard: {AGAIN}")
    return "a slider was moved and heard"


def picture():
    """Return a sentence about a picture that has been drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    FigureCanvasAgg(figure)
    figure.subplots().plot([0, 1], [0, 1])
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return f"a picture was drawn ({len(file.getvalue()) / 1000:.1f} kB)"


TESTS = (python, packages, kernel, data, slider, picture)


class Report(Shown):
    """The outcome: `passed` (bool) and `lines`, one an item; shows itself in a notebook."""

    def __init__(self, lines):
        self.passed = all(right for right, _ in lines)
        self.lines = [("✓ " if right else "✗ ") + words for right, words in lines]
        title = "Everything is in place" if self.passed else "Something is missing"
        self.html = box("passed" if self.passed else "hint", title, self.lines)
        self.text = plain("\n".join([title, *self.lines]))


def run(tests=TESTS):
    """Run the tests and return a `Report`. A test that fails becomes a line, not an exception."""
    lines = []
    for test in tests:
        try:
            lines.append((True, html.escape(test())))
        except ValueError as error:  # says itself what to do
            lines.append((False, str(error)))
        except FileNotFoundError as error:  # so do the data sets, in plain text
            lines.append((False, html.escape(str(error))))
        except (Exception, SystemExit) as error:  # anything may be broken somewhere: say what
            what = html.escape(f"{type(error).__name__}: {error}")
            lines.append((False, f"{test.__name__}: {what}; {AGAIN}"))
    return Report(lines)
