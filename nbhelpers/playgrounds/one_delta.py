"""Notebook 01's output unit alone: its sum is dragged, and its delta is two slopes multiplied.

The loss is that of one example, half the square of its error.
"""

from dataclasses import dataclass, replace

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.playground import figure
from nbhelpers.playgrounds.engine.settings import Settings, choice, number
from nbhelpers.plots import PALETTE

MOST = 8.0  # of the sum, both ways
LARGE, SMALL = 0.9, 0.01  # the error and the delta that the goal asks for
SUMS = np.linspace(-MOST, MOST, 161)
SPAN = np.array([-2.2, 2.2])  # of a tangent


@dataclass(frozen=True)
class OneDelta(Settings):
    """A sigmoid unit and the loss of its answer: drag its sum z, and see what delta is made of."""

    z: float = number(1.0, -MOST, MOST, label="sum z")
    target: int = choice(1, [0, 1], label="wanted answer y")

    def answer(self):
        return float(sigmoid(np.array(self.z)))

    def error(self):
        return self.answer() - self.target

    def squash_slope(self):
        a = self.answer()
        return a * (1 - a)

    def delta(self):
        """By how much the loss grows with z: the slope of the loss."""
        return self.error() * self.squash_slope()

    def loss(self):
        return 0.5 * self.error() ** 2

    def summary(self):
        return (
            f"sum {self.z:z.2f} \u00b7 answer {self.answer():.3f} instead of {self.target} "
            f"\u00b7 loss {self.loss():.4f} \u00b7 \u03b4 = {self.delta():+z.4f}"
        ).replace("-", "\u2212")

    def goal(self):
        far = abs(self.error()) > LARGE
        score = round(abs(self.delta()), 4) if far else np.nan
        words = f"an error beyond \u00b1{LARGE}, and next to no blame: \u03b4 within {SMALL} of 0"
        return Goal(words, score, SMALL, lower=True)

    def handles(self):
        return {"answer": (self.z, self.answer()), "loss": (self.z, self.loss())}

    def drag(self, name, x, y):
        return replace(self, z=float(np.clip(round(x, 2), -MOST, MOST)))


class OneDeltaPicture(Picture):
    """From the sum to the answer, from the sum to the loss, with the slopes; delta in numbers."""

    def __init__(self):
        super().__init__(height=340)

    def build(self):
        left = self.answer = self.axes(56, 56, 320, 240, title="the squash: $a = \\sigma(z)$")
        left.set(xlim=(-MOST, MOST), ylim=(-0.06, 1.06), yticks=[0, 0.5, 1])
        left.plot(SUMS, sigmoid(SUMS), color=PALETTE["grey"], lw=2.5)
        right = self.loss = self.axes(436, 56, 320, 240)
        right.set(xlim=(-MOST, MOST), ylim=(-0.03, 0.53), yticks=[0, 0.25, 0.5])
        right.set(title="the loss: $\\frac{1}{2}(a - y)^2$")
        for ax in (left, right):
            ax.set(xlabel="the sum $z$ (drag the dot)", xticks=np.linspace(-MOST, MOST, 5))
        self.curve = self.line(right, color=PALETTE["grey"], lw=2.5)
        self.wanted = self.line(left, "--", color=PALETTE["blue"], lw=1.5)
        self.error = self.line(left, color=PALETTE["blue"], lw=3)
        self.slopes = [
            self.line(left, color=PALETTE["vermilion"], lw=2.5),
            self.line(right, color=PALETTE["ink"], lw=2.5),
        ]
        self.dots = [self.line(ax, "o", color=PALETTE["ink"], ms=11) for ax in (left, right)]
        side = self.axes(780, 56, 210, 240, xlim=(0, 1), ylim=(0, 1))
        side.set_axis_off()
        side.plot([0, 1], [0.46, 0.46], color=PALETTE["ink"], lw=1)
        self.numbers = []
        for words, what, y, colour in [
            ("$a - y$", "the error", 0.9, "blue"),
            ("\u00d7  $a\\,(1 - a)$", "the slope of the squash", 0.64, "vermilion"),
            ("=  $\\delta$", "the blame: the slope of the loss", 0.3, "ink"),
        ]:
            look = {"color": PALETTE[colour]}
            side.text(0, y, words, size=14, va="center", **look)
            side.text(0, y - 0.1, what, size=10, va="center", **look)
            self.numbers.append(Label(self, side, 1, y, ha="right", size=14, bold=True, **look))

    def pointed(self, name):
        return self.answer if name == "answer" else self.loss

    def update(self, settings):
        z, a, y, loss = settings.z, settings.answer(), settings.target, settings.loss()
        self.curve.set_data(SUMS, 0.5 * (sigmoid(SUMS) - y) ** 2)
        self.wanted.set_data([-MOST, MOST], [y, y])
        self.error.set_data([z, z], [y, a])
        for line, at, slope in zip(
            self.slopes, (a, loss), (settings.squash_slope(), settings.delta()), strict=True
        ):
            line.set_data(z + SPAN, at + slope * SPAN)
        for dot, at in zip(self.dots, (a, loss), strict=True):
            dot.set_data([z], [at])
        numbers = settings.error(), settings.squash_slope(), settings.delta()
        for text, value, sign in zip(self.numbers, numbers, ["+", "", "+"], strict=True):
            text.set_text(f"{value:{sign}z.4f}".replace("-", "\u2212"))


one_delta = figure(
    OneDelta,
    OneDeltaPicture,
    title="What the delta of an output unit is made of",
    example="z=-3,target=1",
    notebook="01",
)
