"""The playground of notebook 02: what a bias does, for a lone neuron and for a small network.

The tasks are points in the plane. Each layer's bias can be switched off; then its part of the
network is tied to the origin. The picture is that of the XOR playground, with the biases as lines
from a unit that always says 1.
"""

from dataclasses import dataclass

import numpy as np

from nbhelpers.network import MLP
from nbhelpers.playgrounds.experiment import Settings, choice, number, seed
from nbhelpers.playgrounds.panel import Panel
from nbhelpers.playgrounds.xor import FUNCTION, SIGMOID, SLOPE, PlanePicture, Xor
from nbhelpers.plots import PALETTE, weight_lines

TABLES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
CLOUDS = "off the origin"


@dataclass(frozen=True)
class BiasSettings(Settings):
    """What can be set in the bias playground."""

    learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
    task: str = choice("XOR", [*TABLES, CLOUDS], short="")
    hidden_bias: str = choice("on", ["on", "off"])
    output_bias: str = choice("on", ["on", "off"])
    activation: str = choice(
        "sigmoid", ["sigmoid", "tanh", "relu"], label="hidden activation", short=""
    )
    hidden: int = number(3, 0, 8, label="hidden units", short="hidden")
    seed: int = seed()


class Bias(Xor):
    """A 2-h-1 network, or a lone neuron, whose layers may have a bias or not."""

    Settings = BiasSettings

    def data(self):
        if self.settings.task != CLOUDS:
            X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
            return X, np.array([TABLES[self.settings.task]], dtype=float).T
        rng = np.random.default_rng(0)
        X = np.concatenate([rng.normal(0.4, 0.15, (8, 2)), rng.normal(1.0, 0.15, (8, 2))])
        return X, np.repeat([[0.0], [1.0]], 8, axis=0)

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

    def code(self):
        s = self.settings
        layers = 2 if s.hidden else 1
        biases = [s.hidden_bias, s.output_bias] if s.hidden else [s.output_bias]
        on = [bias == "on" for bias in biases]
        table = CLOUD_SCRIPT if s.task == CLOUDS else TABLE_SCRIPT.format(TABLES[s.task])
        sizes = ["2", "hidden", "1"] if s.hidden else ["2", "1"]
        start = ["hidden = " + str(s.hidden)] if s.hidden else []
        forward, update = [], []
        for k in range(1, layers + 1):
            before, bias = ("X" if k == 1 else "A1"), on[k - 1]
            start.append(f"W{k} = rng.random(({sizes[k - 1]}, {sizes[k]}))")
            start += [f"b{k} = np.zeros({sizes[k]})"] * bias
            squash = FUNCTION["sigmoid" if k == layers else s.activation]
            forward.append(f"A{k} = " + squash.format(f"{before} @ W{k}" + f" + b{k}" * bias))
            step = [f"W{k} -= learning_rate * ({before}.T @ delta{k})"]
            step += [f"b{k} -= learning_rate * delta{k}.sum(axis=0)"] * bias
            update = step + update
        A = f"A{layers}"
        backward = [f"delta{layers} = ({A} - Y)" + SLOPE["sigmoid"].format(A)]
        if s.hidden:
            backward.append("delta1 = (delta2 @ W2.T)" + SLOPE[s.activation].format("A1"))
        return SCRIPT.format(
            table=table,
            learning_rate=repr(s.learning_rate),
            seed=s.seed,
            start="\n".join(start),
            sigmoid=SIGMOID,
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            loop="\n".join("    " + line for line in forward + backward + update),
            forward="\n".join(forward),
            A=A,
        )


def signed(x):
    """A number with two decimals and a sign that stands alone: "− 0.50"."""
    x = round(float(x), 2)
    return f"{'−' if x < 0 else '+'} {abs(x):.2f}"


# The parts of the script of *Show code*.
TABLE_SCRIPT = """\
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
Y = np.array([{}], dtype=float).T"""
CLOUD_SCRIPT = """\
rng = np.random.default_rng(0)
X = np.concatenate([rng.normal(0.4, 0.15, (8, 2)), rng.normal(1.0, 0.15, (8, 2))])
Y = np.repeat([[0.0], [1.0]], 8, axis=0)"""
SCRIPT = """\
import numpy as np

{table}

learning_rate = {learning_rate}
rng = np.random.default_rng({seed})
{start}

{sigmoid}
for step in range({steps}):
{loop}

{forward}
loss = 0.5 * np.sum(({A} - Y) ** 2)
print(f"step {shown_steps}, loss {{loss:.6g}}")
for x, a in zip(X, {A}):
    print(x.round(2), "->", round(float(a[0]), 4))
"""


class BiasPicture(PlanePicture):
    """The picture of the XOR playground, with biases, and with the axes through the origin."""

    LIMITS = (-0.5, 1.5)
    UNITS = (46, 276)
    ONE = 17  # height of the units that say 1

    def build(self):
        super().build()
        ax = self.network
        self.ones, self.digits = (
            self.changing(ax.plot([], [], ls="", color=PALETTE["ink"], **look)[0])
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
        self.right.set_visible(few)  # of many points, only those that are wrong have a mark

    def _show_weights(self, net, positions):
        parts, ones = [weight_lines(net.W, positions)], []
        for b, here, there in zip(net.b, positions[:-1], positions[1:], strict=True):
            if b is not None:
                ones.append([[here[0, 0], self.ONE]])
                parts.append(weight_lines([b[np.newaxis]], [np.array(ones[-1]), there]))
        segments, widths, colours = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.weights.set(segments=segments, linewidths=widths, colors=colours)
        for line in (self.ones, self.digits):
            line.set_data(*np.reshape(ones, (-1, 2)).T)


def bias(settings=None, steps=None):
    """The bias playground: a task in the plane, hidden units, a bias switch for each layer.

    Parameters
    ----------
    settings : str, optional
        A settings string to begin with, such as "task=AND,hidden=0,output_bias=off".
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
    Used in notebook 02.
    """
    title = "What a bias does"
    return Panel.opened(Bias, BiasPicture(), settings, steps, 1_000, title=title)
