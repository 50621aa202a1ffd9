"""Notebook 03: its claims about the bowl, about mini-batches and about its program."""

import re

import numpy as np
import pytest
from notebook_tools import FOLDER, cells, read

from nbhelpers import checks
from nbhelpers.lessons import program

SOURCES = [cell.source for cell in cells(read(FOLDER / "03_sgd.ipynb"), kind="code")]


@pytest.fixture(scope="module")
def notebook():
    """The notebook's own functions and data, without running its experiments."""
    names = {"np": np}
    wanted = r"^def (sigmoid|height|in_order|flip|deal_all|train_stack|shuffled_batches|but)\("
    for source in SOURCES:
        if re.search(wanted, source, flags=re.MULTILINE):
            exec(source.split("\nways =")[0].split("\nversions =")[0], names)
    names["X_test"] = names["X"][:-1] + np.pi / 31
    return names


def errors(answers, points):
    """Root mean squared errors of a stack, (settings, seeds)."""
    return np.sqrt(np.mean((answers(points) - np.sin(points)) ** 2, axis=(-2, -1)))


def test_the_bowl_ends_where_the_closed_form_says(notebook):
    path = notebook["descend"](0.01)
    reached = notebook["height"](path[-1])
    assert f"{reached:.2e}" == "2.25e-18"
    assert reached == pytest.approx((0.54**2 + 0.71**2) * 0.98**2000, rel=1e-10)


@pytest.mark.parametrize(("steepness", "limit"), [((1, 1), 1.0), ((1, 10), 0.1), ((3, 0.5), 1 / 3)])
def test_the_steepest_direction_sets_the_limit(notebook, steepness, limit):
    def end(lr):
        path = notebook["descend"](lr, 1_000, steepness)
        return notebook["height"](path[-1], steepness) / notebook["height"](path[0], steepness)

    assert end(0.99 * limit) < 1e-3
    assert end(1.01 * limit) > 1e3


def test_the_stack_is_the_program(notebook):
    """Seed by seed the same numbers, so that the notebook's ten starts are ten programs."""
    answers, _ = notebook["train_stack"]([notebook["PROGRAM"]], epochs=40)
    stacked = errors(answers, notebook["X_test"])[0]
    for seed in (0, 7):
        source = program("03").replace("default_rng(0)", f"default_rng({seed})")
        assert f"default_rng({seed})" in source
        source = source.replace("3_000", "40")
        names = {}
        exec(source, names)
        assert names["epoch"] == 39
        assert stacked[seed] == pytest.approx(names["error"], rel=1e-9)


def test_the_program_beats_the_tutorial_and_shuffling_matters(notebook):
    ours, but = notebook["PROGRAM"], notebook["but"]
    tutorial = {"lr": 0.45, "deal": notebook["in_order"], "output_bias": False}
    tutorial |= {"normal": False, "linear": False}
    versions = [ours, but(ours, deal=notebook["in_order"]), tutorial]
    versions.append(but(ours, deal=notebook["shuffled_batches"]))
    answers, _ = notebook["train_stack"](versions)
    at_tests = errors(answers, notebook["X_test"])
    median = np.median(at_tests, axis=1)
    assert median[0] < 0.05
    assert median[1] > 1.5 * median[0]  # in order
    assert median[3] > 1.5 * median[0]  # only the batches shuffled
    assert at_tests[2].min() > 0.15
    assert at_tests[2].max() < 0.32
    assert np.median(errors(answers, notebook["X"])[0]) == pytest.approx(median[0], rel=0.3)


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        (
            "sgd.batches",
            lambda X, m, rng: [rng.integers(0, len(X), m) for _ in range(0, len(X), m)],
            "twice",
        ),
        ("sgd.limits", (0.5, 0.05), "one step"),
        ("sgd.largest_rate", lambda steepness: 1 / steepness.min(), "steepest"),
        ("sgd.rmse", lambda A, Y: ((A - Y) ** 2).mean(), "root"),
    ],
)
def test_likely_mistakes_are_named(name, answer, words):
    checks.reset(name)
    for _ in range(2):
        result = checks.check(name, answer)
    assert not result.passed
    assert any(words in mistake for mistake in result.mistakes), result.message


def test_a_dropped_last_batch_is_missed():
    def batches(X, batch_size, rng):
        order = rng.permutation(len(X))
        return [order[k : k + batch_size] for k in range(0, len(X) - batch_size + 1, batch_size)]

    assert "last, smaller batch" in checks.check("sgd.batches", batches).message


def test_shuffling_x_but_not_y_is_named():
    def one_epoch(X, Y, w, b, order, batch_size, lr):
        X = X[order]
        for start in range(0, len(X), batch_size):
            rows = slice(start, start + batch_size)
            delta = (X[rows] @ w + b - Y[rows]) / len(X[rows])
            w, b = w - lr * X[rows].T @ delta, b - lr * delta.sum(axis=0)
        return w, b

    checks.reset("sgd.one_epoch")
    checks.check("sgd.one_epoch", one_epoch)
    result = checks.check("sgd.one_epoch", one_epoch)
    assert any("Y is not" in mistake for mistake in result.mistakes), result.message


@pytest.mark.parametrize("limits", [(0.995, 0.1), (1, 0.1), (1.01, 0.101), (1.0, 0.099)])
def test_the_limits_may_be_found_by_trying(limits):
    assert checks.check("sgd.limits", limits).passed
