"""Claims of notebook 05 and its playground, measured again."""

import re

import numpy as np
import pytest
from lesson import ran
from scripts import output_of

from nbhelpers.initializers import INITIALIZERS
from nbhelpers.playgrounds.engine.code import HIDDEN
from nbhelpers.playgrounds.signals import (
    DRAW,
    SCHEMES,
    Signals,
    SignalsSettings,
    ridges,
    shares,
    signals,
)


def experiment(text):
    settings, steps = SignalsSettings.parse(text)
    made = Signals(settings)
    made.step(steps or 0)
    return made


def spreads(text):
    """Standard deviations of activations and deltas in the first and the last hidden layer."""
    return experiment(text).start[:2, [0, -1]]


# ---------------------------------------------------------------- weights
@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_schemes_have_the_variance_that_their_name_says(scheme):
    fan_in, fan_out = 300, 500
    variance = {
        "sd 0.01": 1e-4,
        "sd 1": 1.0,
        "uniform sqrt(2/fan_in)": 2 / (3 * fan_in),
        "normal 1/sqrt(fan_in)": 1 / fan_in,
        "Xavier normal": 2 / (fan_in + fan_out),
        "Xavier uniform": 2 / (fan_in + fan_out),
        "He normal": 2 / fan_in,
    }[scheme]
    W = DRAW[scheme](fan_in, fan_out, np.random.default_rng(0))
    assert W.var() == pytest.approx(variance, rel=0.02)
    assert abs(W.mean()) < 0.01 * W.std()


def test_the_panel_draws_the_packages_weights():
    net = experiment("scheme=Xavier normal,depth=2,width=20,seed=4").net
    rng = np.random.default_rng(4)
    for W in net.W:
        np.testing.assert_allclose(W, INITIALIZERS["xavier_normal"](*W.shape, rng), rtol=1e-14)
    np.testing.assert_allclose(
        experiment("scale=2,seed=4").net.W[0], 2 * experiment("scale=1,seed=4").net.W[0]
    )


# ---------------------------------------------------------------- signals
def test_only_he_keeps_both_ways_flat_with_relu():
    for seed in range(3):
        common = f"activation=relu,depth=10,width=128,seed={seed},scheme="
        activations, deltas = spreads(common + "He normal")
        assert 0.3 < activations[1] / activations[0] < 3
        assert 0.3 < deltas[0] / deltas[1] < 3
        for scheme, lost in (("Xavier normal", 0.1), ("uniform sqrt(2/fan_in)", 0.03)):
            activations, deltas = spreads(common + scheme)
            assert activations[1] / activations[0] < lost
            assert deltas[0] / deltas[1] < lost


def test_too_small_dies_and_too_large_saturates():
    activations, deltas = spreads("scheme=sd 0.01,depth=10")
    assert activations[1] < 1e-8
    assert deltas[0] < 1e-11
    activations, deltas = spreads("scheme=sd 1,depth=10")
    assert activations.min() > 0.9
    assert deltas[0] > 30 * deltas[1]


def test_things_to_try():
    """What the numbered list below the panel leads to."""
    activations, deltas = spreads("scheme=Xavier normal,depth=10,scale=1.5")
    assert activations[1] / activations[0] > 0.7
    assert 0.5 < deltas[0] / deltas[1] < 2
    for scheme, scale in (("Xavier normal", 2**0.5), ("uniform sqrt(2/fan_in)", 3**0.5)):
        activations, _ = spreads(f"activation=relu,depth=10,scheme={scheme},scale={scale}")
        assert 0.4 < activations[1] / activations[0] < 2.5
    small = "scheme=sd 0.01,learning_rate=1,steps=1000,depth="
    assert experiment(small + "3").loss < 0.01
    assert experiment(small + "4").loss > 0.49
    assert experiment(small + "2").diverged is not None
    deep = "activation=relu,depth=10,steps=200,"
    assert experiment(deep + "scheme=He normal").loss < 0.1
    assert experiment(deep + "scheme=Xavier normal").loss > 0.2
    assert experiment(deep + "scheme=Xavier normal,learning_rate=0.1").loss < 0.01
    assert experiment("scheme=sd 1,depth=10,steps=200").loss < 0.05


def test_deltas_and_steps_are_those_of_the_network():
    e = experiment("depth=3,width=11,activation=relu,steps=3")
    deltas = e.deltas()
    e.net.backward(e.A, e.Y)
    for layer, delta in enumerate(deltas):
        np.testing.assert_allclose(e.A[layer].T @ delta, e.net.dW[layer], atol=1e-14)
        step = 0.03 * np.linalg.norm(e.net.dW[layer]) / np.linalg.norm(e.net.W[layer])
        assert e.sizes(deltas)[2, layer] == pytest.approx(step)


# ---------------------------------------------------------------- picture
def test_shares_add_up_and_the_rest_is_at_the_edges():
    values = [np.array([[-5.0, -0.99, 0.01, 0.99, np.nan, np.inf, 5.0, 0.0]])]
    found = shares(values, -1, 1)
    assert found.sum() == pytest.approx(7 / 8)  # without the one that is not a number
    assert found[0, 0] == pytest.approx(2 / 8)
    assert found[0, -1] == pytest.approx(3 / 8)
    outline = ridges(found, -1, 1)
    assert outline.shape == (1, 2 * found.shape[1] + 2, 2)
    assert outline[0, 0].tolist() == [-1, 1]
    assert outline[0, -1].tolist() == [1, 1]


def test_an_exploded_network_is_drawn():
    panel = signals("activation=relu,scheme=sd 1,scale=10,depth=10,width=128")
    assert panel.png()
    panel.step(20)
    assert panel.experiment.diverged is not None
    assert panel.png()
    assert "smaller scale" in panel.summary


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("scheme", ["uniform sqrt(2/fan_in)", "He normal"])
def test_script_gives_the_very_same_numbers(activation, scheme, tmp_path):
    text = f"activation={activation},scheme={scheme},depth=4,width=16,scale=1.3,seed=2,steps=60"
    e = experiment(text)
    first, *rest = output_of(e.code(), tmp_path).splitlines()
    assert first == f"step 60, loss {e.loss:.6g}"
    printed = [[float(x) for x in re.findall(r" (\d\S*?)[,;]? ", line + " ")[-3:]] for line in rest]
    np.testing.assert_allclose(np.transpose(printed), e.sizes(e.deltas()), rtol=1e-3)


# ---------------------------------------------------------------- the program
def test_program_05_over_five_seeds():
    errors = [ran("05", seed)["error"] for seed in range(5)]
    assert np.median(errors) < 0.006
    assert max(errors) < 0.02
