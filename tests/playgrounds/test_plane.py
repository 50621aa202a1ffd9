"""A unit of a network in the plane, enlarged: by its menu, by a click, with fewer units, kept."""

import numpy as np
import pytest
from lab import jupyter_lab, open_notebook
from notebook_tools import write

from nbhelpers.datasets import xor
from nbhelpers.playgrounds import FIGURES, PLAYGROUNDS
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.playgrounds.engine.plane import APART
from nbhelpers.plots import PALE_DIVERGING

OPENED = {**PLAYGROUNDS, **FIGURES}
STATES = {
    "xor": "hidden=4,steps=30",
    "bias": "hidden=5,task=AND,steps=30",
    "xor_recorded": "moment=40,hidden=4",
}


@pytest.fixture(params=STATES)
def name(request):
    return request.param


@pytest.fixture
def shown(name, tmp_path):
    made = OPENED[name](STATES[name], bests=Bests(tmp_path / "bests.json"))
    yield made
    made.close()


def unit(shown, k):
    """Where hidden unit k stands, from 1, or the output (0), in the data of its place."""
    layers = shown.picture.network.positions([2, shown.state.hidden, 1])
    return layers[1][k - 1] if k else layers[2][0]


def title(shown):
    return shown.picture.title.get_text()


def assert_surface(picture, places, values):
    """The large plane has, at places (n, 2), the colours of values (n,) from 0 to 1."""
    image, ax = picture.draw()[..., :3].astype(int), picture.plane
    assert np.ptp(values) > 0.05
    for place, value in zip(places, values, strict=True):
        column, height = ax.transData.transform(place)
        pixel = image[round(picture.height - height - 0.5), round(column - 0.5)]
        want = 255 * np.array(PALE_DIVERGING(np.clip(value, 0, 1))[:3])
        assert np.abs(pixel - want).max() < 4, place


def test_a_click_enlarges_a_unit_and_another_one_goes_back(shown):
    output, before = shown.png(), shown.summary
    shown.press("network", *unit(shown, 2))
    second = shown.png()
    assert title(shown) == f"hidden unit 2 of {shown.state.hidden}"
    assert shown.controls["look"].value == "hidden unit 2"
    assert shown.summary == before  # the training goes on from where it is
    shown.press("network", *unit(shown, 3))
    assert title(shown).startswith("hidden unit 3 of ")
    shown.press("network", 4, 4)  # nothing is there
    shown.press("network", *unit(shown, 0))
    assert shown.png() == output
    shown.press("network", *unit(shown, 2))
    assert shown.png() == second
    shown.press("network", *unit(shown, 2))
    assert shown.png() == output


def test_the_menu_and_a_settings_string_do_the_same(name, shown):
    shown.press("network", *unit(shown, 3))
    clicked, settings = shown.png(), shown.settings
    shown.controls["look"].value = "output"
    shown.controls["look"].value = "hidden unit 3"
    assert shown.png() == clicked
    shown.controls["look"].value = "output"
    assert "look=hidden unit 3" in settings
    other = OPENED[name](settings)
    assert other.png() == clicked
    other.close()


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_the_large_map_is_what_the_unit_says(activation):
    """Against the network's own numbers, at the places between the points of the data."""
    shown = PLAYGROUNDS["bias"](f"activation={activation},hidden=3,look=hidden unit 2,seed=3")
    picture, low = shown.picture, 0 if activation == "sigmoid" else -1
    shown.png()
    places = np.array([[-0.4, -0.2], [0.5, 1.2], [1.3, 0.4], [0.4, -0.4], [-0.4, 0.6]])
    says = shown.experiment.net.forward(places)[1][:, 1]
    assert_surface(picture, places, (says - low) / (1 - low))
    ends = [tick.get_text() for tick in picture.scale.get_ticklabels()]
    assert ends == [f"{low}".replace("-", "\u2212"), "1"]
    shown.close()


def test_with_fewer_units_the_output_is_shown_until_there_are_more(shown):
    shown.controls["look"].value = "hidden unit 4"
    settings, hidden = shown.settings, shown.state.hidden
    shown.controls["hidden"].value = shown.controls["hidden"].min  # of `bias`: none
    assert title(shown) == "output (there is no hidden unit 4)"
    without = shown.picture.draw().copy()
    shown.controls["look"].value = "output"
    assert title(shown) == "output for every input"
    changed = np.nonzero((shown.picture.draw() != without).any(axis=2))
    assert changed[0].max() < 42, "more than the title"
    shown.controls["look"].value = "hidden unit 4"
    shown.controls["hidden"].value = hidden
    assert shown.settings == settings
    assert title(shown).startswith("hidden unit 4 of ")


# ---------------------------------------------------------------- the hidden plane
@pytest.mark.parametrize(
    ("activation", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("relu", 0, 4)]
)
def test_the_hidden_plane_is_the_last_layer_alone(activation, low, high):
    """Its surface, its border and its points, against the network's own numbers."""
    task = f"task=off the origin,activation={activation},hidden=2,seed=3,steps=100"
    shown = PLAYGROUNDS["bias"](f"{task},look=hidden plane")
    picture, net = shown.picture, shown.experiment.net
    shown.png()

    def output(a):
        return 1 / (1 + np.exp(-(a @ net.W[1] + net.b[1])[:, 0]))

    _, hidden, says = net.forward(shown.experiment.X)
    assert np.allclose(output(hidden), says[:, 0])
    assert np.array_equal(picture.examples.get_offsets(), hidden)
    places = low + (high - low) * np.array([[-0.1, 0.7], [0.3, -0.08], [0.9, 0.6], [0.6, 1.1]])
    assert_surface(picture, places, output(places))
    (line,) = picture.border.get_segments()
    assert output(line) == pytest.approx(0.5, abs=0.01)
    ticks = [tick.get_text().replace("\u2212", "-") for tick in picture.plane.get_xticklabels()]
    assert ticks == [f"{t:g}".replace("0.5", "\u00bd") for t in (low, (low + high) / 2, high)]
    shown.close()


def test_points_and_border_move_with_the_training_and_the_axes_stay():
    shown = FIGURES["xor_recorded"]("hidden=2,seed=5,look=hidden plane")
    picture, seen = shown.picture, []
    for moment in (0, 60):
        shown.change(moment=moment)
        then, (line,) = shown.state.experiment(), picture.border.get_segments()
        points = picture.examples.get_offsets()
        assert points == pytest.approx(then.A[1], abs=1e-3)  # none is near another one
        assert line @ then.net.W[1] == pytest.approx(0, abs=0.01)
        seen.append((points, picture.plane.axis()))
    assert np.abs(seen[1][0] - seen[0][0]).max() > 0.05
    assert seen[1][1] == seen[0][1]
    shown.close()


@pytest.mark.parametrize(
    "settings",
    ["seed=1,steps=2000", "activation=relu,weights=normal,seed=8"],
    ids=["two on one place", "all on one place"],
)
def test_points_on_one_place_are_all_seen(settings):
    shown = PLAYGROUNDS["xor"](f"hidden=2,{settings},look=hidden plane")
    shown.png()
    to_pixels, hidden = shown.picture.plane.transData.transform, shown.experiment.A[1]
    assert np.hypot(*(to_pixels(hidden[1]) - to_pixels(hidden[2]))) < 1
    points = to_pixels(shown.picture.examples.get_offsets())
    between = np.hypot(*(points[:, np.newaxis] - points).T)[np.triu_indices(4, 1)]
    assert between.min() > 0.9 * APART
    assert np.hypot(*(points - to_pixels(hidden)).T).max() < APART
    box = shown.picture.plane.bbox
    inside = np.minimum(points - box.min, box.max - points)
    assert inside.min() > 12  # whole discs
    shown.close()


def test_points_outside_the_hidden_plane_are_told():
    shown = PLAYGROUNDS["bias"]("hidden=2,activation=relu,seed=3,steps=3000,look=hidden plane")
    assert shown.experiment.A[1].max() > 5
    assert title(shown).endswith(", 1 point outside")
    shown.close()


@pytest.mark.parametrize("name", STATES)
def test_the_hidden_plane_needs_two_units(name, tmp_path):
    """With another number the output is shown; the settings string keeps the choice."""
    shown = OPENED[name]("hidden=2", bests=Bests(tmp_path / "bests.json"))
    output = shown.png()
    shown.controls["look"].value = "hidden plane"
    plane, settings = shown.png(), shown.settings
    assert title(shown) == "output for what the units say"
    axes = shown.picture.plane
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("unit 1", "unit 2")
    assert "look=hidden plane" in settings
    other = OPENED[name](settings)
    assert other.png() == plane
    other.close()
    assert shown.hover("network", *unit(shown, 0)) == "output: click to enlarge its map"
    shown.press("network", *unit(shown, 0))
    assert shown.png() == output
    shown.controls["look"].value = "hidden plane"
    shown.controls["hidden"].value = 3
    assert title(shown) == "output (a hidden plane needs 2 units)"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_1$", "$x_2$")
    assert np.array_equal(shown.picture.examples.get_offsets()[:4], xor()[0])
    shown.controls["hidden"].value = 2
    assert shown.settings == settings
    assert axes.get_xlabel() == "unit 1"
    shown.close()


def test_what_is_looked_at_is_no_other_run():
    """Kept once, and no word of it in the legend."""
    shown = PLAYGROUNDS["xor"]("steps=20")
    shown.keep()
    shown.change(look="hidden unit 1")
    shown.keep()
    assert len(shown.kept) == 1
    shown.change(learning_rate=0.5)
    assert [run.label for run in shown.kept] == ["rate 1"]
    shown.close()


def test_the_pointer_is_told_what_a_click_does(shown):
    assert shown.hover("network", *unit(shown, 2)) == "hidden unit 2: click to enlarge its map"
    shown.press("network", *unit(shown, 2))
    assert shown.hover("network", *unit(shown, 2)) == "hidden unit 2: click to go back"
    assert shown.hover("network", *unit(shown, 0)) == "output: click to enlarge its map"
    assert shown.hover("network", 4, 4) == ""


def test_enlarging_in_a_browser(browser, tmp_path):
    """By a click, by a second one, and with the keyboard alone; the training stays."""
    write(
        tmp_path / "a.ipynb",
        "from nbhelpers import playgrounds",
        'shown = playgrounds.xor("steps=100")\nshown',
    )
    with jupyter_lab(tmp_path) as address:
        notebook = open_notebook(browser, address, "a.ipynb")
        notebook.run_all()
        page, (panel,) = notebook.page, notebook.panels()
        output = panel.settled()
        box = panel.root.locator(".nbhelpers-screen img").bounding_box()
        scale, menu = box["width"] / 1000, panel.root.get_by_label("look at", exact=True)
        at = box["x"] + scale * (8 + 166), box["y"] + scale * (370 - 52 - 138)  # the second of 3
        page.mouse.click(*at)
        assert panel.until(lambda: menu.input_value() == "hidden unit 2")
        second = panel.settled()
        assert second["pictures"] != output["pictures"]
        assert "step 100 " in panel.root.locator(".nn-summary").inner_text()
        page.mouse.click(*at)
        assert panel.until(lambda: panel.shown()["pictures"] == output["pictures"])
        menu.focus()
        for key in ("Space", "ArrowDown", "ArrowDown", "Enter"):
            page.keyboard.press(key)
            page.wait_for_timeout(300)  # the list of a menu is another window, and comes later
        assert panel.until(lambda: panel.shown()["pictures"] == second["pictures"])
        assert notebook.said() == []
        assert notebook.console == []
        notebook.close()
