"""Pictures stay the same whatever the reader's own settings of matplotlib and NumPy are."""

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pytest

from nbhelpers import plots
from nbhelpers.history import History
from nbhelpers.network import MLP
from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.engine.digit_pad import DigitPad


@pytest.fixture
def other_settings():
    """A function that changes every setting of matplotlib that can be changed; undone at the end.

    Switches are turned, numbers grow, the rest is that of a dark style.
    """

    def change():
        mpl.style.use("dark_background")
        mpl.rcParams.update({"font.family": "serif", "image.cmap": "jet"})
        for name, value in dict.items(plots.OURS):
            try:
                if isinstance(value, bool):
                    mpl.rcParams[name] = not value
                elif isinstance(value, (int, float)) and not name.endswith("alpha"):
                    mpl.rcParams[name] = type(value)(1.6 * value + 1)
            except (ValueError, RuntimeError):
                pass  # out of its range
        assert mpl.rcParams["text.usetex"]
        assert mpl.rcParams["lines.linewidth"] > 3

    with mpl.rc_context():
        yield change


@pytest.mark.parametrize("name", PLAYGROUNDS)
def test_a_playground_is_the_same_in_every_style(name, other_settings):
    pictures = []
    for changed in (False, True):
        if changed:
            other_settings()
        with np.errstate(all="raise" if changed else "ignore"):
            panel = PLAYGROUNDS[name](steps=0)
            pictures.append([panel.png()])
            panel.step(3)
            panel.keep()
        pictures[-1].append(panel.png())
        if not changed:
            first = panel
    assert pictures[0] == pictures[1]
    panel.close()
    panel = first  # made before the change, drawn anew after it
    panel.picture.refresh()
    assert panel.png() == pictures[0][1]
    panel.settings = panel.settings.replace("steps=3", "steps=0")
    assert mpl.rcParams["text.usetex"]  # the reader's settings are left alone
    panel.close()


def test_the_drawing_pad_is_the_same_in_every_style(other_settings):
    pad = DigitPad(lambda x: np.eye(10)[3]).draw([[(60, 60), (210, 58), (120, 235)]])
    before = pad.png()
    other_settings()
    with np.errstate(all="raise"):
        assert pad.png() == before


NET = MLP([2, 3, 1], output="sigmoid", rng=np.random.default_rng(0))
PLOTS = {
    "decision_surface": lambda **ax: plots.decision_surface(NET.predict, n=20, **ax),
    "network_diagram": lambda **ax: plots.network_diagram(NET, x=[0, 1], **ax),
    "loss_curves": lambda **ax: plots.loss_curves(History([1, 0.5], [], [1, 0.1]), **ax),
    "image_grid": lambda **ax: plots.image_grid(np.eye(9).reshape(1, 81), ["I"], **ax),
    "confusion": lambda **ax: plots.confusion([[5, 1], [2, 7]], **ax),
}


def pixels(ax):
    """What is seen, drawn with the settings that a style has no hand in."""
    with plots.own_style():
        ax.figure.canvas.draw()
    return np.array(ax.figure.canvas.buffer_rgba())


@pytest.mark.parametrize("draw", PLOTS.values(), ids=PLOTS)
def test_axes_of_our_own_are_the_same_in_every_style(draw, other_settings):
    from matplotlib import pyplot as plt

    before = pixels(draw())
    other_settings()
    ax = draw()
    assert np.array_equal(pixels(ax), before)
    figure, given = plt.subplots()  # the reader's own
    draw(ax=given)
    assert figure.get_facecolor() == (0, 0, 0, 1)
    plt.close("all")


def test_the_style_of_the_notebooks_is_that_of_the_playgrounds(other_settings):
    with plots.own_style():
        ours = dict(dict.items(mpl.rcParams))
    mpl.rcdefaults()
    plots.use_style()
    for name in plots.OURS:
        assert mpl.rcParams[name] == ours[name]


def test_a_lecture_draws_everything_twice_as_large(other_settings):
    """A notebook's own pictures, ours, live figures; and then no longer."""
    from matplotlib import pyplot as plt

    plots.use_style()
    for on, dpi in ((True, 192), (False, 96)):
        assert ("font-size" in plots.lecture(on)._repr_html_()) if on else not plots.lecture(on)
        assert plt.figure().dpi == PLOTS["confusion"]().figure.dpi == dpi
        panel = PLAYGROUNDS["xor"]()
        assert ("nn-lecture" in panel.widget._dom_classes) is on
        panel.close()
    plt.close("all")
