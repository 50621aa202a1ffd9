"""The playground of notebook 06: a network with softmax divides the plane among classes.

Clouds, moons, spirals, or points of your own. With its default settings it trains the network of
notebook 06's program, from the same random numbers.
"""

from dataclasses import dataclass
from itertools import pairwise

import ipywidgets as widgets
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image

from nbhelpers.initializers import SUITED
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.classes import (
    bayes_border,
    best_possible,
    data_code,
    plane_data,
)
from nbhelpers.playgrounds.engine.code import HIDDEN, LOSS_CODE, functions, initial_weights, insert
from nbhelpers.playgrounds.engine.controls import row
from nbhelpers.playgrounds.engine.curves import LossCurves
from nbhelpers.playgrounds.engine.experiment import Experiment, Series, once_a_step
from nbhelpers.playgrounds.engine.panel import Panel, locked, short
from nbhelpers.playgrounds.engine.picture import (
    FULL_TABLE,
    Picture,
    Surface,
    colour_table,
    message,
    paler,
)
from nbhelpers.playgrounds.engine.plane import Network
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.points import (
    CLASSES,
    EDGE,
    MOST,
    checked_point,
    click_watcher,
    normalize_points,
    read_points,
    write_points,
)
from nbhelpers.playgrounds.engine.recipe import LIBRARIES, Recipe, cannot
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed, text
from nbhelpers.plots import (
    CLASS_COLORS,
    PALETTE,
    grid_points,
    level_lines,
    weight_lines,
)

TRACKED = 2_000  # fresh points that are measured again and again, for the curve
LARGEST = 1e30  # weights beyond it are as good as infinite: products of several would overflow
SHOWN = 125  # points of each class in the picture, at most; the added ones are all shown
GRID = 92  # points of the regions along each side
MARKERS = "os^DP"  # of the classes
SIGNS = "●■▲◆✚"


@dataclass(frozen=True)
class RegionsSettings(Settings):
    learning_rate: float = number(0.3, 0.001, 30, log=True, short="rate")
    hidden: int = number(5, 1, 16, label="hidden units", short="hidden")
    layers: int = number(1, 1, 3, label="hidden layers", short="layers")
    classes: int = number(3, 2, CLASSES, short="classes")
    data: str = choice("clouds", ["clouds", "moons", "spirals", "own points"], short="")
    activation: str = choice("tanh", HIDDEN, short="")
    batch_size: int = choice(32, [1, 8, 32, 128, "all"], label="batch size", short="batch")
    seed: int = seed()
    points: str = text(normalize_points, "points class:x1:x2;class:x1:x2;...", label="added points")

    @property
    def k_data(self):
        """The number of classes without the added points: there are two moons."""
        return 2 if self.data == "moons" else self.classes

    def words(self, name):
        if name == "points":
            return f"{len(read_points(self.points))} added"
        return f"batch {self.batch_size}" if name == "batch_size" else super().words(name)


def counted(n):
    """1 point, 2 points."""
    return f"{n} point{'s' * (n != 1)}"


class Regions(Experiment):
    """A 2-h-k network with softmax, one to three hidden layers; a step is one mini-batch.

    Its `X` (n, 2) are the training points in the coordinates of the picture, the added ones last;
    the network sees (X - mean) / std.
    """

    Settings = RegionsSettings

    def build(self):
        s = self.settings
        own = np.array(read_points(s.points)).reshape(-1, 3)
        k = s.k_data
        X, y, self.X_test, self.y_test, state = plane_data(s.data, k, s.seed)
        self.rng.bit_generator.state = state
        self.X, self.y = np.concatenate([X, own[:, 1:]]), np.append(y, own[:, 0].astype(int))
        self.n_own, self.k = len(own), int(max(k, *(own[:, 0] + 1), 0))
        n = len(self.X)
        self.mean, self.std = np.zeros(2), np.ones(2)
        if n:
            self.mean, self.std = self.X.mean(axis=0), self.X.std(axis=0)
            self.std[self.std == 0] = 1
        self.inputs = self.standardized(self.X)
        self.net = MLP(
            [2, *[s.hidden] * s.layers, self.k],
            activation=s.activation,
            initializer=SUITED[s.activation],
            rng=self.rng,
            dtype=np.float64,
        )
        self.optimizer = SGD(s.learning_rate)
        self.batch = max(1, n if s.batch_size == "all" else min(s.batch_size, n))
        self.epoch_steps = max(1, -(-n // self.batch))
        self.every = -(-self.epoch_steps // 4)  # steps between two points of a curve
        self.history["held_out"] = Series()
        self._record()

    def advance(self):
        if not len(self.X):
            return self.record("loss", 0.0)
        place = (self.steps - 1) % self.epoch_steps * self.batch
        if place == 0:
            self.order = self.rng.permutation(len(self.X))
        rows = self.order[place : place + self.batch]
        A = self.net.forward(self.inputs[rows], check=False)
        self.net.backward(A, self.y[rows], check=False)
        self.optimizer.step(self.net.params, self.net.grads)
        if not np.abs(self.net.params).max() < LARGEST:
            return self.record("loss", np.inf)
        return self._record() if self.steps % self.every == 0 else None

    def _record(self):
        """Measure a point of each curve; returns the training loss."""
        if len(self.y_test):
            rows = slice(None, None, len(self.y_test) // TRACKED)  # of every class
            A = self.net.forward(self.standardized(self.X_test[rows]), check=False)
            self.record("held_out", self.net.loss(A, self.y_test[rows], check=False))
        return self.record("loss", self.loss)

    def record(self, name, value):
        """Append `value` to a curve at the present thousandth of an epoch; returns the value."""
        at = round(1000 * self.steps / self.epoch_steps)
        self.history.setdefault(name, Series()).append(at, value)
        return value

    def standardized(self, X):
        """Points (n, 2) of the picture as the network sees them."""
        return (X - self.mean) / self.std

    @property
    @once_a_step
    def loss(self):
        """The loss over all training points, now; 0 where there are none."""
        if not len(self.X):
            return 0.0
        return self.net.loss(self.net.forward(self.inputs, check=False), self.y, check=False)

    @once_a_step
    def right(self):
        """The share of all fresh points that the network gets right, now."""
        net, count = self.net, 0
        for start in range(0, len(self.y_test), 5_000):  # so many stay in the processor's cache
            rows = slice(start, start + 5_000)
            A = self.standardized(self.X_test[rows])
            for W, b, activation in zip(net.W[:-1], net.b[:-1], net.activations[:-1], strict=True):
                A = activation.f(A @ W + b)
            Z = A @ net.W[-1] + net.b[-1]  # the largest is the most probable: no softmax needed
            count += np.count_nonzero(Z.argmax(axis=1) == self.y_test[rows])
        return count / len(self.y_test)

    def where(self, steps):
        return "epoch", short(steps / self.epoch_steps)

    def progress(self, steps):
        return self.settings.data, steps, self.epoch_steps

    def steps_for(self, progress):
        """The same data are trained as far in epochs, other data in steps."""
        data, steps, epoch_steps = progress
        if data != self.settings.data or not steps:
            return steps
        return min(max(1, round(steps * self.epoch_steps / epoch_steps)), self.most_steps)

    def answers(self, points):
        """The activations of every layer for points (n, 2) of the picture."""
        with np.errstate(all="ignore"):
            return self.net.forward(self.standardized(points), check=False)

    def describe(self):
        if not len(self.X):
            return "no points yet: add some"
        if not len(self.y_test):
            n = len(self.X)
            count = np.count_nonzero(self.answers(self.X)[-1].argmax(axis=1) == self.y)
            return f"{count} of {counted(n)} right"
        words = f"{100 * self.right():.1f} % of fresh points right"
        if self.settings.data == "clouds":
            k = self.settings.classes
            words += f" (best possible {100 * best_possible(k):.1f} %)"
        return words + (f" · {counted(self.n_own)} added" if self.n_own else "")

    def code(self):
        return script(self)

    def other_code(self):
        s = self.settings
        if not len(self.X):
            return {name: cannot(name, "there are no points yet") for name in LIBRARIES[1:]}
        recipe = Recipe(
            data=points_code(self) + STANDARDIZED.format(guard=guard(self)),
            sizes=self.net.sizes,
            activation=s.activation,
            weights=initial_weights(SUITED[s.activation]),
            learning_rate=s.learning_rate,
            n=len(self.X),
            batch=self.batch,
            steps=self.steps,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


# ---------------------------------------------------------------- the plain script of Show code
OWN_CODE = """\
added = np.array({points}).reshape(-1, 3)  # class, x1, x2
X, y = np.concatenate([X, added[:, 1:]]), np.append(y, added[:, 0].astype(int))
"""
POINTS = """\
rng = np.random.default_rng({seed})
{data}{own}"""
STANDARDIZED = """\
mean, std = X.mean(axis=0), X.std(axis=0)
{guard}X = (X - mean) / std
"""
SCRIPT = """\
import numpy as np

{points}Y = np.eye({n_out})[y]  # targets, one-hot
mean, std = X.mean(axis=0), X.std(axis=0)  # of the training inputs alone
{guard}X{and_test} = (X - mean) / std{standardized_test}


{functions}

def forward(X):
{forward}
    return {activations}


{weights}
lr, batch_size = {lr!r}, {batch}

for step in range({steps}):
    start = step % {epoch_steps} * batch_size
    if start == 0:  # a new epoch: the examples in a new order
        order = rng.permutation(len(X))
    rows = order[start : start + batch_size]
    {activations} = forward(X[rows])
{step}

A{last} = forward(X)[-1]
loss = {loss}
{result}
"""
NO_POINTS = 'import numpy as np\n\nprint("step {:,}, loss 0, no points yet")\n'
FRESH = """\
right = np.mean(forward(X_test)[-1].argmax(axis=1) == y_test)
print(f"step {steps:,}, loss {{loss:.6g}}, {{100 * right:.1f}} % of fresh points right")"""
OWN = """\
right = np.sum(A{last}.argmax(axis=1) == y)
print(f"step {steps:,}, loss {{loss:.6g}}, {{right}} of {n} right")"""


def points_code(e):
    """The lines that draw the points, the added ones too."""
    s, points = e.settings, read_points(e.settings.points)
    own = OWN_CODE.format(points=[list(point) for point in points]) if points else ""
    return POINTS.format(seed=s.seed, data=data_code(s.data, s.k_data), own=own)


def guard(e):
    """The line that a few points of one's own need: they may share a coordinate."""
    return "" if len(e.y_test) else "std[std == 0] = 1\n"


def script(e):
    """The script for an experiment as far as it has been trained."""
    s, last, fresh = e.settings, e.net.n_layers, len(e.y_test)
    if not len(e.X):
        return NO_POINTS.format(e.steps)
    weights, forward, backward, update = [], [], [], []
    for i, shape in enumerate(pairwise(e.net.sizes), 1):
        before, f = ("X" if i == 1 else f"A{i - 1}"), ("softmax" if i == last else "f")
        weights.append(f"W{i} = {initial_weights(SUITED[s.activation], *shape)}")
        weights.append(f"b{i} = np.zeros({shape[1]})")
        forward.append(f"A{i} = {f}({before} @ W{i} + b{i})")
        back = f"delta{i + 1} @ W{i + 1}.T * slope(A{i})"
        if i == last:
            back = f"(A{i} - Y[rows]) / len(rows)"
        backward.insert(0, f"delta{i} = {back}")
        step = [f"W{i} -= lr * ({before}.T @ delta{i})", f"b{i} -= lr * delta{i}.sum(axis=0)"]
        update = step + update
    update = [line.replace("(X.T", "(X[rows].T") for line in update]
    return SCRIPT.format(
        points=points_code(e),
        n_out=e.k,
        guard=guard(e),
        and_test=", X_test" if fresh else "",
        standardized_test=", (X_test - mean) / std" if fresh else "",
        functions=functions(s.activation),
        forward="\n".join("    " + line for line in forward),
        activations=", ".join(f"A{i}" for i in range(1, last + 1)),
        weights="\n".join(weights),
        lr=s.learning_rate,
        batch=e.batch,
        steps=e.steps,
        epoch_steps=e.epoch_steps,
        step="\n".join("    " + line for line in backward + update),
        last=last,
        loss=insert(LOSS_CODE["softmax_cross_entropy"].numpy, A=f"A{last}"),
        result=(FRESH if fresh else OWN).format(last=last, steps=e.steps, n=counted(len(e.X))),
    )


# ---------------------------------------------------------------- the picture
PALE = np.array([paler(colour) for colour in CLASS_COLORS])
CLASS_TABLES = [
    colour_table(LinearSegmentedColormap.from_list("class", ["#FFFFFF", colour], N=256))
    for colour in CLASS_COLORS
]


class Mixture(Surface):
    """The colours of the classes, mixed by their probabilities at every point of the plane."""

    def set_probabilities(self, P):
        """Show probabilities P (n, n, k); where they are not numbers the surface is grey."""
        mixed = P @ PALE[: P.shape[2]]
        mixed[np.isnan(mixed)] = 217
        small, n = Image.fromarray(mixed.astype(np.uint8)), len(P)
        size = round(self.ax.bbox.width), round(self.ax.bbox.height)
        half = (0.5, 0.5, n - 0.5, n - 0.5)  # the outer points of the grid lie on the edges
        self.pixels = np.array(small.resize(size, Image.Resampling.BILINEAR, half).convert("RGBA"))


class RegionsPicture(Picture):
    """Network, regions with the points, and losses, side by side."""

    PLANE = 352, 54, 300, 300  # left, bottom, width, height in pixels

    def __init__(self):
        super().__init__(width=1000, height=392)

    def build(self):
        self.network = Network(self, (8, 54, 306, 300), (50, 234), (0, 300), 12, (30, 140))
        self.signs = self._markers(self.network.ax, ms=9, clip_on=False)
        self._build_regions()
        ax = self.axes(728, 54, 250, 300)
        curves = {
            "loss": ("training points", PALETTE["blue"]),
            "held_out": ("fresh points", PALETTE["vermilion"]),
        }
        self.losses = LossCurves(self, ax, curves, (0.01, 5.0), steps=20_000, xlabel="epoch")
        ax.xaxis.set_major_formatter(lambda value, position: f"{value / 1000:,g}")

    def _build_regions(self):
        ax = self.plane = self.axes(*self.PLANE)
        limits = (-EDGE, EDGE)
        ax.set(xlim=limits, ylim=limits, xticks=[-4, 0, 4], yticks=[-4, 0, 4])
        ax.set(title="regions", xlabel="$x_1$", ylabel="$x_2$")
        self.surface = self.changing(Mixture(ax))
        ax.add_artist(self.surface)
        self.grid = grid_points(limits, limits, GRID)
        self.points = self._markers(ax, ms=5.0, mec="white", mew=0.7)
        self.own = self._markers(ax, ms=9.5, mec=PALETTE["ink"], mew=1.6)
        self.bayes = self.changing(
            LineCollection([], colors=PALETTE["ink"], linewidths=1.6, linestyles=(0, (4, 3)))
        )
        self.border = self.changing(LineCollection([], colors=PALETTE["ink"], linewidths=2.0))
        ax.add_collection(self.bayes)
        ax.add_collection(self.border)
        self.best = ax.text(EDGE, EDGE + 0.36, "dashed: best possible", ha="right")
        self.shown = None  # the array of points that is drawn
        self.words = self.changing(message(ax))

    def _markers(self, ax, **look):
        """Markers of each class."""
        return [
            self.line(ax, marker, color=colour, **look)
            for marker, colour in zip(MARKERS, CLASS_COLORS, strict=True)
        ]

    @property
    def area(self):
        """The plane within the picture, in shares of it: left, top, right, bottom."""
        left, bottom, width, height = self.PLANE
        top = self.height - bottom - height
        w, h = self.width, self.height
        return left / w, top / h, (left + width) / w, (top + height) / h

    def update(self, experiment, previous=None, kept=()):
        A = [a.reshape(GRID, GRID, -1) for a in experiment.answers(self.grid)]
        self._update_regions(experiment, A[-1])
        self._update_network(experiment, A)
        self.losses.update(experiment, previous, kept)

    def _update_regions(self, experiment, P):
        self.surface.set_probabilities(P)
        with np.errstate(all="ignore"):
            logs = np.log(np.maximum(np.ascontiguousarray(np.moveaxis(P, 2, 0)), 1e-300))
        segments, limits = [], (-EDGE, EDGE)
        for k in range(1, experiment.k):  # every border is that of such a class
            lead = logs[k] - np.delete(logs, k, axis=0).max(axis=0)
            segments += level_lines(lead, limits, limits, 0.0)
        self.border.set_segments(segments)
        if experiment.X is not self.shown:
            self.shown = experiment.X
            self._update_points(experiment)
        self.tell(self.words, experiment, "" if len(experiment.X) else "no points yet")

    def _update_points(self, experiment):
        n = len(experiment.X) - experiment.n_own
        for k in range(CLASSES):
            mine = np.flatnonzero(experiment.y == k)
            shown = mine[mine < n]
            shown = shown[:: max(1, -(-len(shown) // SHOWN))]
            self.points[k].set_data(*experiment.X[shown].T)
            self.own[k].set_data(*experiment.X[mine[mine >= n]].T)
        clouds = experiment.settings.data == "clouds"
        self.bayes.set_segments(bayes_border(experiment.settings.classes) if clouds else [])
        if clouds != self.best.get_visible():
            self.best.set_visible(clouds)
            self.refresh()

    def _update_network(self, experiment, A):
        net = experiment.net
        positions = self.network.positions(net.sizes)
        segments, widths, line_colours = weight_lines(net.W, positions)
        widths *= min(1, 8 / max(net.sizes))  # many lines are thinner ones
        self.network.set_lines(segments, widths, line_colours)
        maps = []
        for a in A[:-1]:  # white is 0, the strongest colours are the layer's largest output
            largest = max(1.0, np.abs(a).max()) if np.isfinite(a).all() else 1.0
            maps += list(np.moveaxis(0.5 + 0.5 * a / largest, 2, 0))
        tables = [FULL_TABLE] * len(maps) + CLASS_TABLES[: experiment.k]
        maps += list(np.moveaxis(A[-1], 2, 0))
        size = self.network.set_maps(maps, net.sizes, tables)
        for k, sign in enumerate(self.signs):
            x, y = positions[-1][k : k + 1].T
            sign.set_data(x + size / 2 + 12, y)


# ---------------------------------------------------------------- the panel
class RegionsPanel(Panel):
    """With means to add points: a click in the picture, or number boxes."""

    def _build(self, paces, pace):
        super()._build(paces, pace)
        self.chosen = widgets.ToggleButtons(
            options=[(f"{k} {sign}", k) for k, sign in enumerate(SIGNS)],
            style={"button_width": "48px"},
            layout={"width": "auto"},
        )
        self.place = [
            widgets.BoundedFloatText(
                value=0.0,
                min=-EDGE,
                max=EDGE,
                step=0.1,
                description=name,
                style={"description_width": "initial"},
                layout={"width": "90px"},
            )
            for name in ("x₁", "x₂")
        ]
        buttons = self._add_buttons(
            add_point=("Add point", lambda: self.add_point()),
            undo_point=("Undo", self.undo_point),
            clear_points=("Clear points", self.clear_points),
        )
        words = "Or click among the regions: a point appears there. Shift-click is Undo."
        self.clicks = click_watcher(self.picture.area, self._clicked, words)
        added = [widgets.Label("a point of class"), self.chosen, *self.place, *buttons]
        added += [self.clicks] * (self.clicks is not None)
        parts = list(self.widget.children)
        self.widget.children = [*parts[:-3], row(*added), *parts[-3:]]

    # -- points of the reader's own
    @property
    @locked
    def points(self):
        """The added points: a list of (class, x1, x2)."""
        return read_points(self.experiment.settings.points)

    @locked
    def add_point(self, k=None, x1=None, x2=None):
        """Add a point to the data and train as far as before; without numbers, the boxes' one.

        Raises
        ------
        ValueError
            A class or a place that there isn't.
        """
        place = [box.value if x is None else x for x, box in zip((x1, x2), self.place, strict=True)]
        point = checked_point(self.chosen.value if k is None else k, *place)
        if len(self.points) >= MOST:
            self._say(f"Not added: {MOST} points are the most.")
        else:
            self._set_points([*self.points, point])

    @locked
    def undo_point(self):
        """Take the point that was added last away."""
        self._set_points(self.points[:-1])

    @locked
    def clear_points(self):
        """Take all added points away."""
        self._set_points([])

    def _set_points(self, points):
        if points != self.points:
            self._replace(lambda: self.experiment.change(points=write_points(points)))
            self._catch_up()

    def _clicked(self, x, y, back):
        if back:
            self.undo_point()
        else:
            self.add_point(x1=2 * EDGE * x - EDGE, x2=EDGE - 2 * EDGE * y)


regions = playground(
    Regions,
    RegionsPicture,
    RegionsPanel,
    title="A network divides the plane",
    steps=940,  # 20 epochs of the default settings
    example="data=spirals,hidden=16,layers=2",
    notebook="06",
    pace=10,
    new="New seed",  # gives other points, too
)
