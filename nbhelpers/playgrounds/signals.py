"""The playground of notebook 05: how signals and gradients fare on their way through a network.

Up to ten hidden layers, one output, and 200 noisy pictures of 8 x 8 pixels with a line
each: is it horizontal or vertical? The panel opens before any training, with what the initial
weights alone decide.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.code import HIDDEN, INITIALIZER_CODE, functions, insert
from nbhelpers.playgrounds.engine.curves import LossCurves, decades
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import Recipe
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALETTE

DEEPEST = 10  # hidden layers
BINS = 40  # of a histogram
FULL = 0.12  # the share of the values in one bin that fills a row; more is cut off

NORMAL = "rng.standard_normal((fan_in, fan_out))"
SCHEMES = {  # the weights of a layer, as the script has them
    "sd 0.01": f"{NORMAL} * 0.01",
    "sd 1": NORMAL,
    "uniform sqrt(2/fan_in)": "rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(2 / fan_in)",
    "normal 1/sqrt(fan_in)": INITIALIZER_CODE["normal"].numpy,
    "Xavier normal": INITIALIZER_CODE["xavier_normal"].numpy,
    "Xavier uniform": INITIALIZER_CODE["xavier_uniform"].numpy,
    "He normal": INITIALIZER_CODE["he_normal"].numpy,
}
DRAW = {  # the same as functions
    name: eval(f"lambda fan_in, fan_out, rng: {code}", {"np": np}) for name, code in SCHEMES.items()
}


@dataclass(frozen=True)
class SignalsSettings(Settings):
    scale: float = number(1.0, 0.1, 10, log=True, label="scale: weights times", short="times")
    depth: int = number(8, 1, DEEPEST, label="hidden layers", short="layers")
    width: int = number(64, 4, 128, label="units in each", short="units")
    learning_rate: float = number(0.03, 0.001, 10, log=True, short="rate")
    scheme: str = choice("Xavier normal", list(SCHEMES), label="initial weights", short="")
    activation: str = choice("tanh", HIDDEN, short="")
    seed: int = seed()


@lru_cache(1)
def task():
    """Noisy pictures X (200, 64), each with a line; Y (200, 1): +1 if it is horizontal."""
    names = {"np": np}
    exec(TASK, names)
    return names["X"], names["Y"]


class Signals(Experiment):
    """A 64-w-...-w-1 network that learns which way the line goes; all pictures in each step."""

    Settings = SignalsSettings

    def build(self):
        s = self.settings
        self.X, self.Y = task()
        self.net = MLP(
            [self.X.shape[1]] + [s.width] * s.depth + [1],
            activation=s.activation,
            output="linear",
            loss="half_squared_error",
            initializer="zeros",
            rng=self.rng,
            dtype=np.float64,
        )
        for W in self.net.W:
            W[...] = DRAW[s.scheme](*W.shape, self.rng) * s.scale
        self.optimizer = SGD(s.learning_rate)
        self.A = self.net.forward(self.X)
        self.record("loss", self.net.loss(self.A, self.Y, check=False))
        self.start = self.sizes(self.deltas())

    def advance(self):
        self.net.backward(self.A, self.Y, check=False)
        self.optimizer.step(self.net.params, self.net.grads)
        self.A = self.net.forward(self.X, check=False)
        return self.record("loss", self.net.loss(self.A, self.Y, check=False))

    def deltas(self):
        """The deltas of the hidden layers, first layer first: a list of arrays (200, width)."""
        net, delta, found = self.net, (self.A[-1] - self.Y) / len(self.X), []
        with np.errstate(all="ignore"):
            for layer in range(net.n_layers - 1, 0, -1):
                delta = delta @ net.W[layer].T  # (200, n_out) @ (n_out, width)
                delta *= net.activations[layer - 1].derivative(self.A[layer])
                found.append(delta)
        return found[::-1]

    def sizes(self, deltas):
        """Three numbers for each hidden layer, an array (3, depth).

        The standard deviations of its activations and of its deltas, and how large a step is:
        the root mean square of lr * dW, as a share of that of W.
        """
        lr, W = self.settings.learning_rate, self.net.W
        with np.errstate(all="ignore"):
            steps = [
                lr * np.linalg.norm(A.T @ delta) / np.linalg.norm(V)
                for A, delta, V in zip(self.A, deltas, W, strict=False)  # the last V is not hidden
            ]
            return np.array([[M.std() for M in self.A[1:-1]], [M.std() for M in deltas], steps])

    def describe(self):
        right = np.mean((self.A[-1] > 0) == (self.Y > 0))
        deltas = self.deltas()
        with np.errstate(all="ignore"):
            a, d = ([layers[k].std() for k in (0, -1)] for layers in (self.A[1:-1], deltas))
        return (
            f"{100 * right:.0f} % right · from the first to the last hidden layer: activations "
            f"{a[0]:.2g} to {a[1]:.2g}, deltas {d[0]:.2g} to {d[1]:.2g}"
        )

    def advice(self):
        return "Try a smaller learning rate, or a smaller scale of the weights."

    def code(self):
        s = self.settings
        return SCRIPT.format(
            task=TASK,
            scale=repr(s.scale),
            depth=s.depth,
            width=s.width,
            learning_rate=repr(s.learning_rate),
            seed=s.seed,
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            weights=SCHEMES[s.scheme],
            functions=functions(s.activation, softmax=False),
        )

    def other_code(self):
        s = self.settings
        recipe = Recipe(
            data=f"{TASK}rng = np.random.default_rng({s.seed})",
            sizes=self.net.sizes,
            activation=s.activation,
            output="linear",
            loss="half_squared_error",
            weights=insert(f"{SCHEMES[s.scheme]} * {s.scale!r}", fan_in="n_in", fan_out="n_out"),
            learning_rate=s.learning_rate,
            n=len(self.X),
            steps=self.steps,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


# The script of *Show code*; its first part draws the examples here, too.
TASK = """\
rng = np.random.default_rng(0)  # noisy pictures of 8 x 8 pixels with a line each
X = rng.standard_normal((200, 8, 8))
Y = rng.choice([-1.0, 1.0], (200, 1))  # +1: the line is horizontal
for picture, answer, place in zip(X, Y[:, 0], rng.integers(8, size=200)):
    if answer > 0:
        picture[place, :] += 2
    else:
        picture[:, place] += 2
X = X.reshape(200, 64)
X = (X - X.mean(axis=0)) / X.std(axis=0)
"""
SCRIPT = """\
import numpy as np

{task}
scale, depth, width = {scale}, {depth}, {width}
learning_rate = {learning_rate}
rng = np.random.default_rng({seed})


def initial(fan_in, fan_out):
    return {weights} * scale


{functions}

sizes = [64] + [width] * depth + [1]
W = [initial(fan_in, fan_out) for fan_in, fan_out in zip(sizes[:-1], sizes[1:])]
b = [np.zeros(fan_out) for fan_out in sizes[1:]]


def forward():
    A = [X]
    for layer in range(depth):
        A.append(f(A[layer] @ W[layer] + b[layer]))
    return A + [A[depth] @ W[depth] + b[depth]]  # a linear output


def backward(A):
    deltas = [(A[-1] - Y) / len(X)]
    for layer in range(depth, 0, -1):
        deltas.insert(0, deltas[0] @ W[layer].T * slope(A[layer]))
    return deltas


np.seterr(all="ignore")
for step in range({steps}):
    A = forward()
    deltas = backward(A)
    for layer in range(depth + 1):
        W[layer] -= learning_rate * (A[layer].T @ deltas[layer])
        b[layer] -= learning_rate * deltas[layer].sum(axis=0)

A = forward()
deltas = backward(A)
loss = 0.5 * np.mean((A[-1] - Y) ** 2)
print(f"step {shown_steps}, loss {{loss:.6g}}")
for layer in range(depth):
    dW = A[layer].T @ deltas[layer]
    print(
        f"hidden layer {{layer + 1:2}}: standard deviation of the activations "
        f"{{A[layer + 1].std():.4g}}, of the deltas {{deltas[layer].std():.4g}}; "
        f"step / weights {{learning_rate * np.linalg.norm(dW) / np.linalg.norm(W[layer]):.4g}}"
    )
"""


REACH = 3  # where histograms end: of deltas, in standard deviations of the last layer's
ROW = 0.88  # height of a full row, where the rows are 1 apart
LOWS = (1e-4, 1e-8, 1e-16, 1e-32)  # where the axis of the sizes may begin
HIGHS = (1e1, 1e4, 1e8, 1e16, 1e32)  # and where it may end


class SignalsPicture(Picture):
    """Histograms of activations and deltas by layer, sizes, the loss."""

    def build(self):
        self.activations = self._build_rows(50, "activations  ↓", "blue")
        self.activations[0].set(ylabel="hidden layer", xlabel="activation")
        self.deltas = self._build_rows(276, "deltas  ↑", "vermilion")
        ax = self.deltas[0]
        ax.set(xlim=(-REACH, REACH), xlabel="δ / sd of the last layer")
        ax.set_xticks([-REACH, 0, REACH], [f"−{REACH}", "0", f"{REACH}"])
        self._build_sizes()
        self.words = self.changing(
            self.figure.text(0.16, 0.5, "", ha="left", va="center", fontsize=12)
        )
        self.words.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 6})
        ax = self.axes(778, 52, 204, 276)
        self.losses = LossCurves(self, ax, ylim=(1e-4, 10), steps=100)
        self.shown = self.limits = None  # what the background shows: activation; ends of sizes

    def _build_rows(self, left, title, colour):
        ax = self.axes(left, 52, 184, 276)
        ax.set(ylim=(DEEPEST + 0.05, 0), title=title)
        ax.set_yticks(np.arange(1, DEEPEST + 1) - 0.35, range(1, DEEPEST + 1))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(False)
        bars = PolyCollection([], facecolors=PALETTE[colour], edgecolors="none")
        ax.add_collection(self.changing(bars), autolim=False)
        return ax, bars

    def _build_sizes(self):
        ax = self.scale = self.axes(532, 52, 178, 276)
        ax.set(yscale="log", xlim=(0.5, DEEPEST + 0.5), xlabel="hidden layer")
        ax.set(title="sizes", xticks=[1, 4, 7, 10])
        ax.grid(False)
        ax.grid(True, axis="y")
        ax.yaxis.set_minor_locator(NullLocator())
        self.level = self.seldom(ax.yaxis)
        self.lines = []  # for activations, deltas, steps: the line at step 0, the one of now
        for colour, marker in (("blue", "o"), ("vermilion", "s"), ("green", "^")):
            (start,) = ax.plot([], [], color=PALETTE[colour], lw=1.4, ls=":")
            (now,) = ax.plot([], [], color=PALETTE[colour], lw=1.8, marker=marker, ms=5)
            self.lines.append((self.changing(start), self.changing(now)))
        dotted = Line2D([], [], color=PALETTE["ink"], lw=1.4, ls=":")
        ax.legend(
            [*(now for _, now in self.lines), dotted],
            ["sd of activations", "sd of deltas", "step / weights", "at step 0"],
            loc="upper right",
            labelspacing=0.25,
            borderpad=0.2,
        )

    def update(self, experiment, previous=None, kept=()):
        deltas, activation = experiment.deltas(), experiment.settings.activation
        with np.errstate(all="ignore"):
            now = experiment.sizes(deltas)
            unit = now[1, -1] if 0 < now[1, -1] < np.inf else 1.0
            for (_, bars), values, (low, high), scale in (
                (self.activations, experiment.A[1:-1], ends(activation), 1.0),
                (self.deltas, deltas, (-REACH, REACH), unit),
            ):
                bars.set_verts(ridges(shares(values, low, high, scale), low, high))
        self._show_sizes(experiment.start, now, activation)
        self.tell(self.words, experiment)
        self.losses.update(experiment, previous, kept)

    def _show_sizes(self, start, now, activation):
        values = np.concatenate([start.ravel(), now.ravel()])
        values = values[np.isfinite(values) & (values > 0)]
        low, high = values.min(initial=1.0), values.max(initial=1.0)
        bottom = next((limit for limit in LOWS if limit < low), LOWS[-1])
        top = next((limit for limit in HIGHS if limit > high), HIGHS[-1])
        layers = np.arange(1, now.shape[1] + 1)
        for (then_line, now_line), then_values, now_values in zip(
            self.lines, start, now, strict=True
        ):
            then_line.set_data(layers, then_values)
            now_line.set_data(layers, now_values)
        if activation != self.shown:
            self.shown = activation
            low, high = ends(activation)
            ticks = np.arange(low, high + 1) if high - low > 1 else np.array([0, 0.5, 1])
            words = [f"{x:g}".replace("-", "−").replace("0.5", "½") for x in ticks]
            if high < ACTIVATIONS[activation].range[1]:
                words[-1] = f"≥ {high:g}"
            self.activations[0].set_xlim(low, high)
            self.activations[0].set_xticks(ticks, words)
            self.refresh()
        if (bottom, top) != self.limits:
            self.limits = bottom, top
            share = 0.34  # of the height, for the legend
            self.scale.set_ylim(bottom, top * (top / bottom) ** (share / (1 - share)))
            self.scale.yaxis.set_major_locator(FixedLocator(decades(bottom, top)))
            self.refresh(self.level)


def ends(activation):
    """Where the histograms of an activation's outputs begin and end: its range, up to ±REACH."""
    low, high = ACTIVATIONS[activation].range
    return max(low, -REACH), min(high, REACH)


def shares(values, low, high, scale=1.0):
    """The share of the values / scale in each bin, (layers, BINS); those beyond in the end bins."""
    counts = []
    for M in values:
        place = M * (BINS / ((high - low) * scale))
        place -= low * BINS / (high - low)
        np.clip(place, 0, BINS - 1, out=place)
        place = place[place == place]  # what is not a number has no place
        counts.append(np.bincount(place.astype(np.intp), minlength=BINS))
    return np.array(counts) / values[0].size


def ridges(shares, low, high):
    """The outlines of histograms (layers, BINS), one below the other, (layers, 2 BINS + 2, 2)."""
    x = np.repeat(np.linspace(low, high, BINS + 1), 2)
    floor = np.arange(1, len(shares) + 1)[:, np.newaxis]
    top = floor - ROW * np.minimum(shares / FULL, 1)
    y = np.hstack([floor, np.repeat(top, 2, axis=1), floor])
    return np.stack([np.broadcast_to(x, y.shape), y], axis=2)


signals = playground(
    Signals,
    SignalsPicture,
    title="Signals and gradients through a deep network",
    steps=0,
    example="scheme=sd 0.01,depth=10",
    notebook="05",
    paces=(1, 5, 10, 100, 1000),
    pace=5,
)
