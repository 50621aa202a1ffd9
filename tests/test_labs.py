"""The labs: they do what the notebooks' programs do, only many times."""

import numpy as np
import pytest

from nbhelpers.activations import sigmoid
from nbhelpers.labs import bias, xor_loop
from nbhelpers.teaching import lessons


def test_many_starts_are_each_the_program_of_notebook_01():
    program = lessons.program("01").replace("60_000", "200").replace("print(", "(")
    errors = xor_loop.train(count=4, steps=200)
    for seed in range(4):
        names = {}
        exec(program.replace("default_rng(0)", f"default_rng({seed})"), names)
        assert np.allclose(errors[-1, seed], np.abs(names["A2"] - names["Y"])[:, 0], rtol=1e-12)


OTHERS = {"output": "linear"}, {"wrong_order": True}, {"weights": "normal"}


@pytest.mark.parametrize("options", OTHERS, ids=lambda options: next(iter(options)))
def test_other_forms_differ_and_learn_too(options):
    plain, other = (xor_loop.train(3, steps=3_000, lr=0.1 * 3, **o) for o in ({}, options))
    assert not np.allclose(plain[-1], other[-1], rtol=1e-9)
    assert (other[-1].max(axis=1) < plain[0].max(axis=1)).all()


def test_first_weights_of_both_signs():
    W1, W2 = xor_loop.first_weights(2, 3, "normal")
    rng = np.random.default_rng(1)
    assert np.array_equal(W1[1], rng.standard_normal((2, 3)))
    assert np.array_equal(W2[1], rng.standard_normal((3, 1)))
    with pytest.raises(ValueError, match="weights must be 'uniform' or 'normal', got 'zero'"):
        xor_loop.train(1, steps=1, weights="zero")


def test_an_unknown_output_is_named():
    with pytest.raises(ValueError, match="output must be 'sigmoid' or 'linear', got 'tanh'"):
        xor_loop.train(1, steps=1, output="tanh")


# ---------------------------------------------------------------- what notebook 01 says in words
def ended(errors):
    """How many networks have all four right at the end."""
    return (errors[-1] < 0.5).all(axis=1).sum()


def test_weights_of_both_signs_need_more_units():
    """8, 38, 50 of fifty starts with two to four; 45 with three after ten times as long."""
    learned = [ended(xor_loop.train(50, n, 5_000, weights="normal")) for n in (1, 2, 3, 4)]
    assert learned == pytest.approx([0, 8, 38, 50], abs=1)
    longer = ended(xor_loop.train(50, 3, 50_000, weights="normal"))
    assert longer == pytest.approx(45, abs=1)


def test_large_rates_lose_what_they_had():
    assert ended(xor_loop.train(50, 2, 5_000, lr=1.0)) == 49
    errors = xor_loop.train(50, 2, 5_000, lr=3.0)
    assert (errors < 0.5).all(axis=2).sum(axis=1).max() >= 30
    assert ended(errors) <= 3
    right, wrong = (ended(xor_loop.train(20, 3, 5_000, 10.0, wrong_order=w)) for w in (False, True))
    assert (right, wrong) == (pytest.approx(12, abs=5), pytest.approx(13, abs=5))  # it is chaos


def test_three_inputs_with_more_units_are_learned_less_often(monkeypatch):
    """On your own: 17 of twenty with three units, 2 with eight, 10 with weights from -1 to 1."""
    X = np.array(list(np.ndindex(2, 2, 2)))
    monkeypatch.setattr(xor_loop, "X", X)
    monkeypatch.setattr(xor_loop, "Y", (X.sum(axis=1, keepdims=True) == 1).astype(int))

    def weights(low):
        def first_weights(count, hidden, kind):
            draws = [np.random.default_rng(seed) for seed in range(count)]
            W1 = np.stack([rng.uniform(low, 1, (3, hidden)) for rng in draws])
            return W1, np.stack([rng.uniform(low, 1, (hidden, 1)) for rng in draws])

        return first_weights

    monkeypatch.setattr(xor_loop, "first_weights", weights(0))
    assert ended(xor_loop.train(20, 3, 5_000)) == pytest.approx(17, abs=1)
    assert ended(xor_loop.train(20, 8, 5_000)) == pytest.approx(2, abs=1)
    monkeypatch.setattr(xor_loop, "first_weights", weights(-1))
    assert ended(xor_loop.train(20, 8, 5_000)) == pytest.approx(10, abs=1)


@pytest.mark.full
def test_a_straight_output_is_still_on_its_way_after_ten_times_as_long():
    """Its largest errors: those of six starts of ten, 0.021 and then 0.006."""
    for steps, slow in ((20_000, 0.021), (200_000, 0.006)):
        largest = xor_loop.train(steps=steps, lr=0.1, output="linear")[-1].max(axis=1)
        assert (largest < 1e-11).sum() == 4
        assert (largest > 1e-3).sum() == 6
        assert np.median(largest[largest > 1e-3]) == pytest.approx(slow, abs=6e-4)
        assert (largest < 0.5).all()


# ---------------------------------------------------------------- notebook 02
@pytest.mark.parametrize(("hidden", "output"), [(True, True), (True, False), (False, True)])
def test_many_curves_are_each_a_plain_training(hidden, output):
    networks = bias.train(hidden, output, count=3, steps=200, lr=0.3)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        W1, W2 = rng.standard_normal((1, 5)), rng.standard_normal((5, 1))
        b1, b2, lr, X, Y = np.zeros(5), np.zeros(1), 0.3 / 32, bias.X, bias.Y
        for _ in range(200):
            A1 = sigmoid(X @ W1 + b1)
            delta2 = A1 @ W2 + b2 - Y
            delta1 = delta2 @ W2.T * A1 * (1 - A1)
            W2, W1 = W2 - lr * A1.T @ delta2, W1 - lr * X.T @ delta1
            b2 = b2 - lr * output * delta2.sum(axis=0)
            b1 = b1 - lr * hidden * delta1.sum(axis=0)
        for theirs, mine in zip(networks, (W1, b1, W2, b2), strict=True):
            assert np.allclose(theirs[seed], mine, rtol=1e-9)
        error = np.sqrt(np.mean((sigmoid(X @ W1 + b1) @ W2 + b2 - Y) ** 2))
        assert bias.typical_error(X, Y, *networks)[seed] == pytest.approx(error)


def test_neither_patience_nor_units_make_up_for_the_places_of_pinned_units():
    """What notebook 02 says in words: 0.278 after ten times as long, and each side's own rate."""
    longer = bias.typical_error(bias.X, bias.Y, *bias.train(False, steps=200_000))
    assert np.median(longer) == pytest.approx(0.278, abs=1e-3)
    with np.errstate(all="ignore"):
        best = {
            hidden_bias: min(
                np.median(bias.typical_error(bias.X, bias.Y, *bias.train(hidden_bias, lr=lr)))
                for lr in (0.1, 0.3, 0.5)
            )
            for hidden_bias in (False, True)
        }
    assert best[False] > 0.27
    assert best[True] < 0.05
