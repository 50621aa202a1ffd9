"""The playground of notebook 03: gradient descent with two weights, seen from above and the side.

The loss is a round bowl, a stretched one, or that of a single neuron on sixteen points, which can
learn from all points in every step, from four of them, or from one.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.curves import PREVIOUS, LossCurves
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.panel import short
from nbhelpers.playgrounds.engine.picture import Picture, message
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import OWN_LOSS, Recipe, cannot
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALETTE

START = (0.54, 0.71)
BOWLS = {"round bowl": (1.0, 1.0), "stretched bowl": (1.0, 10.0)}  # factors of x² and y²
BATCHES = {
    "neuron: 16 points a step": 16,
    "neuron: 4 points a step": 4,
    "neuron: 1 point a step": 1,
}
XLIM, YLIM = (-1.5, 1.5), (-1.2, 1.2)  # the weights that are shown
DRAWN = 600  # steps of a path that are drawn: the first so many and the last so many


def points():
    """Sixteen points near a line, for the neuron: inputs x and targets y, each (16,)."""
    x = np.linspace(0, 2, 16)
    return x, 0.4 - 0.8 * x + 0.3 * np.sin(9 * x)


@dataclass(frozen=True)
class BowlSettings(Settings):
    learning_rate: float = number(0.01, 0.001, 2, log=True, short="rate")
    surface: str = choice("round bowl", [*BOWLS, *BATCHES], label="loss of", short="")
    seed: int = seed()


class Bowl(Experiment):
    """Two weights go downhill; a step is one update.

    Seed 0 starts at (0.54, 0.71), every other seed draws its start.

    Attributes
    ----------
    weights : array (2,)
        x and y of a bowl; w and b of the neuron w x + b.
    history : dict of str to Series
        The loss, and both weights after every step as "first" and "second".
    """

    Settings = BowlSettings
    most_steps = 100_000

    def build(self):
        s = self.settings
        self.scale = np.array(BOWLS[s.surface]) if s.surface in BOWLS else None
        self.weights = np.array(START)
        if s.seed:
            self.weights = self.rng.uniform((-1.3, -1.0), (1.3, 1.0))
        self.net, self.optimizer = SimpleNamespace(params=self.weights), SGD(s.learning_rate)
        if self.scale is None:
            self.x, self.y = points()
            self.batch_size = BATCHES[s.surface]
            self.order, self.rows = np.arange(len(self.x)), np.arange(0)
        self.look()

    def value(self, first, second):
        """The loss for weights of any shape."""
        if self.scale is not None:
            return self.scale[0] * first**2 + self.scale[1] * second**2
        first, second = np.asarray(first)[..., np.newaxis], np.asarray(second)[..., np.newaxis]
        return 0.5 * np.mean((first * self.x + second - self.y) ** 2, axis=-1)

    def gradient(self):
        """The gradient at the present weights: of the bowl, or for the next mini-batch."""
        if self.scale is not None:
            return 2 * self.scale * self.weights
        n, size = len(self.x), self.batch_size
        start = (self.steps - 1) * size % n
        if start == 0 and size < n:
            self.order = self.rng.permutation(n)
        self.rows = rows = self.order[start : start + size]
        x = self.x[rows]
        delta = (self.weights[0] * x + self.weights[1] - self.y[rows]) / size
        return np.array([np.sum(delta * x), np.sum(delta)])

    def advance(self):
        self.optimizer.step(self.weights, self.gradient())
        return self.look()

    def look(self):
        """Record the weights and the loss; returns the loss."""
        self.record("first", self.weights[0])
        self.record("second", self.weights[1])
        with np.errstate(all="ignore"):
            return self.record("loss", self.value(*self.weights))

    def curvatures(self):
        """How strongly the loss is curved along its long and its short axis, two floats."""
        if self.scale is not None:
            return 2 * self.scale
        X1 = np.column_stack([self.x, np.ones_like(self.x)])
        return np.linalg.eigvalsh(X1.T @ X1 / len(X1))

    def bottom(self):
        """The weights with the lowest loss, array (2,)."""
        return np.zeros(2) if self.scale is not None else np.polyfit(self.x, self.y, 1)

    def limit(self):
        """The learning rate above which steps with all points diverge."""
        return 2 / self.curvatures()[1]

    def describe(self):
        lr, name = self.settings.learning_rate, self.settings.surface
        a, b = (abs(1 - lr * c) for c in self.curvatures())
        if name == "round bowl":
            words = f"|1 − 2·lr| = {short(a)}"
        elif name == "stretched bowl":
            words = f"|1 − 2·lr| = {short(a)} for x, |1 − 20·lr| = {short(b)} for y"
        else:
            w, c = self.weights
            words = f"w = {short(w)}, b = {short(c)}"
            return f"{words} · no line has a loss below {short(self.value(*self.bottom()))}"
        if max(a, b) > 1:
            words += f" · above 1: every step leads {'y ' if b > a else ''}farther away"
        elif max(a, b) == 1:
            words += f" · {'y' if b > a else 'it'} comes no nearer"
        elif max(a, b) == 0:
            words += " · one step reaches the bottom"
        return words

    def advice(self):
        if self.scale is None and self.batch_size < len(self.x):
            return (
                "The steps overshot the bottom by more and more, if not every single one. With all "
                f"points a step that begins at a learning rate of {short(self.limit())}; with few, "
                "a little earlier or later: try a smaller one."
            )
        return (
            "Every step overshot the bottom and landed farther away on the other side. For this "
            f"loss that begins at a learning rate of {short(self.limit())}: try a smaller one."
        )

    def code(self):
        s = self.settings
        parts = {"lr": s.learning_rate, "steps": self.steps, "shown": f"{self.steps:,}"}
        parts["start"] = f"np.array({START})"
        if s.seed:
            parts["start"] = "rng.uniform((-1.3, -1.0), (1.3, 1.0))"
        parts["rng"] = f"rng = np.random.default_rng({s.seed})\n"
        if self.scale is None:
            return NEURON_SCRIPT.format(size=self.batch_size, **parts)
        if not s.seed:
            parts["rng"] = ""
        return BOWL_SCRIPT.format(scale=BOWLS[s.surface], **parts)

    def other_code(self):
        s = self.settings
        start = "rng.uniform((-1.3, -1.0), (1.3, 1.0))" if s.seed else f"np.array({START})"
        rng = f"rng = np.random.default_rng({s.seed})\n"
        if self.scale is not None:
            script = TORCH_BOWL.format(
                scale=BOWLS[s.surface],
                rng=rng if s.seed else "",
                start=start,
                lr=s.learning_rate,
                steps=self.steps,
                shown=f"{self.steps:,}",
            )
            return {"scikit-learn": cannot("scikit-learn", OWN_LOSS), "PyTorch": script}
        full = self.batch_size == len(self.x)
        recipe = Recipe(
            data=f"{NEURON}{rng}w0, b0 = {start}  # of the neuron w * x + b\n",
            sizes=[1, 1],
            activation="linear",
            output="linear",
            loss="half_squared_error",
            weights="np.full((n_in, n_out), w0)",
            biases="b0",
            learning_rate=s.learning_rate,
            n=len(self.x),
            batch=None if full else self.batch_size,
            steps=self.steps,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


# ---------------------------------------------------------------- the plain script of Show code
BOWL_SCRIPT = """\
import numpy as np

scale = np.array({scale})  # the loss is scale[0] * x**2 + scale[1] * y**2
{rng}weights = {start}  # x and y
lr = {lr!r}

for step in range({steps}):
    gradient = 2 * scale * weights
    weights -= lr * gradient

loss = np.sum(scale * weights**2)
print(f"step {shown}, loss {{loss:.6g}}")
print("x, y =", weights)
"""
TORCH_BOWL = """\
import numpy as np
import torch

scale = torch.tensor({scale})  # the loss is scale[0] * x**2 + scale[1] * y**2
{rng}weights = torch.tensor({start}, requires_grad=True)  # x and y
optimizer = torch.optim.SGD([weights], lr={lr!r})

for step in range({steps}):
    loss = torch.sum(scale * weights**2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

loss = torch.sum(scale * weights**2)
print(f"step {shown}, loss {{loss.item():.6g}}")
"""
NEURON = """\
x = np.linspace(0, 2, 16)
y = 0.4 - 0.8 * x + 0.3 * np.sin(9 * x)
X, Y = x[:, None], y[:, None]

"""
NEURON_SCRIPT = """\
import numpy as np

x = np.linspace(0, 2, 16)
y = 0.4 - 0.8 * x + 0.3 * np.sin(9 * x)

{rng}weights = {start}  # w and b of the neuron w * x + b
lr, batch_size = {lr!r}, {size}

for step in range({steps}):
    start = step * batch_size % len(x)
    if start == 0:  # a new epoch
        order = rng.permutation(len(x)) if batch_size < len(x) else np.arange(len(x))
    rows = order[start : start + batch_size]
    delta = (weights[0] * x[rows] + weights[1] - y[rows]) / batch_size
    gradient = np.array([np.sum(delta * x[rows]), np.sum(delta)])
    weights -= lr * gradient

loss = 0.5 * np.mean((weights[0] * x + weights[1] - y) ** 2)
print(f"step {shown}, loss {{loss:.6g}}")
print("w, b =", weights)
"""


# ---------------------------------------------------------------- what is seen
DEPTHS = LinearSegmentedColormap.from_list("depths", ["#FFFFFF", "#DCEAF4", "#A9CBE3"])
TITLES = {
    "round bowl": "loss x² + y², from above",
    "stretched bowl": "loss x² + 10 y², from above",
}


class BowlPicture(Picture):
    """The path on the contours of the loss, the same from the side (or the line), the loss."""

    def __init__(self):
        super().__init__(height=360)

    def build(self):
        self.shown = None  # the loss that the background shows
        self.filled = []
        ax = self.map = self.axes(58, 54, 330, 264)
        ax.set(xlim=XLIM, ylim=YLIM, xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        self.map_title = ax.set_title("")
        (self.bottom,) = ax.plot([], [], "+", color=PALETTE["ink"], ms=13, mew=2)
        colours = [PREVIOUS, *(PALETTE[name] for name in LossCurves.KEPT_COLOURS)]
        self.earlier = [self.line(ax, color=colour, lw=1.2) for colour in colours]
        self.path = self.line(ax, "-o", color=PALETTE["blue"], lw=1.5, ms=3.5)
        self.now = self.line(ax, "o", color=PALETTE["vermilion"], mec="white", ms=11)
        self.words = self.changing(message(ax))
        self.words.set_y(0.14)

        ax = self.side = self.axes(448, 54, 216, 264)
        self.side_title = ax.set_title("")
        self.sides = LineCollection([], colors=PALETTE["light grey"], linewidths=4)
        ax.add_collection(self.sides)
        self.batch = self.line(ax, "o", color=PALETTE["orange"], ms=12)
        self.points = self.line(ax, "o", color=PALETTE["ink"], ms=5)
        self.neuron = self.line(ax, color=PALETTE["blue"], lw=2.6)
        self.x_steps = self.line(ax, "-o", color=PALETTE["green"], lw=3, ms=7)
        self.y_steps = self.line(ax, "-o", color=PALETTE["purple"], lw=1.2, ms=4)
        self.x_now = self.line(ax, "o", color=PALETTE["green"], mec="white", ms=17)
        self.y_now = self.line(ax, "o", color=PALETTE["purple"], mec="white", ms=11)
        self.losses = LossCurves(self, self.axes(738, 54, 236, 264), ylim=(1e-4, 1), steps=100)

    def update(self, experiment, previous=None, kept=()):
        if experiment.settings.surface != self.shown:
            self._stage(experiment)
        runs = [previous, *list(kept)[-len(LossCurves.KEPT_COLOURS) :]]
        for i, line in enumerate(self.earlier):
            run = runs[i] if i < len(runs) else None
            same = run is not None and run.settings.surface == self.shown
            line.set_data(*(path(run.history) if same else ([], [])))
        first, second = path(experiment.history)
        self.path.set_data(first, second)
        self.path.set_markersize(3.5 if experiment.steps <= 300 else 2)
        self.now.set_data(first[-1:], second[-1:])
        x, y = experiment.weights
        outside = not (XLIM[0] <= x <= XLIM[1] and YLIM[0] <= y <= YLIM[1])
        words = f"outside the picture:\n({short(x)}, {short(y)})" if outside else ""
        self.tell(self.words, experiment, words)
        self._show_side(experiment, first, second)
        self.losses.update(experiment, previous, kept)

    def _show_side(self, experiment, first, second):
        """How both weights hop in their own parabola, or the neuron's line."""
        bowl = experiment.scale is not None
        for line in (self.x_steps, self.y_steps, self.x_now, self.y_now):
            line.set_visible(bowl)
        for line in (self.batch, self.points, self.neuron):
            line.set_visible(not bowl)
        if bowl:
            a, b = experiment.scale
            for scale, values, steps, now in (
                (a, first, self.x_steps, self.x_now),
                (b, second, self.y_steps, self.y_now),
            ):
                steps.set_data(values, scale * values**2)
                wider = 3 if steps is self.x_steps else 0  # so that y, on top, doesn't hide x
                steps.set_markersize(self.path.get_markersize() + wider)
                now.set_data(values[-1:], scale * values[-1:] ** 2)
            return
        w, b = np.clip(np.nan_to_num(experiment.weights), -1e4, 1e4)
        ends = np.array([-0.1, 2.1])
        self.neuron.set_data(ends, w * ends + b)
        self.points.set_data(experiment.x, experiment.y)
        rows = experiment.rows if experiment.batch_size < len(experiment.x) else []
        self.batch.set_data(experiment.x[rows], experiment.y[rows])

    def _stage(self, experiment):
        """What stays while a loss is shown: its contours, the names of its weights."""
        name = self.shown = experiment.settings.surface
        for artist in self.filled:
            artist.remove()
        x, y = np.meshgrid(np.linspace(*XLIM, 121), np.linspace(*YLIM, 97))
        Z = experiment.value(x, y)
        bottom = experiment.bottom()
        Z -= experiment.value(*bottom)
        bowl = experiment.scale is not None
        levels = Z.max() * np.linspace(0, 1, 12) ** (2 if bowl else 3)  # 2: evenly spaced lines
        options = {"levels": levels, "zorder": 0}
        self.filled = [
            self.map.contourf(x, y, Z, cmap=DEPTHS, **options),
            self.map.contour(x, y, Z, colors="#7FA6C0", linewidths=0.7, **options),
        ]
        self.bottom.set_data(bottom[:1], bottom[1:])
        self.map_title.set_text(TITLES.get(name, "loss of the neuron w x + b"))
        self.map.set_xlabel("x" if bowl else "w", labelpad=2)
        self.map.set_ylabel("y" if bowl else "b", labelpad=0, rotation=0)
        if bowl:
            t = np.linspace(*XLIM, 101)
            scales = set(experiment.scale)
            self.sides.set_segments([np.column_stack([t, scale * t**2]) for scale in scales])
            top = 2.2 * max(scales) ** 0.7
            self.side.set(xlim=XLIM, ylim=(-0.04 * top, top), xlabel="x (green), y (purple)")
            self.side_title.set_text("from the side")
        else:
            self.sides.set_segments([])
            self.side.set(xlim=(-0.1, 2.1), ylim=(-1.8, 1.2), xlabel="x")
            self.side_title.set_text("the neuron and its points")
        self.side.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        self.side.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        self.refresh()


def path(history):
    """Both weights as they can be drawn: the first and the last steps; NaN far outside."""
    weights = [history[name].values for name in ("first", "second")]
    if len(weights[0]) > 2 * DRAWN:
        gap = [np.nan]
        weights = [np.concatenate([w[:DRAWN], gap, w[-DRAWN:]]) for w in weights]
    far = ~(np.maximum(*np.abs(weights)) < 1e4)
    return [np.where(far, np.nan, w) for w in weights]


bowl = playground(
    Bowl,
    BowlPicture,
    title="Gradient descent in a bowl",
    steps=1_000,
    example="learning_rate=0.09,surface=stretched bowl",
    notebook="03",
    pace=1,
    catch_up=0.300,
)
