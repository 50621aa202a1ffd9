"""A live figure: controls, a picture, a summary in words, a goal. It has no clock.

What is seen is a function of the settings alone. Their class (see settings.py) says all of it::

    from dataclasses import dataclass, replace

    from nbhelpers.playgrounds.engine.goals import Goal
    from nbhelpers.playgrounds.engine.picture import Picture
    from nbhelpers.playgrounds.engine.playground import figure
    from nbhelpers.playgrounds.engine.settings import Settings, number

    @dataclass(frozen=True)
    class Line(Settings):
        \"\"\"A line a·x through the origin, to be turned by hand.\"\"\"

        slope: float = number(0.0, -3, 3)

        def summary(self):                 # in words, one line
            return f"slope {self.slope:g}"

        def goal(self):                    # optional: see goals.py
            return Goal("a slope of 2", score=abs(self.slope - 2), target=0.05, lower=True)

        def handles(self):                 # optional: what can be dragged, in data coordinates
            return {"end": (1.0, self.slope)}

        def drag(self, name, x, y):        # optional: the settings after a handle was moved there
            return replace(self, slope=round(min(max(y / max(x, 0.1), -3), 3), 2))

    class LinePicture(Picture):
        def build(self):
            self.ax = self.figure.add_subplot(xlim=(0, 1.5), ylim=(-3, 3))
            self.curve = self.line(self.ax)

        def pointed(self, name):           # the axes in whose data a handle is
            return self.ax

        def reach(self, settings):         # optional: where else they can be held
            return {"end": ((0, 0), (1.5, 1.5 * settings.slope), True)}

        def update(self, settings):
            self.curve.set_data([0, 1.5], [0, 1.5 * settings.slope])

    line = figure(Line, LinePicture, title="A line", example="slope=2", notebook="01")

Clicks and a resting pointer have their own pair: the picture says where they count, the settings
what they do::

    class ClickedLine(Line):
        \"\"\"A line that goes through the point that is clicked.\"\"\"

        def pressed(self, place, x, y):    # the settings after a click there
            return self.drag("end", x, y)

        def hovered(self, place, x, y):    # words that stand beside the pointer; "": none
            return f"({x:.2f}, {y:.2f})" if y > 0 else ""

    class ClickedPicture(LinePicture):
        def places(self):                  # name -> axes
            return {"plane": self.ax}

    clicked = figure(ClickedLine, ClickedPicture, title="A line", example="slope=2", notebook="01")

It works in a browser and without one:

>>> shown = clicked()
>>> shown.controls["slope"].value = 1.5    # as a slider does
>>> shown.drag("end", 1.0, 2.0)            # as a hand does
>>> shown.reached, shown.summary
(True, 'slope 2')
>>> shown.press("plane", 1.0, 0.5)
>>> shown.hover("plane", 1.0, 2.0), shown.settings
('(1.00, 2.00)', 'slope=0.5')

As the last expression of a cell it shows itself: live where a kernel runs, its picture elsewhere.
A panel (panel.py) is a figure with a network that is trained.
"""

import html
import math
import time
import weakref
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps

import ipywidgets as widgets
from IPython import get_ipython

from nbhelpers import plots
from nbhelpers.boxes import FOCUS
from nbhelpers.playgrounds.engine.controls import control, family, is_float_slider, on_grid, row
from nbhelpers.playgrounds.engine.goals import Bests
from nbhelpers.playgrounds.engine.guards import LOCK, WHOLE
from nbhelpers.playgrounds.engine.screen import screen
from nbhelpers.plots import own_style

ONE_LINE = 50  # characters of a goal that has room on one line together with two scores
FIGURES = weakref.WeakSet()  # all that have been made and are still in use somewhere

# Some controls have no words that a screen reader could say: number boxes and the script get a
# label, the clock's icons get words, and neither is seen.
UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);"
CSS = f"""<style>
.nn-panel {{ font-size: 14px; max-width: 1000px; }}
.nn-panel.nn-lecture {{ zoom: 1.6; }}
.nn-panel .nn-picture {{ max-width: 100%; height: auto; margin: 0; }}
.nn-panel .nn-summary {{ font-size: 16px; line-height: 1.4; min-height: 1.4em; margin: 0;
  color: var(--jp-ui-font-color1, inherit); font-variant-numeric: tabular-nums; }}
.nn-panel .nn-note, .nn-panel .nn-goal {{ margin: 0; min-height: 1.4em; line-height: 1.4;
  color: var(--jp-ui-font-color1, inherit); }}
.nn-panel .nn-goal {{ font-size: 16px; font-weight: 600; }}
.nn-panel .nn-two-lines p {{ min-height: 2.8em; }}
.nn-panel textarea, .nn-panel input[type="text"] {{
  font-family: var(--jp-code-font-family, monospace); }}
.nn-panel.nn-panel :focus-visible {{ {FOCUS} }}
.nn-panel .nn-named {{ position: relative; }}
.nn-panel .nn-named > .widget-label {{ {UNSEEN} }}
.nn-panel .widget-play i {{ position: relative; }}
.nn-panel .widget-play i::after {{ {UNSEEN} }}
.nn-panel .widget-play .fa-play::after {{ content: "Play"; }}
.nn-panel .widget-play .fa-pause::after {{ content: "Pause"; }}
.nn-panel .widget-play .fa-stop::after {{ content: "Stop and go back to the start"; }}
</style>"""


def locked(method):
    """Run a figure's method under the process-wide lock, and to its end.

    Callbacks may come from different threads, and an interrupt of the kernel at any line: it ends
    the training, but only the training, so that the panel can be used afterwards.
    """

    @wraps(method)
    def run(figure, *args, **kwargs):
        with LOCK, WHOLE:
            result = method(figure, *args, **kwargs)
            if WHOLE.interrupted and WHOLE.depth == 1 and figure.picture is not None:
                figure._interrupted()
            return result

    return run


class Figure:
    """Controls, picture, summary and goal of settings.

    Parameters
    ----------
    state : Settings
        What is shown first; its class may have summary, goal, handles and drag (see above).
    picture : Picture
        Its `update` gets the settings.
    title : str
        What the figure shows, in a few words; used where no widget can be shown.
    bests : Bests, optional
        Where the best scores are kept; without it, in your own folder.

    Attributes
    ----------
    state : Settings
        What is shown now.
    controls : dict of str to widget
        One for every setting but those declared with show=False.
    buttons : dict of str to Button
        reset, apply.
    number_boxes : dict of str to BoundedFloatText
        The number boxes beside the sliders of settings that are not whole numbers.
    image : ipywidgets.Image, or Screen where something can be dragged, clicked or pointed at
    widget : VBox
        All of it.
    """

    PAUSE = 0.25  # seconds between two states in words under a moving hand

    def __init__(self, state, picture, title="", bests=None):
        self.first = self.state = state
        self.picture, self.title = picture, title
        self.bests = Bests() if bests is None else bests
        self._open()
        with LOCK, WHOLE:
            self._show()
            FIGURES.add(self)

    # -- parts ------------------------------------------------------------------------------
    def _open(self):
        picture = self.picture
        self._made, self._cells = cell(), set()  # the cell that made it, those that show it
        self._quiet = self._hurried = False
        self._told = 0.0  # when the words were sent last
        self.image = None
        if self.state.handles() or picture.places():
            self.image = screen(picture, self._pointed, self._pressed, self._hovered)
        if self.image is None:
            self.image = widgets.Image(format="jpeg", width=picture.width)
        self.image.add_class("nn-picture")
        self.words, self.note = widgets.HTML(), widgets.HTML()
        self._say("")  # its line is there from the start
        self._add_controls()
        self.text = widgets.Text(
            description="settings",
            continuous_update=False,
            layout={"flex": "1 1 320px", "width": "auto"},
            style={"description_width": "initial"},
        )
        self.text.observe(lambda change: self._apply(), "value")
        self.buttons = {}
        style = widgets.HTML(CSS, layout={"display": "none"})
        self.widget = widgets.VBox([style, self.image, self.words, *self._rows()])
        self.widget.add_class("nn-panel")
        if plots.zoom > 1:
            self.widget.add_class("nn-lecture")

    def _add_controls(self):
        """A widget for every setting, and a number box beside each slider that needs one."""
        settings = self.state
        self.controls = {
            name: control(settings.label(name), allowed, getattr(settings, name))
            for name, allowed in settings.allowed().items()
            if allowed.show
        }
        self.number_boxes = {  # a slider has steps; the box beside it shows and takes any value
            name: widgets.BoundedFloatText(
                value=getattr(settings, name),
                min=allowed.low,
                max=allowed.high,
                step=None,
                description=settings.label(name),
                layout={"width": "76px"},
            )
            for name, allowed in settings.allowed().items()
            if is_float_slider(self.controls.get(name))
        }
        for box in self.number_boxes.values():
            box.add_class("nn-named")
        for name, widget in [*self.controls.items(), *self.number_boxes.items()]:
            widget.observe(lambda change, name=name: self._changed(name, change), "value")

    def _rows(self):
        """What stands below the summary."""
        reset, apply = self._add_buttons(reset=("Reset", self.reset), apply=("Apply", self._apply))
        aim, best = self._aim_parts()
        return [*aim, *self._control_rows(), row(reset, *best, self.text, apply), self.note]

    def _aim_parts(self):
        """The goal, and the button that leads back to the best, in lists; empty without a goal."""
        goal = self._goal()
        if goal is None:
            return [], []
        self.aim = widgets.HTML()
        if len(goal.words) > ONE_LINE:
            self.aim.add_class("nn-two-lines")  # always, so that what is below stays in its place
        return [self.aim], self._add_buttons(best=("Show my best", self.show_best))

    def _control_rows(self, without=()):
        """The controls but those: sliders with their boxes in a row, menus in another one.

        A menu that is alone shares the sliders' row.
        """
        shown = {name: w for name, w in self.controls.items() if name not in without}
        menus = [w for w in shown.values() if isinstance(w, widgets.Dropdown)]
        sliders = [
            widgets.HBox([w, self.number_boxes[name]]) if name in self.number_boxes else w
            for name, w in shown.items()
            if w not in menus
        ]
        if n := self.state.SLIDERS_A_ROW:
            for pair in sliders:
                pair.layout.flex = "1 1 260px"
                for slider in getattr(pair, "children", ())[:1]:  # beside its box
                    slider.layout.flex = "1 1 180px"
            groups = [*(sliders[k : k + n] for k in range(0, len(sliders), n)), menus]
        else:
            groups = [sliders, menus] if len(menus) > 1 else [sliders + menus]
        return [row(*group) for group in groups if group]

    def _add_buttons(self, **actions):
        """Add buttons: name=(words, what a click does); returns those of these names."""
        for name, (words, action) in actions.items():
            self.buttons[name] = button = widgets.Button(
                description=words, layout={"width": "auto"}
            )
            button.on_click(lambda _, action=action: action())
        return [self.buttons[name] for name in actions]

    # -- what a person does -----------------------------------------------------------------
    @locked
    def change(self, **values):
        """Give some settings other values, as the controls do (ValueError: not allowed)."""
        self._become(replace(self.state, **values))

    @locked
    def drag(self, name, x, y):
        """Move a handle to a place in data coordinates, as the pointer does.

        ValueError for a handle that isn't there. What can't be set is for `drag` of the settings
        to clip: the hand goes anywhere.
        """
        handles = self.state.handles()
        if name not in handles:
            raise ValueError(f"there is no handle {name!r:.60}; there are: {', '.join(handles)}")
        self._become(self.state.drag(name, float(x), float(y)))

    @locked
    def press(self, place, x, y):
        """Click at a point of a place, in its data coordinates (ValueError: no such place)."""
        self._must_have(place)
        self._become(self.state.pressed(place, float(x), float(y)))

    @locked
    def hover(self, place, x, y):
        """What the page tells of a point of a place, in words; ValueError as above."""
        self._must_have(place)
        return self._told_of(place, float(x), float(y))

    @locked
    def reset(self):
        """Back to what was shown first."""
        self._become(self.first)

    @locked
    def show_best(self):
        """Back to the settings with which the goal's best score was reached."""
        kept = self.bests.settings(self._goal())
        try:
            if kept is not None:
                self.settings = kept
        except ValueError as error:  # kept by another version
            self._say(f"Not applied: {error}")

    @property
    @locked
    def settings(self):
        """The settings string; assign one to apply it (ValueError if it is not right)."""
        return self.state.text()

    @settings.setter
    @locked
    def settings(self, text):
        self._become(type(self.state).parse(text, None)[0])

    @property
    @locked
    def summary(self):
        """The state in words, one line."""
        return self.state.summary()

    @property
    @locked
    def reached(self):
        """Whether the goal is reached now (False without a goal)."""
        goal = self._goal()
        return goal is not None and goal.reached

    @locked
    def png(self):
        """The picture as the bytes of a PNG file."""
        self._draw()
        return self.picture.png()

    # -- how it works -----------------------------------------------------------------------
    def _goal(self):
        """The `Goal` with the present score, or None."""
        return self.state.goal()

    def _become(self, state):
        if self._hurried and state == self.state:
            return  # nothing to show: the hand is heard again at once
        waiting = state.waiting(self.state)
        self._say(waiting)
        self.state = state
        self._keep_best()
        self._show()
        if waiting:
            self._say("")

    def _keep_best(self):
        """Keep the present score, if it is the best so far."""
        goal = self._goal()
        if goal is not None:
            self.bests.keep(goal, self.settings)

    @locked
    def _changed(self, name, change):
        """A control was moved."""
        if self._quiet:
            return
        allowed, value = self.state.allowed()[name], change["new"]
        now, slider = getattr(self.state, name), change["owner"]
        if is_float_slider(slider) and math.isclose(
            on_grid(slider, now), value, rel_tol=1e-9, abs_tol=1e-12
        ):
            return  # the page says where the slider stands, and its last digit differs
        try:
            if slider is not self.number_boxes.get(name):
                value = allowed.round(value)
            value = allowed.check(name, value)
        except ValueError as error:
            self._say(f"Not applied: {error}")
            self._show_controls()
            return
        if value == now:
            return  # the page echoes values that it has been given
        self.change(**{name: value})

    @locked
    def _pointed(self, name, x, y, last):
        """The page has moved a handle to a place in pixels of the picture, from its top left.

        Under a moving hand the picture comes first: words and controls follow a few times a second,
        and when the hand rests or lets go (`last`).
        """
        if name in self.state.handles():
            to_data = self.picture.pointed(name).transData.inverted()
            self._hurried = not last and time.perf_counter() < self._told + self.PAUSE
            try:
                self.drag(name, *to_data.transform((x, self.picture.height - y)))
            finally:
                self._hurried = False

    @locked
    def _pressed(self, place, x, y):
        """The page was clicked at a pixel of the picture."""
        if place in self.picture.places():
            self.press(place, *self._data(place, x, y))

    @locked
    def _hovered(self, place, x, y):
        """What the page asks about a pixel of the picture."""
        return self.hover(place, *self._data(place, x, y)) if place in self.picture.places() else ""

    def _data(self, place, x, y):
        """A pixel of the picture, from its top left, in the data coordinates of a place."""
        to_data = self.picture.places()[place].transData.inverted()
        return to_data.transform((x, self.picture.height - y))

    def _told_of(self, place, x, y):
        return self.state.hovered(place, x, y)

    def _must_have(self, place):
        self._must_be_open()
        places = self.picture.places()
        if place not in places:
            there = ", ".join(places) or "none"
            raise ValueError(f"there is no place {place!r:.60}; there are: {there}")

    @locked
    def _apply(self):
        """Apply what stands in the settings box; say in words what is wrong with it."""
        if self._quiet or self.text.value == self.settings:
            return
        try:
            self.settings = self.text.value
        except ValueError as error:
            self._say(f"Not applied: {error}")

    def _interrupted(self):
        """The kernel was interrupted: there is nothing that would go on."""

    def _draw(self):
        self._must_be_open()
        with own_style():
            self.picture.update(self.state)

    def _must_be_open(self):
        if self.picture is None:
            raise RuntimeError(
                "this figure is closed; open another one with its settings: " + self.settings
            )

    def _show(self):
        """Send the state to the page."""
        self._show_picture()
        if self._hurried:
            return
        self._told = time.perf_counter()
        self._show_words()
        self._show_controls()
        with self._quietly():
            self.text.value = self.settings

    def _show_picture(self):
        self._draw()
        if isinstance(self.image, widgets.Image):
            self.image.value = self.picture.render()
        else:
            places = {
                name: self._pixel(name, place) for name, place in self.state.handles().items()
            }
            reach = {
                name: (*self._pixel(name, start), *self._pixel(name, end), turns)
                for name, (start, end, turns) in self.picture.reach(self.state).items()
            }
            self.image.show(self.picture.render(), places, reach)

    def _pixel(self, name, place):
        """A place in a handle's data, in pixels of the picture from its top left."""
        x, y = self.picture.pointed(name).transData.transform(place)
        return x, self.picture.height - y

    def _show_words(self):
        self.words.value = (
            '<p class="nn-summary" role="status" aria-live="polite">'
            f"{html.escape(self.summary)}</p>"
        )
        goal = self._goal()
        if goal is not None:
            words = html.escape(goal.told(self.bests.best(goal)))
            self.aim.value = f'<p class="nn-goal" role="status">{words}</p>'
            self.buttons["best"].disabled = self.bests.settings(goal) is None

    def _show_controls(self):
        with self._quietly():
            for name, widget in self.controls.items():
                value = getattr(self.state, name)
                if name in self.number_boxes:
                    self.number_boxes[name].value = value
                    value = on_grid(widget, value)
                    if math.isclose(value, widget.value, rel_tol=1e-9, abs_tol=1e-12):
                        continue
                widget.value = value

    def _say(self, words):
        self.note.value = f'<p class="nn-note" role="alert">{html.escape(words)}</p>'

    @contextmanager
    def _quietly(self):
        """Set widgets without hearing them."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @locked
    def close(self):
        """Let go of the picture and the widgets; they disappear from the page.

        Settings, summary and script can still be read; what would draw raises RuntimeError. When a
        cell is run again, the figure that it made before and that nobody else shows is closed.
        """
        if self.picture is None:
            return
        self.picture = None
        self.image.value = b""
        for widget in family(self.widget):
            widget.unobserve_all()
            widget.close()

    def _close_earlier(self):
        """Close the figures that an earlier run of this cell has made and this cell alone shows."""
        here, run = cell()
        self._cells.add(here)
        if self._made == (here, run) and here is not None:
            for figure in list(FIGURES):
                made_in, made_by = figure._made
                if made_in == here and made_by != run and figure._cells <= {here}:
                    figure.close()

    @locked
    def _repr_mimebundle_(self, include=None, exclude=None):
        """Live where widgets are, the picture elsewhere (built by hand: 7.7.1 and 8 differ)."""
        title = self.title or "Playground"
        if self.picture is None:
            return {"text/plain": f"{title}: closed. {self.settings}"}
        self._close_earlier()
        return {
            "text/plain": f"{title}: {self.summary}",
            "image/png": b64encode(self.png()).decode(),
            "application/vnd.jupyter.widget-view+json": {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.widget.model_id,
            },
        }


def cell():
    """The notebook cell that is being run, and which run of it this is; (None, None) elsewhere."""
    shell = get_ipython()
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    here = message.get("metadata", {}).get("cellId")
    return (here, message["header"]["msg_id"]) if here else (None, None)


def short(x):
    """A number with three significant digits, without an exponent where it can be avoided."""
    return f"{x:.3g}" if abs(x) >= 1e5 else f"{float(f'{x:.3g}') + 0.0:,g}"
