"""The playground of notebook 01: a network with one hidden layer learns XOR.

Two inputs, one hidden layer, one output, no bias; all four examples in every step.
"""

from dataclasses import dataclass

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection

from nbhelpers.datasets import xor as xor_data
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.experiment import Experiment, Settings, choice, number, seed
from nbhelpers.playgrounds.panel import Panel
from nbhelpers.playgrounds.picture import LossCurves, Picture, Surface, Units, message
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


@dataclass(frozen=True)
class XorSettings(Settings):
    """What can be set in the XOR playground."""

    learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
    hidden: int = number(3, 1, 8, label="hidden units", short="hidden")
    activation: str = choice(
        "sigmoid", ["sigmoid", "tanh", "relu"], label="hidden activation", short=""
    )
    output: str = choice("sigmoid", ["sigmoid", "linear"], label="output", short="out")
    weights: str = choice("uniform", ["uniform", "normal"], label="initial weights", short="")
    seed: int = seed()


class Xor(Experiment):
    """A 2-h-1 network without bias that is trained on the four rows of XOR's truth table."""

    Settings = XorSettings

    def data(self):
        """The examples: inputs (n, 2) and targets (n, 1)."""
        return xor_data(dtype=np.float64)

    def network(self):
        """The network with its initial weights."""
        s = self.settings
        return MLP(
            [2, s.hidden, 1],
            activation=s.activation,
            output=s.output,
            loss="half_squared_error",
            initializer=s.weights,
            bias=False,
            rng=self.rng,
            dtype=np.float64,
        )

    def build(self):
        self.X, self.Y = self.data()
        self.net = self.network()
        # Notebook 01 adds up over the examples; the network's loss and gradient are means.
        self.optimizer = SGD(self.settings.learning_rate * len(self.X))
        self.A = self.net.forward(self.X)
        self.record("loss", self.total_loss())

    def advance(self):
        self.net.backward(self.A, self.Y, check=False)
        self.optimizer.step(self.net.params, self.net.grads)
        self.A = self.net.forward(self.X, check=False)
        return self.record("loss", self.total_loss())

    def total_loss(self):
        """The loss of notebook 01: half the sum of the squared errors of all examples."""
        return len(self.X) * self.net.loss(self.A, self.Y, check=False)

    def right(self):
        """Which examples are on the right side of 0.5, bool (n,); on the border itself none is."""
        return ((self.A[-1] - 0.5) * (self.Y - 0.5) > 1e-9)[:, 0]  # rounding has no say

    def describe(self):
        worst = np.abs(self.A[-1] - self.Y).max()
        return f"{self.right().sum()} of {len(self.X)} right · largest error {worst:.2g}"

    def advice(self):
        return "Try a smaller learning rate, or a sigmoid output."

    def code(self):
        s = self.settings
        sigmoids = "sigmoid" in (s.activation, s.output)
        return SCRIPT.format(
            learning_rate=repr(s.learning_rate),
            hidden=s.hidden,
            seed=s.seed,
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            W1=START[s.weights].format(2, "hidden", 2),
            W2=START[s.weights].format("hidden", 1, "hidden"),
            sigmoid=SIGMOID if sigmoids else "",
            A1=FUNCTION[s.activation].format("X @ W1"),
            A2=FUNCTION[s.output].format("A1 @ W2"),
            slope1=SLOPE[s.activation].format("A1"),
            slope2=SLOPE[s.output].format("A2"),
        )


# The parts of the script of *Show code*, by the names of the settings.
START = {
    "uniform": "rng.random(({}, {}))",
    "normal": "rng.standard_normal(({}, {})) / np.sqrt({})",
}
FUNCTION = {
    "sigmoid": "sigmoid({})",
    "tanh": "np.tanh({})",
    "relu": "np.maximum({}, 0)",
    "linear": "{}",
}
SLOPE = {  # the derivative, in terms of the output
    "sigmoid": " * ({0} * (1 - {0}))",
    "tanh": " * (1 - {0} * {0})",
    "relu": " * ({0} > 0)",
    "linear": "",
}
SIGMOID = """
def sigmoid(Z):
    small = np.exp(-np.abs(Z))  # so that nothing overflows
    return np.where(Z >= 0, 1, small) / (1 + small)

"""
SCRIPT = """\
import numpy as np

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
Y = np.array([[0], [1], [1], [0]], dtype=float)

learning_rate = {learning_rate}
hidden = {hidden}
rng = np.random.default_rng({seed})
W1 = {W1}
W2 = {W2}

{sigmoid}
for step in range({steps}):
    A1 = {A1}
    A2 = {A2}
    delta2 = (A2 - Y){slope2}
    delta1 = (delta2 @ W2.T){slope1}
    W2 -= learning_rate * (A1.T @ delta2)
    W1 -= learning_rate * (X.T @ delta1)

A1 = {A1}
A2 = {A2}
loss = 0.5 * np.sum((A2 - Y) ** 2)
print(f"step {shown_steps}, loss {{loss:.6g}}")
for x, a in zip(X, A2):
    print(x, "->", round(float(a[0]), 4))
"""


class PlanePicture(Picture):
    """Network, decision surface and loss of an experiment in the plane, side by side."""

    LIMITS = (-0.25, 1.25)  # the part of the plane that is shown, the same in both directions
    UNITS = (0, 276)  # pixels from the bottom of the network's axes: where its units stand

    def build(self):
        self._build_network()
        self._build_surface()
        ax = self.axes(738, 52, 236, 276)
        self.losses = LossCurves(self, ax, ylim=(1e-4, 2), steps=1000)

    def _build_network(self):
        ax = self.network = self.axes(8, 52, 316, 276)
        ax.set(xlim=(0, 316), ylim=(0, 276), title="network")
        ax.set_axis_off()
        self.weights = self.changing(LineCollection([], capstyle="round", alpha=0.85))
        ax.add_collection(self.weights)
        self.units = self.changing(Units(ax))
        ax.add_artist(self.units)
        inputs, ((x, y),) = self.positions([2, 1])
        for (_, height), name in zip(inputs, ("$x_1$", "$x_2$"), strict=True):
            ax.text(14, height, name, ha="center", va="center", fontsize=13)
        ax.text(x, y - 34, "output", ha="center", va="top")
        for left, colour, words in (
            (40, "blue", "negative"),
            (150, "vermilion", "positive weight"),
        ):
            ax.plot([left, left + 22], [-26, -26], color=PALETTE[colour], lw=4, clip_on=False)
            ax.text(left + 29, -26, words, va="center")

    def positions(self, sizes):
        """Where the units of each layer stand in the network's axes."""
        return node_positions(sizes, (54, 278), self.UNITS)

    def _build_surface(self):
        ax = self.plane = self.axes(374, 52, 276, 276)
        ax.set(xlim=self.LIMITS, ylim=self.LIMITS, xticks=[0, 1], yticks=[0, 1])
        ax.set(title="output for every input", xlabel="$x_1$", ylabel="$x_2$")
        self.surface = self.changing(Surface(ax))
        ax.add_artist(self.surface)
        self.border = self.changing(LineCollection([], colors=PALETTE["ink"], linewidths=1.8))
        ax.add_collection(self.border)
        self.points = grid_points(self.LIMITS, self.LIMITS, GRID)
        self.examples = self.changing(
            ax.scatter([], [], s=330, edgecolors="white", linewidths=2, zorder=3)
        )
        marks = {"marker": "$\u2713$", "ms": 10}, {"marker": "x", "ms": 9, "mew": 3}
        self.right, self.wrong = (
            self.changing(ax.plot([], [], ls="", color="white", **mark)[0]) for mark in marks
        )
        self.words = self.changing(message(ax))
        bar = self.figure.colorbar(
            ScalarMappable(cmap=PALE_DIVERGING), cax=self.axes(658, 52, 9, 276), ticks=[0, 1]
        )
        bar.ax.set_yticklabels(["0", "1"])
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0)

    def update(self, experiment, previous=None, kept=()):
        net = experiment.net
        self.words.set_visible(experiment.diverged is not None)
        self.words.set_text(f"diverged at step {experiment.diverged}")
        with np.errstate(all="ignore"):
            A = [a.reshape(GRID, GRID, -1) for a in net.forward(self.points, check=False)]
        self.surface.set_values(A[-1][:, :, 0])
        Z = A[-1][:, :, 0].round(9)  # where it is 0.5 everywhere, rounding draws no border
        self.border.set_segments(level_lines(Z, self.LIMITS, self.LIMITS, 0.5))
        self._show_examples(experiment)
        positions = self.positions(net.sizes)
        self._show_weights(net, positions)
        lows = {"tanh": -1.0, "relu": -1.0}
        low = [lows.get(experiment.settings.activation, 0.0)] * len(A)
        low[0] = low[-1] = 0.0
        maps = [
            (a[:, :, k] - lo) / (1 - lo)
            for a, lo in zip(A, low, strict=True)
            for k in range(a.shape[2])
        ]
        height = self.UNITS[1] - self.UNITS[0]
        size = min(46, 2 * (height // (2 * max(net.sizes))) - 4)
        self.units.set_maps(maps, np.concatenate(positions), size)
        self.losses.update(experiment, previous, kept)

    def _show_examples(self, experiment):
        X, right = experiment.X, experiment.right()
        self.examples.set_offsets(X)
        self.examples.set_facecolors([CLASS_COLORS[int(y)] for y in experiment.Y[:, 0]])
        self.right.set_data(*X[right].T)
        self.wrong.set_data(*X[~right].T)

    def _show_weights(self, net, positions):
        segments, widths, colours = weight_lines(net.W, positions)
        self.weights.set(segments=segments, linewidths=widths, colors=colours)


def xor(settings=None, steps=None):
    """The XOR playground: learning rate, hidden units and activations; network, surface, loss.

    Parameters
    ----------
    settings : str, optional
        A settings string to begin with, such as "learning_rate=0.5,hidden=2,steps=1000".
    steps : int, optional
        How far to train before the first picture, if the string does not say; 1,000 if not given.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        If the settings string is not right; it says what may be set.

    Notes
    -----
    Used in notebook 01.
    """
    title = "A network learns XOR"
    return Panel.opened(Xor, PlanePicture(), settings, steps, 1_000, title=title)
