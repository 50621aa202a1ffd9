"""A unit of a network in the plane, enlarged: by its menu, by a click, with fewer units, kept."""

import numpy as np
import pytest
from lab import jupyter_lab, open_notebook
from notebook_tools import write

from nbhelpers.playgrounds import FIGURES, PLAYGROUNDS
from nbhelpers.playgrounds.engine.goals import Bests
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
    image, ax = picture.draw()[..., :3].astype(int), picture.plane
    places = np.array([[-0.4, -0.2], [0.5, 1.2], [1.3, 0.4], [0.4, -0.4], [-0.4, 0.6]])
    says = shown.experiment.net.forward(places)[1][:, 1]
    assert np.ptp(says) > 0.1
    for place, a in zip(places, says, strict=True):
        column, height = ax.transData.transform(place)
        pixel = image[round(picture.height - height - 0.5), round(column - 0.5)]
        want = 255 * np.array(PALE_DIVERGING(np.clip((a - low) / (1 - low), 0, 1))[:3])
        assert np.abs(pixel - want).max() < 4, place
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
