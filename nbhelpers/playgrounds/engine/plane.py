"""A network with two inputs, at most one hidden layer and one output, and its picture.

What the playgrounds of notebooks 01 and 02 share: all examples in every step, the loss added up
over them, and side by side the network, its output for every input, and the loss. A click on a
hidden unit, or the menu *look at*, enlarges its map in place of the output's; the menu also has the
plane of what two hidden units say::

    from dataclasses import dataclass

    from nbhelpers.network import MLP
    from nbhelpers.playgrounds.engine import plane
    from nbhelpers.playgrounds.engine.playground import playground
    from nbhelpers.playgrounds.engine.settings import number, seed

    @dataclass(frozen=True)
    class OrSettings(plane.PlaneSettings):
        learning_rate: float = number(1.0, 0.01, 30, log=True)
        hidden: int = number(2, 1, 8, label="hidden units")
        seed: int = seed()
        look: str = plane.look_at()

    class Or(plane.PlaneExperiment):
        \"\"\"A network learns OR.\"\"\"

        Settings = OrSettings

        def data(self):
            return plane.truth_table([0, 1, 1, 1])

        def network(self):
            sizes, loss = [2, self.settings.hidden, 1], "half_squared_error"
            return MLP(sizes, output="sigmoid", loss=loss, initializer="uniform", rng=self.rng)

    words = {"title": "A network learns OR", "example": "hidden=3", "notebook": "01"}
    opened = playground(Or, plane.PlanePicture, steps=100, **words)

>>> panel = opened("look=hidden unit 2")
>>> (x, y) = panel.picture.network.positions([2, 2, 1])[1][0]
>>> panel.press("network", x, y)
>>> panel.settings
'learning_rate=1.0,hidden=2,seed=0,look=hidden unit 1,steps=100'
"""

from dataclasses import replace

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection

from nbhelpers.datasets import xor
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.code import apply, define, initial_weights, times_slope
from nbhelpers.playgrounds.engine.curves import LossCurves
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.figure import short
from nbhelpers.playgrounds.engine.picture import DPI, Picture, Surface, Units, message
from nbhelpers.playgrounds.engine.recipe import Recipe
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice
from nbhelpers.plots import (
    CLASS_COLORS,
    PALE_DIVERGING,
    PALETTE,
    grid_points,
    level_lines,
    node_positions,
    weight_lines,
)

GRID = 92  # points of the surface along each side
COLUMNS, ROWS = (54, 278), (0, 276)  # where units stand, in pixels of the network's axes
NEAR = 23  # pixels from the middle of a unit within which it is meant
INPUTS = "$x_1$", "$x_2$"
HIDDEN_PLANE = "hidden plane"
LOOKS = ("output", *(f"hidden unit {k}" for k in range(1, 9)), HIDDEN_PLANE)
REACH = 4.0  # of a hidden plane's axes, where the activation has no bound
APART = 18  # pixels between two points, so that both are seen
TABLE = """\
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
Y = np.array([{}], dtype=float).T
"""


def truth_table(outputs):
    """The four inputs with these outputs: X (4, 2), Y (4, 1), and the script that makes them."""
    return xor(dtype=np.float64)[0], np.array([outputs], dtype=float).T, TABLE.format(outputs)


def xor_network(rng, sizes=(2, 3, 1), activation="sigmoid", output="sigmoid", weights="uniform"):
    """Notebook 01's network: no bias, float64, half the squared error."""
    return MLP(
        sizes,
        activation=activation,
        output=output,
        loss="half_squared_error",
        initializer=weights,
        bias=False,
        rng=rng,
        dtype=np.float64,
    )


def look_at():
    """A setting for what the large plane shows, one of `LOOKS`."""
    return choice("output", LOOKS, label="look at", short="", view=True)


class PlaneSettings(Settings):
    """The base of such settings: a subclass has `hidden`, from 0 to 8 units, and `look`."""

    ROWS = ROWS  # as the picture has them

    @property
    def unit(self):
        """The hidden unit that is looked at, from 1; 0: the output, or a unit that isn't there."""
        unit = LOOKS.index(self.look)
        return unit if unit <= self.hidden else 0

    @property
    def hidden_plane(self):
        """Whether the plane of what the hidden units say is looked at; it needs two of them."""
        return self.look == HIDDEN_PLANE and self.hidden == 2

    def pressed(self, place, x, y):
        """A click on a unit enlarges its map; a second one goes back to the output."""
        unit = self._unit_at(x, y)
        return self if unit is None else replace(self, look=LOOKS[unit * (unit != self.unit)])

    def hovered(self, place, x, y):
        unit = self._unit_at(x, y)
        if unit is None:
            return ""
        if unit != self.unit or self.hidden_plane:
            return f"{LOOKS[unit]}: click to enlarge its map"
        return f"{LOOKS[unit]}: click to go back" if unit else LOOKS[unit]

    def _unit_at(self, x, y):
        """The hidden unit at a point, from 1; 0: the output, None: neither of them."""
        _, hidden, output = node_positions((2, self.hidden, 1), COLUMNS, self.ROWS)
        distances = np.hypot(*(np.concatenate([output, hidden]) - (x, y)).T)
        return int(distances.argmin()) if distances.min() <= NEAR else None


class PlaneExperiment(Experiment):
    """The base of such an experiment: a subclass says what is learned, and by which network.

    Its `data()` returns the examples, inputs (n, 2) and targets (n, 1), and the script that makes
    them; `network()` returns the network with its initial weights.
    """

    weights = "uniform"  # initial ones, by their name in INITIALIZERS

    def build(self):
        self.X, self.Y, self.data_code = self.data()
        self.net = self.network()
        # Notebook 01 adds up over the examples; the network's loss and gradient are means.
        self.optimizer = SGD(self.settings.learning_rate * len(self.X))
        self.A = self.net.forward(self.X)
        self.record("loss", self.total_loss())

    def advance(self):
        self.update()
        self.A = self.net.forward(self.X, check=False)
        return self.record("loss", self.total_loss())

    def update(self):
        """Change the weights by one step."""
        self.net.backward(self.A, self.Y, check=False)
        self.optimizer.step(self.net.params, self.net.grads)

    def total_loss(self):
        """The loss of notebook 01: half the sum of the squared errors of all examples."""
        return len(self.X) * self.net.loss(self.A, self.Y, check=False)

    def right(self):
        """Which examples are on the right side of 0.5, bool (n,); on the border itself none is."""
        return ((self.A[-1] - 0.5) * (self.Y - 0.5) > 1e-9)[:, 0]  # rounding has no say

    def describe(self):
        worst = np.abs(self.A[-1] - self.Y).max()
        return f"{self.right().sum()} of {len(self.X)} right · largest error {worst:.2g}"

    def code(self):
        net, last = self.net, self.net.n_layers
        names, sizes = [a.name for a in net.activations], ["2", "1"]
        start, forward, backward, update = [], [], [], []
        if last == 2:
            start.append(f"hidden = {net.sizes[1]}")
            sizes.insert(1, "hidden")
        for k, (name, bias) in enumerate(zip(names, net.has_bias, strict=True), 1):
            before = "X" if k == 1 else f"A{k - 1}"
            start.append(f"W{k} = {initial_weights(self.weights, *sizes[k - 1 : k + 1])}")
            start += [f"b{k} = np.zeros({sizes[k]})"] * bias
            forward.append(f"A{k} = " + apply(name, f"{before} @ W{k}" + f" + b{k}" * bias))
            delta = f"(A{k} - Y)" if k == last else f"(delta{k + 1} @ W{k + 1}.T)"
            backward.insert(0, f"delta{k} = {delta}" + times_slope(name, f"A{k}"))
            step = [f"W{k} -= learning_rate * ({before}.T @ delta{k})"]
            step += [f"b{k} -= learning_rate * delta{k}.sum(axis=0)"] * bias
            update = step + update
        functions = define(*names)
        return SCRIPT.format(
            data=self.data_code,
            learning_rate=self.settings.learning_rate,
            seed=self.settings.seed,
            start="\n".join(start),
            functions=f"\n{functions}\n" if functions else "",
            steps=self.steps,
            loop="\n".join("    " + line for line in forward + backward + update),
            forward="\n".join(forward),
            A=f"A{last}",
        )

    def other_code(self):
        net, s = self.net, self.settings
        recipe = Recipe(
            data=f"{self.data_code}rng = np.random.default_rng({s.seed})",
            sizes=net.sizes,
            activation=net.activations[0].name,
            output=net.activations[-1].name,
            loss="half_squared_error",
            total=True,
            bias=net.has_bias,
            weights=initial_weights(self.weights),
            learning_rate=s.learning_rate,
            n=len(self.X),
            steps=self.steps,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


SCRIPT = """\
import numpy as np

{data}
learning_rate = {learning_rate!r}
rng = np.random.default_rng({seed})
{start}

{functions}
for step in range({steps}):
{loop}

{forward}
loss = 0.5 * np.sum(({A} - Y) ** 2)
print(f"step {steps:,}, loss {{loss:.6g}}")
for x, a in zip(X, {A}):
    print(x.round(2), "->", round(float(a[0]), 4))
"""


class Network:
    """The drawing of a network: its weights as lines, its units as discs with small maps.

    Parameters
    ----------
    picture : Picture
    place : (left, bottom, width, height)
        Of its axes in pixels; what follows is in pixels, too, from their bottom left.
    columns, rows : (float, float)
        Where the units stand: from the first layer to the last, from the bottom to the top.
    names : float
        Where the names of the two inputs stand.
    keys : (float, float)
        Where the keys of both colours begin, below the axes.
    """

    def __init__(self, picture, place, columns, rows, names, keys):
        ax = self.ax = picture.axes(*place)
        self.columns, self.rows = columns, rows
        ax.set(xlim=(0, place[2]), ylim=(0, place[3]), title="network")
        ax.set_axis_off()
        self.weights = picture.changing(LineCollection([], capstyle="round", alpha=0.85))
        ax.add_collection(self.weights)
        look = {"color": "white", "mec": PALETTE["ink"], "mew": 2.5}
        self.ring = picture.line(ax, "o", **look)
        self.units = picture.changing(Units(ax))
        ax.add_artist(self.units)
        for (_, y), name in zip(self.positions([2])[0], INPUTS, strict=True):
            ax.text(names, y, name, ha="center", va="center", fontsize=13)
        colours = ("blue", "negative"), ("vermilion", "positive weight")
        for x, (colour, words) in zip(keys, colours, strict=True):
            ax.plot([x, x + 22], [-26, -26], color=PALETTE[colour], lw=4, clip_on=False)
            ax.text(x + 29, -26, words, va="center")

    def positions(self, sizes):
        """Where the units of each layer stand."""
        return node_positions(sizes, self.columns, self.rows)

    def set_lines(self, segments, widths, colours):
        """Show weights as lines (see `weight_lines`)."""
        self.weights.set(segments=segments, linewidths=widths, colors=colours)

    def set_maps(self, maps, sizes, tables=None, ringed=None):
        """Show a map for each unit (see `Units`), and a ring around the one of this number.

        Returns the size of a disc in pixels.
        """
        height = self.rows[1] - self.rows[0]
        size = min(46, 2 * (height // (2 * max(sizes))) - 4)
        places = np.concatenate(self.positions(sizes))
        self.units.set_maps(maps, places, size, tables)
        self.ring.set_data(*(places[:0] if ringed is None else places[[ringed]]).T)
        self.ring.set_markersize((size + 6) * 72 / DPI)
        return size


def weighted_sums(net, layer, A):
    """The weighted sums (..., n_out) of a layer's units for what it is given, A (..., n_in)."""
    b = net.b[layer]
    with np.errstate(all="ignore"):
        return A @ net.W[layer] + (0.0 if b is None else b)


def apart(P, distance, X):
    """Points P (n, 2), moved as little as it takes until no two are closer than a distance.

    Those on one place part in the directions in which their inputs X (n, 2) lie.
    """
    P = P + 1e-3 * distance * X
    for _ in range(20):  # halves what two of them lack
        steps = P[:, np.newaxis] - P
        far = np.maximum(np.hypot(*steps.T), 1e-9 * distance)
        P = P + (np.maximum(distance / far - 1, 0)[..., np.newaxis] * steps).sum(axis=1) / 4
    return P


class PlaneLoss(LossCurves):
    """The loss, and the learning rate above it: at step 0 it would not be seen."""

    def __init__(self, picture, ax):
        super().__init__(picture, ax, ylim=(1e-4, 2), steps=1000)
        self.rate = picture.changing(ax.text(1, 1.03, "", ha="right", transform=ax.transAxes))

    def update(self, experiment, previous=None, kept=()):
        self.rate.set_text(f"rate {short(experiment.settings.learning_rate)}")
        super().update(experiment, previous, kept)


class PlanePicture(Picture):
    """Network, decision surface and loss of an experiment in the plane, side by side."""

    LIMITS = (-0.25, 1.25)  # the part of the plane that is shown, the same in both directions
    ROWS = ROWS  # where the network's units stand

    def build(self):
        self._build_network()
        self._build_surface()
        self._build_losses()

    def _build_network(self):
        self.network = Network(self, (8, 52, 316, 276), COLUMNS, self.ROWS, 14, (40, 150))
        (x, y) = self.network.positions([2, 1])[1][0]
        self.network.ax.text(x, y - 34, "output", ha="center", va="top")

    def _build_losses(self):
        self.losses = PlaneLoss(self, self.axes(738, 52, 236, 276))

    def _build_surface(self):
        ax = self.plane = self.axes(374, 52, 276, 276)
        self.shown = None  # which axes: their names and limits
        self._show_axes(INPUTS, self.LIMITS, (0, 0.5, 1))
        self.surface = self.changing(Surface(ax))
        ax.add_artist(self.surface)
        self.border = self.changing(LineCollection([], colors=PALETTE["ink"], linewidths=1.8))
        ax.add_collection(self.border)
        self.points = grid_points(self.LIMITS, self.LIMITS, GRID)
        self.examples = self.changing(
            ax.scatter([], [], s=330, edgecolors="white", linewidths=2, zorder=3)
        )
        marks = {"marker": "$\u2713$", "ms": 10}, {"marker": "x", "ms": 9, "mew": 3}
        self.right, self.wrong = (self.line(ax, ls="", color="white", **mark) for mark in marks)
        self.words = self.changing(message(ax))
        bar = self.figure.colorbar(
            ScalarMappable(cmap=PALE_DIVERGING), cax=self.axes(658, 52, 9, 276), ticks=[0, 1]
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)
        bar.ax.grid(False)
        self.scale, self.title, self.texts = bar.ax.yaxis, ax.set_title(""), None
        self.level = self.seldom(self.title, self.scale)

    def places(self):
        return {"network": self.network.ax}

    def update(self, experiment, previous=None, kept=()):
        net, settings = experiment.net, experiment.settings
        self.tell(self.words, experiment)
        with np.errstate(all="ignore"):
            A = [a.reshape(GRID, GRID, -1) for a in net.forward(self.points, check=False)]
        maps, lows = [], []
        for a, (low, high) in zip(A, [(0, 1), *(f.range for f in net.activations)], strict=True):
            low = 0 if (low, high) == (0, 1) or a is A[-1] else -1  # else white is 0
            maps += [(a[:, :, k] - low) / (1 - low) for k in range(a.shape[2])]
            lows += [low] * a.shape[2]
        chosen = settings.unit + 1 if settings.unit else -1  # after the two inputs
        Z, level = maps[chosen], 0.5
        if settings.hidden_plane:
            Z = self._hidden_plane(net)
        else:
            self._show_axes(INPUTS, self.LIMITS, (0, 0.5, 1))
        self.surface.set_values(Z)
        if settings.unit:  # the border is where its sum is 0
            Z, level = weighted_sums(net, 0, A[0])[:, :, settings.unit - 1], 0.0
        Z = Z.round(9)  # where it is the level everywhere, rounding draws no border
        limits = self.shown[1]
        self.border.set_segments(level_lines(Z, limits, limits, level))
        self._show_texts(experiment, lows[chosen])
        self._show_examples(experiment)
        self._show_weights(net, self.network.positions(net.sizes))
        self.network.set_maps(maps, net.sizes, ringed=chosen if settings.unit else None)
        self.losses.update(experiment, previous, kept)

    def _hidden_plane(self, net):
        """Show the axes of the hidden plane; returns the output there, (GRID, GRID)."""
        low, high = np.clip(net.activations[0].range, -REACH, REACH)
        margin = 0.15 * (high - low)  # for whole points
        limits = low - margin, high + margin
        self._show_axes(("unit 1", "unit 2"), limits, (low, (low + high) / 2, high))
        with np.errstate(all="ignore"):
            sums = weighted_sums(net, 1, grid_points(limits, limits, GRID))
            return net.activations[1].f(sums).reshape(GRID, GRID)

    def _show_axes(self, names, limits, ticks):
        """Let the plane have these axes: their names, from where to where, three ticks on each."""
        if self.shown == (names, limits):
            return
        self.shown, ax = (names, limits), self.plane
        labels = ["\u00bd" if t == 0.5 else short(t).replace("-", "\u2212") for t in ticks]
        for axis, name in zip((ax.xaxis, ax.yaxis), names, strict=True):
            axis.set_ticks(ticks, labels)
            axis.set_label_text(name)
        ax.set(xlim=limits, ylim=limits)
        self.refresh()

    def _show_texts(self, experiment, low):
        """The title of the plane, and the lower end of its scale."""
        settings, title = experiment.settings, "output for every input"
        if settings.unit:
            title = f"{settings.look} of {settings.hidden}"
        elif settings.hidden_plane:
            title = "output for what the units say"
            outside = int((np.abs(experiment.A[1]).max(axis=1) > self.shown[1][1]).sum())
            if outside:
                title += f", {outside} point{'s' * (outside > 1)} outside"
        elif settings.look == HIDDEN_PLANE:
            title = "output (a hidden plane needs 2 units)"
        elif settings.look != LOOKS[0]:
            title = f"output (there is no {settings.look})"
        if (title, low) != self.texts:
            self.texts = title, low
            self.title.set_text(title)
            self.scale.set_tick_params(pad=1 if low else 3.5)  # a sign needs room
            self.scale.set_ticks([0, 1], labels=[f"{low}".replace("-", "\u2212"), "1"])
            self.refresh(self.level)

    def _show_examples(self, experiment):
        P, right = experiment.X, experiment.right()
        if experiment.settings.hidden_plane:
            P = experiment.A[1]
            if len(P) == 4:  # of many points, it is seen where they are
                low, high = self.shown[1]
                P = apart(P, APART * (high - low) / self.plane.bbox.width, experiment.X)
        self.examples.set_offsets(P)
        self.examples.set_facecolors([CLASS_COLORS[int(y)] for y in experiment.Y[:, 0]])
        self.right.set_data(*P[right].T)
        self.wrong.set_data(*P[~right].T)
        for marks in (self.right, self.wrong):  # they are about the output
            marks.set_visible(not experiment.settings.unit)

    def _show_weights(self, net, positions):
        self.network.set_lines(*weight_lines(net.W, positions))
