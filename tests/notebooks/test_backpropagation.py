"""Notebook 07: its playground finds the bugs that it plants."""

import re
import sys

import numpy as np
import pytest
from scripts import output_of

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.gradient_check import check_gradients, numerical_gradient
from nbhelpers.playgrounds import bugs

# the name of the module is the name of the factory in its package, so it is found like this
module = sys.modules["nbhelpers.playgrounds.bugs"]
Bugs, BugsSettings, BUGS = module.Bugs, module.BugsSettings, module.BUGS
GUILTY = dict(
    zip(BUGS, [None, "b3", "layer 2", "layer 2", "layer 3", "layer 3", "layer 2"], strict=True)
)


def trained(steps, **settings):
    experiment = Bugs(BugsSettings(**settings))
    experiment.step(steps)
    return experiment


# ---------------------------------------------------------------- the playground
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_all_numbers_at_once_are_what_one_after_the_other_gives(activation):
    e = trained(20, activation=activation, layers=3, hidden=4)
    X, y, net = e.X[e.few], e.y[e.few], e.net
    f = ACTIVATIONS[activation].f
    dW, db, loss = module.central_differences(net.W, net.b, X, y, f)
    assert loss == pytest.approx(net.loss(net.forward(X), y))
    measured = numerical_gradient(lambda: net.loss(net.forward(X), y), net.params, module.EPS)
    together = np.concatenate([g.ravel() for g in dW + db])
    np.testing.assert_allclose(together, measured, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("seed", range(3))
def test_the_loss_falls_in_spite_of_the_bug_and_the_check_points_at_it(bug, seed):
    e = trained(750, bug=bug, seed=seed)
    start = e.history["loss"].values[0]
    assert e.loss < 0.6 * start
    assert e.guilty() == GUILTY[bug]
    healthy = e.healthy.loss(e.healthy.forward(e.X), e.y)
    assert (e.loss == healthy) == (bug == "none")
    assert check_gradients(e.healthy, e.X[e.few], e.y[e.few], tolerance=1e-6).passed


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_everything_below_a_missing_slope_is_wrong_and_nothing_above(layers):
    errors = trained(50, bug="no mask", layers=layers).check()
    wrong = {name for name, error in errors.items() if error > module.TOLERANCE}
    assert wrong == {f"{kind}{layer + 1}" for kind in "Wb" for layer in range(layers)}


def test_without_the_mean_a_step_is_ten_times_as_long():
    """With batches of ten: learning rate 0.05 then is 0.5."""
    bug, healthy = trained(300, bug="no 1/m"), trained(300, bug="none", learning_rate=0.5)
    np.testing.assert_allclose(bug.net.params, healthy.net.params, rtol=1e-6, atol=1e-8)
    n = len(bug.few)
    assert bug.check()["W1"] == pytest.approx((n - 1) / (n + 1), rel=1e-3)


def test_with_relu_the_wrong_variable_is_no_mistake():
    e = trained(100, bug="slope of the wrong variable", activation="relu")
    assert np.array_equal(e.net.params, e.healthy.params)
    assert e.guilty() is None


def test_updating_first_is_off_in_proportion_to_the_learning_rate():
    errors = [trained(0, bug="update first", learning_rate=lr).check() for lr in (0.005, 0.05)]
    for name in ("W1", "b1", "W2", "b2"):
        assert errors[1][name] == pytest.approx(10 * errors[0][name], rel=0.2)
    assert errors[1]["W3"] == errors[1]["b3"] == 0


@pytest.mark.parametrize(
    "settings",
    [{"bug": bug} for bug in BUGS]
    + [{"bug": BUGS[6], "activation": "relu", "layers": 2, "hidden": 5, "seed": 3}],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
def test_the_script_gives_the_very_same_numbers(settings, tmp_path):
    e = trained(200, **settings)
    first, *lines = output_of(e.code(), tmp_path, "-W", "error").splitlines()
    assert first == f"step 200, loss {e.loss:.6g}"
    errors = {name: float(x) for name, x in (re.split(r" relative error ", a) for a in lines)}
    assert errors.keys() == e.check().keys()
    for name, error in e.check().items():
        if error > module.TOLERANCE:
            assert errors[name] == pytest.approx(error, rel=0.06), name
        else:
            assert errors[name] < module.TOLERANCE, name


def test_the_picture_and_the_words_name_the_guilty_layer():
    panel = bugs("bug=no mask,steps=40")
    assert panel.picture.verdict == "✗ look at layer 2 first"
    panel.settings = "bug=none,steps=40"
    assert panel.picture.verdict == "✓ all gradients agree"
    assert panel.summary.endswith("check ✓")
