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


@pytest.mark.parametrize("options", [{"output": "linear"}, {"wrong_order": True}])
def test_other_forms_differ_and_learn_too(options):
    plain, other = (xor_loop.train(3, steps=3_000, lr=0.1 * 3, **o) for o in ({}, options))
    assert not np.allclose(plain[-1], other[-1], rtol=1e-9)
    assert (other[-1].max(axis=1) < plain[0].max(axis=1)).all()


def test_an_unknown_output_is_named():
    with pytest.raises(ValueError, match="output must be 'sigmoid' or 'linear', got 'tanh'"):
        xor_loop.train(1, steps=1, output="tanh")


def test_when_each_has_learned():
    errors = np.array([[[0.6, 0.1], [0.7, 0.2]], [[0.4, 0.1], [0.7, 0.3]]])  # (2, 2, 2)
    assert xor_loop.steps_to_learn(errors).tolist() == [1, np.inf]


def test_sizes_are_drawn_with_their_numbers():
    ax = xor_loop.draw_sizes(count=6, steps=600)
    assert ax.texts[0].get_text() == "0"  # one hidden unit never learns it
    assert len(ax.texts) == 9  # and the dashed line's
    assert sum(len(line.get_xdata()) for line in ax.lines[:-1]) == 8 * 6
    losses = xor_loop.draw_losses(xor_loop.train(3, steps=50))
    assert len(losses.lines) == 3
