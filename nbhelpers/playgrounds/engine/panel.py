"""The panel around an experiment and its picture: controls, buttons, a summary in words.

A panel works in a browser and without one::

    panel = Panel(MyExperiment(), MyPicture(), title="...", steps=2000)
    panel.controls["learning_rate"].value = 0.5   # as a slider does
    panel.step(100); panel.reset(); panel.new_weights(); panel.keep(); panel.play_tick()
    panel.buttons["keep"].click()
    panel.summary        # in words: "step 2,100 · loss 0.0031 · 4 of 4 right"
    panel.settings       # "learning_rate=0.5,hidden=3,seed=0,steps=2100"; may be assigned
    panel.code           # a plain NumPy script with the same result
    panel.code_in("PyTorch")     # the same training there, or a line that says why not
    panel.png()          # the picture

As the last expression of a cell it shows itself: live where a kernel runs, its picture elsewhere.

The clock is `ipywidgets.Play`. A tick trains and draws several pictures, one after the other,
for as long as the tick lasts; so more pictures reach the screen than there are messages from it.
No threads, no asyncio: every callback is an ordinary function call under the one lock.
"""

import itertools
import math
import time

import ipywidgets as widgets

from nbhelpers.playgrounds.engine.controls import row
from nbhelpers.playgrounds.engine.figure import FIGURES, Figure, locked, short
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.playgrounds.engine.guards import LOCK, WHOLE
from nbhelpers.playgrounds.engine.recipe import LIBRARIES
from nbhelpers.plots import own_style
from nbhelpers.threads import one_thread

MOST_KEPT = 4


class Panel(Figure):
    """Controls, picture and summary of an experiment.

    Parameters
    ----------
    experiment : Experiment
    picture : Picture
    title : str
        What the panel shows, in a few words; used where no widget can be shown.
    steps : int
        How far to train before the first picture.
    paces : sequence of int, or dict of str to int
        Choices of how many steps *Step* makes, and Play between two pictures; with their words.
    pace : int
        The one to begin with.
    catch_up : float
        Seconds of training to the same step again after a change, at most.
    new : str
        The words on the button that takes the next seed.
    bests : Bests, optional
        Where the best scores are kept; without it, in your own folder.
    few : sequence of str
        Settings to begin with: what else can be set, and the goal, is behind a button, *More
        settings*.

    Attributes
    ----------
    controls : dict of str to widget
        One for every setting but those declared with show=False.
    buttons : dict of str to Button
        step, reset, new_weights, keep, clear, apply, code.
    number_boxes : dict of str to BoundedFloatText
        The number boxes beside the sliders of settings that are not whole numbers.
    library : Dropdown
        The library that the shown script is written for: "NumPy", "scikit-learn" or "PyTorch".
    widget : VBox
        All of it.

    Notes
    -----
    The class attributes in capitals are times in seconds; a slower experiment may have others.
    A subclass with parts of its own extends `_show_words`, which every change of the state calls.
    """

    TICK = 0.100  # between two ticks of the clock
    BURST = 0.085  # in the first so many seconds of a tick, another picture is begun
    FRAME = 0.022  # from picture to picture, at least: more of them would clog the browser
    SPELL = 0.015  # of training before a picture, at most
    FIRST = 0.001  # of training before the first new picture after a change

    def __init__(
        self,
        experiment,
        picture,
        title="",
        steps=0,
        paces=(1, 10, 100, 1000),
        pace=100,
        catch_up=0.150,
        new="New weights",
        bests=None,
        few=(),
    ):
        unknown = [name for name in few if not experiment.Settings.allowed().get(name)]
        if unknown:
            there = ", ".join(experiment.Settings.allowed())
            raise ValueError(f"few names {unknown[0]!r:.60}; there are: {there}")
        self.few = few
        self.experiment, self.picture, self.title = experiment, picture, title
        self.bests = Bests() if bests is None else bests
        self.CATCH_UP = catch_up
        self.previous, self.kept = None, []
        self.goal = steps  # the step that a change of settings trains to again
        self.going_on = False  # whether the clock is running only to get there
        self._build(paces, pace)
        self.buttons["new_weights"].description = new
        with LOCK, WHOLE:
            self.experiment.step(steps)
            self._show()
            FIGURES.add(self)

    @property
    def state(self):
        """The experiment's settings."""
        return self.experiment.settings

    # -- parts ------------------------------------------------------------------------------
    def _build(self, paces, pace):
        self.play = widgets.Play(value=0, min=0, max=1_000_000_000, interval=int(1000 * self.TICK))
        self.play.show_repeat = False
        self.play.observe(self._ticked, "value")
        if self._play_trait:
            self.play.observe(self._clocked, self._play_trait)
        named = paces if isinstance(paces, dict) else {f"{n:,}": n for n in paces}
        self.pace = widgets.Dropdown(
            options=list(named.items()),
            value=pace,
            description=f"{self.experiment.unit}s at a time",
            style={"description_width": "initial"},
            layout={"width": "190px"},
        )
        self._open()

    def _rows(self):
        self._add_buttons(
            step=("Step", lambda: self.step()),
            reset=("Reset", self.reset),
            new_weights=("New weights", self.new_weights),
            keep=("Keep", self.keep),
            clear=("Clear kept", self.clear),
            apply=("Apply", self._apply),
            code=("Show code", self._toggle_code),
        )
        self.library = widgets.Dropdown(
            options=LIBRARIES,
            description="library",
            layout={"width": "180px", "display": "none"},
            style={"description_width": "initial"},
        )
        self.library.observe(lambda change: self._show_texts(), "value")
        self.script = widgets.Textarea(
            description="the program", layout={"width": "98%", "height": "330px", "display": "none"}
        )
        self.script.add_class("nn-named")
        b, (aim, best) = self.buttons, self._aim_parts()
        clock, last = self._clock_row(), row(*best, self.text, b["apply"], b["code"], self.library)
        if not self.few:
            rows = [row(*clock), *self._control_rows(without=["seed"]), last]
            return [*aim, *rows, self.note, self.script]
        rare = [self.pace, self.controls.get("seed"), b["keep"], b["clear"]]
        first = [part for part in clock if part not in rare]
        others = [name for name in self.controls if name not in self.few]
        rest = widgets.VBox(
            [
                *aim,
                row(*(part for part in clock if part not in first)),
                *self._control_rows(without=["seed", *self.few]),
                last,
                self.script,
            ],
            layout={"display": "none"},
        )
        self.more = widgets.ToggleButton(description="More settings", layout={"width": "auto"})
        self.more.observe(
            lambda change: setattr(rest.layout, "display", None if change["new"] else "none"),
            "value",
        )
        rows = [row(*first), *self._control_rows(without=others), row(self.more)]
        return [*rows, rest, self.note]

    def _clock_row(self):
        """The widgets of the first row below the words."""
        b = self.buttons
        seed = [self.controls[name] for name in self.controls if name == "seed"]
        return [self.play, b["step"], self.pace, b["reset"], b["new_weights"], *seed,
                b["keep"], b["clear"]]  # fmt: skip

    @property
    def _play_trait(self):
        """Its name changed from ipywidgets 7 to 8."""
        return next((t for t in ("playing", "_playing") if self.play.has_trait(t)), None)

    @property
    def playing(self):
        """Whether the clock is running."""
        return bool(self._play_trait and getattr(self.play, self._play_trait))

    # -- what a person does -----------------------------------------------------------------
    @locked
    def step(self, n=None):
        """Make n steps (as many as the panel's "steps at a time" says, if n is not given)."""
        self.experiment.step(self.pace.value if n is None else n)
        self._arrived()

    @locked
    def reset(self):
        """Back to step 0, with the same initial weights."""
        self._replace(self.experiment.reset)
        self._arrived()

    @locked
    def new_weights(self):
        """Other initial weights: the next seed. Trains to the same step again."""
        self._replace(self.experiment.new_weights)
        self._catch_up()

    @locked
    def keep(self):
        """Pin the present curve, so that the next settings can be compared with it."""
        run = self.experiment.run()
        others = [k for k in self.kept if k.settings != run.settings]
        self.kept = [*others, run][-MOST_KEPT:]
        self._show()

    @locked
    def clear(self):
        """Take the kept curves and the previous one away."""
        self.kept, self.previous = [], None
        self._show()

    @locked
    def play_tick(self):
        """What a tick of the clock does: train and draw for as long as the tick lasts.

        If it is only going on to the goal, it ends there.
        """
        if self._finished():
            self._stop()
            return
        e, start = self.experiment, time.perf_counter()
        for picture in itertools.count():
            e.step(self.goal - e.steps if self.going_on else self.pace.value, seconds=self.SPELL)
            self._show_picture()
            due = start + (picture + 1) * self.FRAME
            late = max(due, time.perf_counter()) > start + self.BURST
            if late or self._finished() or WHOLE.interrupted:
                break
            time.sleep(max(0.0, due - time.perf_counter()))
        self._show_words()
        if e.diverged is None and not self.going_on:
            self.goal = e.steps
        if self._finished():
            self._stop()

    def _clocked(self, change):
        """The clock was started or stopped, by the page or from here."""
        self.going_on = self.going_on and change["new"]
        self._show_texts()

    def _ticked(self, change):
        """The clock ticks, or its stop button has put it back to 0.

        The page holds a tick back while the kernel is busy. One that comes together with a Pause
        is past, and nothing is done.
        """
        if not change["new"]:
            self.reset()
        elif self.playing or not self._play_trait:
            self.play_tick()

    @property
    @locked
    def settings(self):
        """The settings string; assign one to apply it (ValueError if it is not right)."""
        return self.experiment.settings.text(steps=self.experiment.steps)

    @settings.setter
    @locked
    def settings(self, text):
        self._follow(text, math.inf)

    @property
    @locked
    def code(self):
        """A plain NumPy script that runs alone and prints what the picture shows."""
        return self.experiment.code()

    @locked
    def code_in(self, library):
        """The script for "NumPy", "scikit-learn" or "PyTorch"; one line where there is none."""
        return self.experiment.code_in(library)

    @property
    @locked
    @one_thread
    def summary(self):
        """The state in words, one line."""
        e = self.experiment
        if e.diverged is not None:
            where = f"{e.unit} {e.diverged:,}"
            return f"The loss left the range of floating point at {where}. {e.advice()}"
        where = " ".join(e.where(e.steps))
        if e.steps < self.goal:
            where += f" of {e.where(self.goal)[1]}"
            if not self.going_on:
                where += " (Play or Step goes on)"
        measured = e.measured_words() or f"loss {short(e.loss)}"
        return " · ".join(part for part in (where, measured, e.describe()) if part)

    # -- how it works -----------------------------------------------------------------------
    @locked
    def change(self, **values):
        """Give some settings other values, as the controls do, and train to the same step again.

        Those that only say what is looked at leave the training where it is.
        """
        allowed = self.experiment.Settings.allowed()
        if values and all(name in allowed and allowed[name].view for name in values):
            self.experiment.look(**values)
            self._say("")
            self._show()
            return
        self._replace(lambda: self.experiment.change(**values))
        self._catch_up()

    def _become(self, state):
        """Take other settings, those after a click or a drag."""
        now = self.state
        changed = {name: v for name, v in vars(state).items() if v != getattr(now, name)}
        if changed:
            self.change(**changed)

    def _told_of(self, place, x, y):
        return self.experiment.hovered(place, x, y)

    def _follow(self, text, seconds=None):
        """Apply a settings string and train as far as it says, for at most so many seconds."""
        new, steps = self.experiment.Settings.parse(text, self.experiment.most_steps)
        self._replace(lambda: self.experiment.change(**vars(new)))
        self.goal = self.goal if steps is None else steps
        self._catch_up(seconds)

    def _replace(self, restart):
        """Start again; the run so far stays visible as the previous one."""
        e = self.experiment
        if e.steps:
            self.previous = e.run()
        progress = e.progress(self.goal)
        restart()
        self.goal = e.steps_for(progress)
        self._say("")

    def _catch_up(self, seconds=None):
        """Train to the same step again, showing pictures on the way; while playing, start anew.

        The first picture goes out after `FIRST` seconds of training. After `seconds` of training
        (`CATCH_UP` if it is not given) other events are heard; the clock brings it to the goal.
        """
        if self.playing and not self.going_on:
            self.goal = 0
        e, seconds = self.experiment, self.CATCH_UP if seconds is None else seconds
        spell = self.FIRST
        while True:
            start = time.perf_counter()
            e.step(max(self.goal - e.steps, 0), seconds=min(spell, seconds))
            seconds -= time.perf_counter() - start
            self._show(frame=True)
            if e.steps >= self.goal or self._finished() or seconds <= 0 or WHOLE.interrupted:
                break
            spell = 3 * self.SPELL
        on = e.steps < self.goal and not self._finished() and not WHOLE.interrupted
        if (on or self.going_on) and self._play_trait:
            self.going_on = on
            setattr(self.play, self._play_trait, on)
        self._show_controls()
        self._show_texts()

    def _arrived(self):
        """The present step is where a change of settings will train to."""
        if self.experiment.diverged is None:
            self.goal = self.experiment.steps
        self._show()

    def _goal(self):
        return self.experiment.goal()

    def _keep_best(self):
        goal = self._goal()
        if goal is not None:
            at = self.experiment.steps if goal.at is None else goal.at
            self.bests.keep(goal, self.experiment.settings.text(steps=at))

    def _show_words(self):
        self._keep_best()
        super()._show_words()

    def _finished(self):
        e = self.experiment
        there = self.going_on and e.steps >= self.goal
        return there or e.diverged is not None or e.steps >= e.most_steps

    def _stop(self):
        if self.playing:
            setattr(self.play, self._play_trait, False)
        self._show_texts()

    def _interrupted(self):
        """The kernel was interrupted: nothing goes on by itself."""
        self._stop()
        e = self.experiment
        self._say(f"Interrupted at {e.unit} {e.steps:,}: Play or Step goes on.")

    @locked
    def _apply(self):
        """Apply what stands in the settings box; say in words what is wrong with it.

        Unlike an assignment to `settings` it never makes the page wait.
        """
        if self._quiet:
            return
        self._say("")
        try:
            if self.text.value in (self.settings, self._put):
                return  # nothing new: a training on its way is farther than its text
            self._follow(self.text.value)
        except ValueError as error:
            self._say(f"Not applied: {error}")
            return

    @locked
    def _toggle_code(self):
        hidden = self.script.layout.display == "none"
        self.script.layout.display = self.library.layout.display = None if hidden else "none"
        self.buttons["code"].description = "Hide code" if hidden else "Show code"
        self._show_texts()

    @one_thread
    def _draw(self):
        self._must_be_open()
        for run, label in zip(self.kept, labels(self.kept, self.experiment.settings), strict=True):
            run.label = label
        with own_style():
            self.picture.update(self.experiment, self.previous, self.kept)

    def _show(self, frame=False):
        """Send the state to the page; `frame`: the texts below the controls can wait."""
        self._show_picture()
        self._show_words()
        if not frame:
            self._show_controls()
            self._show_texts()

    def _show_picture(self):
        super()._show_picture()
        time.sleep(0)  # gives the thread that sends it a chance to do so before we go on

    def _show_texts(self):
        with LOCK, self._quietly():
            self.text.value = self._put = self.settings
            if self.script.layout.display != "none":
                self.script.value = self.code_in(self.library.value)

    @locked
    def close(self):
        if self.picture is not None:
            self._stop()
            super().close()


def labels(runs, settings):
    """What sets each run apart from the others and from the present settings, in few words."""
    everyone = [run.settings for run in runs] + [settings]
    trained = [name for name, allowed in settings.allowed().items() if not allowed.view]
    names = [name for name in trained if len({getattr(s, name) for s in everyone}) > 1]
    return [", ".join(run.settings.words(name) for name in names) or "kept" for run in runs]
