"""What notebook 06 claims: the limit, the program over seeds, the slopes; and its panel."""

import re

import numpy as np
import pytest
from lesson import ran, stored
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from nbhelpers import plots
from nbhelpers.losses import softmax as stable_softmax
from nbhelpers.playgrounds.softmax import TARGETS, Softmax, SoftmaxSettings, softmax

CENTRES = np.array([[0, -2], [2, 2], [-2, 2]])


def limit():
    """The fraction that the best classifier gets right: the largest density, added up."""
    x = np.linspace(-9, 9, 901)
    grid = np.stack(np.meshgrid(x, x), axis=-1)
    squares = ((grid[..., np.newaxis, :] - CENTRES) ** 2).sum(axis=-1)
    return np.exp(-squares.min(axis=-1) / 2).sum() / (2 * np.pi) * (x[1] - x[0]) ** 2 / 3


def test_the_limit_is_97_per_cent():
    assert limit() == pytest.approx(0.9703, abs=1e-4)


def test_the_program_reaches_the_limit_from_any_seed():
    programs = [ran("06", seed) for seed in range(5)]
    assert {len(names["X_test"]) for names in programs} == {100_000}
    right = [names["share"] for names in programs]
    assert abs(np.median(right) - limit()) < 0.005, right
    assert max(right) < limit() + 0.002, "better than possible"


def test_the_stored_run_was_at_least_20_times_as_fast():
    assert int(re.search(r"ours is (\d+) times as fast", stored("06", "times as fast"))[1]) >= 20


# -- the picture of k classes --------------------------------------------------------------------
def corners(P):
    """Probabilities of four classes: one for each quarter of the plane, equal on the axes."""
    scores = 50 * P @ np.array([[-1, 1, -1, 1], [-1, -1, 1, 1]])
    return stable_softmax(scores)


def test_the_plane_is_coloured_by_classes_with_a_line_where_the_lead_changes():
    ax = Figure().add_subplot()
    assert plots.decision_surface(corners, ax, (-2, 1), (-1, 1), n=60) is ax
    colours = np.asarray(ax.images[0].get_array())
    for place, name in zip(
        [(0, 0), (0, -1), (-1, 0), (-1, -1)], plots.CLASS_COLORS[:4], strict=True
    ):
        assert colours[place] == pytest.approx(0.5 + 0.5 * np.array(to_rgb(name)), abs=1e-6)
    borders = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])
    assert np.abs(borders).min(axis=1).max() < 0.05  # all of them lie on one of the two axes
    assert np.ptp(borders, axis=0) == pytest.approx([3, 2], abs=0.1)  # and reach to the ends


def test_small_dots_have_no_rim_and_what_is_no_number_is_grey():
    ax = Figure().add_subplot()
    X, y = np.zeros((2, 2)), np.array([0, 2])
    plots.decision_surface(lambda P: np.full((len(P), 3), np.nan), ax, X=X, y=y, size=8)
    assert np.unique(np.asarray(ax.images[0].get_array())) == pytest.approx(0.85)
    dots = ax.collections[1]
    assert dots.get_sizes() == [8]
    assert max(dots.get_linewidths()) == 0
    assert [to_hex(c).upper() for c in dots.get_facecolors()] == [plots.CLASS_COLORS[k] for k in y]


def test_more_classes_than_colours_are_refused():
    with pytest.raises(ValueError, match="6 classes, but there are colours for 5"):
        plots.decision_surface(lambda P: np.ones((len(P), 6)), Figure().add_subplot())


# -- the panel -----------------------------------------------------------------------------------
def loss_of(z, settings):
    """The loss, straight from the definitions."""
    A = stable_softmax(np.array([z]) / settings.temperature)[0]
    Y = np.array(TARGETS[settings.target])
    if settings.error == "cross-entropy":
        return -np.sum(Y * np.log(A))
    return 0.5 * np.sum((A - Y) ** 2)


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("error", ["cross-entropy", "squared error"])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_loss_and_slopes(target, error, temperature):
    settings = SoftmaxSettings(1.0, -0.5, 2.0, temperature, target=target, error=error, seed=3)
    e = Softmax(settings)
    assert e.loss == pytest.approx(loss_of(e.z, settings))
    for k in range(3):
        step = np.eye(3)[k] * 1e-5
        slope = (loss_of(e.z + step, settings) - loss_of(e.z - step, settings)) / 2e-5
        assert e.slope[k] == pytest.approx(slope, abs=1e-8)
    z, slope = e.z.copy(), e.slope.copy()
    e.step(1)
    assert np.allclose(e.z, z - settings.learning_rate * slope)


def test_the_example_of_the_notebook():
    panel = softmax()
    assert np.allclose(panel.experiment.A, [0.9647, 0.0177, 0.0177], atol=5e-5)
    for k in range(3):
        panel.controls[f"z{k}"].value += 3
    assert np.allclose(panel.experiment.A, [0.9647, 0.0177, 0.0177], atol=5e-5)


def test_a_confident_mistake_hardly_moves_under_the_squared_error():
    settings = "z0=-5,z1=5,z2=0,target=class 0,steps=20,error="
    assert softmax(settings + "cross-entropy").experiment.A[0] > 0.8
    assert softmax(settings + "squared error").experiment.A[0] < 1e-3


def test_mixed_labels_end_at_their_probabilities_unless_the_rate_is_too_large():
    Y = np.array(TARGETS["mix 60:30:10"])
    e = softmax("target=mix 60:30:10,learning_rate=3,steps=50").experiment
    assert np.allclose(e.A, Y)
    assert e.loss == pytest.approx(-np.sum(Y * np.log(Y)))
    e = softmax("target=mix 60:30:10,learning_rate=10,steps=200").experiment
    assert np.abs(e.A - Y).max() > 0.1


def test_extreme_scores_stay_finite():
    e = softmax("z0=-10,z1=10,temperature=0.1,learning_rate=30,target=class 0").experiment
    assert e.loss == pytest.approx(200)
    e.step(200)
    assert np.isfinite(e.loss)
    assert np.isfinite(e.z).all()


@pytest.mark.parametrize("text", ["", "error=squared error,temperature=2.0,seed=4,target=class 2"])
def test_the_script_prints_the_same_numbers(text, capsys):
    panel = softmax(text + ",steps=30")
    exec(panel.code, {})
    lines = capsys.readouterr().out.splitlines()
    e = panel.experiment
    assert lines[0] == f"step 30, loss {e.loss:.6g}"
    for line, values in zip(lines[1:], (e.z, e.A, e.slope), strict=True):
        assert line.split(":")[1].strip() == str(values.round(4))


def test_the_bars_show_the_numbers():
    panel = softmax("z0=2,z1=-4,z2=0.5,target=class 1")
    e, picture = panel.experiment, panel.picture
    for bars, values in (
        (picture.scores, e.z),
        (picture.powers, e.E),
        (picture.probabilities, e.A),
        (picture.slopes, e.slope),
    ):
        assert [bar.get_height() for bar in bars.bars] == pytest.approx(list(values))
        assert [float(word.replace("−", "-")) for word in bars.row.words] == pytest.approx(
            list(values), abs=0.005
        )
    assert [target.get_visible() for target in picture.targets] == [False, True, False]
    k, ends = picture.next.get_data()  # the dots that say where the next step leads
    panel.step(1)
    assert list(k) == [0, 1, 2]
    assert list(ends) == pytest.approx(list(e.z))
