"""A function that doesn't end is left, whatever it catches, and nothing comes after it."""

import contextlib
import signal
import subprocess
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
from notebook_tools import plain_text

from nbhelpers import time_limit
from nbhelpers.publishing.execute import execute
from nbhelpers.teaching import checks
from nbhelpers.time_limit import TimeLimit, TimeUp


def endless(*arguments):
    while True:
        pass


def stubborn(*arguments):
    while True:
        with contextlib.suppress(BaseException):
            sum(range(10))


def catching(*arguments):
    try:
        endless()
    except BaseException:
        return "an answer all the same"


def within_another(*arguments):
    TimeLimit(60).call(endless)


def around_another(*arguments):
    with pytest.raises(TimeUp):
        TimeLimit(0.01).call(endless)
    endless()


ENDLESS = (endless, stubborn, catching, within_another, around_another)


@pytest.mark.parametrize("function", ENDLESS)
def test_time_is_up(function):
    with pytest.raises(TimeUp):
        TimeLimit(0.05).call(function)


def test_time_is_up_in_any_thread_and_in_that_one_alone():
    heard = []

    def other():
        try:
            TimeLimit(0.05).call(endless)
        except TimeUp:
            heard.append(threading.get_ident())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert heard == [thread.ident]


def test_what_ends_in_time_gives_its_value_or_its_error():
    limit = TimeLimit(600)
    assert [limit.call(divmod, 7, 2), limit.call(lambda: None)] == [(3, 1), None]
    with pytest.raises(ZeroDivisionError):
        limit.call(lambda: 1 / 0)
    assert 0 < limit.left < 600, "all calls share the time"
    assert threading.active_count() == len(threading.enumerate())


def test_nothing_comes_after_the_call(monkeypatch):
    """Where functions end at the very moment at which their time is up."""
    monkeypatch.setattr(time_limit, "AGAIN", 1e-6)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    ended = []
    try:
        for i in range(2000):
            try:
                ended.append(TimeLimit(i % 20 * 1e-5).call(lambda n: sum(range(n)), i % 50 * 200))
            except TimeUp:
                ended.append(None)
            for _ in range(50):
                len("a step at which something late would be heard")
    finally:
        sys.setswitchinterval(before)
    assert len(ended) == 2000
    assert {None, 0} <= set(ended), "both ways out were taken"
    assert not any(t.name.endswith("(_watch)") for t in threading.enumerate())


def test_nothing_comes_before_the_call(monkeypatch):
    """On a busy machine the watch may run long before `start` has returned, within locks."""
    begun = []

    class Slow(threading.Thread):
        def start(self):
            super().start()
            until = time.monotonic() + 0.1
            while time.monotonic() < until:
                pass
            begun.append(self)

    monkeypatch.setattr(threading, "Thread", Slow)
    with pytest.raises(TimeUp):
        TimeLimit(0.01).call(endless)
    assert len(begun) == 1
    assert not begun[0].is_alive()


FOLLOWED = """
import sys
from nbhelpers.time_limit import TimeLimit, TimeUp

def endless():
    while True:
        pass

try:
    TimeLimit(0.05).call(endless)
except TimeUp:
    sys.settrace(lambda *event: None)
    (lambda: None)()
    print("began")
"""


def test_a_debugger_can_follow_what_comes_after_it():
    """In a Python of its own: where one is still told of something under way, nothing begins."""
    run = subprocess.run(
        [sys.executable, "-c", FOLLOWED], capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stdout == "began\n"


def test_an_interrupt_reaches_the_kernel_at_once():
    def interrupted():
        signal.raise_signal(signal.SIGINT)
        endless()

    with pytest.raises(KeyboardInterrupt):
        TimeLimit(600).call(interrupted)
    assert TimeLimit(600).call(len, "ab") == 2


def test_a_page_without_threads_has_no_limit(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(threading, "Thread", None)
    assert TimeLimit(0).call(len, "ab") == 2


# ------------------------------------------------------------------------ in a check
@pytest.fixture
def hurried(monkeypatch):
    checks.reset()
    monkeypatch.setattr(checks, "SECONDS", 0.05)
    yield
    checks.reset()


@pytest.mark.parametrize("answer", ENDLESS)
def test_a_check_says_that_a_function_does_not_end(hurried, answer):
    said = [checks.check("xor_loop.neuron", answer) for _ in range(2)]
    assert [result.stage for result in said] == ["error", "error"]
    assert "still running after 0.05 seconds: does a loop in it end?" in said[0].message
    assert "called your function with X of shape (4, 2) and w of shape (2, 1)." in said[0].message
    assert said[1].message.count("Hint:") == 1, "it is a try like any other"


def test_it_says_in_which_line_it_was(hurried):
    def less(rows):
        return sum(range(1000)) * 0 + rows - 8

    def counts_down(X, w):
        rows = len(X)
        while rows != 0:
            rows = less(rows)
        return X @ w

    assert "rows = less(rows)" in checks.check("xor_loop.neuron", counts_down).message
    with np.errstate(over="raise"):
        checks.check("xor_loop.neuron", counts_down)
        assert np.geterr()["over"] == "raise"


def test_a_kernel_survives_an_endless_answer(tmp_path):
    sources = [
        "from nbhelpers.teaching import checks\n\nchecks.SECONDS = 0.2",
        "def f(x, w):\n    while True:\n        pass",
        "checks.check('start_here.weighted_sum', f)",
        "print(sum(range(100_000)))",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = execute(nbformat.v4.new_notebook(cells=cells), tmp_path, timeout=60)
    text = plain_text(notebook.cells[2].outputs[0])
    assert "still running after 0.2 seconds" in text
    assert "of its cell: " in text
    assert plain_text(notebook.cells[3].outputs[0]) == "4999950000\n"
