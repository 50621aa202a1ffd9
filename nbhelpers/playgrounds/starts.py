"""Notebook 01's question whether it was luck: fifty starts for each size of the hidden layer.

The trainings are those of the notebook's lab; here they are looked at, moment by moment.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.labs import xor_loop as lab
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.guards import WHOLE
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.playground import figure
from nbhelpers.playgrounds.engine.recording import growing, nearest
from nbhelpers.playgrounds.engine.settings import Settings, choice, number
from nbhelpers.plots import PALETTE

SIZES = (1, 2, 3, 4, 6, 8)  # hidden units
COLOURS = [PALETTE[k] for k in ("purple", "vermilion", "orange", "green", "sky", "blue")]
COUNT, LAST, MOMENTS = 50, 5_000, 101
STEPS = np.array(growing(LAST, MOMENTS))
SIGNS = {"uniform": "from 0 to 1", "normal": "of both signs"}


@lru_cache(maxsize=8)
def trained(learning_rate, weights):
    """The loss of every network at every moment, and whether all four of its answers are right.

    Both have the shape (MOMENTS, len(SIZES), COUNT). The networks lie side by side, as one wide
    hidden layer whose units are added up in groups.

    Raises
    ------
    KeyboardInterrupt
        The training was interrupted.
    """
    first = [lab.first_weights(COUNT, hidden, weights) for hidden in SIZES]
    W1 = np.concatenate([np.concatenate(list(W), axis=1) for W, _ in first], axis=1)  # (2, units)
    W2 = np.concatenate([W.ravel() for _, W in first])  # (units,)
    units = np.repeat(SIZES, COUNT)  # of each network
    starts = np.concatenate([[0], units.cumsum()[:-1]])
    errors = []
    for step in range(LAST + 1):
        A1 = sigmoid(lab.X @ W1)  # (4, units)
        A2 = sigmoid(np.add.reduceat(A1 * W2, starts, axis=1))  # (4, networks)
        if step == STEPS[len(errors)]:
            errors.append(np.abs(A2 - lab.Y))
            if WHOLE.interrupted:
                raise KeyboardInterrupt  # half a training is none
        delta2 = np.repeat((A2 - lab.Y) * A2 * (1 - A2), units, axis=1)  # (4, units)
        delta1 = delta2 * W2 * A1 * (1 - A1)
        W2 = W2 - learning_rate * (A1 * delta2).sum(axis=0)
        W1 = W1 - learning_rate * lab.X.T @ delta1
    errors = np.reshape(errors, (MOMENTS, 4, len(SIZES), COUNT))
    return 0.5 * (errors**2).sum(axis=1), (errors < 0.5).all(axis=1)


def units(size):
    """The words for a size: "3 units"."""
    return f"{size} unit{'s' * (size > 1)}"


@dataclass(frozen=True)
class XorStarts(Settings):
    """Three hundred networks learn XOR at once: fifty starts for each size of the hidden layer."""

    moment: int = number(0, 0, MOMENTS - 1)
    learning_rate: float = choice(1.0, [0.3, 1.0, 3.0, 10.0], label="learning rate")
    weights: str = choice("uniform", list(SIGNS), label="initial weights")

    @property
    def step(self):
        return int(STEPS[self.moment])

    def right(self):
        """How many networks of each size have all four right at this moment."""
        return trained(self.learning_rate, self.weights)[1][self.moment].sum(axis=-1)

    def summary(self):
        counts = [f"{n} with {units(size)}" for n, size in zip(self.right(), SIZES, strict=True)]
        return f"step {self.step:,} \u00b7 right, of {COUNT} each: " + ", ".join(counts)

    def goal(self):
        words = f"a moment with all {COUNT} networks of one size right, before step 100"
        score = self.step if (self.right() == COUNT).any() else np.nan
        return Goal(words, score, target=99, lower=True, unit=" steps")

    def waiting(self, before):
        same = self.learning_rate == before.learning_rate and self.weights == before.weights
        return "" if same else f"{COUNT * len(SIZES)} networks are trained \u2026"

    def handles(self):
        return {"moment": (max(self.step, 1), 0)}

    def drag(self, name, x, y):
        return replace(self, moment=nearest(STEPS, x))


class XorStartsPicture(Picture):
    """The loss of every network, a column for each size, and how many are right, up to now."""

    def build(self):
        left = self.axes(80, 52, 510, 262, xlabel="hidden units", yscale="log")
        left.set(xlim=(-0.6, len(SIZES) - 0.4), ylim=(1e-3, 3), xticks=range(len(SIZES)))
        left.set_xticklabels(SIZES)
        left.set_yticks([1e-3, 0.01, 0.1, 0.5], ["\u2264 0.001", "0.01", "0.1", "0.5"])
        left.minorticks_off()
        left.grid(False, axis="x")
        self.title = left.text(0, 1.03, "", transform=left.transAxes, fontsize=12)
        self.level = self.seldom(self.title)
        aside = np.random.default_rng(0).uniform(-0.3, 0.3, COUNT)
        self.at = np.arange(len(SIZES))[:, np.newaxis] + aside
        self.wrong = self.line(left, "o", ms=5, mew=0, color=PALETTE["grey"], alpha=0.5)
        self.right = [self.line(left, "o", ms=5, mew=0, color=colour) for colour in COLOURS]
        self.counts = [Label(self, left, k, 1.7, size=12) for k in range(len(SIZES))]
        ax = self.time = self.axes(680, 52, 290, 262, xlabel="step", xscale="log")
        ax.set(xlim=(1, LAST), ylim=(-2, COUNT + 2), title=f"how many of {COUNT} are right")
        ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
        ax.minorticks_off()
        self.curves = [self.line(ax, color=colour, lw=2.4) for colour in COLOURS]
        ax.legend(self.curves, map(units, SIZES), loc="upper left", fontsize=10, labelspacing=0.2)
        self.now = self.line(ax, color=PALETTE["ink"], lw=1)
        self.dot = self.line(ax, "o", color=PALETTE["ink"], ms=10, clip_on=False)
        self.first = self.changing(ax.text(1.5, 2.5, "drag the dot \u2192"))

    def pointed(self, name):
        return self.time

    def update(self, settings):
        s = settings
        losses, right = (kept[: s.moment + 1] for kept in trained(s.learning_rate, s.weights))
        shown, counts = np.maximum(losses[-1], 1e-3), right.sum(axis=-1)
        title = (
            f"loss of {COUNT} networks of each size \u00b7 rate {s.learning_rate:g}, "
            f"weights {SIGNS[s.weights]}"
        )
        if title != self.title.get_text():
            self.title.set_text(title)
            self.refresh(self.level)
        self.wrong.set_data(self.at[~right[-1]], shown[~right[-1]])
        for k, n in enumerate(counts.T):
            self.right[k].set_data(self.at[k][right[-1, k]], shown[k][right[-1, k]])
            self.counts[k].set_text(f"{n[-1]} right")
            self.curves[k].set_data(np.maximum(STEPS[: len(n)], 1), n)
        at = max(s.step, 1)
        self.now.set_data([at, at], [0, COUNT])
        self.dot.set_data([at], [0])
        self.first.set_visible(not s.step)


xor_starts = figure(
    XorStarts,
    XorStartsPicture,
    title="Was it luck? Fifty starts of each size",
    example="moment=80,weights=normal",
    notebook="01",
)
