"""What all tests share: settings of the tools, and which of them are quick.

`pytest` runs the quick tests, `pytest -m full` the others, `pytest tests notebooks` all of them.
What is named on the command line (files, tests, -k) runs, whether it is quick or not.
"""

import os
import re
import signal
from importlib.metadata import version

if "PYTEST_XDIST_WORKER" in os.environ:  # a core for each process, and for the kernels it starts
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

# Dask gives up a connection on which nothing came for 30 s: a busy machine may stand still longer.
os.environ["DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP"] = "600s"
os.environ["NBHELPERS_MY_NETWORK"] = "off"  # nbval runs notebooks where a person's own file may be

import matplotlib
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from lab import chromium, find_browser
from nbval.plugin import IPyNbCell
from notebook_tools import shorten, tags
from xdist.scheduler import LoadFileScheduling

from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.engine import goals
from nbhelpers.playgrounds.engine.panel import Panel

# No windows. Not by MPLBACKEND, which the notebooks' kernels would inherit: they draw inline.
matplotlib.use("Agg")

# No deadline: two busy cores make any single example slow now and then. The same examples in every
# run, so that a red run can be repeated, and no folder that would have to be written.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Python's own handler of SIGINT, which a script or `nohup` has us start without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def own_folder(tmp_path_factory):
    """Best scores are kept in a folder of the tests."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(goals, "cache_folder", lambda: folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def patience():
    """A change of settings may train longer: on a busy machine, too, it gets where it says."""
    made = Panel.__init__

    def patient(panel, *args, catch_up=0.0, **options):
        made(panel, *args, catch_up=max(catch_up, 5.0), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Panel, "__init__", patient)
        yield


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


# Tests that are not among the quick ones, by patterns of their ids; besides, all that use a browser
# but for notebook 01 in JupyterLab.
OTHERS = "|".join(name for name in PLAYGROUNDS if name not in ("xor", "bowl", "softmax"))
FULL = (
    r"notebooks/test_(?!accessibility|browser|lecturers|links|notebook)",  # what lessons claim
    r"test_settings_strings_show_what_the_guide_says",
    r"test_notebooks\.py::test_(the_program_runs_alone|every_solution)",
    rf"test_(panels|faults)\.py::.*[\[-]({OTHERS})[-\]]",
    r"test_code\.py::.*\[(mnist|remedies|optimizers|sgd|signals)-",
    r"test_code\.py::.*(pytorch|PyTorch)",  # CI installs it for the full tests
    r"test_\w*script_gives_the_very_same_numbers|test_a_hundred_random_events",
    # nbconvert's pages and slides
    r"test_one_page_for|test_a_page_asks|test_every_formula_is_mathml|test_links_lead_somewhere",
    r"test_nbconvert_makes_the_same_page|test_the_command_marks_a_notebook",
    r"test_nothing_refers_to_another_host|the_kernels_in_webassembly",  # with a whole Pyodide
    # whole notebooks and files, many times
    r"stored_the_same_twice|test_a_student_copy_runs|test_mnists_own_digits|every_flipped_byte",
    r"test_a_read_only_checkout|test_two_thousand_events|grid_search_with_two_processes",
    r"test_messages_do_not_wait|test_words_in_plots_are_readable|test_never_raises_on_random_values",
    # what three figures show for all
    rf"test_(style|accessibility)\.py::.*\[({OTHERS})[-\]]",
    r"test_two_panels_side_by_side|test_events_from_several_threads",
)

# Files that take longest come first, so that no process works on one of them alone at the end.
LONGEST = ("test_browser.py", "11_past_99_percent.ipynb", "test_panels.py", "test_faults.py")


def pytest_configure(config):
    """Choose the quick tests if nothing else is asked for; keep the order of the tests, below."""
    config.option.loadscopereorder = False  # of pytest-xdist 3.8 and newer
    named = config.args_source is config.ArgsSource.ARGS or config.option.keyword
    if not (named or config.option.markexpr):
        config.option.markexpr = "not full"


class TwoBrowsers(LoadFileScheduling):
    """The tests of a file stay in one process, but two share the notebooks of test_browser.py."""

    def _split_scope(self, nodeid):
        number = re.search(r"test_browser\.py.*\[(\d\d)", nodeid)
        return super()._split_scope(nodeid) + (f" {int(number[1]) % 2}" if number else "")


def pytest_xdist_make_scheduler(config, log):
    """Use it for --dist=loadfile."""
    return TwoBrowsers(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config, items):
    """Mark what is `full` and what uses a `browser`; put the longest first.

    The quick tests run the core of a notebook, the full ones once more all of it, if that is more.
    """
    items.sort(key=lambda item: (*LONGEST, item.path.name).index(item.path.name))
    for item in items:
        in_browser = "browser" in getattr(item, "fixturenames", ())
        if in_browser:
            item.add_marker("browser")
        quick_in_browser = re.search(r"test_browser\.py::.*\[01", item.nodeid)
        if (in_browser and not quick_in_browser) or re.search("|".join(FULL), item.nodeid):
            item.add_marker("full")
    quick = config.option.markexpr == "not full"
    of_notebooks = [item for item in items if isinstance(item, IPyNbCell)]
    longer = {
        item.path
        for item in of_notebooks
        if "more" in tags(item.cell) or "shortened" in item.cell.metadata
    }
    for item in of_notebooks:
        if item.path in longer and ("more" in tags(item.cell) or not quick):
            item.add_marker("full")
        elif quick:
            shorten(item.cell)
