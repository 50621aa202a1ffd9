"""The panels of notebooks 02 to 04 on curves, and the bowl: what the tests of all panels leave out.

The scripts of *Show code* are run here for every kind of setting and must end with the very same
weights; the steps themselves are compared with sums done by hand.
"""

import contextlib
import io
from itertools import product

import numpy as np
import pytest

from nbhelpers import playgrounds
from nbhelpers.datasets import CURVES
from nbhelpers.playgrounds.bowl import BATCHES, BOWLS, Bowl, BowlSettings
from nbhelpers.playgrounds.curve import (
    DOMAINS,
    Activations,
    ActivationSettings,
    CurveBias,
    CurveBiasSettings,
    Sgd,
    SgdSettings,
    multiple_of_pi,
)
from nbhelpers.playgrounds.engine.code import HIDDEN

SWITCH = ("on", "off")


def run_script(code):
    """The names that a script leaves behind, and what it prints."""
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        exec(code, names)
    return names, printed.getvalue()


def assert_script_ends_the_same(experiment):
    names, printed = run_script(experiment.code())
    for k, (W, b) in enumerate(zip(experiment.net.W, experiment.net.b, strict=True), 1):
        np.testing.assert_allclose(names[f"W{k}"], W, rtol=1e-12)
        assert (f"b{k}" in names) == (b is not None)
        if b is not None:
            np.testing.assert_allclose(names[f"b{k}"], b, rtol=1e-12)
    assert names["error"] == pytest.approx(experiment.test_error(), rel=1e-12)
    assert f"{experiment.unit} {experiment.steps:,}" in printed
    assert f"loss {experiment.loss:.6g}\n" in printed


# -- curves: the numbers ---------------------------------------------------------------------------
@pytest.mark.parametrize(("size", "shuffle"), [*product([1, 2, 4, 8, 16, 32], SWITCH)])
def test_script_of_mini_batches(size, shuffle):
    experiment = Sgd(SgdSettings(batch_size=size, shuffle=shuffle, seed=3))
    experiment.step(7)
    assert_script_ends_the_same(experiment)


@pytest.mark.parametrize(("function", "domain"), [*product(CURVES, DOMAINS)])
def test_script_of_functions(function, domain):
    experiment = Sgd(SgdSettings(function=function, domain=domain, hidden=3))
    experiment.step(5)
    assert_script_ends_the_same(experiment)


@pytest.mark.parametrize(("activation", "depth"), [*product(HIDDEN, (1, 2, 3))])
def test_script_of_activations(activation, depth):
    settings = ActivationSettings(activation=activation, depth=depth, learning_rate=0.02, seed=1)
    experiment = Activations(settings)
    experiment.step(9)
    assert_script_ends_the_same(experiment)


@pytest.mark.parametrize(("hidden_bias", "output_bias"), [*product(SWITCH, SWITCH)])
def test_script_of_biases(hidden_bias, output_bias):
    settings = CurveBiasSettings(hidden_bias=hidden_bias, output_bias=output_bias, hidden=4)
    experiment = CurveBias(settings)
    experiment.step(30)
    assert_script_ends_the_same(experiment)


def test_the_defaults_are_the_program_of_notebook_03():
    X = np.linspace(0, 2 * np.pi, 32)[:, None]
    Y = np.sin(X)
    rng = np.random.default_rng(0)
    W1, b1 = rng.standard_normal((1, 5)), np.zeros(5)
    W2, b2 = rng.standard_normal((5, 1)), np.zeros(1)
    for _ in range(200):
        order = rng.permutation(len(X))
        for start in range(0, len(X), 4):
            rows = order[start : start + 4]
            A1 = 1 / (1 + np.exp(-(X[rows] @ W1 + b1)))
            A2 = A1 @ W2 + b2
            delta2 = (A2 - Y[rows]) / len(rows)
            delta1 = delta2 @ W2.T * A1 * (1 - A1)
            W2 -= 0.3 * A1.T @ delta2
            b2 -= 0.3 * delta2.sum(axis=0)
            W1 -= 0.3 * X[rows].T @ delta1
            b1 -= 0.3 * delta1.sum(axis=0)
    panel = playgrounds.sgd(steps=200)
    for ours, theirs in zip(
        panel.experiment.net.W + panel.experiment.net.b, [W1, W2, b1, b2], strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert panel.summary.startswith("epoch 200 · loss ")


def test_mini_batches_learn_the_sine_and_full_batches_are_slower():
    mini, full = Sgd(), Sgd(SgdSettings(batch_size=32))
    for experiment in (mini, full):
        experiment.step(3000)
    assert mini.test_error() < 0.03
    assert full.test_error() > 0.15


@pytest.mark.parametrize("shuffle", SWITCH)
def test_the_marked_points_are_those_of_the_last_update(shuffle):
    experiment = Sgd(SgdSettings(shuffle=shuffle, batch_size=8))
    assert len(experiment.batch) == 0
    seen, backward = [], experiment.net.backward
    experiment.net.backward = lambda A, Y, check: (seen.append(A[0]), backward(A, Y, check))
    batches = []
    for _ in range(3):
        experiment.step()
        np.testing.assert_array_equal(experiment.X[experiment.batch], seen[-1])
        batches.append(tuple(experiment.batch))
        epoch = np.concatenate(seen[-4:])
        np.testing.assert_array_equal(np.sort(epoch, axis=0), experiment.X)  # each point once
    assert len(seen) == 12
    assert len(set(batches)) == (3 if shuffle == "on" else 1)


# -- curves: bias, dead units, divergence, the picture ---------------------------------------------
def test_without_hidden_bias_a_curve_is_symmetric_about_a_point():
    """At x = 0 every unit is in its middle: f(x) + f(-x) is the same for all x."""
    pinned, free = (
        CurveBias(CurveBiasSettings(hidden_bias=on, function="bump")) for on in ("off", "on")
    )
    x = np.linspace(0.1, 3, 20)[:, None]
    sums = []
    for experiment in (pinned, free):
        experiment.step(3000)
        forward = experiment.net.forward
        np.testing.assert_allclose(forward(np.zeros((1, 1)))[1] == 0.5, experiment is pinned)
        sums.append(np.ptp(forward(x)[-1] + forward(-x)[-1]))
    assert sums[0] < 1e-12
    assert sums[1] > 0.5
    assert pinned.loss > 20 * free.loss


def test_contributions_and_bias_add_up_to_the_output():
    for panel in (playgrounds.curve_bias(steps=500), playgrounds.activations("depth=3,steps=20")):
        picture = panel.picture
        contributions = np.array([line[:, 1] for line in picture.contributions.get_segments()])
        constant = picture.constant.get_ydata()[0]
        output = picture.line.get_ydata()[:, 0]
        np.testing.assert_allclose(contributions.sum(axis=0) + constant, output, atol=1e-12)


def test_the_middles_of_the_units_slide_only_with_a_bias():
    panel = playgrounds.curve_bias("hidden_bias=off,steps=200")
    assert np.all(panel.picture.middles.get_xdata() == 0)
    panel.controls["hidden_bias"].value = "on"
    net = panel.experiment.net
    x, y = panel.picture.middles.get_data()
    np.testing.assert_allclose(x * net.W[0][0] + net.b[0], 0, atol=1e-12)
    np.testing.assert_allclose(y, 0.5 * net.W[1][:, 0])
    assert np.ptp(x) > 0.5


def test_dead_units_are_counted_and_seen():
    panel = playgrounds.activations("activation=relu,hidden=10,learning_rate=0.05,steps=300")
    A = np.maximum(panel.experiment.X @ panel.experiment.net.W[0] + panel.experiment.net.b[0], 0)
    dead = int(np.sum(A.sum(axis=0) == 0))
    assert dead >= 3
    assert f"{dead} of 10 units dead" in panel.summary
    bars = panel.picture.bars.get_data()
    zeros = (bars.edges[1] > A).mean()
    assert zeros > 0.3
    assert bars.values[0] / bars.values.sum() == pytest.approx(zeros)
    assert "dead" not in playgrounds.activations(steps=1).summary


def test_a_curve_that_diverges_is_explained():
    panel = playgrounds.activations("activation=relu,learning_rate=3,steps=500")
    epoch = panel.experiment.diverged
    assert epoch == panel.experiment.steps < 500
    assert f"at epoch {epoch}. The updates overshot" in panel.summary
    assert "Try a learning rate below 0.9" in panel.summary
    assert panel.picture.words.get_text() == f"diverged at epoch {epoch}"
    panel.settings = "steps=5"
    assert not panel.picture.words.get_visible()


def test_an_output_far_away_is_mentioned():
    panel = playgrounds.sgd("function=damped wave,hidden=12,steps=0")
    panel.experiment.net.b[-1] += 100
    panel.png()
    assert panel.picture.words.get_visible()
    assert "outside" in panel.picture.words.get_text()


def test_numbers_are_written_as_in_a_program():
    assert [multiple_of_pi(x) for x in (np.pi, -2 * np.pi, 0.0, 1.5, 3.14)] == [
        "np.pi",
        "-2 * np.pi",
        "0.0",
        "1.5",
        "3.14",
    ]
    for high in (function.domain[1] for function in CURVES.values()):
        for domain in DOMAINS.values():
            for end in domain(-high, high):
                assert eval(multiple_of_pi(end), {"np": np}) == end


def test_the_background_follows_the_settings():
    """Blitting must show what drawing everything from nothing shows."""
    for panel in (playgrounds.activations("depth=2,steps=5"), playgrounds.bowl(steps=9)):
        for name, value in (("depth", 1), ("activation", "elu"), ("surface", list(BATCHES)[1])):
            if name in panel.controls:
                panel.controls[name].value = value
                fast = panel.png()
                panel.picture.refresh()
                assert panel.png() == fast


# -- bowl ------------------------------------------------------------------------------------------
def test_the_round_bowl_of_notebook_03():
    panel = playgrounds.bowl()
    assert panel.summary == "step 1,000 · loss 2.25e-18 · |1 − 2·lr| = 0.98"
    by_hand = (0.54**2 + 0.71**2) * 0.98**2000
    assert panel.experiment.loss == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize(("surface", "seed"), [*product([*BOWLS, *BATCHES], (0, 4))])
def test_script_of_the_bowl(surface, seed):
    experiment = Bowl(BowlSettings(learning_rate=0.07, surface=surface, seed=seed))
    experiment.step(45)
    names, printed = run_script(experiment.code())
    np.testing.assert_allclose(names["weights"], experiment.weights, rtol=1e-12)
    assert printed.startswith(f"step 45, loss {experiment.loss:.6g}\n")


@pytest.mark.parametrize("surface", [*BOWLS, next(iter(BATCHES))])
def test_learning_rates_above_the_limit_diverge(surface):
    limit = Bowl(BowlSettings(surface=surface)).limit()
    for lr, diverges in ((0.98 * limit, False), (1.02 * limit, True)):
        experiment = Bowl(BowlSettings(learning_rate=lr, surface=surface, seed=1))
        experiment.step(20_000)
        assert (experiment.diverged is not None) == diverges
        if not diverges:
            lowest = experiment.value(*experiment.bottom())
            assert experiment.loss == pytest.approx(lowest, abs=1e-9)
        else:
            assert f"learning rate of {limit:.3g}" in experiment.advice()


def test_mini_batches_of_the_neuron_stay_restless_and_average_to_the_gradient():
    full, few = (Bowl(BowlSettings(learning_rate=0.1, surface=name)) for name in list(BATCHES)[:2])
    for experiment in (full, few):
        experiment.step(2000)
    last = {e: e.history["loss"].values[-100:] for e in (full, few)}
    assert np.ptp(last[full]) < 1e-12
    assert np.ptp(last[few]) > 1e-4
    gradients = []
    for few.steps in range(2001, 2005):  # an epoch, at the same weights
        gradients.append(few.gradient())
    full.weights[:] = few.weights
    np.testing.assert_allclose(np.mean(gradients, axis=0), full.gradient(), atol=1e-12)


def test_the_bowl_says_what_a_step_does():
    say = {lr: playgrounds.bowl(f"learning_rate={lr},steps=3").summary for lr in (0.5, 1.0, 1.5)}
    assert say[0.5].endswith("loss 0 · |1 − 2·lr| = 0 · one step reaches the bottom")
    assert say[1.0].endswith("|1 − 2·lr| = 1 · it comes no nearer")
    assert say[1.5].endswith("|1 − 2·lr| = 2 · above 1: every step leads farther away")
    panel = playgrounds.bowl("learning_rate=1.5,steps=3")
    assert "outside the picture:\n(-4.32, -5.68)" in panel.picture.words.get_text()
    panel.step(1000)
    assert "landed farther away on the other side" in panel.summary
    panel.controls["surface"].value = "stretched bowl"
    panel.controls["learning_rate"].value = 0.01
    assert "|1 − 20·lr| = 0.8 for y" in panel.summary
    panel.settings = "surface=stretched bowl,learning_rate=0.1,steps=3"
    assert panel.summary.endswith("|1 − 20·lr| = 1 for y · y comes no nearer")
    panel.settings = "surface=stretched bowl,learning_rate=0.11,steps=3"
    assert panel.summary.endswith("= 1.2 for y · above 1: every step leads y farther away")


def test_the_path_shows_every_step():
    panel = playgrounds.bowl("surface=stretched bowl,learning_rate=0.09,steps=500")
    x, y = panel.picture.path.get_data()
    np.testing.assert_allclose(x, 0.54 * 0.82 ** np.arange(501), atol=1e-12)
    np.testing.assert_allclose(y, 0.71 * (-0.8) ** np.arange(501), atol=1e-12)
