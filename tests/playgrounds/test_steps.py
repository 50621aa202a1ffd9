"""Notebook 02's figures: a neuron that is pinned, a unit that slides, five steps of a curve."""

from itertools import product

import numpy as np
import pytest

from nbhelpers.activations import sigmoid
from nbhelpers.labs import bias as lab
from nbhelpers.playgrounds import FIGURES
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.playgrounds.engine.recording import growing
from nbhelpers.playgrounds.neurons import Pinned
from nbhelpers.playgrounds.steps import LAST, MOMENTS, TARGETS, trained
from nbhelpers.teaching import bank

THREE = "place1=0.2,place2=3.1,place3=6,height1=1.4,height2=-1.9,height3=1.4,lift=-0.5"


@pytest.fixture
def bests(tmp_path):
    return Bests(tmp_path / "bests.json")


# ---------------------------------------------------------------- pinned
def test_pinned_and_is_out_of_reach_and_or_is_not():
    """Of all that the sliders can set."""
    values = np.linspace(-5, 5, 41)
    best = {
        table: max(Pinned(table, w1=w1, w2=w2).right().sum() for w1, w2 in product(values, values))
        for table in ("AND", "OR")
    }
    assert best == {"AND": 3, "OR": 4}


def test_a_pinned_line_turns_and_cannot_be_moved(bests):
    shown = FIGURES["pinned"](bests=bests)
    assert list(shown.state.handles()) == list(shown.picture.reach(shown.state)) == ["arrow"]
    with pytest.raises(ValueError, match="there is no handle 'line'; there are: arrow"):
        shown.drag("line", 0.7, 0.7)
    for to in ((0.3, -0.1), (-0.2, 0.3), (0.1, 0.1)):
        shown.drag("arrow", *to)
        assert np.allclose(shown.state.handles()["arrow"], to, atol=0.02)
        edge, _ = shown.picture.plane.lines(*shown.state.line)
        across = np.array([edge[0, 1] - edge[1, 1], edge[1, 0] - edge[0, 0]])
        assert across @ edge[0] == pytest.approx(0, abs=1e-9), "through the origin"


def test_a_bias_that_is_off_shows_where_the_line_would_be(bests):
    shown = FIGURES["pinned"]("w1=1,w2=1,b=-1.5", bests=bests)
    x, y = shown.picture.free.get_data()
    assert np.allclose(np.add(x, y), 1.5)
    assert not shown.reached
    shown.change(bias="on")
    assert not len(shown.picture.free.get_xdata())
    assert shown.reached


def test_with_a_bias_it_moves_and_computes_and(bests):
    shown = FIGURES["pinned"]("w1=1,w2=1", bests=bests)
    before = shown.state.right()
    shown.change(bias="on")
    assert np.array_equal(shown.state.right(), before), "a bias of 0 changes nothing"
    shown.drag("line", 0.75, 0.75)
    assert shown.state.b == pytest.approx(-1.5)
    assert shown.reached
    assert "the sum is the bias, -1.5" in shown.summary
    sums = [cell.get_text() for cell in shown.picture.table.cells[3]]
    assert sums == ["-1.5", "-0.5", "-0.5", "0.5"]


# ---------------------------------------------------------------- one unit
@pytest.mark.parametrize("target", TARGETS)
def test_the_grey_unit_is_covered_by_two_drags(target, bests):
    shown = FIGURES["steep_place"](f"target={target}", bests=bests)
    w, b = TARGETS[target]
    assert not shown.reached
    shown.drag("place", -b / w, 0.2)
    assert not shown.reached
    shown.drag("steepness", (2 - b) / w, 0.9)
    assert (shown.state.w, shown.state.b) == (w, b)
    assert shown.reached


def test_the_dots_are_on_the_curve_wherever_they_are(bests, rng):
    shown = FIGURES["steep_place"](bests=bests)
    for _ in range(30):
        shown.drag(*rng.permutation(["place", "steepness"])[:1], *rng.uniform(-9, 9, 2))
        state = shown.state
        (x, y), (x2, y2) = state.handles().values()
        assert y == pytest.approx(sigmoid(np.array(state.w * x + state.b)), abs=1e-9)
        if abs(state.place) < 6:
            assert x == pytest.approx(state.place)
            assert y == pytest.approx(0.5, abs=1e-9)
        if abs(x2) < 6:
            assert y2 == pytest.approx(sigmoid(np.array(state.w * x2 + state.b)), abs=1e-9)


def test_a_unit_without_a_weight_is_steep_nowhere(bests):
    shown = FIGURES["steep_place"]("w=0,b=1", bests=bests)
    assert "the same for all x" in shown.summary
    assert shown.picture.numbers[2].get_text() == "nowhere"
    shown.drag("place", 3, 0.5)
    shown.drag("steepness", 2, 0.9)
    assert shown.state.w > 0


# ---------------------------------------------------------------- five steps
def test_three_steps_by_hand_reach_the_goal(bests):
    shown = FIGURES["five_steps"](bests=bests)
    shown.drag("lift", 3, -0.5)
    assert shown.picture.lift.get_ydata().tolist() == [-0.5, -0.5]
    for name, place, height in (("1", 0.2, 1.4), ("2", 3.1, -1.9), ("3", 6.0, 1.4)):
        assert not shown.reached
        shown.drag(f"step {name}", place, height / 2)
    assert shown.reached
    assert shown.summary == "step 0 · typical error 0.0858 · by hand"
    assert shown.settings == FIGURES["five_steps"](THREE, bests=bests).settings


def test_it_computes_what_the_lab_s_network_does(bests):
    """Places and heights are another way to write weights and biases."""
    shown = FIGURES["five_steps"](THREE, bests=bests)
    W1, b1, W2, b2 = shown.state.parts()
    error = lab.typical_error(lab.X, lab.Y, W1[None], b1[None], W2[None], b2[None])
    assert f"error {error[0]:.4f} " in shown.summary
    assert np.allclose(-b1 / W1[0], shown.state.by_hand()[0])


def test_a_training_goes_on_from_the_hand_and_a_hand_ends_it(bests):
    shown = FIGURES["five_steps"](THREE, bests=bests)
    assert shown.reached
    shown.drag("training", 1e9, 0.1)
    assert (shown.state.moment, shown.state.steps()) == (MOMENTS - 1, LAST)
    assert shown.reached, "by hand: the training neither helps nor harms"
    assert np.allclose(shown.picture.hand.get_xdata(), shown.state.by_hand()[0])
    assert shown.summary.startswith("step 10,000 · typical error 0.0")
    assert shown.summary.endswith("from what the hand has made")
    assert shown.picture.course.get_xdata()[-1] == LAST
    errors = shown.picture.course.get_ydata()
    assert errors[0] == pytest.approx(0.0858, abs=1e-4)
    assert errors[-1] < 0.02
    shown.drag("step 4", 4.0, 0.0)
    assert shown.state.moment == 0
    assert shown.state.place1 == 0.2, "the hand's, not the training's"


def test_the_training_is_the_notebook_s(bests):
    """Two steps, written out with weights and biases."""
    shown = FIGURES["five_steps"](THREE, bests=bests)
    W1, b1, W2, b2 = shown.state.parts()
    for _ in range(2):
        A1 = sigmoid(lab.X @ W1 + b1)
        delta2 = A1 @ W2 + b2 - lab.Y
        delta1 = delta2 @ W2.T * A1 * (1 - A1)
        lr = 0.3 / 32
        W2, b2 = W2 - lr * A1.T @ delta2, b2 - lr * delta2.sum(axis=0)
        W1, b1 = W1 - lr * lab.X.T @ delta1, b1 - lr * delta1.sum(axis=0)
    shown.change(moment=growing(LAST, MOMENTS).index(2))
    for mine, its in zip((W1, b1, W2, b2), shown.state.parts(), strict=True):
        assert np.allclose(mine, its, rtol=1e-12)


OWN = {
    "with our bias_gradient": bank.exercise("bias.bias_gradient").reference,
    "with your bias_gradient": lambda delta: delta.sum(axis=0),
    "which stopped (ZeroDivisionError": lambda delta: 1 / 0,
    "slopes of shape (32, 5) for biases of shape (5,)": lambda delta: delta,
    "the error has grown without bounds": lambda delta: -1e3 * delta.sum(axis=0),
}


@pytest.mark.parametrize("words", OWN)
def test_a_training_with_a_reader_s_function(words, bests):
    shown = FIGURES["five_steps"](f"{THREE},moment=60", bias_gradient=OWN[words], bests=bests)
    assert words in shown.summary
    plain = FIGURES["five_steps"](f"{THREE},moment=60", bests=bests)
    assert shown.state.parts()[0] == pytest.approx(plain.state.parts()[0])


def test_without_the_slopes_of_the_biases_steps_that_begin_at_0_stay_there(bests):
    """The notebook's start and its numbers."""
    start = "place1=0,place2=0,place3=0,place4=0,place5=0,steepness=2,"
    start += "height1=1,height2=-1,height3=0.5,height4=-0.5,height5=0.2"
    kept = {}
    for name, slopes in (("with", lambda d: d.sum(axis=0)), ("without", lambda d: 0 * d[0])):
        shown = FIGURES["five_steps"](
            f"{start},moment={MOMENTS - 1}", bias_gradient=slopes, bests=bests
        )
        kept[name] = float(shown.summary.partition("error ")[2][:6])
        assert (np.abs(shown.state.dots()[:, 0]).max() == 0) == (name == "without")
    assert kept == {"with": pytest.approx(0.11, abs=5e-3), "without": pytest.approx(0.29, abs=5e-3)}


def test_a_hand_does_not_train(bests):
    """A hand that moves a step sees the curve at once: no training is made for it."""
    shown = FIGURES["five_steps"](bests=bests)
    before = trained.cache_info().misses
    for x in np.linspace(0, 6, 20):
        shown.drag("step 1", x, 0.5)
    assert trained.cache_info().misses == before
