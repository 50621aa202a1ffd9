"""Live figures of settings: controls, handles, goals; in Python, and under a hand in a browser."""

import html
import inspect
import json
import re
import signal
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from examples import example
from lab import OpenNotebook, jupyter_lab, run_cells, write

from nbhelpers.labs import xor_loop
from nbhelpers.playgrounds import FIGURES, starts
from nbhelpers.playgrounds.downhill import PAIRS, PLACES, surface, trained, walked
from nbhelpers.playgrounds.engine import figure as figures
from nbhelpers.playgrounds.engine import screen as screens
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.playgrounds.engine.plane import APART
from nbhelpers.playgrounds.engine.recording import growing
from nbhelpers.playgrounds.neurons import HIGH, LOW, MIDDLE, SMALL, Neuron, above, half_plane
from nbhelpers.playgrounds.xor import MOMENTS, Xor, XorSettings, first_right, recording
from nbhelpers.teaching import bank

step_of_notebook = bank.exercise("xor_loop.one_step").reference
ROOT = Path(__file__).parents[2]


EXAMPLE = example(figures)  # a line, to be dragged and clicked
Line, line = EXAMPLE["Line"], EXAMPLE["clicked"]


@pytest.fixture
def bests(tmp_path):
    return Bests(tmp_path / "mine" / "bests.json")


@pytest.fixture(params=[*FIGURES, "line"])
def shown(request, bests):
    made = {**FIGURES, "line": line}[request.param](bests=bests)
    yield made
    made.close()


# ---------------------------------------------------------------- every figure
@pytest.mark.parametrize("name", FIGURES)
def test_each_has_help_that_is_true_and_a_cell_in_its_notebook(name):
    function = FIGURES[name]
    assert str(inspect.signature(function)) == "(settings=None, **more)"
    example = re.search(r'such as "(.+?)"', function.__doc__)[1]
    assert function.settings.parse(example, None)
    assert all(f"- {key}: " in function.__doc__ for key in function.settings.allowed())
    (notebook,) = (ROOT / "notebooks").glob(f"{function.notebook}_*.ipynb")
    assert f"playgrounds.{name}(" in notebook.read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`playgrounds.{name}()`" in readme.partition("live figure** is one")[2]


def beside(shown, name):
    """The place 40 pixels to the right of a handle and 30 above it, in data coordinates."""
    data = shown.picture.pointed(name).transData
    x, y = data.transform(shown.state.handles()[name])
    return data.inverted().transform((x + 40, y + 30))


def test_it_opens_unsolved(shown):
    assert not shown.reached
    assert not shown.bests.path.exists()
    assert html.escape(shown.state.goal().words) in shown.aim.value


def test_each_control_at_its_ends_changes_what_is_seen(shown):
    for name, control in shown.controls.items():
        seen = set()
        allowed = shown.state.allowed()[name]
        for value in allowed.options or (allowed.low, allowed.high):
            control.value = value
            assert getattr(shown.state, name) == value
            seen.add((shown.png(), shown.summary))
        assert len(seen) > 1, name


def test_settings_strings_lead_back(shown):
    before, first = shown.png(), shown.settings
    for control in shown.controls.values():
        control.value = getattr(control, "max", None) or control.options[-1]
    there = shown.settings
    assert there != first
    shown.buttons["reset"].click()
    assert (shown.settings, shown.png()) == (first, before)
    shown.text.value = there  # typed by a reader
    assert shown.settings == there
    for wrong in ("nothing=1", "steps=3", there.replace("=", "")):
        shown.text.value = wrong
        assert "Not applied" in shown.note.value
        assert shown.settings == there
        with pytest.raises(ValueError):  # noqa: PT011 the messages are Settings' own
            shown.settings = wrong


def test_a_number_box_refuses_nothing_silently(shown):
    for name, box in shown.number_boxes.items():
        box.value = 1.23
        assert getattr(shown.state, name) == 1.23


def test_handles_go_where_they_are_dragged(shown):
    """Anywhere, also outside of the axes, on each other and at places without a number."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        for name in shown.state.handles():
            x, y = rng.normal(0.5, 1.0, 2)
            shown.drag(name, x, y)
            assert shown.settings == type(shown.state).parse(shown.settings, None)[0].text()
    shown.reset()
    for name in shown.state.handles():
        before = shown.png()
        shown.drag(name, *beside(shown, name))
        assert shown.png() != before, name
    with pytest.raises(ValueError, match="there is no handle 'tail'; there are: "):
        shown.drag("tail", 0, 0)


def test_what_the_page_says_is_a_drag_or_nothing(shown):
    if screens.screen_class() is None:
        pytest.skip("without anywidget, or with ipywidgets 7, nothing can be dragged")
    name, (x, y) = next(iter(shown.image.handles.items()))
    before = shown.settings
    said = {"handle": name, "x": x + 12, "y": y + 9, "serial": 1}
    for wrong in (
        None,
        {},
        said | {"handle": "tail"},
        said | {"handle": 3},
        said | {"x": float("nan")},
        said | {"y": "9"},
        said | {"serial": "soon"},
    ):
        shown.image._heard(shown.image, wrong, [])
        assert shown.settings == before
    shown.image._heard(shown.image, said | {"serial": 7}, [])
    assert shown.settings != before
    assert shown.image.seen == 7
    assert abs(shown.image.handles[name][0] - (x + 12)) <= 12


def test_clicks_and_questions_count_where_the_picture_says_so(bests):
    shown = line(bests=bests)
    shown.press("plane", 0.5, 0.5)
    assert shown.state.slope == 1.0
    assert shown.hover("plane", 0.5, 2) == "(0.50, 2.00)"
    assert shown.hover("plane", 0.5, -2) == ""
    other = FIGURES["neuron"](bests=bests)  # it has no such place
    for ask in (shown.press, shown.hover):
        with pytest.raises(ValueError, match="there is no place 'sky'; there are: plane"):
            ask("sky", 0, 0)
    with pytest.raises(ValueError, match="there is no place 'plane'; there are: none"):
        other.press("plane", 0, 0)
    shown.close()
    for ask in (shown.press, shown.hover):
        with pytest.raises(RuntimeError, match="this figure is closed"):
            ask("plane", 0, 0)


def test_a_click_in_pixels_is_a_click_in_data(bests):
    shown = line(bests=bests)
    if screens.screen_class() is None:
        pytest.skip("without anywidget, or with ipywidgets 7, nothing can be clicked")
    left, top, width, height = shown.image.places["plane"]
    said = {"x": left + width / 2, "y": top + height / 3, "serial": 3}  # (0.75, 1)
    shown.image._heard(None, said | {"hover": "plane"}, [])
    assert shown.image.told == [3, "(0.75, 1.00)"]
    assert (shown.state.slope, shown.image.seen) == (0.0, 0)
    shown.image._heard(None, said | {"press": "plane"}, [])
    assert shown.state.slope == pytest.approx(1.33)
    assert shown.image.seen == 3
    assert FIGURES["neuron"](bests=bests).image.places == {}


def test_it_shows_itself_live_and_as_a_picture(shown):
    bundle = shown._repr_mimebundle_()
    assert shown.summary in bundle["text/plain"]
    assert bundle["image/png"].startswith("iVBOR")
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == shown.widget.model_id


def test_a_closed_figure_can_be_read_and_says_that_it_is_closed(shown):
    shown.close()
    shown.close()
    assert shown.summary
    assert set(shown._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(RuntimeError, match="this figure is closed; open another one with its"):
        shown.png()


def test_without_anywidget_there_is_a_plain_picture(shown, monkeypatch):
    monkeypatch.setattr(screens, "screen_class", lambda: None)
    plain = type(shown)(shown.state, type(shown.picture)(), bests=shown.bests)
    assert plain.image.value == shown.image.value
    assert list(plain.controls) == list(shown.controls)
    name = next(iter(plain.state.handles()))
    plain.drag(name, *beside(plain, name))
    assert plain.settings != shown.settings
    plain.close()


# ---------------------------------------------------------------- goals
def test_a_best_score_is_kept_in_a_file_that_a_person_can_read(bests):
    shown = line(bests=bests)
    assert "best" not in shown.aim.value
    shown.drag("end", 1.0, 1.5)
    shown.drag("end", 1.0, 1.0)
    assert "now 1 \u00b7 best 0.5" in shown.aim.value
    kept = {"a slope of 2": {"score": 0.5, "settings": "slope=1.5"}}
    assert json.loads(bests.path.read_text(encoding="utf-8")) == kept
    assert "best 0.5" in line("slope=-3", bests=Bests(bests.path)).aim.value
    shown.controls["slope"].value = 2.04
    assert shown.reached
    assert "\u2713 reached" in shown.aim.value


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', '{"a": {"score": NaN}}', "\xff"])
def test_a_damaged_file_is_begun_anew(bests, text):
    bests.path.parent.mkdir()
    bests.path.write_text(text, encoding="latin-1")
    shown = line(bests=Bests(bests.path))
    shown.drag("end", 1.0, 1.5)
    assert "slope=1.5" in bests.path.read_text(encoding="utf-8")
    aside = bests.path.with_name("bests.json.damaged")
    assert aside.read_text(encoding="latin-1") == text


def test_two_notebooks_keep_each_others_bests(bests):
    one, other = line(bests=bests), FIGURES["neuron"](bests=Bests(bests.path))
    other.drag("arrow", 0.9, 0.9)
    one.drag("end", 1.0, 1.5)
    line(bests=Bests(bests.path)).drag("end", 1.0, 1.9)
    one.drag("end", 1.0, 1.6)  # better than what this one knows of
    assert set(json.loads(bests.path.read_text())) == {"a slope of 2", "one neuron computes OR"}
    assert bests.best(one.state.goal()) == pytest.approx(0.1)


def test_a_drag_that_fails_does_not_leave_the_page_waiting(bests, monkeypatch):
    shown = line(bests=bests)
    if screens.screen_class() is None:
        pytest.skip("without anywidget, or with ipywidgets 7, nothing can be dragged")
    monkeypatch.setattr(Line, "drag", lambda self, name, x, y: replace(self, slope=99.0))
    with pytest.raises(ValueError, match="slope must be a number from -3 to 3, got 99"):
        shown.image._heard(None, {"handle": "end", "x": 9.0, "y": 9.0, "serial": 4}, [])
    assert shown.image.seen == 4


def test_a_move_that_changes_nothing_is_answered_without_drawing(bests, monkeypatch):
    shown, drawn = line(bests=bests), []
    if screens.screen_class() is None:
        pytest.skip("without anywidget, or with ipywidgets 7, nothing can be dragged")
    monkeypatch.setattr(shown, "PAUSE", 1e9)  # words wait until the hand lets go
    render = shown.picture.render
    monkeypatch.setattr(shown.picture, "render", lambda: drawn.append(1) or render())
    said = {"handle": "end", "x": 500.0, "y": 100.0, "last": False}
    for serial in (1, 2):
        shown.image._heard(None, said | {"serial": serial}, [])
    assert shown.image.seen == 2
    assert len(drawn) == 1
    assert shown.summary not in shown.words.value
    shown.image._heard(None, said | {"serial": 3, "last": True}, [])
    assert shown.summary in shown.words.value


def test_where_nothing_can_be_written_scores_last_as_long_as_the_kernel(tmp_path):
    (tmp_path / "mine").write_text("a file where a folder should be")
    shown = line(bests=Bests(tmp_path / "mine" / "bests.json"))
    shown.drag("end", 1.0, 1.5)
    shown.drag("end", 1.0, 0.0)
    assert "best 0.5" in shown.aim.value


# ---------------------------------------------------------------- neurons
def test_the_coloured_half_is_where_the_neuron_says_one(rng):
    """Its area is the share of a fine grid, for lines everywhere and for a neuron without any."""
    side = np.linspace(LOW, HIGH, 201)
    P = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    for w in [np.zeros(2), *rng.normal(0, 2, (40, 2))]:
        for threshold in (-1.0, 0.0, 0.7):
            x, y = half_plane(w, threshold).T
            area = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2 / (HIGH - LOW) ** 2
            assert area == pytest.approx(above(w, threshold, P).mean(), abs=0.02)


def test_an_arrow_is_where_it_was_dragged_and_turns_around_its_line(bests, rng):
    """Wherever the line was put before, whatever the way there; up to rounding."""
    shown = FIGURES["neuron"](bests=bests)
    for _ in range(20):
        start = rng.uniform(LOW, HIGH, 2)
        shown.drag("line", *start)
        for at in start + rng.normal(0, 0.2, (10, 2)):
            if np.hypot(*(at - start)) > 0.1:
                shown.drag("arrow", *at)
                assert np.allclose(shown.state.handles()["arrow"], at, atol=0.02)
            assert np.allclose(shown.state.handles()["line"], start, atol=0.02)


def test_dragged_across_its_line_an_arrow_turns_once_and_the_line_stays(bests):
    shown = FIGURES["neuron"](bests=bests)
    start, arrow = (np.array(at) for at in shown.state.handles().values())
    says = []
    for share in np.linspace(1, -1, 41):
        shown.drag("arrow", *(start + share * (arrow - start)))
        direction = np.array([shown.state.w1, shown.state.w2]) / np.hypot(1, 0.5)
        says.append(direction @ (arrow - start) > 0)
        assert abs(direction @ [1, 2]) < 0.1, "the line turns"
        assert np.allclose(shown.state.handles()["line"], start, atol=0.02)
    assert says == sorted(says, reverse=True)
    assert says[0] != says[-1]


def test_handles_of_a_line_stay_in_the_plane_with_it(bests):
    """A handle far along the line goes where the line leaves the plane."""
    shown = FIGURES["neuron"]("w1=1,w2=1,threshold=2.5,along=2", bests=bests)
    assert np.allclose(shown.state.handles()["line"], (1.0, 1.5))
    shown.change(threshold=5.0)  # no point of the line is in the plane
    assert max(shown.state.handles()["line"]) == HIGH


def test_the_line_follows_its_handle_out_of_the_plane(bests):
    """It stays parallel, goes through the place as long as it is in the plane, and ends at it."""
    shown = FIGURES["neuron"](bests=bests)
    before = shown.state.line[0]
    for to in ((-0.6, 1.0), (2.2, 1.5), (0.5, 1.9)):
        shown.drag("line", *to)
        w, threshold, _ = shown.state.line
        assert np.array_equal(w, before)
        assert w @ to == pytest.approx(threshold, abs=1e-3)
        start = shown.state.handles()["line"]
        assert w @ start == pytest.approx(threshold, abs=2e-3)
        assert LOW <= min(start) <= max(start) <= HIGH
    shown.drag("line", -3, 5)
    assert shown.state.threshold == pytest.approx(before @ (LOW, HIGH))


def test_no_zero_has_a_sign(bests):
    shown = FIGURES["neuron"]("w1=-0.0,w2=-1", bests=bests)
    assert ",w1=0.0," in shown.settings
    assert [cell.get_text() for cell in shown.picture.table.cells[2]] == ["0", "-1", "0", "-1"]


def test_where_a_line_is_held_is_written_once_it_isn_t_its_middle(bests):
    shown = FIGURES["neuron"](bests=bests)
    assert "along" not in shown.settings
    shown.drag("line", 0.2, 1.1)
    assert re.search(r",along=-?[\d.]+$", shown.settings)
    again = FIGURES["neuron"](shown.settings, bests=bests)
    assert again.state == shown.state
    shown.reset()
    assert "along" not in shown.settings


@pytest.mark.parametrize("name", ["neuron", "three_neurons"])
def test_lines_and_arrows_can_be_held_over_all_of_their_length(name, bests):
    """A line from border to border of its plane, an arrow from the line to the end of its head."""
    shown = FIGURES[name](bests=bests)
    if screens.screen_class() is None:
        pytest.skip("without anywidget, or with ipywidgets 7, nothing can be dragged")
    for held, place in shown.state.handles().items():
        start, end, turns = shown.picture.reach(shown.state)[held]
        assert turns == held.endswith("arrow")
        across = [end[1] - start[1], start[0] - end[0]]
        assert np.dot(across, np.subtract(place, start)) == pytest.approx(0, abs=1e-9)
        ax = shown.picture.pointed(held)
        pixels = ax.transData.transform([start, end])
        said = np.array(shown.image.reach[held][:4]).reshape(2, 2)
        assert np.allclose(said, [0, shown.picture.height] + pixels * [1, -1], atol=0.1)
        if turns:
            line = shown.state.handles()[held.replace("arrow", "line")]
            assert np.allclose(start, line)
            beyond = np.hypot(*(pixels[1] - ax.transData.transform(place)))
            assert beyond == pytest.approx(17)
        else:
            assert np.abs(np.subtract([start, end], MIDDLE)).max(axis=1) == pytest.approx(1)
    shown.settings, gone = {"neuron": ("w1=0,w2=0", ""), "three_neurons": ("a1=0,a2=0", "first")}[
        name
    ]
    left = {held for held in shown.state.handles() if not held.startswith(gone)}
    assert set(shown.image.reach) == left


@pytest.mark.parametrize(
    ("table", "line", "arrow"),
    [("OR", (0.3, 0.3), (0.9, 0.9)), ("AND", (0.7, 0.7), (0.9, 0.9))],
)
def test_a_neuron_computes_or_and_and_by_hand(table, line, arrow, bests):
    shown = FIGURES["neuron"](f"table={table}", bests=bests)
    shown.drag("line", *line)
    shown.drag("arrow", *arrow)
    assert shown.reached, shown.summary


def test_no_neuron_computes_xor():
    """Not one of all that the sliders can set, and the best has three rows."""
    values = np.linspace(-5, 5, 41)
    scores = {
        int(Neuron("XOR", w1=w1, w2=w2, threshold=threshold).right().sum())
        for w1, w2, threshold in product(values[::2], values[::2], values)
    }
    assert max(scores) == 3


def test_a_smooth_neuron_answers_with_the_sigmoid(bests):
    """The table has 1 / (1 + exp(threshold - z)), on the line the colour is that of one half."""
    shown = FIGURES["neuron"]("activation=sigmoid,w1=3,w2=3,threshold=2", bests=bests)
    cells = [cell.get_text() for cell in shown.picture.table.cells[4]]
    assert cells == ["0.12", "0.73", "0.73", "0.98"]
    colours = shown.picture.plane.surface.pixels[..., :3].astype(float)
    inside = np.linspace(0, 1, len(colours)) * (HIGH - LOW) + LOW
    on_line = np.abs(3 * (inside[:, None] + inside) - 2) < 0.02
    assert (colours[on_line].min(axis=1) > 240).all(), "white on the line"
    assert not shown.reached
    shown.change(w1=4.0, w2=4.0)  # a longer arrow
    assert shown.reached
    shown.change(activation="step")
    assert [cell.get_text() for cell in shown.picture.table.cells[4]] == list("0111")


@pytest.mark.parametrize(
    ("table", "can"), [("OR", True), ("AND", True), ("XOR", False)], ids=("OR", "AND", "XOR")
)
def test_which_goals_of_a_smooth_neuron_can_be_reached(table, can):
    """Among all that the sliders can set."""
    values = np.linspace(-5, 5, 21)
    errors = (
        Neuron(table, "sigmoid", w1=w1, w2=w2, threshold=threshold).error()
        for w1, w2, threshold in product(values, values, values)
    )
    assert (min(errors) < SMALL) == can


def test_three_neurons_compute_xor_by_hand(bests):
    shown = FIGURES["three_neurons"](bests=bests)
    for name, at, to in (
        ("first", (0.3, 0.3), (0.9, 0.9)),  # OR
        ("second", (0.7, 0.7), (0.2, 0.2)),  # not AND
        ("third", (0.75, 0.75), (1.1, 1.1)),  # AND of the two
    ):
        shown.drag(f"{name} line", *at)
        shown.drag(f"{name} arrow", *to)
    assert shown.reached, shown.settings
    assert shown.summary.endswith("for the third neuron the four inputs lie on 3 places")


@pytest.mark.parametrize(
    "settings", ["", "a=0.1,b=1.4", "a=-4", "a1=0,a2=0,b1=0,b2=0", "a1=1,a2=1,a=0.5,b=4"]
)
def test_points_are_moved_only_where_several_coincide(settings, bests):
    """A single one is at its true place, several are around theirs."""
    shown = FIGURES["three_neurons"](settings, bests=bests)
    hidden, ax = shown.state.hidden(), shown.picture.third.ax
    seen = shown.picture.third.points.get_offsets()
    for place in np.unique(hidden, axis=0):
        here = seen[(hidden == place).all(axis=1)]
        assert here.mean(axis=0) == pytest.approx(place, abs=1e-3)
        pixels = ax.transData.transform(here)
        between = np.hypot(*(pixels[:, np.newaxis] - pixels).T)[np.triu_indices(len(here), 1)]
        assert (between > 0.9 * APART).all()


# ---------------------------------------------------------------- one weight
def notebook_loss(W1, W2):
    """Notebook 01's own formula."""
    X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    A1 = 1 / (1 + np.exp(-X @ W1))
    return 0.5 * np.sum((1 / (1 + np.exp(-A1 @ W2)) - Y) ** 2)


@pytest.mark.parametrize("weight", PLACES)
def test_loss_and_slope_are_those_of_the_notebook(weight, bests):
    """The slope against finite differences of the notebook's own loss, at three values."""
    rng = np.random.default_rng(3)
    W = [rng.random((2, 3)), rng.random((3, 1))]
    layer, *place = PLACES[weight]
    for value in (-5.0, 0.3, 4.0):
        around = []
        for moved in (value - 1e-6, value, value + 1e-6):
            W[layer][tuple(place)] = moved
            around.append(notebook_loss(*W))
        _, loss, slope = FIGURES["one_weight"](
            f"weight={weight},value={value},seed=3", bests=bests
        ).state.here()
        assert loss == pytest.approx(around[1], rel=1e-12)
        assert slope == pytest.approx((around[2] - around[0]) / 2e-6, abs=1e-8)


def test_steps_downhill_lead_to_the_goal(bests):
    """Each by rate times slope; the whole path is drawn, and a drag begins another one."""
    shown = FIGURES["one_weight"](bests=bests)
    at = [4.0]
    for k in range(8):
        *_, slope = shown.state.here()
        shown.buttons["step"].click()
        at.append(at[-1] - 10.0 * slope)
        assert shown.state.here()[0] == pytest.approx(at[-1])
        assert f"step {k + 1} " in shown.summary
    assert shown.reached
    assert np.allclose(shown.picture.trail.get_xdata(), at)
    shown.drag("weight", 2.0, 0.7)
    assert (shown.state.value, shown.state.steps_made) == (2.0, 0)
    shown.change(steps_made=20)
    before = shown.settings
    shown.step()
    assert "20 steps are all that is shown" in shown.note.value
    assert shown.settings == before


def test_too_large_a_rate_jumps_across_the_valley(bests):
    """What notebook 01 has its readers see: eight steps at 10, at 100, and on the way back."""
    shown = FIGURES["one_weight"]("steps_made=8", bests=bests)
    assert (np.diff(shown.state.path()[0]) < 0).all()
    shown.change(learning_rate=100.0)
    moves = np.diff(shown.state.path()[0])
    assert (moves > 0).any()
    assert (moves < 0).any()
    assert np.abs(moves).max() > 5
    assert not shown.reached


def test_a_neuron_shows_the_number_that_is_squashed(bests):
    shown = FIGURES["neuron"]("activation=sigmoid,w1=2,w2=-1,threshold=0.5", bests=bests)
    columns = [[cell.get_text() for cell in column] for column in shown.picture.table.cells]
    assert columns[2] == ["0", "-1", "2", "1"]
    assert columns[3] == ["-0.5", "-1.5", "1.5", "0.5"]
    assert columns[4] == [f"{1 / (1 + np.exp(-float(z))):.2f}" for z in columns[3]]


@pytest.mark.parametrize("w", [(5, 5), (-5, 5), (5, 0), (0, -5), (4, -5)])
def test_the_longest_arrow_stays_in_the_plane(w, bests):
    """Where the line goes through the middle of the plane."""
    threshold = 0.5 * sum(w)
    shown = FIGURES["neuron"](f"w1={w[0]},w2={w[1]},threshold={threshold}", bests=bests)
    assert np.all(np.abs(np.array(shown.state.handles()["arrow"]) - 0.5) <= 1.0 + 1e-9)


# ---------------------------------------------------------------- one delta
@pytest.mark.parametrize("target", [0, 1])
def test_delta_is_the_slope_of_the_loss(target, bests):
    """Against finite differences, and as the two lines of the picture show it."""
    shown = FIGURES["one_delta"](f"target={target}", bests=bests)

    def answer(z):
        return 1 / (1 + np.exp(-z))

    for z in (-6.5, -0.7, 0.0, 3.1):
        shown.drag("loss", z, 0.2)
        above, below = (0.5 * (answer(z + e) - target) ** 2 for e in (1e-6, -1e-6))
        assert shown.state.delta() == pytest.approx((above - below) / 2e-6, abs=1e-8)
        values = answer(z) * (1 - answer(z)), shown.state.delta()
        for line, slope in zip(shown.picture.slopes, values, strict=True):
            (x0, x1), (y0, y1) = line.get_data()
            assert (y1 - y0) / (x1 - x0) == pytest.approx(slope, abs=1e-9)


def test_a_wrong_answer_may_get_next_to_no_blame(bests):
    """The goal, from either end; the largest blame is where the answer is a third."""
    shown = FIGURES["one_delta"](bests=bests)
    assert "not yet" in shown.aim.value, "the error is not above 0.9"
    shown.drag("answer", -4.7, 0.0)
    assert shown.reached
    shown.change(target=0)
    assert not shown.reached
    shown.change(z=4.7)
    assert shown.reached
    blame = {z: abs(replace(shown.state, z=z, target=1).delta()) for z in np.linspace(-8, 8, 321)}
    assert max(blame, key=blame.get) == pytest.approx(np.log(0.5), abs=0.05)
    shown.drag("answer", 99.0, 0.0)
    assert shown.state.z == 8


# ---------------------------------------------------------------- two weights
def test_two_weights_walk_downhill_as_the_notebook_does(bests):
    """Every step by finite differences of the notebook's own loss, the other weights as trained."""
    shown = FIGURES["two_weights"](
        "weights=W2[0, 0] and W2[2, 0],first=-6,second=-7,steps_made=5,seed=2", bests=bests
    )
    path, losses = walked(shown.state)
    W1, W2 = (w.copy() for w in trained(2))
    at = np.array([-6.0, -7.0])
    for now, loss in zip(path, losses, strict=True):
        assert np.allclose(now, at, atol=1e-6)
        W2[[0, 2], 0] = at
        assert loss == pytest.approx(notebook_loss(W1, W2), rel=1e-5)
        slopes = []
        for k in (0, 2):
            around = [W2.copy(), W2.copy()]
            around[0][k] += 1e-6
            around[1][k] -= 1e-6
            slopes.append((notebook_loss(W1, around[0]) - notebook_loss(W1, around[1])) / 2e-6)
        at = at - 3.0 * np.array(slopes)


def test_the_surface_is_the_loss_and_its_goal_can_be_reached(bests):
    shown = FIGURES["two_weights"]("steps_made=100", bests=bests)
    assert not shown.reached
    shown.drag("start", 2, -4)
    assert shown.reached
    shown.change(steps_made=0)
    assert "not yet" in shown.aim.value, "without a step there is no path"
    shown.drag("start", 11, -11)
    assert not shown.reached, "it is laid down there, not led"
    Z = surface(0, PAIRS["W1[0, 0] and W2[0, 0]"])
    W1, W2 = (w.copy() for w in trained(0))
    W1[0, 0], W2[0, 0] = -12 + 24 * 50 / 80, -12 + 24 * 7 / 80  # second weight from row to row
    assert Z[7, 50] == pytest.approx(notebook_loss(W1, W2), rel=1e-9)


# ---------------------------------------------------------------- a recorded training
def test_every_moment_is_what_training_to_it_gives(bests):
    shown = FIGURES["xor_recorded"]("hidden=2,seed=1", bests=bests)
    for moment in (MOMENTS - 1, 0, 7, 66):  # in any order
        shown.change(moment=moment)
        e = shown.state.experiment()
        trained = Xor(XorSettings(hidden=2, seed=1))
        trained.step(e.steps)
        assert np.array_equal(e.net.params, trained.net.params)
        assert shown.summary == (
            f"step {e.steps:,} \u00b7 loss {trained.loss:.4f} \u00b7 {trained.describe()}"
        )
    assert growing(10_000, MOMENTS)[-1] == 10_000
    assert (np.diff(growing(50, MOMENTS)) == 1).all()


def test_the_earliest_moment_with_four_right_is_its_goal(bests):
    recording.cache_clear(), first_right.cache_clear()
    shown = FIGURES["xor_recorded"](bests=bests)
    reached = [shown.reached]
    for moment in range(1, MOMENTS):
        shown.change(moment=moment)
        reached.append(shown.reached)
    assert reached.count(True) == 1
    first = reached.index(True)
    shown.change(moment=first)
    assert shown.state.experiment().right().all()
    shown.change(moment=first - 1)
    assert not shown.state.experiment().right().all()
    one = FIGURES["xor_recorded"]("hidden=1", bests=bests)  # never
    one.change(moment=MOMENTS - 1)
    assert not one.reached
    assert "not yet" in one.aim.value


# ---------------------------------------------------------------- fifty starts of each size
def test_all_starts_are_those_of_the_lab_at_every_moment(bests):
    shown = FIGURES["xor_starts"]("moment=70,weights=normal", bests=bests)
    step = int(starts.STEPS[70])
    for k, hidden in enumerate(starts.SIZES):
        right = (xor_loop.train(50, hidden, step + 1, 1.0, "normal")[-1] < 0.5).all(axis=1).sum()
        assert shown.picture.counts[k].get_text() == f"{right} right"
        assert len(shown.picture.right[k].get_xdata()) == right
        assert f"{right} with {hidden} unit" in shown.summary
    assert sum(len(dots.get_xdata()) for dots in [shown.picture.wrong, *shown.picture.right]) == 300


def test_what_is_to_come_isn_t_drawn(bests):
    shown = FIGURES["xor_starts"](bests=bests)
    for moment in (0, 60, 100):
        shown.drag("moment", max(starts.STEPS[moment], 1), 17.0)
        shown.change(moment=moment)
        for curve in shown.picture.curves:
            assert curve.get_xdata()[-1] == max(starts.STEPS[moment], 1)


def test_all_fifty_before_step_100_can_be_had(bests):
    shown = FIGURES["xor_starts"]("learning_rate=10,weights=normal", bests=bests)
    reached = [shown.change(moment=moment) or shown.reached for moment in range(101)]
    assert 0 < starts.STEPS[reached.index(True)] < 100
    assert not reached[-1], "late is no longer early"
    shown.change(moment=100, learning_rate=1.0)
    assert not shown.reached


def test_interrupted_starts_are_made_anew(bests, monkeypatch):
    shown, sigmoid, calls = FIGURES["xor_starts"](bests=bests), starts.sigmoid, []
    shown.change(moment=100)

    def interrupted(Z):
        calls.append(1)
        if len(calls) == 500:
            signal.raise_signal(signal.SIGINT)
        return sigmoid(Z)

    starts.trained.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(starts, "sigmoid", interrupted)
        with pytest.raises(KeyboardInterrupt):
            shown.change(learning_rate=3.0)
    assert 500 <= len(calls) < 1_000
    shown.change(learning_rate=3.0)
    plain = FIGURES["xor_starts"]("moment=100,learning_rate=3.0", bests=bests)
    assert (shown.summary, shown.png()) == (plain.summary, plain.png())


def test_what_takes_long_is_said_meanwhile(bests, monkeypatch):
    shown, said = FIGURES["xor_starts"](bests=bests), []
    shown.note.observe(lambda change: said.append(change["new"]), "value")
    shown.change(weights="normal")
    assert "300 networks are trained" in said[0]
    assert "trained" not in shown.note.value
    said.clear()
    shown.change(moment=50)
    assert not said


# ---------------------------------------------------------------- by the reader's function
def slow(X, Y, W1, W2, lr):
    time.sleep(0.01)
    return W1, W2


def spoils(X, Y, W1, W2, lr):
    new = step_of_notebook(X, Y, W1, W2, lr)
    X[:], Y[:], W1[:], W2[:] = 0, 0, 0, 0
    return new


OWN = [
    (step_of_notebook, "our one_step"),
    (lambda *given: step_of_notebook(*given), "your one_step"),
    (spoils, "your one_step"),
]


@pytest.mark.parametrize(("function", "words"), OWN)
def test_a_recorded_training_by_a_function(function, words, bests):
    """It is what the function makes, and the summary says whose steps they are."""
    own = FIGURES["xor_recorded"]("moment=120", one_step=function, bests=bests)
    plain = FIGURES["xor_recorded"]("moment=120", bests=bests)
    assert own.summary == f"{plain.summary} \u00b7 steps by {words}"
    stays = FIGURES["xor_recorded"](one_step=lambda *given: given[2:4], bests=bests)
    stays.change(moment=120)
    assert np.array_equal(stays.state.experiment().net.W[0], Xor(XorSettings()).net.W[0])
    own.controls["hidden"].value = 5
    own.settings = "moment=120,hidden=5,seed=2"
    plain.settings = own.settings
    assert own.summary.startswith(plain.summary)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (slow, "your one_step needs more than 0.2 s for 10,000 steps; these are ours"),
        (lambda X, Y, W1, W2, lr: (W1, 1 / 0), "stopped at step 1 (ZeroDivisionError"),
        (lambda X, Y, W1, W2, lr: (W1, W2[:2]), "weights of shape (3, 1) became (2, 1)"),
        (lambda X, Y, W1, W2, lr: (W1,), "these are ours"),
        (lambda X, Y, W1, W2, lr: None, "these are ours"),
    ],
)
def test_a_function_that_fails_leaves_our_training(function, words, bests, monkeypatch):
    monkeypatch.setattr(sys.modules["nbhelpers.playgrounds.xor"], "SECONDS", 0.2)
    own = FIGURES["xor_recorded"]("moment=120", one_step=function, bests=bests)
    plain = FIGURES["xor_recorded"]("moment=120", bests=bests)
    assert own.summary.startswith(plain.summary)
    assert words in own.summary


def test_an_interrupted_recording_is_made_anew(bests):
    calls = []

    def one_step(X, Y, W1, W2, lr):
        calls.append(1)
        if len(calls) == 500:
            signal.raise_signal(signal.SIGINT)
        return step_of_notebook(X, Y, W1, W2, lr)

    own = FIGURES["xor_recorded"](one_step=lambda *given: given[2:4], bests=bests)
    own.change(moment=120)
    own.state.__class__.one_step = staticmethod(one_step)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            own.change(seed=3)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(calls) == 500
    plain = FIGURES["xor_recorded"]("moment=120,seed=3", bests=bests)
    assert own.summary == plain.summary + " \u00b7 steps by your one_step"


def test_a_recording_ends_where_the_loss_has_no_bounds(bests):
    own = FIGURES["xor_recorded"](one_step=lambda X, Y, W1, W2, lr: (W1 * 1e99, W2), bests=bests)
    own.change(moment=120)
    assert own.summary.startswith("step 4 \u00b7 loss nan")
    assert own.png()[:4] == b"\x89PNG"


# ---------------------------------------------------------------- under a hand
CELL = """
from nbhelpers import playgrounds

shown = playgrounds.neuron()
shown.PAUSE = 1e9  # words only when the hand rests or lets go
pictures = [shown.change(w1=k / 10) or shown.image.value for k in range(20)]
shown.reset()


def burst(_):
    for picture in pictures:
        shown.image.value = picture


shown.buttons["best"].on_click(burst)
shown
"""
BYTES = """async img => {
  try { return [...new Uint8Array(await (await fetch(img.src)).arrayBuffer())]; }
  catch (e) { return []; }  // replaced while it was read
}"""


def test_dragging_in_a_browser(browser, tmp_path, bests):
    """The handle stays under the hand; words, sliders and picture follow; the goal is noticed.

    A hand that rests is told all that it is told when it lets go.

    Of pictures that come faster than the page can load them, the last one is shown.
    """
    with run_cells(browser, tmp_path, CELL) as notebook:
        page, (panel,) = notebook.page, notebook.panels()
        panel.settled()
        panel.count_frames()

        def middle(name):
            box = page.locator(f'circle[data-name="{name}"]').bounding_box()
            return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def told():
            parts = panel.root.locator(".nn-summary, .nn-goal, .widget-readout").all_inner_texts()
            return *parts, panel.root.get_by_label("settings").input_value()

        unit = 138 * panel.root.locator("img").bounding_box()["width"] / 1000  # of the plane, in px
        start = middle("line")
        for name, *to in (("arrow", -0.53, 0.2), ("arrow", 0.53, 0.47), ("line", -0.45, -0.45)):
            (x, y), (right, up) = middle(name), unit * np.array(to)
            page.mouse.move(x, y)
            page.mouse.down()
            for k in range(1, 21):
                page.mouse.move(x + right * k / 20, y - up * k / 20)
                assert np.allclose(middle(name), (x + right * k / 20, y - up * k / 20), atol=1)
            panel.settled(quiet=1)
            at_rest = told()
            page.mouse.up()
            panel.settled()
            assert told() == at_rest
            if name == "arrow":  # across the line and back: it turns around the line's handle
                assert np.allclose(middle("line"), start, atol=3)
        assert panel.shows_frames(5)
        shown = panel.settled()
        assert "4 of 4 rows of OR right" in shown["words"]
        assert "\u2713 reached" in shown["words"]
        last = FIGURES["neuron"]("w1=1.9", bests=bests).image.value
        panel.button("Show my best").click()
        assert panel.until(lambda: bytes(panel.root.locator("img").evaluate(BYTES)) == last, 10)


SWIPE = """([x, y]) => ['touch', 'mouse'].map(pointerType => {
  const line = document.elementsFromPoint(x, y).find(e => e.tagName === 'line');
  const all = { clientX: x, clientY: y, pointerType, pointerId: 1, bubbles: true };
  line.dispatchEvent(new PointerEvent('pointerdown', all));
  const held = !!document.querySelector('circle.held');
  line.dispatchEvent(new PointerEvent('pointerup', all));
  return held;
})"""


def test_holding_a_line_and_an_arrow_in_a_browser(browser, tmp_path):
    """Anywhere along them: nothing jumps, and what was taken stays under the hand."""
    cell = "from nbhelpers import playgrounds\n\nplaygrounds.neuron()"
    with run_cells(browser, tmp_path, cell) as notebook:
        page, (panel,) = notebook.page, notebook.panels()
        panel.settled()
        box = panel.root.locator("img").bounding_box()

        def ends(name):
            (line,) = panel.root.locator(f'line[data-name="{name}"]').all()
            said = [float(line.get_attribute(key)) for key in ("x1", "y1", "x2", "y2")]
            return np.array(said).reshape(2, 2) * box["width"] / 1000 + (box["x"], box["y"])

        def middle(name):
            at = panel.root.locator(f'circle[data-name="{name}"]').bounding_box()
            return np.array([at["x"] + at["width"] / 2, at["y"] + at["height"] / 2])

        def drag(at, to, name):
            page.mouse.move(*at)
            page.mouse.down()
            held = middle(name)
            page.mouse.move(*to, steps=10)
            moved = middle(name) - held
            page.mouse.up()
            panel.settled()
            return moved

        settings = panel.root.get_by_label("settings")
        before = settings.input_value()
        start, end = ends("line")
        for share, to in ((0.1, (60, 0)), (0.95, (-40, -15))):
            at = start + share * (end - start)
            page.mouse.click(*at)
            panel.settled()
            assert settings.input_value() == before
            assert np.allclose(drag(at, at + to, "line"), to, atol=1)
            before, old = settings.input_value(), end - start
            start, end = ends("line")
            across = np.array([[0, 1], [-1, 0]]) @ (end - start) / np.hypot(*(end - start))
            assert abs(across @ old) < 1, "it turns"
            assert abs(across @ (at + to - start)) < 2, "it isn't under the hand"
        for to in ((30, 70), (-50, 20)):
            pivot, tip = ends("arrow")
            drag(tip, pivot + to, "arrow")
            assert np.allclose(ends("arrow"), (pivot, pivot + to), atol=3)
        pivot, tip = ends("arrow")
        shaft = pivot + 0.6 * (tip - pivot)
        turned = np.array([[0, 1], [-1, 0]]) @ (shaft - pivot)
        drag(shaft, pivot + turned, "arrow")
        length = np.hypot(*(tip - pivot))
        assert np.allclose(
            ends("arrow"), (pivot, pivot + turned / np.hypot(*turned) * length), atol=3
        )
        held = page.evaluate(SWIPE, [*(0.5 * (ends("line")[0] + ends("line")[1]))])
        assert held == [False, True], "a finger's swipe over a line scrolls, a mouse takes it"


def test_a_finger_on_a_handle_drags_and_scrolls_nothing(browser, tmp_path):
    """Upwards, where a finger elsewhere in the figure scrolls the page."""
    write(
        tmp_path / "a.ipynb",
        "from nbhelpers import playgrounds",
        "playgrounds.neuron()",
        *"1234" * 9,
    )
    with jupyter_lab(tmp_path) as address:
        page = browser.new_page(viewport={"width": 1000, "height": 700}, has_touch=True)
        notebook = OpenNotebook(page)
        page.goto(f"{address}/lab/tree/a.ipynb?reset")
        notebook.ready().run_all()
        (panel,), session = notebook.panels(), page.context.new_cdp_session(page)
        handle = panel.root.locator('circle[data-name="line"]')
        handle.scroll_into_view_if_needed()
        panel.settled()
        top, at = panel.root.bounding_box()["y"], handle.bounding_box()
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        for k in range(13):
            points = [{"x": x, "y": y - 6 * k}]
            kind = "touchMove" if k else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
            page.wait_for_timeout(40)
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        panel.settled()
        assert panel.root.bounding_box()["y"] == top
        at = handle.bounding_box()
        assert at["y"] + at["height"] / 2 == pytest.approx(y - 72, abs=2)
        assert [*notebook.errors(), *notebook.said(), *notebook.console] == []
        notebook.close()


def test_a_first_drag_moves_nothing_below_it(browser, tmp_path):
    names = ("neuron", "three_neurons", "one_weight", "xor_recorded")
    cells = [f"playgrounds.{name}()" for name in names]
    heights = "root => [...root.querySelector('.nn-panel').children].map(c => c.offsetHeight)"
    with run_cells(browser, tmp_path, "from nbhelpers import playgrounds", *cells) as notebook:
        for name, panel in zip(names, notebook.panels(), strict=True):
            shown, before = panel.settled(), panel.root.evaluate(heights)
            handle = panel.root.locator("circle").first
            handle.scroll_into_view_if_needed()
            box = handle.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            notebook.page.mouse.move(x, y)
            notebook.page.mouse.down()
            notebook.page.mouse.move(x + 30, y + 10, steps=5)
            notebook.page.mouse.up()
            assert panel.changed(shown, "pictures")
            panel.settled()
            assert panel.root.evaluate(heights) == before, name


def test_what_is_below_a_goal_stays_when_its_words_need_two_lines(browser, tmp_path):
    cell = """
from nbhelpers import playgrounds

shown = playgrounds.xor_recorded()
shown.change(moment=120)
shown
"""
    with run_cells(browser, tmp_path, cell) as notebook:
        (panel,) = notebook.panels()
        panel.settled()
        goal, reset = panel.root.locator(".nn-goal"), panel.button("Reset")
        place = reset.bounding_box()
        for button, words in (
            ("Reset", "not yet \u00b7 best "),
            ("Show my best", "now 10,000 steps"),
        ):
            panel.button(button).click()
            assert panel.until(lambda words=words: words in goal.inner_text())
            assert reset.bounding_box() == place


def test_a_slope_of_nothing_has_no_minus(bests):
    """At the bottom of the loss, and far out on the squash, rounding leaves a zero."""
    bottom = FIGURES["one_weight"]("value=-1.33,steps_made=8", bests=bests)
    assert "slope +0.0000" in bottom.summary
    assert [text.get_text() for text in bottom.picture.numbers][1] == "+0.0000"
    far = FIGURES["one_delta"]("z=8,target=1", bests=bests)
    assert far.summary.endswith("\u03b4 = +0.0000")
