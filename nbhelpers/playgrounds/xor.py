"""The playground of notebook 01: a network with one hidden layer learns XOR.

Two inputs, one hidden layer, one output, no bias; all four examples in every step.
"""

from dataclasses import dataclass

import numpy as np

from nbhelpers.network import MLP
from nbhelpers.playgrounds.engine.code import COMMON
from nbhelpers.playgrounds.engine.plane import PlaneExperiment, PlanePicture, truth_table
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed


@dataclass(frozen=True)
class XorSettings(Settings):
    learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
    hidden: int = number(3, 1, 8, label="hidden units", short="hidden")
    activation: str = choice("sigmoid", COMMON, label="hidden activation", short="")
    output: str = choice("sigmoid", ["sigmoid", "linear"], label="output", short="out")
    weights: str = choice("uniform", ["uniform", "normal"], label="initial weights", short="")
    seed: int = seed()


class Xor(PlaneExperiment):
    """A 2-h-1 network without bias that is trained on the four rows of XOR's truth table."""

    Settings = XorSettings

    def data(self):
        return truth_table([0, 1, 1, 0])

    def network(self):
        s = self.settings
        self.weights = s.weights
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

    def advice(self):
        return "Try a smaller learning rate, or a sigmoid output."


xor = playground(
    Xor,
    PlanePicture,
    title="A network learns XOR",
    steps=1_000,
    example="learning_rate=0.5,hidden=2,steps=1000",
    notebook="01",
)
