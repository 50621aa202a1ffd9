"""Every playground without a browser: controls, buttons, settings, script, picture.

A playground joins by being listed in `nbhelpers.playgrounds.PLAYGROUNDS`.
"""

import ast
import functools
import gc
import io
import math
import re
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from dataclasses import FrozenInstanceError, dataclass, fields

import ipywidgets
import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from lab import run_cells
from matplotlib.colors import to_rgb
from PIL import Image
from scripts import output_of

from nbhelpers import plots
from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.engine.controls import family, on_grid
from nbhelpers.playgrounds.engine.curves import LossCurves, nice_ceiling
from nbhelpers.playgrounds.engine.experiment import Experiment, Series
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.playgrounds.engine.panel import MOST_KEPT, Panel, labels, short
from nbhelpers.playgrounds.engine.picture import Picture, colour_table, colours, enlarge
from nbhelpers.playgrounds.engine.recipe import LIBRARIES
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.playgrounds.xor import Xor, XorSettings, xor
from nbhelpers.plots import DIVERGING

STEPS = 8  # how far the panels are trained here: enough to be seen, fast for all of them


@pytest.fixture(params=list(PLAYGROUNDS))
def name(request):
    return request.param


@pytest.fixture
def fresh(name):
    """A panel of the test's own."""
    panel = PLAYGROUNDS[name](steps=STEPS)
    yield panel
    panel.close()  # ipywidgets would keep every panel of the session


@functools.cache
def opened(name):
    return PLAYGROUNDS[name](steps=STEPS)


def test_few_controls_to_begin_with_and_the_others_behind_a_button(name):
    """All are there, each once, in both forms; what is folded works as ever."""
    first = next(iter(PLAYGROUNDS[name].experiment.Settings.allowed()))
    whole, panel = opened(name), PLAYGROUNDS[name](steps=STEPS, few=[first])
    boxes = [w for w in family(panel.widget) if isinstance(w, ipywidgets.VBox)]
    folded = [w for w in boxes if w.layout.display == "none"]
    assert len(folded) == 1
    assert panel.controls[first] not in family(folded[0])
    assert panel.text in family(folded[0])
    kinds = [sorted(type(w).__name__ for w in family(p.widget)) for p in (whole, panel)]
    added = Counter(kinds[1]) - Counter(kinds[0])
    assert added["ToggleButton"] == 1
    styles = {"ToggleButtonStyle", "DescriptionStyle"}  # ipywidgets 8 and 7
    assert set(added) <= {"ToggleButton", *styles, "Layout", "HBox", "VBox"}
    panel.more.value = True
    assert folded[0].layout.display is None
    panel.more.value = False
    assert folded[0].layout.display == "none"
    panel.buttons["keep"].click()
    assert len(panel.kept) == 1
    panel.close()


def test_an_unknown_control_to_begin_with_is_named():
    with pytest.raises(ValueError, match="few names 'rate'; there are: learning_rate, hidden"):
        xor(few=["rate"])


@functools.cache
def used(name):
    """A panel, with its settings and its steps at a time as they are at the beginning."""
    panel = PLAYGROUNDS[name](steps=STEPS)
    return panel, panel.settings, panel.pace.value


@pytest.fixture
def panel(name):
    """One that other tests have used before, put back to its start as a person does it.

    (A test that fails here and not alone has met what an earlier one left behind.)
    """
    panel, settings, pace = used(name)
    setattr(panel.play, panel._play_trait, False)
    if panel.script.layout.display != "none":
        panel.buttons["code"].click()
    panel.pace.value = pace
    panel.settings = settings
    panel.clear()
    return panel


def tick(panel, playing=True):
    """Let the clock tick, as the page does it."""
    panel.play.set_state({"value": panel.play.value + 1, panel._play_trait: playing})


@pytest.fixture
def shared(name):
    """A panel for tests that leave it as it is: made once for all of them."""
    return opened(name)


def pixels(panel):
    """The picture, drawn now: an array (height, width, 3) of numbers from 0 to 255."""
    panel._draw()
    return panel.picture.draw()[..., :3].astype(int)


def explained(panel):
    """The state is finite, or the summary says what happened."""
    if panel.experiment.diverged is None:
        return math.isfinite(panel.experiment.loss)
    return "left the range of floating point at" in panel.summary


def places(control):
    """The minimum, the middle and the maximum of a control, or all of its options."""
    if isinstance(control, ipywidgets.Dropdown):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    low, high = control.min, control.max
    if isinstance(control, ipywidgets.FloatLogSlider):
        return [10**low, 10 ** ((low + high) / 2), 10**high]
    whole = isinstance(control.value, int)
    return [low, (low + high) // 2 if whole else (low + high) / 2, high]


# -- every playground --------------------------------------------------------------------------


def test_shows_itself(shared):
    panel = shared
    bundle = panel._repr_mimebundle_()
    text = bundle["text/plain"]
    assert panel.summary in text
    assert "\n" not in text
    assert not re.search(r"0x[0-9a-f]{6}| object at ", text)
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": panel.widget.model_id}
    png = panel.png()
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == (panel.picture.width, panel.picture.height)
    assert len(png) < 150_000
    seen = pixels(panel)
    assert np.array_equal(image.convert("RGB"), seen)
    assert len(np.unique(seen)) > 50
    shown = Image.open(io.BytesIO(panel.image.value)).convert("RGB")  # what the widget shows
    assert np.abs(np.asarray(shown).astype(int) - seen).mean() < 5  # of 255: JPEG, or the very same
    assert panel.summary.split(" · ")[0] in panel.words.value
    for control in panel.controls.values():
        assert len(control.description) <= 22
        assert control.style.description_width == "initial"  # never cut off


def test_every_control_at_its_ends_and_middle(panel, monkeypatch):
    monkeypatch.setattr(panel, "CATCH_UP", 0.02)
    for name, control in panel.controls.items():
        for value in places(control):
            control.value = value
            setting = getattr(panel.experiment.settings, name)
            if isinstance(setting, float):
                assert setting == pytest.approx(value, rel=0.006)
            else:
                assert setting == value
            assert explained(panel), panel.settings
            assert len(panel.image.value) < 65_000  # so that 30 a second get through a network


def test_moving_a_control_changes_the_network_and_the_picture(panel, monkeypatch):
    """Compared without the previous run: its grey curve alone would be another picture.

    And blitting shows what drawing everything from nothing shows.
    """
    monkeypatch.setattr(panel, "CATCH_UP", 60.0)
    for name, control in panel.controls.items():
        panel.reset()
        panel.step(STEPS)
        panel.clear()
        before, params = pixels(panel), panel.experiment.net.params.copy()
        images = getattr(panel.experiment, "images", STEPS)
        value = next(value for value in places(control) if value != control.value)
        control.value = value
        panel.clear()
        assert getattr(panel.experiment, "images", STEPS) == images  # trained as far as before
        view = panel.experiment.settings.allowed()[name].view  # only what is looked at
        same = np.array_equal(panel.experiment.net.params, params)
        assert same == view, f"{name} changes {'the network' if view else 'nothing'}"
        after = pixels(panel)
        assert np.abs(after - before).sum() > 0, f"{name} changes no picture"
        panel.picture.refresh()
        assert np.array_equal(pixels(panel), after), name


def test_play_sends_several_pictures_a_tick(fresh):
    panel = fresh
    panel.BURST = 10.0  # however busy the machine is
    panel.pace.value = panel.pace.options[0][1]
    sent = []

    def show(change):
        sent.append(change["new"])
        if len(set(sent)) == 3:
            panel.BURST = 0.0  # the tick ends with this picture

    panel.image.observe(show, "value")
    tick(panel)
    assert len(set(sent)) == 3


def test_step_and_play_make_steps(panel):
    """But no tick that the page has held back while the kernel was busy, and sends with Pause."""
    steps = panel.experiment.steps
    panel.step(3)
    tick(panel, playing=False)
    assert panel.experiment.steps == steps + 3
    tick(panel)
    assert panel.experiment.steps > steps + 3


def test_reset_and_new_weights(panel):
    """The same initial weights, and those of the next seed."""
    experiment = panel.experiment
    loss, steps, old = experiment.loss, experiment.steps, experiment.settings
    panel.reset()
    assert experiment.steps == 0
    panel.step(steps)
    assert experiment.loss == loss
    panel.new_weights()
    assert panel.controls["seed"].value == experiment.settings.seed == old.seed + 1
    assert experiment.loss != loss
    assert (panel.previous.settings, panel.previous.steps) == (old, steps)  # it stays visible


def test_what_is_seen_depends_on_settings_and_steps_alone(panel, name):
    panel.step(2)
    for control in list(panel.controls.values())[:3]:
        control.value = places(control)[1]
    panel.new_weights()
    panel.play_tick()
    panel.clear()
    other = PLAYGROUNDS[name](steps=0)
    assert other.settings != panel.settings
    other.settings = panel.settings
    other.clear()
    assert other.settings == panel.settings
    assert other.experiment.loss == panel.experiment.loss
    assert other.experiment.describe() == panel.experiment.describe()
    assert np.array_equal(pixels(other), pixels(panel))


HOSTILE = [
    "learning_rate",
    "==,,==",
    "no_such_thing=1",
    "learning_rate=nan",
    "learning_rate=0x10",
    "learning_rate=__import__('os').getcwd()",
    "learning_rate=1,learning_rate=2",
    "seed=1.5",
    "seed=9" + "9" * 300,
    "steps=-1",
    "activation=<script>alert(1)</script>",
    "x" * 100_000,
]


def test_keep_pins_runs_and_says_what_differs(panel):
    loss = panel.experiment.history["loss"]
    panel.keep()
    without = pixels(panel)
    rate = panel.controls["learning_rate"]
    rate.value = places(rate)[1]
    assert len(panel.kept) == 1
    assert str(f"{panel.kept[0].settings.learning_rate:g}") in panel.kept[0].label
    assert np.abs(pixels(panel) - without).sum() > 0
    assert panel.kept[0].history["loss"] is loss  # the pinned curve is the old one
    for _ in range(MOST_KEPT):
        panel.new_weights()
        panel.keep()
        panel.keep()  # the same settings again: pinned once
    assert len(panel.kept) == MOST_KEPT
    assert len({run.settings for run in panel.kept}) == MOST_KEPT
    panel.clear()
    assert panel.kept == []
    assert panel.previous is None


def test_script_runs_alone_and_prints_the_same(shared, tmp_path):
    panel = shared
    tree = list(ast.walk(ast.parse(panel.code)))
    imported = {alias.name for node in tree if isinstance(node, ast.Import) for alias in node.names}
    taken = {node.module for node in tree if isinstance(node, ast.ImportFrom)}
    assert imported == {"numpy"}
    # MNIST's files are read, images warped as notebook 11 shows, matrix products kept to one
    # thread; nothing else is taken over
    assert taken <= {"nbhelpers.datasets", "nbhelpers.warps", "threadpoolctl"}
    printed = output_of(panel.code, tmp_path)
    what = r"validation: loss (\S+?),? " if "validation" in printed else r"loss (\S+?),?\s"
    said = re.search(what, panel.summary + " ")[1]
    assert float(re.search(what, printed)[1]) == pytest.approx(float(said), rel=0.006)
    assert f"{panel.experiment.unit} {panel.experiment.steps:,}" in printed


@pytest.mark.parametrize("name", PLAYGROUNDS)
def test_scripts_are_ascii_with_every_option(name):
    """Python reads UTF-8, but an editor of Windows may save another encoding."""
    panel = PLAYGROUNDS[name](steps=0)
    for setting, allowed in panel.experiment.settings.allowed().items():
        for option in allowed.options:
            panel.experiment.change(**{setting: option})
            for library in LIBRARIES:
                ast.parse(panel.code_in(library))
                assert panel.code_in(library).isascii()
    panel.close()


@pytest.mark.parametrize("weights", ["uniform", "normal"])
@pytest.mark.parametrize("output", ["sigmoid", "linear"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_xor_script_gives_the_very_same_numbers(activation, output, weights, tmp_path):
    settings = XorSettings(0.2, 5, activation, output, weights, 3)
    experiment = Xor(settings)
    experiment.step(700)
    lines = output_of(experiment.code(), tmp_path).splitlines()
    assert lines[0] == f"step 700, loss {experiment.loss:.6g}"
    shown = [float(line.split("->")[1]) for line in lines[1:]]
    assert shown == [round(float(a), 4) for a in experiment.A[-1][:, 0]]


def test_show_code_button(panel):
    panel.buttons["code"].click()
    assert panel.script.layout.display != "none"
    assert panel.script.value == panel.code
    panel.step(1)
    assert panel.script.value == panel.code
    panel.buttons["code"].click()
    assert panel.script.layout.display == "none"


def move_a_control(panel, rng):
    """Put one of the controls anywhere in its range."""
    name = str(rng.choice(list(panel.controls)))
    control = panel.controls[name]
    if isinstance(control, ipywidgets.Dropdown):
        control.value = places(control)[rng.integers(len(places(control)))]
    elif isinstance(control.value, int):
        control.value = int(rng.integers(control.min, control.max + 1))
    else:
        share = control.min + (control.max - control.min) * rng.random()
        log = isinstance(control, ipywidgets.FloatLogSlider)
        control.value = float(10**share if log else share)


def random_event(panel, rng):
    kind = rng.integers(6)
    if kind <= 2:
        move_a_control(panel, rng)
    elif kind == 3:
        panel.buttons[str(rng.choice(list(panel.buttons)))].click()
    elif kind == 4:
        panel.play.set_state(
            {"value": int(rng.integers(0, 5)), panel._play_trait: bool(rng.integers(2))}
        )
    else:
        panel.text.value = str(rng.choice([panel.settings, *HOSTILE[:6]]))


def test_many_random_events(fresh):
    panel = fresh
    panel.CATCH_UP = 0.01
    panel.BURST = 0.01
    panel.pace.value = panel.pace.options[0][1]
    rng = np.random.default_rng(1)
    presses = rng.permutation([*panel.buttons, *[""] * (70 - len(panel.buttons))])
    for event, button in enumerate(presses):  # each button at least once
        if button:
            panel.buttons[button].click()
        else:
            random_event(panel, rng)
        assert explained(panel), f"event {event}: {panel.settings}"
        assert type(panel.experiment).Settings.parse(panel.settings)[0] == panel.experiment.settings
    assert pixels(panel).shape == (panel.picture.height, panel.picture.width, 3)


def test_events_from_several_threads(fresh, monkeypatch):
    """JupyterLab may call from several threads; nothing is torn, no error is lost."""
    panel = fresh
    panel.CATCH_UP = 0.01
    failed, inside, met = [], [], []

    def alone(method):
        """The method, which notes when another thread is inside one of these already."""

        def run(*args, **options):
            me = threading.get_ident()
            met.extend(other for other in inside if other != me)
            inside.append(me)
            time.sleep(0.001)
            try:
                return method(*args, **options)
            finally:
                inside.remove(me)

        return run

    for owner, name in (
        (panel.experiment, "step"),
        (panel.experiment, "reset"),
        (panel.experiment, "describe"),
        (panel.experiment, "code"),
        (panel.picture, "update"),
    ):
        monkeypatch.setattr(owner, name, alone(getattr(owner, name)))

    def work(number):
        rng = np.random.default_rng(number)
        try:
            for _ in range(2):
                panel.controls["seed"].value = int(rng.integers(100))
                panel.step(1)
                assert panel.summary
                assert panel.settings
                assert panel.code
                assert panel._repr_mimebundle_()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert met == []
    assert panel.controls["seed"].value == panel.experiment.settings.seed


def test_while_playing_a_change_goes_on_from_the_start(panel):
    setattr(panel.play, panel._play_trait, True)
    panel.new_weights()
    assert panel.experiment.steps == 0
    setattr(panel.play, panel._play_trait, False)
    panel.step(2)
    panel.new_weights()
    assert panel.experiment.steps == 2


# -- the engine --------------------------------------------------------------------------------


class Ball(Experiment):
    """A number that is multiplied in every step: the smallest experiment there is."""

    @dataclass(frozen=True)
    class Settings(Settings):
        learning_rate: float = number(0.5, 0.1, 1e200, log=True, short="rate")
        mode: str = choice("down", ["down", "up"])
        seed: int = seed()

    most_steps = 500

    def build(self):
        self.value = self.rng.random() + 0.5
        self.record("loss", self.value)

    def advance(self):
        rate = self.settings.learning_rate
        self.value *= rate if self.settings.mode == "down" else 1 + rate
        return self.record("loss", self.value)


class BallPicture(Picture):
    def build(self):
        self.losses = LossCurves(self, self.axes(80, 50, 400, 250))

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)


def ball(steps=0):
    return Panel(Ball(), BallPicture(width=500, height=320), steps=steps)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"learning_rate": 0}, "learning_rate must be a number from 0.01 to 30, got 0"),
        ({"learning_rate": "1"}, "got '1'"),
        ({"learning_rate": float("nan")}, "got nan"),
        ({"hidden": 3.5}, "hidden must be a whole number from 1 to 8, got 3.5"),
        ({"hidden": True}, "got True"),
        ({"output": "softmax"}, "output must be one of sigmoid, linear, got 'softmax'"),
        ({"seed": None}, "seed must be a whole number"),
    ],
)
def test_settings_are_checked(values, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        XorSettings(**values)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_settings_are_refused_in_words(text):
    """(What the page shows of them, tests/test_faults.py asks every panel.)"""
    with pytest.raises(ValueError, match=r"must|unknown|written|twice"):
        XorSettings.parse(text)


def test_settings_are_frozen_and_typed():
    settings = XorSettings(learning_rate=2, hidden=np.int64(4))
    assert type(settings.learning_rate) is float
    assert type(settings.hidden) is int
    with pytest.raises(FrozenInstanceError):
        settings.hidden = 3
    assert {field.name for field in fields(settings)} == set(settings.allowed())


def test_every_float_survives_the_settings_string():
    rng = np.random.default_rng(0)
    for value in 10.0 ** rng.uniform(-2, 1.47, 200):
        settings = XorSettings(learning_rate=value)
        assert XorSettings.parse(settings.text(steps=7)) == (settings, 7)


def test_numpy_scalars_are_options_too():
    @dataclass(frozen=True)
    class Options(Settings):
        size: int = choice(128, [64, 128])
        share: float = choice(0.5, [0.25, 0.5])
        name: str = choice("a", ["a", "b"])
        on: bool = choice(False, [False, True])

    settings = Options(np.int64(64), np.float64(0.25), np.str_("b"), np.True_)
    assert settings == Options(64, 0.25, "b", True)
    assert [type(value) for value in vars(settings).values()] == [int, float, str, bool]
    for wrong in ({"size": np.int64(65)}, {"size": np.float64(64)}, {"size": np.True_}):
        with pytest.raises(ValueError, match="size must be one of 64, 128"):
            Options(**wrong)
    assert Options.parse("size=64.0,share=.50,on=True") == (Options(64, 0.5, on=True), None)
    with pytest.raises(ValueError, match="on must be one of False, True, got '1'"):
        Options.parse("on=1")


def test_a_diverged_run_is_explained_and_stops():
    panel = ball()
    panel.settings = "learning_rate=1e100,mode=up,steps=3"
    panel.step(10)
    assert panel.experiment.diverged == 4  # 1e100 to the power of 4 is beyond 1.8e308
    assert "at step 4" in panel.summary
    assert "Try" in panel.summary
    panel.play_tick()
    panel.step(10)
    assert panel.experiment.steps == 4
    panel.controls["mode"].value = "down"
    panel.controls["learning_rate"].value = 0.5
    assert panel.experiment.diverged is None
    assert panel.experiment.steps == 3  # where it was before it diverged


def test_a_previous_run_that_diverged_leaves_the_axis_to_the_present_one():
    panel = xor("output=linear,learning_rate=3,steps=2000")
    assert panel.experiment.diverged
    assert panel.picture.losses.limits[2] > 100
    panel.change(learning_rate=0.1)
    assert panel.previous.settings.learning_rate == 3
    assert panel.picture.losses.limits[2] <= 20
    panel.close()


def test_training_ends_at_the_most_steps():
    panel = ball()
    panel.step(10_000)
    assert panel.experiment.steps == Ball.most_steps
    panel.play_tick()
    assert panel.experiment.steps == Ball.most_steps
    assert Ball.Settings.parse(panel.settings, Ball.most_steps)[1] == Ball.most_steps
    with pytest.raises(ValueError, match="steps must be a whole number from 0 to 500"):
        panel.settings = "steps=501"


@pytest.mark.parametrize("n", [-1, 1.5, "3", None, True])
def test_step_refuses_what_is_not_a_number_of_steps(n):
    with pytest.raises(ValueError, match="whole number of steps"):
        Ball().step(n)


def test_step_keeps_to_its_time_and_stop_resets():
    experiment = Ball()
    assert experiment.step(400, seconds=0.0) == 1
    assert experiment.step(100, seconds=60.0) == 100
    panel = ball(steps=3)
    panel.play.value = 5
    panel.play.value = 0  # the clock's stop button
    assert panel.experiment.steps == 0


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_step_that_broke_off_does_not_count(error, monkeypatch):
    experiment, other = Ball(), Ball()
    experiment.step(3)
    advance, calls = experiment.advance, []

    def breaks_off():
        calls.append(experiment.steps)
        if len(calls) == 3:
            raise error("in the third step")
        return advance()

    monkeypatch.setattr(experiment, "advance", breaks_off)
    with pytest.raises(error, match="in the third step"):
        experiment.step(10)
    assert experiment.steps == 5
    assert experiment.step(5) == 5  # and it goes on
    other.step(10)
    assert experiment.loss == other.loss
    assert list(experiment.history["loss"].steps) == list(range(11))


def test_a_typed_settings_text_never_makes_the_page_wait():
    panel = ball(steps=3)
    panel.CATCH_UP = 0.0
    panel.text.value = "learning_rate=0.3,steps=400"
    assert panel.experiment.settings.learning_rate == 0.3
    assert 0 < panel.experiment.steps < 400
    assert f"step {panel.experiment.steps} of 400 \u00b7" in panel.summary
    assert panel.text.value == panel.settings
    panel.buttons["apply"].click()  # nothing new: nothing happens
    assert 0 < panel.experiment.steps < 400
    panel.text.value = "learning_rate=0.4,steps=1"
    assert " of " not in panel.summary
    assert not panel.playing
    panel.settings = "learning_rate=0.3,steps=400"  # in Python, all the way
    assert panel.experiment.steps == 400


def pressed(panel, on):
    """The page's Play, or its Pause, has been pressed."""
    panel.play.set_state({panel._play_trait: on})


def test_a_change_that_takes_long_goes_on_by_the_clock_and_ends_where_it_should():
    panel = ball(steps=200)
    panel.CATCH_UP, panel.SPELL, panel.BURST = 0.0, 0.0, 0.0  # a step a tick
    panel.controls["mode"].value = "up"
    began = panel.experiment.steps
    assert began < 200
    assert panel.playing
    tick(panel, panel.playing)
    assert (panel.experiment.steps, panel.playing) == (began + 1, True)
    panel.controls["mode"].value = "down"  # on its way: it begins anew, to the same step
    assert f"step {panel.experiment.steps} of 200 \u00b7" in panel.summary
    while panel.playing:
        tick(panel, panel.playing)
    assert panel.experiment.steps == panel.goal == 200
    tick(panel, panel.playing)  # one that was on its way
    assert panel.experiment.steps == 200
    pressed(panel, True)  # by hand it goes on, as far as one likes
    tick(panel, panel.playing)
    assert panel.experiment.steps == panel.goal == 201


def test_apply_on_the_way_doesn_t_take_the_way_for_the_aim():
    panel = ball()
    panel.CATCH_UP, panel.SPELL, panel.BURST = 0.0, 0.0, 0.0
    panel.text.value = "learning_rate=0.5,mode=up,steps=200"
    tick(panel, panel.playing)
    panel.buttons["apply"].click()
    assert panel.goal == 200
    while panel.playing:
        tick(panel, panel.playing)
    assert panel.experiment.steps == 200


def test_pause_ends_what_goes_on_by_itself():
    panel = ball(steps=200)
    panel.CATCH_UP, panel.SPELL, panel.BURST = 0.0, 0.0, 0.0
    panel.controls["mode"].value = "up"
    pressed(panel, False)
    tick(panel, panel.playing)
    assert panel.experiment.steps < 200
    assert "of 200 (Play or Step goes on)" in panel.summary
    pressed(panel, True)
    tick(panel, panel.playing)
    assert " of " not in panel.summary, "under Play there is no end"


def test_reset_ends_what_goes_on_by_itself():
    panel = ball(steps=200)
    panel.CATCH_UP, panel.SPELL, panel.BURST = 0.0, 0.0, 0.0
    panel.controls["mode"].value = "up"
    panel.reset()
    tick(panel, panel.playing)
    assert (panel.experiment.steps, panel.playing) == (0, False)


LONG = """
from nbhelpers import playgrounds

panel = playgrounds.xor(steps=3_000)
panel.CATCH_UP = 0.01
panel
"""


def test_in_a_page_a_long_training_gets_where_it_should(browser, tmp_path):
    """A key press on a slider, and a typed text: the page's own clock goes on to the step."""
    with run_cells(browser, tmp_path, LONG) as notebook:
        (panel,) = notebook.panels()
        panel.settled()
        said = panel.root.locator(".nn-summary")
        panel.root.get_by_role("slider").first.press("ArrowRight")
        said.filter(has_text=" of 3,000 \u00b7").wait_for(timeout=20_000)
        said.filter(has_text="step 3,000 \u00b7").wait_for(timeout=60_000)
        text = panel.root.get_by_label("settings")
        text.fill("hidden=2,seed=1,steps=2500")
        text.press("Enter")
        said.filter(has_text="step 2,500 \u00b7").wait_for(timeout=60_000)
        assert panel.until(lambda: not panel.root.locator(".fa-pause").count())


def test_changes_that_take_too_long_stop_and_say_so():
    panel = ball(steps=200)
    panel.CATCH_UP = 0.0
    panel.controls["mode"].value = "up"
    assert panel.experiment.steps < 200
    assert f"step {panel.experiment.steps} of 200" in panel.summary
    panel.step(5)
    assert " of " not in panel.summary


def test_a_slider_stands_on_a_step_and_the_box_shows_the_exact_value():
    panel = xor(steps=0)
    panel.settings = "learning_rate=0.3"
    slider, box = panel.controls["learning_rate"], panel.number_boxes["learning_rate"]
    assert box.value == 0.3
    assert slider.value == pytest.approx(10**-0.5)
    assert on_grid(slider, slider.value) == pytest.approx(slider.value)
    slider.value = 10**-0.5 * (1 + 1e-13)  # a page reports where its handle stands
    assert panel.experiment.settings.learning_rate == 0.3
    box.value = 0.123456
    assert panel.experiment.settings.learning_rate == 0.123456
    assert panel.settings.startswith("learning_rate=0.123456,")


def test_a_slider_is_put_where_the_page_computes_it_to_be():
    """To the last bit, measured in Chromium: of what differs the page sends an echo."""
    slider = ipywidgets.FloatSlider(min=-5, max=5, step=0.1)
    assert [on_grid(slider, value) for value in (0.3, -0.8, 4.1)] == [
        0.2999999999999998,
        -0.7999999999999998,
        4.1,
    ]
    slider = ipywidgets.FloatSlider(min=-3, max=3, step=0.06)
    assert on_grid(slider, 0.18) == 0.18000000000000016


def test_labels_name_what_differs():
    runs = [Xor(XorSettings(learning_rate=2.0)).run(), Xor(XorSettings(hidden=5)).run()]
    assert labels(runs, XorSettings()) == ["rate 2, hidden 3", "rate 1, hidden 5"]
    assert labels(runs[:1], runs[0].settings) == ["kept"]


def test_limits_of_the_loss_change_rarely():
    panel = xor(steps=0)
    ax = panel.picture.losses.ax
    seen = set()
    for _ in range(45):
        panel.step(10)
        seen.add((ax.get_xlim(), ax.get_ylim()))
    assert len(seen) == 1
    panel.step(100)
    assert ax.get_xlim() == (0, 1000)


def place_of(ax, x, y):
    """Row and column of the pixel that shows the point (x, y) of some axes."""
    column, height = ax.transData.transform((x, y))
    return round(ax.figure.bbox.height - height - 0.5), round(column - 0.5)


def test_xor_has_a_challenge_whose_best_is_kept(tmp_path):
    """The first step with every error below 0.1 counts, however far the training goes."""
    panel = PLAYGROUNDS["xor"]("learning_rate=20,hidden=8", bests=Bests(tmp_path / "bests.json"))
    assert "and fewer are better \u00b7 not yet" in panel.aim.value
    panel.step(300)
    assert panel.reached
    first = panel.experiment.solved
    assert f"this run {first} steps \u00b7 \u2713 reached" in panel.aim.value
    panel.reset()
    panel.step(first - 1)
    assert np.abs(panel.experiment.A[-1] - panel.experiment.Y).max() >= 0.1
    assert f"not yet \u00b7 best {first} steps" in panel.aim.value
    panel.step(1)
    assert panel.reached
    entry = panel.bests.kept["every error below 0.1 after 100 steps at most, and fewer are better"]
    assert entry["settings"].startswith("learning_rate=20.0,hidden=8")
    assert entry["settings"].endswith(f"steps={first}")
    panel.change(learning_rate=0.01)
    assert not panel.reached
    panel.buttons["best"].click()
    assert panel.settings == entry["settings"]
    assert panel.reached


def test_the_xor_picture_shows_the_network():
    """Surface and the units' small maps, against the outputs of the network itself."""
    panel = xor("activation=tanh,output=sigmoid,weights=normal,hidden=3,seed=4,steps=40")
    net, picture, image = panel.experiment.net, panel.picture, pixels(panel)
    ax = picture.surface.ax

    def colour(value, colormap):
        return np.array(colormap(np.clip(value, 0, 1))[:3]) * 255

    corners = [(-0.2, -0.2), (1.2, -0.2), (-0.2, 1.2), (1.2, 1.2), (1.2, 0.3), (0.3, 1.2)]
    outputs = net.forward(np.array(corners))[-1][:, 0]
    expected = np.array([colour(a, plots.PALE_DIVERGING) for a in outputs])
    far = np.abs(expected[:, np.newaxis] - expected).max(axis=2)
    assert far[~np.eye(len(far), dtype=bool)].min() > 2, "choose weights whose corners differ"
    for (x, y), want in zip(corners, expected, strict=True):
        assert np.abs(image[place_of(ax, x, y)] - want).max() < 2, (x, y)

    size = 46
    for layer, units in enumerate(picture.network.positions(net.sizes)):
        low = -1 if layer == 1 else 0  # of tanh
        for k, (mx, my) in enumerate(units):
            for right, up in ((0.2, 0), (-0.2, 0), (0, 0.25), (0, -0.25), (0, 0)):
                row, column = place_of(picture.network.ax, mx + right * size, my + up * size)
                point = np.array([[0.5 + 1.5 * right, 0.5 + 1.5 * up]])
                value = net.forward(point)[layer][0, k]
                want = colour((value - low) / (1 - low), DIVERGING)
                assert np.abs(image[row, column] - want).max() < 25, (layer, k, right, up)


def test_curve_samples_keep_both_ends():
    curve = Series()
    assert curve.sample()[0].size == 0
    for step in range(10_001):
        curve.append(step, step / 2)
    steps, values = curve.sample(300)
    assert len(steps) <= 302
    assert (steps[0], steps[-1]) == (0, 10_000)
    assert np.array_equal(values, steps / 2)


def test_enlarge_and_colours():
    Z = np.array([[0.0, 1.0], [1.0, 0.0]])
    big = enlarge(Z, 5, 3)
    assert np.allclose(big[:, 1], 0.5)
    assert np.allclose(big[0], [0, 0.5, 1])
    table = colour_table(DIVERGING)
    shown = colours(np.array([[-3.0, 0.0], [1.0, 7.0], [np.nan, np.inf]]), table)
    blue, vermilion, grey = table[0], table[255], table[256]
    assert blue.tolist() == [0, 0x72, 0xB2, 255]
    assert grey.tolist() == [0xD9, 0xD9, 0xD9, 255]
    assert np.array_equal(shown, [[blue, blue], [vermilion, vermilion], [grey, vermilion]])


def test_numbers_for_axes_and_in_words():
    assert [nice_ceiling(x) for x in (1, 1.1, 1000, 2001, 5001)] == [1, 2, 1000, 3000, 10_000]
    assert [short(x) for x in (0.0031234, 0.5, 1e-7, 12345.6)] == [
        *("0.00312", "0.5", "1e-07", "12,300")
    ]


def test_playgrounds_do_not_import_pyplot():
    code = (
        "import sys, nbhelpers.playgrounds as p; p.xor(steps=5).png();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# -- closing -----------------------------------------------------------------------------------


def models():
    """All widgets of this process that are open, by their ids."""
    module = ipywidgets.widgets.widget
    return set(getattr(module, "_instances", None) or ipywidgets.Widget.widgets)


def test_close_lets_go_of_everything(fresh):
    panel = fresh
    mine = {widget.model_id for widget in family(panel.widget)}
    assert {panel.image.model_id, panel.play.model_id, panel.image.layout.model_id} <= mine
    assert mine <= models()
    figure, settings = weakref.ref(panel.picture.figure), panel.settings
    panel.close()
    panel.close()  # twice is once
    gc.collect()
    assert not mine & models()
    assert figure() is None
    assert panel.settings == settings
    assert panel.experiment.describe() in panel.summary
    assert "closed" in panel._repr_mimebundle_()["text/plain"]
    assert set(panel._repr_mimebundle_()) == {"text/plain"}
    with pytest.raises(RuntimeError, match="this figure is closed; open another"):
        panel.png()
    steps = panel.experiment.steps
    tick(panel)  # one that was on its way
    panel.controls["seed"].value += 1
    assert (panel.experiment.steps, panel.settings) == (steps, settings)


def test_a_cell_that_is_run_again_closes_its_old_panel_only(monkeypatch):
    now = []
    monkeypatch.setattr("nbhelpers.playgrounds.engine.figure.cell", lambda: now[-1])

    def run(where, number, make=ball):
        now.append((where, number))
        panel = make()
        panel._repr_mimebundle_()
        return panel

    def closed(*panels):
        return [panel.picture is None for panel in panels]

    one, other = run("a", 1), run("b", 2)
    second = run("a", 1)  # two panels in one cell
    assert closed(one, other, second) == [False, False, False]
    third = run("a", 3)
    assert closed(one, other, second, third) == [True, False, True, False]
    run("c", 4, lambda: third)  # shown in another cell as well
    fourth = run("a", 5)
    assert closed(third, fourth) == [False, False]
    run("b", 6, lambda: fourth)  # a cell that shows what others have made closes nothing
    assert closed(other, third, fourth) == [False, False, False]
    plain = [run(None, None), run(None, None)]  # outside of notebooks nothing is closed
    assert closed(*plain, fourth) == [False, False, False]


def test_in_a_kernel_running_a_cell_again_keeps_one_panel():
    """A real kernel, asked as JupyterLab asks: with the id of the cell."""
    code = "from nbhelpers import playgrounds\npanel = playgrounds.xor(steps=0)\npanel"
    count = (
        "import gc, sys\nfrom matplotlib.figure import Figure\ngc.collect()\n"
        "print(sum(isinstance(o, Figure) for o in gc.get_objects()))"
    )
    manager, client = start_new_kernel(kernel_name="python3")
    said = []
    try:
        for cell in ("first", "first", "first", "first", "second"):
            content = {"code": code, "silent": False, "store_history": True}
            message = client.session.msg("execute_request", content)
            message["metadata"] = {"cellId": cell}
            client.shell_channel.send(message)
        client.execute_interactive(count, output_hook=said.append, timeout=60)
        printed = "".join(m["content"]["text"] for m in said if m["msg_type"] == "stream")
        assert printed.strip() == "2"  # one of each cell, though Out holds all five
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# -- plots -------------------------------------------------------------------------------------


def test_weight_lines_show_sign_and_size():
    W = [np.array([[4.0, -1.0]])]
    places = plots.node_positions([1, 2])
    segments, widths, line_colours = plots.weight_lines(W, places)
    assert widths[0] == 2 * widths[1]  # the square root of the size
    assert np.allclose(line_colours[:, :3], [to_rgb("#D55E00"), to_rgb("#0072B2")])
    assert np.allclose(segments[1], [places[0][0], places[1][1]])


def test_plot_functions_refuse_wrong_shapes():
    with pytest.raises(ValueError, match="not square"):
        plots.image_grid(np.zeros((2, 63)))
    with pytest.raises(ValueError, match="is square"):
        plots.confusion(np.zeros((2, 3)))
