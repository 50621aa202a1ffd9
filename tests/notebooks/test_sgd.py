"""Notebook 03: its claims about the bowl, about mini-batches and about its program."""

import numpy as np
import pytest
from lesson import definitions, ran

from nbhelpers.gradient_check import numerical_gradient


@pytest.fixture(scope="module")
def notebook():
    """The notebook's own functions and data."""
    return definitions("03", {"X", "Y", "X_test", "LOOK", "TUTORIAL", "PROGRAM"})


def trained(notebook, rates=(0.3,), epochs=3_000, **version):
    """Ten networks a rate, with the names of the notebook: their errors, (rates, starts)."""
    net, _ = notebook["train_stack"](rates, epochs=epochs, **version)
    output = version.get("output", notebook["linear"])
    return lambda points: notebook["errors_at"](net, points, output)


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


def test_the_gradients_are_those_of_the_loss(notebook):
    """Both outputs, against differences of half the mean squared error."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 1)), rng.uniform(-1, 1, (6, 1))
    for output, scale in ((notebook["linear"], 1), (notebook["scaled"], 0.5)):
        net = [part + rng.normal(0, 0.3, part.shape) for part in notebook["normal"](rng)]

        def loss(net=net, output=output, scale=scale):
            W1, b1, W2, b2 = net
            answers, _ = output(notebook["sigmoid"](x @ W1 + b1) @ W2 + b2)
            return 0.5 * np.mean((scale * (answers - y)) ** 2)  # scaled: (y + 1) / 2 is the target

        for part, slopes in zip(net, notebook["gradients"](net, x, y, output), strict=True):
            np.testing.assert_allclose(slopes, numerical_gradient(loss, part, 1e-6), atol=1e-8)


def test_the_stack_is_the_program(notebook):
    """Seed by seed the same numbers, so that the notebook's ten starts are ten programs."""
    stacked = trained(notebook, epochs=40)(notebook["X_test"])[0]
    for seed in (0, 7):
        names = ran("03", seed, "3_000", "40")
        assert names["epoch"] == 39
        assert stacked[seed] == pytest.approx(names["error"], rel=1e-9)


def test_the_program_beats_the_tutorial_and_shuffling_matters(notebook):
    ours, tutorial = notebook["PROGRAM"], notebook["TUTORIAL"]
    between = notebook["X_test"]
    full = trained(notebook, **ours)
    median = np.median(full(between))
    assert median < 0.05
    assert np.median(full(notebook["X"])) == pytest.approx(median, rel=0.3)
    for deal in (notebook["in_order"], notebook["shuffled_batches"]):
        errors = trained(notebook, **ours | {"deal": deal})(between)
        assert np.median(errors) > 1.5 * median
    published = trained(notebook, rates=[0.45], **tutorial)(between)
    assert published.min() > 0.15
    assert published.max() < 0.32
