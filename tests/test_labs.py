"""The labs: they do what the notebooks' programs do, only many times."""

import numpy as np
import pytest

from nbhelpers.labs import xor_loop
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


def test_when_each_has_learned():
    """Only what stays right counts: four networks, right at steps 1 and 2, 1, 0 to 2, never."""
    right = np.array([[0, 1, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0]]).T  # (steps, networks)
    errors = np.where(right, 0.1, 0.7)[:, :, None] * np.ones(4)
    assert xor_loop.steps_to_learn(errors).tolist() == [1, np.inf, 0, np.inf]


def test_sizes_are_drawn_with_their_numbers():
    ax = xor_loop.draw_sizes(count=6, steps=600)
    assert ax.texts[0].get_text() == "0"  # one hidden unit never learns it
    assert len(ax.texts) == 9  # and the dashed line's
    assert sum(len(line.get_xdata()) for line in ax.lines[:-1]) == 8 * 6
    losses = xor_loop.draw_losses(xor_loop.train(3, steps=50))
    assert len(losses.lines) == 3
