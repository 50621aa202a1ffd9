"""Notebook 01's network going downhill: one weight along its loss, two on the surface of theirs.

The loss is that of the notebook, half the sum of the squared errors of the four examples.
"""

import copy
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from nbhelpers.datasets import xor
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.controls import row
from nbhelpers.playgrounds.engine.figure import Figure, locked, short
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.playgrounds.engine.loss_surface import LossSurface
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.plane import xor_network
from nbhelpers.playgrounds.engine.playground import figure
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALE_DIVERGING, PALETTE

X, Y = xor(dtype=np.float64)  # (4, 2), (4, 1)
MOST = 8.0  # of a weight, both ways
PLACES = {f"W1[{i}, {k}]": (0, i, k) for i in range(2) for k in range(3)}
PLACES |= {f"W2[{k}, 0]": (1, k, 0) for k in range(3)}


@lru_cache(maxsize=16)
def network(number):
    """The 2-3-1 network of notebook 01 with the random weights of a seed."""
    return xor_network(np.random.default_rng(number))


def loss_and_slope(number, place, values):
    """The loss with one weight at each of the values (n,), and its slopes there, both (n,)."""
    losses, slopes = losses_and_slopes(network(number).W, [place], values[:, None])
    return losses, slopes[:, 0]


def losses_and_slopes(weights, places, values):
    """Losses (n,) and slopes (n, k) where the weights at k places have the values (n, k)."""
    W = [np.repeat(w[None], len(values), axis=0) for w in weights]  # (n, 2, 3), (n, 3, 1)
    for (layer, i, j), column in zip(places, values.T, strict=True):
        W[layer][:, i, j] = column
    A = [X[None]]
    for w in W:
        A.append(1 / (1 + np.exp(-(A[-1] @ w))))
    delta = [None, (A[2] - Y) * A[2] * (1 - A[2])]  # (n, 4, 1)
    delta[0] = delta[1] @ W[1].swapaxes(1, 2) * A[1] * (1 - A[1])  # (n, 4, 3)
    slopes = [(A[layer][:, :, i] * delta[layer][:, :, j]).sum(axis=1) for layer, i, j in places]
    return 0.5 * ((A[2] - Y) ** 2).sum(axis=(1, 2)), np.stack(slopes, axis=1)


@lru_cache(maxsize=16)
def curve(number, place):
    """The loss along the whole range of a weight: its values and losses, both (n,)."""
    values = np.linspace(-MOST, MOST, 161)
    return values, loss_and_slope(number, place, values)[0]


@lru_cache(maxsize=64)
def descent(number, place, value, learning_rate, steps):
    """The weight at each of the steps (steps + 1,), as far as it is shown; losses and slopes."""
    path = [value]
    for _ in range(steps):
        slope = loss_and_slope(number, place, np.array(path[-1:]))[1][0]
        path.append(float(np.clip(path[-1] - learning_rate * slope, -MOST, MOST)))
    return np.array(path), *loss_and_slope(number, place, np.array(path))


@dataclass(frozen=True)
class OneWeight(Settings):
    """One of nine weights and the loss along it: drag it, or step downhill by its slope."""

    weight: str = choice("W2[0, 0]", PLACES)
    value: float = number(4.0, -MOST, MOST, label="start")
    learning_rate: float = number(10.0, 0.1, 100, log=True)
    steps_made: int = number(0, 0, 20, label="steps")
    seed: int = seed()

    def path(self):
        """The weight at every step so far, the losses and the slopes there."""
        place = PLACES[self.weight]
        return descent(self.seed, place, self.value, self.learning_rate, self.steps_made)

    def here(self):
        """The weight, the loss and the slope where the path ends."""
        return tuple(float(values[-1]) for values in self.path())

    def summary(self):
        w, loss, slope = self.here()
        move = -self.learning_rate * slope
        words = (
            f"step {self.steps_made} \u00b7 weight {short(w)} \u00b7 loss {loss:.4f} \u00b7 "
            f"slope {slope:+z.4f} \u00b7 a step moves it by {move:+.3g}"
        )
        return f"{words}, here to the edge only" if abs(w + move) > MOST else words

    def goal(self):
        lowest = curve(self.seed, PLACES[self.weight])[1].min()
        above = round(max(self.here()[1] - float(lowest), 0.0), 4)
        return Goal("the lowest loss, within 0.0001", above, 1e-4, True, " above it")

    def handles(self):
        return {"weight": self.here()[:2]}

    def drag(self, name, x, y):
        return replace(self, value=float(np.clip(round(x, 2), -MOST, MOST)), steps_made=0)


class OneWeightPicture(Picture):
    """The loss along the weight, the slope where it is, and where a step would take it."""

    def __init__(self):
        super().__init__(height=330)

    def build(self):
        ax = self.ax = self.axes(70, 56, 600, 240)
        ax.set(xlim=(-MOST, MOST), xlabel="the weight", ylabel="loss of the four examples")
        ax.set(title="drag the dot, or step downhill")
        self.level = self.seldom(ax.yaxis)
        self.limits = None
        self.loss = self.line(ax, color=PALETTE["blue"], lw=2.5)
        self.tangent = self.line(ax, "--", color=PALETTE["vermilion"], lw=2)
        self.trail = self.line(ax, ".-", color=PALETTE["grey"], lw=1, ms=9)
        self.jump = self.line(ax, color=PALETTE["ink"], lw=1.5)
        self.next = self.line(ax, "o", color=PALETTE["ink"], mfc="white", ms=9, mew=2)
        self.dot = self.line(ax, "o", color=PALETTE["ink"], ms=11)
        side = self.axes(720, 56, 260, 240)
        side.set(xlim=(0, 1), ylim=(0, 1))
        side.set_axis_off()
        side.plot([0, 1], [0.2, 0.2], color=PALETTE["ink"], lw=1)
        self.numbers = []
        for words, y, colour in [
            ("loss", 0.93, "blue"),
            ("slope", 0.75, "vermilion"),
            ("the weight", 0.47, "ink"),
            ("\u2212 rate \u00d7 slope", 0.31, "ink"),
            ("new weight", 0.09, "ink"),
        ]:
            look = {"size": 14, "bold": "new" in words, "color": PALETTE[colour]}
            Label(self, side, 0, y, words, ha="left", **look)
            self.numbers.append(Label(self, side, 1, y, ha="right", **look))

    def pointed(self, name):
        return self.ax

    def update(self, settings):
        values, losses = curve(settings.seed, PLACES[settings.weight])
        room = 0.12 * np.ptp(losses) + 1e-3
        limits = losses.min() - room, losses.max() + room
        if limits != self.limits:
            self.limits = limits
            self.ax.set_ylim(*limits)
            self.refresh(self.level)
        (path, at, _), (w, loss, slope) = settings.path(), settings.here()
        move = -settings.learning_rate * slope
        new = float(np.clip(w + move, -MOST, MOST))
        self.loss.set_data(values, losses)
        self.trail.set_data(path, at)
        span = np.array([-2.5, 2.5])
        self.tangent.set_data(w + span, loss + slope * span)
        self.dot.set_data([w], [loss])
        there = loss_and_slope(settings.seed, PLACES[settings.weight], np.array([new]))[0][0]
        self.jump.set_data([w, new, new], [loss, loss, there])
        self.next.set_data([new], [there])
        numbers = loss, slope, w, move, new
        for text, value, sign in zip(self.numbers, numbers, ["", "+", "", "+", ""], strict=True):
            text.set_text(f"{value:{sign}z.4f}".replace("-", "\u2212"))
        if abs(w + move) > MOST:
            self.numbers[-1].set_text("the edge")


class OneWeightFigure(Figure):
    """With a button that takes one step downhill."""

    def _rows(self):
        rows = super()._rows()
        (step,) = self._add_buttons(step=("Step downhill", self.step))
        return [row(step), *rows]  # above the goal, whose words may need another line

    @locked
    def step(self):
        """Move the weight by minus the learning rate times its slope."""
        most = type(self.state).allowed()["steps_made"].high
        if self.state.steps_made < most:
            self.change(steps_made=self.state.steps_made + 1)
        else:
            self._say(f"{most:.0f} steps are all that is shown: press Reset, or drag the dot.")


one_weight = figure(
    OneWeight,
    OneWeightPicture,
    OneWeightFigure,
    title="One weight and the loss along it",
    example="weight=W2[1, 0],value=-5,learning_rate=3",
    notebook="01",
)


# ---------------------------------------------------------------- two weights
WIDE = 12.0  # how far two weights go, both ways
LONGEST, TRAINED = 100, 10_000  # steps of a path, and of the training before it
PAIRS = {
    f"{one} and {other}": (PLACES[one], PLACES[other])
    for one, other in [
        ("W1[0, 0]", "W2[0, 0]"),
        ("W1[0, 0]", "W1[0, 2]"),
        ("W1[0, 0]", "W1[1, 0]"),
        ("W2[0, 0]", "W2[2, 0]"),
    ]
}


@lru_cache(maxsize=16)
def trained(number):
    """The weights after 10,000 steps of notebook 01's program at learning rate 1."""
    net, optimizer = copy.deepcopy(network(number)), SGD(len(X))  # its gradients are means
    for _ in range(TRAINED):
        net.backward(net.forward(X, check=False), Y, check=False)
        optimizer.step(net.params, net.grads)
    return [w.copy() for w in net.W]


@lru_cache(maxsize=16)
def surface(number, places, n=81):
    """The losses (n, n) over two weights, the others as they are after the training."""
    values = np.linspace(-WIDE, WIDE, n)
    grid = np.stack(np.meshgrid(values, values), axis=-1).reshape(-1, 2)
    return losses_and_slopes(trained(number), places, grid)[0].reshape(n, n)


@dataclass(frozen=True)
class TwoWeights(Settings):
    """Two weights of a trained network start anew: drag the start, then let it step downhill."""

    weights: str = choice("W1[0, 0] and W2[0, 0]", PAIRS, label="weights")
    first: float = number(-4.0, -WIDE, WIDE, label="start, first")
    second: float = number(4.0, -WIDE, WIDE, label="start, second")
    learning_rate: float = number(3.0, 0.1, 100, log=True)
    steps_made: int = number(0, 0, LONGEST, label="steps")
    seed: int = seed()

    def summary(self):
        path, losses = walked(self)
        at = "({:.2f}, {:.2f})".format(*path[-1])
        return f"step {self.steps_made} \u00b7 at {at} \u00b7 loss {losses[-1]:.4f}"

    def goal(self):
        losses = walked(self)[1]
        loss = round(float(losses[-1]), 4) if self.steps_made and losses[0] > 0.3 else np.nan
        return Goal("a path from a loss above 0.3 to one below 0.01", loss, 0.01, lower=True)

    def handles(self):
        return {"start": (self.first, self.second)}

    def drag(self, name, x, y):
        x, y = (float(np.clip(round(v, 2), -WIDE, WIDE)) for v in (x, y))
        return replace(self, first=x, second=y)


@lru_cache(maxsize=4)
def walked(settings):
    """The two weights at each step (steps + 1, 2), and the losses there."""
    weights, places = trained(settings.seed), PAIRS[settings.weights]
    at, path, losses = np.array([[settings.first, settings.second]]), [], []
    for _ in range(settings.steps_made + 1):
        loss, slopes = losses_and_slopes(weights, places, at)
        path.append(at[0])
        losses.append(loss[0])
        at = np.clip(at - settings.learning_rate * slopes, -1e3, 1e3)
    return np.array(path), np.array(losses)


class TwoWeightsPicture(Picture):
    """The surface with the path, and the loss along the path."""

    def __init__(self):
        super().__init__(height=400)

    def build(self):
        ax = self.axes(70, 56, 310, 310, title="drag the dot")
        self.surface = LossSurface(self, ax, (-WIDE, WIDE))
        self.names = [self.changing(ax.text(0.5, -0.13, "", transform=ax.transAxes, ha="center")),
                      self.changing(ax.text(-0.17, 0.5, "", transform=ax.transAxes, va="center",
                                            ha="center", rotation=90))]  # fmt: skip
        scale = ScalarMappable(LogNorm(1e-3, 1), PALE_DIVERGING)
        bar = self.figure.colorbar(
            scale, cax=self.axes(396, 56, 12, 310), ticks=[1e-3, 1e-2, 0.1, 1]
        )
        bar.ax.set_yticklabels(["0.001", "0.01", "0.1", "1"])
        bar.outline.set_visible(False)
        bar.ax.minorticks_off()
        down = self.axes(560, 56, 400, 310, title="loss along the path", xlabel="step")
        down.set(xlim=(0, LONGEST), ylim=(1e-3, 2), yscale="log")
        self.rate = self.changing(down.text(1, 1.03, "", ha="right", transform=down.transAxes))
        self.curve = self.line(down, color=PALETTE["blue"], lw=2.4)
        self.now = self.line(down, "o", color="white", mec=PALETTE["ink"], mew=2, ms=10)

    def pointed(self, name):
        return self.surface.ax

    def update(self, settings):
        path, losses = walked(settings)
        self.surface.update(surface(settings.seed, PAIRS[settings.weights]), path)
        for text, name in zip(self.names, settings.weights.split(" and "), strict=True):
            text.set_text(name)
        self.rate.set_text(f"rate {short(settings.learning_rate)}")
        self.curve.set_data(np.arange(len(losses)), losses)
        self.now.set_data([len(losses) - 1], losses[-1:])


two_weights = figure(
    TwoWeights,
    TwoWeightsPicture,
    title="Two weights and the surface of their loss",
    example="first=0,second=0,steps_made=60",
    notebook="01",
)
