"""One thread for small matrix products: set by the first who comes, put back by the last."""

import sys
from threading import Event, Thread

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_info, threadpool_limits

from nbhelpers import threads
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.threads import one_thread
from nbhelpers.training import fit

X, y = np.ones((8, 2)), np.zeros(8, int)


def numbers():
    """How many threads each BLAS in this process may use: one BLAS, or none that is known."""
    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


@pytest.fixture(autouse=True)
def two():
    """Two threads, whatever the machine and the tests' own settings are."""
    with threadpool_limits(2, "blas"):
        yield


def train(callback=None):
    rng = np.random.default_rng(0)
    net = MLP([2, 3], rng=rng)
    settings = {"epochs": 1, "batch_size": 4, "rng": rng, "callback": callback}
    return fit(net, X, y, optimizer=SGD(0.1), **settings)


def test_small_products_take_one_thread_and_large_ones_all():
    before = numbers()
    with threads.suited(threads.SMALL - 1):
        assert numbers() == [1 for _ in before]
    with threads.suited(threads.SMALL):
        assert numbers() == before
    seen = []
    train(lambda net, history: seen.append(numbers()))
    assert seen == [[1 for _ in before]]
    assert numbers() == before


def test_whoever_is_inside_twice_leaves_twice():
    before = numbers()
    with one_thread:
        one_thread(lambda: None)()
        assert numbers() == [1 for _ in before]
    assert numbers() == before


def test_two_trainings_that_overlap_leave_the_number_as_it_was():
    """The first to come is the first to go, so neither has found the number it would put back."""
    before, seen = numbers(), []
    both, over = Event(), Event()

    def first(net, history):
        second.start()
        assert both.wait(60)

    def last(net, history):
        both.set()
        assert over.wait(60)
        seen.append(numbers())

    second = Thread(target=train, args=[last])
    train(first)
    seen.append(numbers())
    over.set()
    second.join()
    assert seen == [[1 for _ in before]] * 2  # the second is still at work
    assert numbers() == before


@pytest.mark.parametrize("found", ["no threadpoolctl", "no BLAS"])
def test_training_works_where_nothing_can_be_set(found, monkeypatch):
    before = numbers()
    if found == "no threadpoolctl":
        monkeypatch.setitem(sys.modules, "threadpoolctl", None)
        monkeypatch.setattr(threads, "controller", threads.controller.__wrapped__)
        assert threads.controller() is None
    else:
        nothing = ThreadpoolController().select(prefix="none")
        assert nothing.info() == []
        monkeypatch.setattr(threads, "controller", lambda: nothing)
    assert len(train()) == 1
    assert numbers() == before


def test_blas_is_looked_for_once(monkeypatch):
    train()
    monkeypatch.setattr("threadpoolctl.ThreadpoolController", None)
    train()
