"""What all tests share: settings of the tools, and a marker for those that need a browser."""

import os
import re
from importlib.metadata import version

if "PYTEST_XDIST_WORKER" in os.environ:  # a core for each process, and for the kernels it starts
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from lab import chromium, find_browser
from xdist.scheduler import LoadFileScheduling

# No windows. Not by MPLBACKEND, which the notebooks' kernels would inherit: they draw inline.
matplotlib.use("Agg")

# No deadline: two busy cores make any single example slow now and then.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# The same examples in every run, so that a red run can be repeated.
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture
def rng():
    """A fresh generator for every test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def browser():
    """One Chromium for all tests of a module (playwright's event loop ends with it).

    Where there is none the tests are skipped, with a reason; with REQUIRE_BROWSER=1 they fail.
    """
    if find_browser() is None:
        reason = "no Chromium, Chrome or Edge found: install one, or set CHROMIUM to its path"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"REQUIRE_BROWSER=1, but {reason}")
        pytest.skip(reason)
    if int(version("ipywidgets").split(".")[0]) < 8:
        pytest.skip("JupyterLab 4 shows the widgets of ipywidgets 8 and newer only")
    with chromium() as browser:
        yield browser


# Files that take longest come first, so that no process works on one of them alone at the end.
LONGEST = ("test_browser.py", "11_past_99_percent.ipynb", "test_panels.py", "test_faults.py")


def pytest_configure(config):
    """Let pytest-xdist 3.8 and newer keep the order of `pytest_collection_modifyitems`."""
    config.option.loadscopereorder = False


class TwoBrowsers(LoadFileScheduling):
    """The tests of a file stay in one process, but two share the notebooks of test_browser.py."""

    def _split_scope(self, nodeid):
        number = re.search(r"test_browser\.py.*\[(\d\d)", nodeid)
        return super()._split_scope(nodeid) + (f" {int(number[1]) % 2}" if number else "")


def pytest_xdist_make_scheduler(config, log):
    """Use it for --dist=loadfile."""
    return TwoBrowsers(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items):
    """Put the longest first; mark what uses a browser, for ``pytest -m "not browser"``."""
    items.sort(key=lambda item: (*LONGEST, item.path.name).index(item.path.name))
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
