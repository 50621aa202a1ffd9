"""The playground of notebook 02: what a bias does, for a lone neuron and for a small network.

The tasks are points in the plane. Each layer's bias can be switched off; then its part of the
network is tied to the origin. The picture is that of the XOR playground, with the biases as lines
from a unit that always says 1.
"""

from dataclasses import dataclass

import numpy as np

from nbhelpers.network import MLP
from nbhelpers.playgrounds.engine.code import COMMON
from nbhelpers.playgrounds.engine.plane import (
    PlaneExperiment,
    PlanePicture,
    PlaneSettings,
    look_at,
    truth_table,
)
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.settings import choice, number, seed
from nbhelpers.plots import PALETTE, weight_lines

TABLES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
CLOUDS = "off the origin"
ROWS = (46, 276)  # where the units stand, above those that say 1
CLOUDS_CODE = """\
rng = np.random.default_rng(0)
X = np.concatenate([rng.normal(0.4, 0.15, (8, 2)), rng.normal(1.0, 0.15, (8, 2))])
Y = np.repeat([[0.0], [1.0]], 8, axis=0)
"""


@dataclass(frozen=True)
class BiasSettings(PlaneSettings):
    ROWS = ROWS
    learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
    task: str = choice("XOR", [*TABLES, CLOUDS], short="")
    hidden_bias: str = choice("on", ["on", "off"])
    output_bias: str = choice("on", ["on", "off"])
    activation: str = choice("sigmoid", COMMON, label="hidden activation", short="")
    hidden: int = number(3, 0, 8, label="hidden units", short="hidden")
    seed: int = seed()
    look: str = look_at()


class Bias(PlaneExperiment):
    """A 2-h-1 network, or a lone neuron, whose layers may have a bias or not."""

    Settings = BiasSettings

    def data(self):
        task = self.settings.task
        if task != CLOUDS:
            return truth_table(TABLES[task])
        names = {"np": np}
        exec(CLOUDS_CODE, names)
        return names["X"], names["Y"], CLOUDS_CODE

    def network(self):
        s = self.settings
        return MLP(
            [2, s.hidden, 1] if s.hidden else [2, 1],
            activation=s.activation,
            output="sigmoid",
            loss="half_squared_error",
            initializer="uniform",
            bias=[on == "on" for on in (s.hidden_bias, s.output_bias)][-2 if s.hidden else -1 :],
            rng=self.rng,
            dtype=np.float64,
        )

    def describe(self):
        words = super().describe()
        if self.settings.hidden:
            return words
        (w1,), (w2,) = self.net.W[0]
        b = "" if self.net.b[0] is None else signed(self.net.b[0][0])
        z = f"{signed(w1)} x₁ {signed(w2)} x₂ {b}".strip().removeprefix("+ ")
        return f"{words} · one neuron, z = {z}"

    def advice(self):
        return "Try a smaller learning rate, or a sigmoid in the hidden layer."


def signed(x):
    """A number with two decimals and a sign that stands alone: "− 0.50"."""
    x = round(float(x), 2)
    return f"{'−' if x < 0 else '+'} {abs(x):.2f}"


class BiasPicture(PlanePicture):
    """The picture of the XOR playground, with biases, and with the axes through the origin."""

    LIMITS = (-0.5, 1.5)
    ROWS = ROWS
    ONE = 17  # height of the units that say 1

    def build(self):
        super().build()
        ax = self.network.ax
        self.ones, self.digits = (
            self.line(ax, ls="", color=PALETTE["ink"], **look)
            for look in (
                {"marker": "o", "ms": 19, "mfc": "white", "mew": 1.5},
                {"marker": "$1$", "ms": 8},
            )
        )

    def _build_surface(self):
        super()._build_surface()
        for axis in (self.plane.axvline, self.plane.axhline):
            line = self.changing(axis(0, color=PALETTE["grey"], lw=1, ls=(0, (4, 3))))
            self.artists.remove(line)
            self.artists.insert(self.artists.index(self.border), line)  # above the surface

    def _show_examples(self, experiment):
        few = len(experiment.X) <= 4
        self.examples.set_sizes([330 if few else 120])
        self.wrong.set(markersize=9 if few else 5, markeredgewidth=3 if few else 2)
        super()._show_examples(experiment)
        if not few:
            self.right.set_visible(False)  # of many points, only those that are wrong have a mark

    def _show_weights(self, net, positions):
        parts, ones = [weight_lines(net.W, positions)], []
        for b, here, there in zip(net.b, positions[:-1], positions[1:], strict=True):
            if b is not None:
                ones.append([[here[0, 0], self.ONE]])
                parts.append(weight_lines([b[np.newaxis]], [np.array(ones[-1]), there]))
        self.network.set_lines(*map(np.concatenate, zip(*parts, strict=True)))
        for line in (self.ones, self.digits):
            line.set_data(*np.reshape(ones, (-1, 2)).T)


bias = playground(
    Bias,
    BiasPicture,
    title="What a bias does",
    steps=1_000,
    example="task=AND,hidden=0,output_bias=off",
    notebook="02",
)
