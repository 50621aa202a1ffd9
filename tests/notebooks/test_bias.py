"""Notebook 02: its claims about biases, and the bias playground's script and switches."""

import numpy as np
import pytest
from scripts import output_of

from nbhelpers.network import MLP
from nbhelpers.playgrounds.bias import CLOUDS, Bias, BiasSettings, signed


@pytest.mark.parametrize("biases", [("on", "on"), ("on", "off"), ("off", "on"), ("off", "off")])
@pytest.mark.parametrize(
    ("task", "hidden", "activation"),
    [("AND", 0, "sigmoid"), ("OR", 1, "relu"), ("XOR", 4, "tanh"), (CLOUDS, 3, "sigmoid")],
)
def test_script_gives_the_very_same_numbers(task, hidden, activation, biases, tmp_path):
    settings = BiasSettings(0.5, task, *biases, activation, hidden, 4)
    experiment = Bias(settings)
    experiment.step(300)
    first, *rest = output_of(experiment.code(), tmp_path, "-W", "error").splitlines()
    assert first == f"step 300, loss {experiment.loss:.6g}"
    shown = [float(line.split("->")[1]) for line in rest]
    assert shown == [round(float(a), 4) for a in experiment.A[-1][:, 0]]


@pytest.mark.parametrize("task", ["AND", "OR", CLOUDS])
@pytest.mark.parametrize("seed", range(5))
def test_a_lone_neuron_needs_its_bias(task, seed):
    right = {}
    for bias in ("on", "off"):
        experiment = Bias(BiasSettings(task=task, output_bias=bias, hidden=0, seed=seed))
        experiment.step(3_000)
        right[bias] = experiment.right()
    assert right["on"].all()
    assert not right["off"].all()


def test_three_tanh_units_need_a_bias_and_both_are_safest():
    """Of twenty starts at rate 1: none without, 13 with the output's, 19 with the hidden units'."""
    learned = {}
    for biases in (("off", "off"), ("off", "on"), ("on", "off"), ("on", "on")):
        networks = [
            Bias(BiasSettings(1.0, "XOR", *biases, "tanh", hidden=3, seed=seed))
            for seed in range(20)
        ]
        for network in networks:
            network.step(5_000)
        learned[biases] = sum(network.right().all() for network in networks)
    assert list(learned.values()) == [0, 13, 19, 20]


@pytest.mark.parametrize("lr", [0.3, 1.0, 3.0, 8.0])
def test_with_biases_the_errors_on_xor_are_less_than_half_as_large(lr):
    """At the same rate, ten starts each; medians, since at 8 a start without may fail."""
    error = {}
    for on in ("on", "off"):
        networks = [Bias(BiasSettings(lr, "XOR", on, on, seed=seed)) for seed in range(10)]
        for network in networks:
            network.step(5_000)
        error[on] = np.median([np.abs(network.A[-1] - network.Y).max() for network in networks])
    assert error["on"] < error["off"] / 2


def test_the_neuron_is_written_out():
    experiment = Bias(BiasSettings(task="AND", hidden=0, output_bias="off"))
    experiment.net.W[0][:, 0] = 2, -0.001
    assert experiment.describe().endswith("one neuron, z = 2.00 x₁ + 0.00 x₂")
    assert signed(-0.5) == "− 0.50"


def test_of_the_clouds_no_line_through_the_origin_splits_more_than_three_quarters():
    X, Y, _ = Bias(BiasSettings(task=CLOUDS)).data()
    angles = np.linspace(0, 2 * np.pi, 10_001)
    right = (X @ [np.cos(angles), np.sin(angles)] > 0) == Y  # (16, 10001)
    assert right.sum(axis=0).max() == 12
    assert X[:8].sum(axis=1).max() < X[8:].sum(axis=1).min()  # a line with a bias splits them


def test_pinned_sigmoid_units_can_only_learn_odd_functions_and_a_constant():
    """So the cosine is out of reach, as the notebook's last exercise says."""
    net = MLP([1, 5, 1], "sigmoid", "linear", bias=[False, True], rng=np.random.default_rng(0))
    x = np.linspace(-3, 3, 13, dtype=np.float32)[:, np.newaxis]
    both = net.forward(x)[-1] + net.forward(-x)[-1]
    assert np.allclose(both, net.W[1].sum() + 2 * net.b[1], atol=1e-5)
