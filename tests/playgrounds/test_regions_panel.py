"""The playground of regions: what it trains, its points, its script, and clicks in a browser."""

import sys

import ipywidgets
import numpy as np
import pytest
from lab import run_cells
from scripts import output_of

from nbhelpers.playgrounds import regions
from nbhelpers.playgrounds.engine.classes import CENTRES, bayes_border, best_possible, plane_data
from nbhelpers.playgrounds.engine.points import (
    EDGE,
    MOST,
    normalize_points,
    read_points,
    write_points,
)
from nbhelpers.playgrounds.regions import PALE, Regions, RegionsSettings
from nbhelpers.teaching.lessons import program

OLD = int(ipywidgets.__version__.split(".")[0]) < 8
takes_clicks = pytest.mark.skipif(OLD, reason="ipywidgets 7 has number boxes in place of clicks")


@pytest.fixture
def panel():
    panel = regions(steps=60)
    yield panel
    panel.close()


@pytest.fixture(scope="module")
def shared():
    """A panel for tests that leave it as it is."""
    return regions(steps=60)


def pixels(panel):
    """The picture, drawn now: an array (height, width, 3) of numbers from 0 to 255."""
    panel._draw()
    return panel.picture.draw()[..., :3].astype(int)


def experiment(text, steps):
    made = Regions(RegionsSettings.parse(text)[0])
    made.step(steps)
    return made


# -- what is trained ---------------------------------------------------------------------------


def test_the_default_panel_is_the_program_of_notebook_06():
    panel, names = regions(), {}
    exec(program("06"), names)
    params = np.concatenate([names[name].ravel() for name in ("W1", "W2", "b1", "b2")])
    right = names["share"]
    np.testing.assert_allclose(panel.experiment.net.params, params, rtol=0, atol=1e-9)
    assert panel.experiment.right() == right
    assert panel.summary.startswith("epoch 20 · loss 0.0")
    assert f"{100 * right:.1f} % of fresh points right (best possible 97.0 %)" in panel.summary


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_the_best_possible_share_and_its_border(k):
    rng = np.random.default_rng(1)
    y = rng.integers(k, size=200_000)
    X = CENTRES[y] + rng.standard_normal((len(y), 2))
    distance = np.hypot(*(X[:, np.newaxis] - CENTRES[:k]).T)  # (k, n)
    assert best_possible(k) == pytest.approx(np.mean(distance.argmin(axis=0) == y), abs=0.002)
    assert 1 <= len(bayes_border(k)) <= k * (k - 1) / 2
    for a, b in bayes_border(k):
        for t in (0.01, 0.3, 0.99):  # on the border the two nearest centres are equally far
            near = np.sort(np.hypot(*(a + t * (b - a) - CENTRES[:k]).T))
            assert near[0] == pytest.approx(near[1], abs=1e-9)
    x = np.linspace(-EDGE, EDGE, 400)  # along a line, as many borders as changes of the nearest
    for y2 in (-3.3, 0.21, 1.7):
        nearest = np.hypot(x - CENTRES[:k, :1], y2 - CENTRES[:k, 1:]).argmin(axis=0)
        crossed = sum((a[1] - y2) * (b[1] - y2) < 0 for a, b in inside(bayes_border(k), y2))
        assert crossed == np.count_nonzero(np.diff(nearest))


def inside(segments, y2):
    """The segments that cross the height y2 between -EDGE and EDGE."""
    for a, b in segments:
        if a[1] != b[1]:
            x = a[0] + (y2 - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
            if abs(x) <= EDGE:
                yield a, b


@pytest.mark.parametrize("name", ["clouds", "moons", "spirals"])
def test_all_data_fill_the_same_part_of_the_plane(name):
    k = 2 if name == "moons" else 3
    X, y, X_test, y_test, _ = plane_data(name, k, 0)
    assert set(y) == set(y_test) == set(range(k))
    assert np.mean(np.abs(X) < EDGE) > 0.998
    assert np.abs(X).max(axis=0).min() > 2.5
    np.testing.assert_allclose(X_test.mean(axis=0), X.mean(axis=0), atol=0.15)
    assert 99_000 <= len(X_test) <= 100_000


@pytest.mark.parametrize(
    ("text", "steps", "share"),
    [
        ("data=moons", 2000, 0.97),
        ("data=spirals,hidden=16,layers=2", 4000, 0.95),
        ("activation=sigmoid,batch_size=8", 1880, 0.96),
    ],
)
def test_it_learns(text, steps, share):
    assert experiment(text, steps).right() > share


def test_the_curves_hold_what_was_measured():
    made = experiment("", 96)  # 47 steps are an epoch; after every 12 the losses are measured
    steps = [round(1000 * step / 47) for step in range(0, 97, 12)]
    assert list(made.history["loss"].steps) == list(made.history["held_out"].steps) == steps
    assert made.loss == made.history["loss"].values[-1]
    assert made.loss == pytest.approx(
        -np.log(made.answers(made.X)[-1][np.arange(1500), made.y]).mean()
    )
    held_out = made.history["held_out"].values
    assert held_out[0] > 2 * held_out[-1] > 0.1


def test_a_rate_that_is_too_large_is_explained():
    panel = regions("learning_rate=30,activation=relu,layers=3,hidden=16,seed=1", steps=400)
    assert panel.experiment.diverged == panel.experiment.steps < 400
    assert f"left the range of floating point at step {panel.experiment.diverged}" in panel.summary
    assert "smaller learning rate" in panel.summary
    assert panel.picture.words.get_visible()
    panel.settings = "steps=5"
    assert not panel.picture.words.get_visible()


def test_another_batch_size_is_trained_as_far_in_epochs(panel):
    panel.settings = "steps=94"
    panel.CATCH_UP = 60.0
    for size, steps in ((128, 24), ("all", 2), (8, 376), (32, 94)):
        panel.controls["batch_size"].value = size
        assert panel.experiment.steps == steps
        assert panel.summary.startswith("epoch 2 · ")
    panel.controls["data"].value = "spirals"
    assert panel.experiment.steps == 94


# -- points as text ----------------------------------------------------------------------------


def test_points_have_one_proper_spelling():
    assert normalize_points(" 0:0.50:1.204 ; 1:-1:3e-1;;") == "0:0.5:1.2;1:-1:0.3"
    assert normalize_points("2:-0.001:-0") == "2:0:0"
    assert normalize_points("") == ""
    rng = np.random.default_rng(0)
    points = [
        (int(k), float(x), float(y))
        for k, (x, y) in zip(
            rng.integers(5, size=MOST), rng.uniform(-5.5, 5.5, (MOST, 2)).round(2), strict=True
        )
    ]
    assert read_points(write_points(points)) == points


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("0:1", "'0:1' is no point: it is not class:x1:x2"),
        ("0.5:1:2", "it is not class:x1:x2"),
        ("5:1:2", "the class must be 0 to 4"),
        ("0:5.6:2", "x1 and x2 must lie from -5.5 to 5.5"),
        ("0:nan:2", "x1 and x2 must lie"),
        (";".join(["0:1:2"] * 61), "61 points are too many, 60 are allowed"),
        ("<b>hello</b>", "it is not class:x1:x2"),
    ],
)
def test_wrong_points_are_refused_in_words(shared, wrong, words):
    panel = shared
    before = panel.settings
    with pytest.raises(ValueError, match="points must be points class:x1:x2;") as error:
        panel.settings = f"points={wrong}"
    assert words in str(error.value)
    panel.text.value = f"points={wrong}"
    assert "Not applied" in panel.note.value
    assert "<b>" not in panel.note.value
    assert panel.settings == before
    with pytest.raises(ValueError, match="points must be points"):
        RegionsSettings(points=3)


# -- points as a reader adds them --------------------------------------------------------------


def test_points_are_added_taken_back_and_cleared(panel):
    panel.CATCH_UP = 60.0
    start, first = panel.settings, pixels(panel)
    panel.chosen.value = 2
    panel.place[0].value, panel.place[1].value = -3.0, -4.5
    panel.buttons["add_point"].click()
    assert panel.points == [(2, -3.0, -4.5)]
    assert panel.settings == start.replace("steps=", "points=2:-3:-4.5,steps=")
    assert "1 point added" in panel.summary
    assert tuple(panel.experiment.X[-1]) == (-3.0, -4.5)
    assert panel.experiment.y[-1] == 2
    panel.add_point(0, 1, 1)
    assert "2 points added" in panel.summary
    assert panel.previous is not None
    assert regions(panel.settings).points == panel.points
    panel.buttons["undo_point"].click()
    assert panel.points == [(2, -3.0, -4.5)]
    panel.add_point(4, 5.5, -5.5)
    assert panel.experiment.net.sizes == [2, 5, 5]  # classes 3 and 4 have joined
    panel.buttons["clear_points"].click()
    panel.clear()
    assert panel.points == []
    assert panel.settings == start
    assert np.array_equal(pixels(panel), first)
    panel.buttons["undo_point"].click()  # nothing there: nothing happens
    assert panel.previous is None


def test_a_point_that_cannot_be_is_refused(panel):
    for wrong in ((5, 0, 0), (0, 6, 0), (0, 0, float("nan"))):
        with pytest.raises(ValueError, match="must"):
            panel.add_point(*wrong)
    panel.settings = "steps=0,points=" + ";".join(["0:1:2"] * MOST)
    panel.buttons["add_point"].click()
    assert len(panel.points) == MOST
    assert "60 points are the most" in panel.note.value
    panel.buttons["undo_point"].click()
    assert len(panel.points) == MOST - 1
    assert "most" not in panel.note.value


def test_a_reader_draws_data_of_their_own():
    panel = regions("data=own points,classes=2,steps=0")
    panel.CATCH_UP = 60.0
    assert "no points yet" in panel.summary
    assert panel.picture.words.get_visible()
    panel.step(300)  # nothing to learn from
    start = panel.experiment.net.params.copy()
    panel.reset()
    np.testing.assert_array_equal(panel.experiment.net.params, start)
    panel.step(300)
    panel.add_point(0, 0, 0)
    assert panel.summary.startswith("epoch 300 · ")
    assert "1 of 1 point right" in panel.summary
    assert not panel.picture.words.get_visible()
    for place in ((-3, -3), (3, 3), (-3, 3), (3, -3)):
        panel.add_point(1, *place)
    panel.step(2000)
    assert "5 of 5 points right" in panel.summary
    corner = panel.experiment.answers(np.array([[4.0, 4.0], [0.0, 0.0]]))[-1]
    assert corner.argmax(axis=1).tolist() == [1, 0]


@takes_clicks
def test_clicks_add_points(panel):
    """What the page sends; where it is from, the last test of this file shows."""

    def click(**content):
        panel.clicks._handle_custom_msg(content, [])

    panel.chosen.value = 1
    click(x=0.5, y=0.5, back=False)
    click(x=1, y=0.0, back=False)
    assert panel.points == [(1, 0.0, 0.0), (1, 5.5, 5.5)]
    for wrong in ({}, {"x": "0.1", "y": 0.1}, {"x": 2, "y": 0}, {"x": float("nan"), "y": 0}):
        click(**wrong)
    assert len(panel.points) == 2
    click(x=0.3, y=0.3, back=True)
    assert panel.points == [(1, 0.0, 0.0)]
    left, top, right, bottom = panel.clicks.area
    assert (left, right) == (0.352, 0.652)
    assert panel.picture.plane.bbox.width == pytest.approx(1000 * (right - left))
    height = panel.picture.height
    assert panel.picture.plane.bbox.y1 == pytest.approx(height * (1 - top))
    assert panel.picture.plane.bbox.y0 == pytest.approx(height * (1 - bottom))


@pytest.mark.parametrize("missing", ["anywidget", "ipywidgets 8"])
def test_without_clicks_number_boxes_do(missing, monkeypatch):
    if missing == "anywidget":
        monkeypatch.setitem(sys.modules, "anywidget", None)  # import raises ImportError
    else:
        monkeypatch.setattr(ipywidgets, "__version__", "7.7.1")
    panel = regions("data=own points,steps=5")
    assert panel.clicks is None
    panel.place[0].value = 1.25
    panel.buttons["add_point"].click()
    assert panel.points == [(0, 1.25, 0.0)]
    assert "click" not in repr([w.get_state() for w in panel.widget.children]).lower()


# -- show code ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "steps=940",
        "steps=300,classes=5,layers=3,activation=relu,batch_size=128,learning_rate=0.05",
        "steps=100,classes=2,activation=leaky_relu,seed=4,points=0:1:1;3:-2:0.25",
        "steps=200,data=moons,activation=sigmoid,layers=2,batch_size=8",
        "steps=50,data=spirals,classes=4,activation=elu,batch_size=all",
        "steps=90,data=own points,points=0:1:1;1:1:-2;0:1:3,batch_size=1,learning_rate=0.123",
        "steps=9,data=own points",
    ],
)
def test_the_script_gives_the_very_same_numbers(text, tmp_path):
    panel = regions(text)
    empty = not len(panel.experiment.X)
    names = "Wb" if not empty else ""
    layers = range(1, panel.experiment.settings.layers + 2)
    kept = ", ".join(f"{name}{i}.ravel()" for name in names for i in layers)
    more = f"\nnp.save('params.npy', np.concatenate([{kept}]))\n" if kept else ""
    printed = output_of(panel.code + more, tmp_path)
    if not empty:
        params = panel.experiment.net.params
        np.testing.assert_allclose(np.load(tmp_path / "params.npy"), params, rtol=1e-9, atol=1e-12)
        said = panel.experiment.describe().split(" (")[0].split(" · ")[0]
        assert printed.rstrip().endswith(said)
    loss = "0" if empty else f"{panel.experiment.loss:.6g}"
    assert printed.startswith(f"step {panel.experiment.steps:,}, loss {loss}, ")


# -- the picture -------------------------------------------------------------------------------


def test_the_picture_shows_the_regions_the_points_and_the_border():
    panel = regions("data=own points,classes=4,points=0:3:3;1:-3:3;2:3:-3;3:-3:-3,steps=2500")
    image, ax = pixels(panel), panel.picture.plane
    colours = {0: "#0072B2", 1: "#D55E00", 2: "#009E73", 3: "#E69F00"}

    def at(x, y):
        column, height = ax.transData.transform((x, y))
        return image[round(panel.picture.height - height - 0.5), round(column - 0.5)]

    places = np.array([(4.6, 4.7), (-4.4, 4.8), (4.9, -4.6), (-4.8, -4.9), (4.5, 1.5)])
    P = panel.experiment.answers(places)[-1]
    for place, p in zip(places, P, strict=True):
        assert np.abs(at(*place) - p @ PALE[:4]).max() < 4, place
    for k, x, y in panel.points:
        want = [int(colours[k][i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(at(x, y) - want).max() < 3
    x = np.linspace(-5, 5, 4001)
    changes = 0
    for y in (4.0, -4.0):
        named = panel.experiment.answers(np.column_stack([x, np.full_like(x, y)]))[-1].argmax(1)
        for i in np.flatnonzero(np.diff(named)):
            changes += 1
            near = [at(x[i] + d, y).max() for d in (-0.04, 0, 0.04)]
            assert min(near) < 110
    assert changes >= 2


def test_what_is_labelled_as_kept_says_what_differs(panel):
    panel.keep()
    panel.add_point(1, 2, -2)
    panel.controls["batch_size"].value = "all"
    panel.png()
    assert panel.kept[0].label == "batch 32, 0 added"


# -- in a real browser -------------------------------------------------------------------------

CELL = """from nbhelpers import playgrounds
playgrounds.regions("data=own points,classes=2,steps=100")"""


def test_clicking_in_a_browser(browser, tmp_path):
    """Clicks among the regions add points, Shift takes them back, others do nothing."""
    with run_cells(browser, tmp_path, "1 + 1", CELL) as opened:
        page, panel = opened.page, opened.panels()[0]
        page.locator(".nn-click-words", has_text="click among the regions").wait_for()
        picture, summary = page.locator(".nn-picture"), page.locator(".nn-summary")
        picture.scroll_into_view_if_needed()
        panel.settled()
        box = picture.bounding_box()
        scale = box["width"] / 1000  # a narrow page shows the picture smaller

        def place(x1, x2):
            right, down = (x1 + EDGE) / (2 * EDGE), (EDGE - x2) / (2 * EDGE)
            return box["x"] + scale * (352 + 300 * right), box["y"] + scale * (38 + 300 * down)

        def click(x1, x2, says, shift=False):
            before = panel.shown()
            page.mouse.move(*place(x1, x2))
            if shift:
                page.keyboard.down("Shift")
            page.mouse.click(*place(x1, x2))
            if shift:
                page.keyboard.up("Shift")
            summary.filter(has_text=says).wait_for(timeout=10_000)
            assert panel.changed(before, "pictures")

        assert "no points yet" in summary.inner_text()
        click(-3, 2, "of 1 point right")
        assert picture.evaluate("e => e.style.cursor") == "crosshair"
        page.locator(".widget-toggle-button", has_text="1 ■").click()
        click(3, -2, "of 2 points right")
        panel.settled()
        settings = page.locator('.nn-panel input[type="text"]').last.input_value()
        points = read_points(settings.partition("points=")[2].partition(",")[0])
        assert [k for k, _, _ in points] == [0, 1]
        np.testing.assert_allclose([p[1:] for p in points], [(-3, 2), (3, -2)], atol=0.06)

        page.mouse.click(*place(9, 0))  # among the losses
        for i in range(4):  # quickly one after the other: none is lost
            page.mouse.click(*place(-4 + 2 * i, 4))
        summary.filter(has_text="of 6 points right").wait_for(timeout=10_000)
        click(0, 0, "of 5 points right", shift=True)
        assert page.locator(".jp-Cell.jp-mod-selected").count() == 1  # Shift selected no cells

        panel.play.click()  # also while it trains
        page.mouse.click(*place(4, 4))
        summary.filter(has_text="of 6 points right").wait_for(timeout=10_000)
        panel.play.click()
        panel.button("Clear points").click()
        summary.filter(has_text="no points yet").wait_for(timeout=10_000)
