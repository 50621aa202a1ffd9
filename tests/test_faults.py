"""Faults, tried out: a full disk, no network, a folder that nobody may write, wild numbers, hostile
texts, two thousand events, interrupts, two panels side by side.

More of them stand beside what they belong to: damaged, swapped and missing data files and broken
downloads in test_mnist_files.py, damaged networks in test_weights.py, hostile settings, many
threads and divergence in test_panels.py, wrong arguments in test_kernels.py, test_training.py and
test_estimators.py.
"""

import contextlib
import errno
import functools
import importlib
import io
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from html.parser import HTMLParser

import ipywidgets
import numpy as np
import pytest
from benchmarks import events
from jupyter_client.manager import start_new_kernel
from notebook_tools import ROOT, cells, notebooks, read
from test_mnist_files import (  # noqa: F401  (two fixtures)
    DATA,
    TEST_LABELS,
    TRAIN_IMAGES,
    Quiet,
    cache,
    folder,
    mirror,
    read_only,
)

import nbhelpers.files
from nbhelpers import mnist_files
from nbhelpers.estimators import MLPClassifier, MLPRegressor
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.engine.controls import family
from nbhelpers.playgrounds.engine.guards import WHOLE
from nbhelpers.training import evaluate, fit

unix = pytest.mark.skipif(os.name == "nt", reason="needs signals and permissions as Unix has them")


# -- the disk is full --------------------------------------------------------------------------


@pytest.fixture(params=["simulated", "real"])
def full_disk(request, cache, monkeypatch):  # noqa: F811
    """A cache folder on a full disk; gives a function that makes room.

    Real: a small file system in memory, where it may be mounted. Simulated: a file that takes half
    of the bytes, then says what the system says.
    """
    cache.mkdir()
    if request.param == "real":
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(cache)]
        if os.name == "nt" or os.geteuid() or subprocess.run(mount, check=False).returncode:
            pytest.skip("no file system may be mounted here")
        room = ["mount", "-o", "remount,size=30m", str(cache)]
        yield lambda: subprocess.run(room, check=True)
        subprocess.run(["umount", str(cache)], check=True)
        return

    class Full(io.FileIO):
        def write(self, data):
            super().write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(nbhelpers.files, "open", Full, raising=False)
        yield patch.undo


def test_a_full_disk_is_named_and_nothing_half_written_stays(
    folder,  # noqa: F811
    cache,  # noqa: F811
    full_disk,
    monkeypatch,
):
    (folder / TRAIN_IMAGES).unlink()
    asked = []

    class Counted(Quiet):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

    with mirror(DATA, Counted) as address:
        monkeypatch.setattr(mnist_files, "MIRRORS", (address, address))
        with pytest.raises(FileNotFoundError, match="No space left") as caught:
            mnist_files.download(TRAIN_IMAGES)
        assert f"couldn't be stored in {cache}" in str(caught.value)
        assert f"put the file here: {folder / TRAIN_IMAGES}" in str(caught.value)
        assert list(cache.iterdir()) == []
        assert asked == [f"/{TRAIN_IMAGES}"]  # the other mirror would not help
        full_disk()
        mnist_files.read_verified(
            mnist_files.download(TRAIN_IMAGES), TRAIN_IMAGES
        )  # now there is room
    assert [path.name for path in cache.iterdir()] == [TRAIN_IMAGES]


# -- no network --------------------------------------------------------------------------------


def test_without_data_and_network_a_panel_says_what_to_do(tmp_path, monkeypatch):
    """Simulated: no name can be resolved. The addresses are the real ones."""

    def no_network(*args, **options):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setenv("NBHELPERS_DATA", str(tmp_path))
    monkeypatch.setattr(mnist_files, "cache_folder", lambda: tmp_path / "cache")
    data = importlib.import_module("nbhelpers.playgrounds.engine.mnist_experiment").data
    data.cache_clear()
    try:
        with pytest.raises(FileNotFoundError) as caught:
            PLAYGROUNDS["mnist"](steps=0)
    finally:
        data.cache_clear()
    assert f"Put it here: {tmp_path / TRAIN_IMAGES}\n" in str(caught.value)
    assert str(caught.value).count("name resolution") == len(mnist_files.MIRRORS)
    for name in ("xor", "digits"):  # what needs no file goes on
        PLAYGROUNDS[name](steps=1).close()


# -- a checkout that may only be read ----------------------------------------------------------


def powerless():
    """The beginning of a command that runs without a superuser's right to write everywhere."""
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and setpriv isn't there to take that right away")
    less = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", "--bounding-set", less, "--inh-caps", less]


def saving_cells():
    """(notebook's name, source) of every cell that saves a network."""
    return [
        (path.name, cell.source)
        for path in notebooks()
        for cell in cells(read(path), kind="code")
        if "save(" in cell.source
    ]


# What the notebooks have made before they save: small here, under the same names.
BEFORE = """
import numpy as np
from pathlib import Path
from nbhelpers import weights
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.training import fit

X_test = X_mnist = np.random.default_rng(0).random((40, 784), dtype=np.float32)
y_mnist = np.arange(40) % 10
net = MLP([784, 4, 10], rng=np.random.default_rng(0))
nets, P, said = [net], net.forward(X_test)[-1], net.predict(X_test)
"""


@unix
def test_the_notebooks_save_their_networks_from_a_checkout_that_may_only_be_read(tmp_path):
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    unwanted = shutil.ignore_patterns("__pycache__", "*.npz", ".ipynb_checkpoints", "images")
    for part in ("nbhelpers", "notebooks"):
        shutil.copytree(ROOT / part, checkout / part, ignore=unwanted)
    home.mkdir()
    found = saving_cells()
    assert [name[:2] for name, _ in found] == ["10", "11"]
    program = tmp_path / "program.py"
    scenes = [f"print({name!r})\nexec({BEFORE + source!r}, {{}})" for name, source in found]
    tools = "from nbhelpers.notebook import lessons, playgrounds\n"
    tools += "lessons.recall(1)\nplaygrounds.xor().png()"
    program.write_text("\n".join([*scenes, tools]), encoding="utf-8")
    variables = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    variables |= {"PYTHONPATH": str(checkout), "PYTHONUTF8": "1"}
    before = sorted(checkout.rglob("*"))
    with read_only(checkout):
        run = subprocess.run(
            [*powerless(), sys.executable, str(program)],
            cwd=checkout / "notebooks",
            env=variables,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert sorted(checkout.rglob("*")) == before
    saved = sorted((home / ".cache" / "nbhelpers").iterdir())
    assert [path.name for path in saved] == ["digits_98.npz", "digits_99.npz"]
    for path in saved:
        assert f"can't be written to, so the network is in {path}" in run.stdout


# -- wild numbers ------------------------------------------------------------------------------

X = np.random.default_rng(0).random((20, 4), dtype=np.float32)
Y = np.arange(20) % 3


def with_one(value, dtype=float):
    """The examples with `value` in row 4."""
    changed = X.astype(dtype)
    changed[4, 1] = value
    return changed


def trained(net, X, y):
    """What `fit` does to a network in one epoch."""
    options = {"epochs": 1, "batch_size": 5, "rng": np.random.default_rng(0)}
    return fit(net, X, y, optimizer=SGD(0.1), **options)


@pytest.mark.parametrize(
    ("output", "X", "y", "words"),
    [
        ("softmax", with_one(np.nan), Y, "NaN or infinite numbers, first in row 4"),
        ("softmax", with_one(np.inf), Y, "NaN or infinite numbers, first in row 4"),
        ("softmax", with_one(-np.inf), Y, "NaN or infinite numbers, first in row 4"),
        ("softmax", with_one(1e300), Y, "too large for float32"),
        ("softmax", [[10**400] * 4] * 20, Y, "X must be numbers"),
        ("softmax", with_one(1j, complex), Y, "X must be numbers"),
        ("softmax", {}, Y, "X must be numbers"),
        ("softmax", [["a"] * 4] * 20, Y, "X must be numbers"),
        ("softmax", [[1, 2, 3, 4], [5]], Y, "X must be numbers"),
        ("softmax", X, Y + 1, "class 3 is out of range: expected 0 to 2"),
        ("softmax", X, Y - 1, "class -1 is out of range"),
        ("softmax", X, np.full(20, 2**63, np.uint64), f"class {2**63} is out of range"),
        ("softmax", X, np.where(Y == 2, np.nan, Y), "classes must be integers"),
        ("softmax", X, [10**40] * 20, "classes must be integers"),
        ("softmax", X, None, "y has shape ()"),
        ("linear", X, np.full((20, 3), 1e300), "too large for float32"),
        ("linear", X, np.full((20, 3), np.inf), "NaN or infinite"),
        ("linear", X, np.eye(3)[Y] + 1j, "y must be numbers"),
    ],
)
def test_wild_numbers_are_refused_and_the_network_stays_as_it_was(output, X, y, words):
    net = MLP([4, 3, 3], output=output, rng=np.random.default_rng(0))
    before = net.params.copy()
    for use in (evaluate, trained):
        with pytest.raises(ValueError, match=words):
            use(net, X, y)
    for use in (net.forward, net.predict) if y is Y else ():
        with pytest.raises(ValueError, match=words):
            use(X)
    np.testing.assert_array_equal(net.params, before)


@pytest.mark.filterwarnings("ignore:stopped after max_iter")
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_trained_estimator_refuses_wild_inputs_and_can_be_used_afterwards(kind, value):
    mlp = kind(hidden_layer_sizes=(3,), max_iter=2, random_state=0).fit(X, Y)
    before, answers = mlp.net_.params.copy(), mlp.predict(X)
    for use in (mlp.fit, mlp.partial_fit, mlp.score):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            use(with_one(value), Y)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        mlp.predict(with_one(value))
    with pytest.raises(ValueError, match=r"NaN|infinity|Unknown label"):
        mlp.fit(X, np.where(Y == 2, value, Y))
    np.testing.assert_array_equal(mlp.net_.params, before)
    np.testing.assert_array_equal(mlp.predict(X), answers)


# -- hostile texts -----------------------------------------------------------------------------

WATCHED = ("compile", "exec", "import", "os.", "subprocess.", "pickle.", "ctypes.", "open")
HEARD, LISTENING = [], []


@functools.cache
def listen():
    """Ask Python to report what harm can be done with; it does so to the end of the process."""

    def hook(event, arguments):
        if LISTENING and event.startswith(WATCHED):
            HEARD.append((event, str(arguments)[:80]))

    sys.addaudithook(hook)


@contextlib.contextmanager
def nothing_is_run():
    """Fails if the block compiles, runs or imports code, starts a program or opens a file."""
    listen()
    HEARD.clear()
    LISTENING.append(True)
    try:
        yield
    finally:
        LISTENING.clear()
    assert HEARD == []


class Tags(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, tuple(sorted(name for name, _ in attributes))))


@functools.cache
def elements(html):
    """The elements in a piece of HTML, as a set."""
    return frozenset(Tags(html).found)


def page(panel):
    """All elements in the HTML of a panel."""
    parts = [widget for widget in family(panel.widget) if isinstance(widget, ipywidgets.HTML)]
    return frozenset().union(*(elements(widget.value) for widget in parts))


HOSTILE = [
    "__import__('os').getpid()",
    "eval(compile('1', '', 'eval'))",
    "(lambda: 1)()",
    "{self.__class__.__init__.__globals__}",
    "%(seed)s%n%x",
    "<script>alert(1)</script>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;",
    "</p><style>body{display:none}</style>",
    "$\\frac{1}{",
    "\u202e1\u202c",
    "1\x00",
    "\ud800",
    "½",
    "🙂" * 400,
    "9" * 1900,
    "1e999",
    "-" * 1900,
]


@pytest.fixture(scope="module", params=list(PLAYGROUNDS))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def panel(kind):
    """One panel of each kind, for the tests that leave it as it is."""
    panel = PLAYGROUNDS[kind](steps=3)
    yield panel
    panel.close()


def test_hostile_values_run_no_code_and_reach_no_page(kind, panel):
    state, picture, usual = panel.settings, panel.image.value, page(panel)
    names = [*type(panel.experiment.settings).allowed(), "steps", "<b onclick=x>name"]
    for name, value in itertools.product(names, HOSTILE):
        text = f"{name}={value}"
        with nothing_is_run():
            panel.text.value = text
        assert "Not applied" in panel.note.value, text
        assert len(panel.note.value) < 1000
        assert page(panel) <= usual | {("p", ("class", "role"))}, text
    with nothing_is_run(), pytest.raises(ValueError, match="unknown setting"):
        PLAYGROUNDS[kind](f"{HOSTILE[0]}=1")
    assert (panel.settings, panel.image.value) == (state, picture)
    panel.text.value = state


def test_odd_spellings_of_numbers_are_numbers_or_refused(panel):
    """Python reads more as a number than one thinks; what is read is written plainly."""
    state = panel.settings
    for value in ("٣", "1_0", " 7 ", "+5", "-0", "0003", "３", "4.0", "1e1"):
        panel.text.value = f"seed={value},steps=0"
        assert panel.settings.isascii()
        seed, steps = panel.experiment.settings.seed, panel.experiment.steps
        assert f"seed={seed}," in panel.settings + ","
        assert panel.settings.endswith(f"steps={steps}")
    panel.settings = state


# -- two thousand events -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["neuron", "one_delta", "glass_box", "xor"])
def test_two_thousand_events_leave_the_memory_flat(name):
    """Of four; tests/benchmarks/events.py has all of them, and 10,000 events for each."""
    memory, objects = np.array(events.watched(name, 2000))
    assert len(memory) == 11
    assert memory[2:].max() < 1.06 * memory[1]  # after a warm-up of 200 events
    assert objects[2:].max() < 1.01 * objects[1]


# -- an interrupt ------------------------------------------------------------------------------


def interrupted(action, line=10**9):
    """Run an action with an interrupt at the so-manyth line of nbhelpers that it runs.

    Returns how many lines were run before that, and whether a KeyboardInterrupt came out.
    """
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        if "nbhelpers" not in frame.f_code.co_filename:
            return None
        if event == "line":
            lines += 1
            if lines == line:
                sys.settrace(None)
                signal.raise_signal(signal.SIGINT)
                return None
        return trace

    before, heard = sys.gettrace(), False
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        heard = True
    finally:
        sys.settrace(before)
    return lines, heard


def move_seed(panel):
    control = panel.controls["seed"]
    control.value = (control.value + 1) % 5


ACTIONS = {
    "seed": move_seed,
    "text": lambda panel: setattr(panel.text, "value", f"seed={panel.play.value + 5},steps=3"),
    "step": lambda panel: panel.step(2),
    "play": lambda panel: panel.play_tick(),
    "reset": lambda panel: panel.buttons["reset"].click(),
    "new weights": lambda panel: panel.buttons["new_weights"].click(),
}


def pixels(panel):
    panel._draw()
    return panel.picture.draw()[..., :3].astype(int)


def quick(panel):
    """The panel, whose actions take as many lines each time."""
    panel.CATCH_UP, panel.FIRST, panel.SPELL, panel.BURST = 60.0, 60.0, 60.0, 0.0
    panel.pace.value = panel.pace.options[0][1]
    return panel


@unix
@pytest.mark.parametrize("kind", ["xor", "bowl", "regions"], scope="function")
@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_interrupt_in_the_middle_leaves_a_panel_that_works(kind, action):
    """At three lines between the 20th and the last fifth, which belongs to what is shown last."""
    panel, other = quick(PLAYGROUNDS[kind](steps=3)), quick(PLAYGROUNDS[kind](steps=0))
    handler = signal.getsignal(signal.SIGINT)
    action(panel)
    lines, _ = interrupted(lambda: action(panel))
    for line in np.linspace(20, 0.8 * lines, 3).astype(int):
        panel.play.value += 1  # and so "text" says something new
        _, heard = interrupted(lambda: action(panel), line)
        assert heard
        assert WHOLE.depth == 0
        assert signal.getsignal(signal.SIGINT) is handler
        settings = panel.experiment.settings
        assert all(c.value == getattr(settings, name) for name, c in panel.controls.items()
                   if name not in panel.number_boxes)  # fmt: skip
        assert panel.text.value == panel.settings
        assert f"Interrupted at step {panel.experiment.steps}" in panel.note.value
        assert not panel.playing
        assert panel.summary in panel._repr_mimebundle_()["text/plain"]
        panel.step(1)
        panel.reset()
        panel.clear()
        other.settings = panel.settings
        other.clear()
        for each in (panel, other):
            each.step(3)
        assert panel.experiment.loss == other.experiment.loss
    np.testing.assert_array_equal(pixels(panel), pixels(other))
    panel.close()
    other.close()


@unix
def test_an_interrupt_before_anything_has_changed_is_put_right_by_the_next_step():
    """In its first lines a callback isn't protected yet; then a slider may be ahead."""
    panel, ahead = quick(PLAYGROUNDS["xor"](steps=3)), 0
    for line in range(1, 8):
        _, heard = interrupted(lambda: move_seed(panel), line)
        assert heard
        ahead += panel.controls["seed"].value != panel.experiment.settings.seed
        panel.step(1)
        assert panel.controls["seed"].value == panel.experiment.settings.seed
        assert WHOLE.depth == 0
    assert ahead
    panel.close()


@unix
def test_an_interrupt_waits_for_the_end_and_a_second_one_does_not():
    done = []

    def work(times):
        with WHOLE, WHOLE:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            done.append(times)

    for times in (0, 1):
        with pytest.raises(KeyboardInterrupt) if times else contextlib.nullcontext():
            work(times)
    assert done == [0, 1]
    with pytest.raises(KeyboardInterrupt):
        work(2)
    with pytest.raises(ValueError, match="float"), WHOLE:  # no interrupt hides an error
        float(str(signal.raise_signal(signal.SIGINT)))
    assert done == [0, 1]
    assert (WHOLE.depth, WHOLE.interrupted) == (0, False)
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with WHOLE:
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, ignored)
    thread = threading.Thread(target=lambda: WHOLE.__enter__().__exit__(None, None, None))
    thread.start()  # signal.signal() would raise in any thread but the main one
    thread.join()
    assert (WHOLE.depth, WHOLE.interrupted) == (0, False)


# IPython looks at each frame of a traceback; where it can't, rarely, Python prints it instead.
NO_FORMAT = "Unexpected exception formatting exception. Falling back to standard exception"


class Kernel:
    """A real kernel that a test can interrupt."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(kernel_name="python3")

    def run(self, code, interrupt=False):
        """Run code as a cell; returns what it printed and the name of its error ("" if none).

        With `interrupt`, the kernel gets a SIGINT, as from JupyterLab's button with the square,
        when the first thing is printed.
        """
        return self._follow(self.client.execute(code), interrupt)

    def click(self, model_id, interrupt=False):
        """Click a button, as a page does; else as `run`."""
        data = {"method": "custom", "content": {"event": "click"}}
        message = self.client.session.msg("comm_msg", {"comm_id": model_id, "data": data})
        self.client.shell_channel.send(message)
        return self._follow(message["header"]["msg_id"], interrupt)

    def _follow(self, asked, interrupt):
        printed, errors, error, content = "", "", "", {}
        while content.get("execution_state") != "idle":
            answer = self.client.get_iopub_msg(timeout=120)
            if answer["parent_header"].get("msg_id") != asked:
                continue
            content = answer["content"]
            if answer["msg_type"] == "stream" and content["name"] == "stdout":
                if interrupt and not printed:
                    self.manager.interrupt_kernel()
                printed += content["text"]
            elif answer["msg_type"] == "stream":
                errors += content["text"]
            error = content.get("ename", error)
        printed, failed, _ = printed.partition(NO_FORMAT)
        return printed, errors.split()[-1] if failed else error


@pytest.fixture(scope="module")
def kernel():
    kernel = Kernel()
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


# A panel that says so in the middle of a training, and takes minutes for the rest.
PANEL = """
import time
from nbhelpers import playgrounds
from nbhelpers.playgrounds.xor import Xor

def advance(self, before=Xor.advance):
    if self.steps == 1000:
        print("now", flush=True)
    time.sleep(0.001 * (self.steps >= 1000))
    return before(self)

Xor.advance = advance
panel = playgrounds.xor(steps=10)
panel.pace.options = [("all", 200_000)]
print(panel.buttons["step"].model_id)
"""
PANEL_WORKS = """
other = playgrounds.xor(panel.settings)
assert other.experiment.loss == panel.experiment.loss
assert other.experiment.describe() in panel.summary
steps = panel.experiment.steps
panel.step(10)
assert panel.experiment.steps == steps + 10
panel.controls["learning_rate"].value = 1.0
panel.reset()
panel.settings = "steps=5"
print(panel.summary, panel.note.value, len(panel.png()) > 1000)
"""


@unix
@pytest.mark.parametrize("by", ["cell", "button"])
def test_a_kernel_interrupted_while_a_panel_trains(kernel, by):
    """In a cell, and after a click, which comes as a message from a page while no cell runs."""
    button = kernel.run(PANEL)[0].strip()
    if by == "cell":
        long = "panel.settings = 'learning_rate=0.3,steps=200000'"
        assert kernel.run(long, interrupt=True) == ("now\n", "KeyboardInterrupt")
    else:
        kernel.click(button, interrupt=True)
    printed, _ = kernel.run("print(panel.experiment.steps, panel.note.value)")
    assert 1000 <= int(printed.split()[0]) < 200_000
    assert "Interrupted at step" in printed
    assert "Play or Step goes on" in printed
    printed, error = kernel.run(PANEL_WORKS)
    assert error == ""
    assert printed.splitlines()[-1].startswith("step 5 ")
    assert "Interrupted" not in printed


@unix
def test_a_kernel_interrupted_in_the_middle_of_fit(kernel):
    start = """
import numpy as np
from threadpoolctl import threadpool_info
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.training import evaluate, fit
from nbhelpers import datasets, weights

X, y = datasets.digits()
net = MLP([64, 128, 10], rng=np.random.default_rng(0))
untrained, threads = evaluate(net, X, y)[0], [p["num_threads"] for p in threadpool_info()]
optimizer = Adam(0.002)
plan = {"optimizer": optimizer, "batch_size": 32, "rng": np.random.default_rng(0)}
plan |= {"validation": (X[:200], y[:200]), "schedule": "cosine"}
"""
    long = """
def tell(net, history):
    if len(history) == 1:
        print("now", flush=True)

fit(net, X, y, epochs=100_000, patience=100_000, callback=tell, **plan)
"""
    rest = """
assert np.isfinite(net.params).all() and optimizer.lr == 0.002
assert [p["num_threads"] for p in threadpool_info()] == threads
loss = evaluate(net, X, y)[0]
assert loss < untrained / 2
history = fit(net, X, y, epochs=2, **plan)
assert len(history) == 2 and evaluate(net, X, y)[0] < untrained / 2
print("works")
"""
    assert kernel.run(start) == ("", "")
    assert kernel.run(long, interrupt=True) == ("now\n", "KeyboardInterrupt")
    assert kernel.run(rest) == ("works\n", "")


# -- two panels side by side -------------------------------------------------------------------


def shown(panel, parts):
    """All that a panel with these widgets shows."""
    values = [str(getattr(widget, "value", "")) for widget in parts]
    return values, panel.image.value, panel.summary, panel.settings


def used(panel):
    """Some actions, one after the other: each `next` does one."""
    yield panel.step(5)
    yield move_seed(panel)
    yield panel.play_tick()
    yield panel.buttons["code"].click()


def test_two_panels_side_by_side_do_not_disturb_each_other(kind):
    """And a third one of another kind: what one does changes nothing in the others, and those of
    the same kind end where one ends alone."""
    kinds = list(PLAYGROUNDS)
    another = kinds[(kinds.index(kind) + 1) % len(kinds)]
    alone, *panels = (quick(PLAYGROUNDS[name](steps=3)) for name in (kind, kind, kind, another))
    for _ in used(alone):
        pass
    parts = [family(panel.widget) for panel in panels]
    ids = [widget.model_id for widgets in parts for widget in widgets]
    assert len(set(ids)) == len(ids)
    moves = [used(panel) for panel in panels]
    before = [shown(panel, widgets) for panel, widgets in zip(panels, parts, strict=True)]
    for k in list(range(len(panels))) * 4:
        next(moves[k])
        after = [shown(panel, widgets) for panel, widgets in zip(panels, parts, strict=True)]
        assert after[k] != before[k]
        assert after[:k] + after[k + 1 :] == before[:k] + before[k + 1 :]
        before = after
    *same, other = panels
    for panel in same:
        assert panel.settings == alone.settings
        assert panel.experiment.loss == alone.experiment.loss
        np.testing.assert_array_equal(pixels(panel), pixels(alone))
        panel.close()
    assert other.png()  # closing some leaves the others
    for panel in (alone, other):
        panel.close()
