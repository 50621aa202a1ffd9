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
)
from nbhelpers.playgrounds.engine.code import HIDDEN
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.teaching.lessons import program

SWITCH = ("on", "off")


def run_script(code):
    """The names that a script leaves behind, and what it prints."""
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        exec(code, names)
    return names, printed.getvalue()


# -- curves: the numbers ---------------------------------------------------------------------------
SCRIPTS = [
    *(
        (Sgd, 7, SgdSettings(batch_size=size, shuffle=on, seed=3))
        for size in (1, 8, 32)
        for on in SWITCH
    ),
    *(
        (Sgd, 5, SgdSettings(function=function, domain=domain, hidden=3))
        for function in CURVES
        for domain in DOMAINS
    ),
    *(
        (Activations, 9, ActivationSettings(activation=f, depth=n, learning_rate=0.02, seed=1))
        for f in HIDDEN
        for n in (1, 3)
    ),
    *(
        (CurveBias, 30, CurveBiasSettings(hidden_bias=hidden, output_bias=output, hidden=4))
        for hidden in SWITCH
        for output in SWITCH
    ),
]


@pytest.mark.parametrize(("kind", "steps", "settings"), SCRIPTS)
def test_scripts_end_with_the_same_weights(kind, steps, settings):
    experiment = kind(settings)
    experiment.step(steps)
    names, printed = run_script(experiment.code())
    for k, (W, b) in enumerate(zip(experiment.net.W, experiment.net.b, strict=True), 1):
        np.testing.assert_allclose(names[f"W{k}"], W, rtol=1e-12)
        assert (f"b{k}" in names) == (b is not None)
        if b is not None:
            np.testing.assert_allclose(names[f"b{k}"], b, rtol=1e-12)
    assert names["error"] == pytest.approx(experiment.test_error(), rel=1e-12)
    assert f"{experiment.unit} {experiment.steps:,}, loss {experiment.loss:.6g}\n" in printed


def test_the_defaults_are_the_program_of_notebook_03():
    names, _ = run_script(program("03").replace("0.3, 3_000, 4", "0.3, 200, 4"))
    net = playgrounds.sgd(steps=200).experiment.net
    assert names["epoch"] == 199
    for name, ours in zip(("W1", "W2", "b1", "b2"), net.W + net.b, strict=True):
        np.testing.assert_allclose(ours, names[name], rtol=1e-9)


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
def test_contributions_and_bias_add_up_to_the_output():
    for panel in (playgrounds.curve_bias(steps=500), playgrounds.activations("depth=3,steps=20")):
        picture = panel.picture
        contributions = np.array([line[:, 1] for line in picture.contributions.get_segments()])
        constant = picture.constant.get_ydata()[0]
        output = picture.output.get_ydata()[:, 0]
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


def test_the_challenge_of_curve_bias_is_a_new_one_after_each_change(tmp_path):
    """What another network reached isn't this one's."""
    panel = playgrounds.curve_bias(
        "learning_rate=0.6,hidden=6,steps=8000", bests=Bests(tmp_path / "bests.json")
    )
    assert panel.experiment.solved == 6_683
    assert panel.reached
    panel.controls["hidden"].value = 2
    assert panel.experiment.solved is None
    assert not panel.reached
    panel.reset()
    assert panel.experiment.solved is None
