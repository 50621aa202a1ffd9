"""The playgrounds of notebooks 02 to 04: a network learns a function of one variable.

One experiment and one picture, three panels: `curve_bias` (02: what a bias does), `sgd` (03:
mini-batches) and `activations` (04: the hidden units' function, and depth).
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.datasets import CURVES
from nbhelpers.datasets import curve as curve_data
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.code import HIDDEN, apply, define, times_slope
from nbhelpers.playgrounds.engine.curves import LossCurves, nice_ceiling
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.panel import short
from nbhelpers.playgrounds.engine.picture import Picture, message
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import Recipe
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALETTE

POINTS = 32  # to train on
GRID = 241  # points of a line in the picture
DOMAINS = {  # from a function's own domain (low, high)
    "own": lambda low, high: (low, high),
    "centred": lambda low, high: ((low - high) / 2, (high - low) / 2),
    "half": lambda low, high: (low / 2, high / 2),
    "double": lambda low, high: (2 * low, 2 * high),
}
FIXED = {  # settings that a panel does not have
    **{"function": "sine", "domain": "own", "activation": "sigmoid", "depth": 1},
    **{"hidden_bias": "on", "output_bias": "on", "batch_size": 4, "shuffle": "on"},
}


class CurveExperiment(Experiment):
    """A network learns evenly spaced points on a curve; a step is an epoch.

    Its weights are standard normal to begin with.

    `chosen` are all settings, those of the panel and the fixed ones; `A` are the activations of all
    layers for the training points.
    """

    unit = "epoch"
    most_steps = 20_000
    fade = 0.995
    errors = True  # record the root mean squared errors, at the points and between them
    fixed = FIXED

    def build(self):
        s = self.chosen = SimpleNamespace(**self.fixed | vars(self.settings))
        self.domain = DOMAINS[s.domain](*CURVES[s.function].domain)
        options = {"domain": self.domain, "dtype": np.float64}
        self.X, self.Y = curve_data(s.function, POINTS, **options)
        self.X_test, self.Y_test = curve_data(s.function, POINTS, shift=0.5, **options)
        self.net = MLP(
            [1, *[s.hidden] * s.depth, 1],
            activation=s.activation,
            output="linear",
            loss="half_squared_error",
            initializer="zeros",
            bias=[s.hidden_bias == "on"] * s.depth + [s.output_bias == "on"],
            rng=self.rng,
            dtype=np.float64,
        )
        for W in self.net.W:
            W[...] = self.rng.standard_normal(W.shape)
        self.optimizer = SGD(s.learning_rate)
        self.order = np.arange(POINTS)
        self.reach = 0.0, 0.0  # what the picture's axes must reach: a contribution, an activation
        with np.errstate(all="ignore"):
            self.look()

    @property
    def full(self):
        """Whether a step is made with all points, in their order."""
        return self.chosen.batch_size == POINTS and self.chosen.shuffle == "off"

    def advance(self):
        net, size, full = self.net, self.chosen.batch_size, self.full
        X, Y = self.X, self.Y
        if self.chosen.shuffle == "on":
            self.order = self.rng.permutation(POINTS)
            X, Y = X[self.order], Y[self.order]
        for start in range(0, POINTS, size):
            A = self.A if full else net.forward(X[start : start + size], check=False)
            net.backward(A, Y[start : start + size], check=False)
            self.optimizer.step(net.params, net.grads)
        return self.look()

    def look(self):
        """Evaluate and record; returns the loss: half the squared error, mean over the points."""
        self.A = self.net.forward(self.X, check=False)
        loss = self.net.loss(self.A, self.Y, check=False)
        largest = np.abs(self.A[-2]).max(axis=0)  # of each hidden unit, (hidden,)
        contribution = (largest * np.abs(self.net.W[-1][:, 0])).max()
        # The largest so far, which fades: so the axes rarely change, and follow in the end.
        now = contribution, largest.max()
        self.reach = tuple(max(self.fade * a, b) for a, b in zip(self.reach, now, strict=True))
        if self.errors:
            self.record("training", np.sqrt(2 * loss))
            self.record("test", self.test_error())
        return self.record("loss", loss)

    def test_error(self):
        """The root mean squared error at the points halfway between those of the training."""
        A = self.net.forward(self.X_test, check=False)[-1]
        return np.sqrt(np.mean((A - self.Y_test) ** 2))

    @property
    def batch(self):
        """The rows of the last mini-batch; none before the first step."""
        start = POINTS - self.chosen.batch_size
        return self.order[start:] if self.steps else self.order[:0]

    def dead(self):
        """How many units of the last hidden layer are 0 at every training point."""
        return int((self.A[-2] <= 0).all(axis=0).sum())

    def describe(self):
        with np.errstate(all="ignore"):
            between = short(self.test_error())
        name = "RMSE" if self.errors else "root mean squared error"
        words = f"{name} {short(np.sqrt(2 * self.loss))} at the points, {between} between them"
        if self.chosen.activation == "relu":
            words += f" · {self.dead()} of {self.A[-2].shape[1]} units dead"
        if self.loss > 1e6:
            words += " · the weights have exploded: try a smaller learning rate"
        return words

    def advice(self):
        below = short(0.3 * self.settings.learning_rate)
        return f"The updates overshot by more and more. Try a learning rate below {below}."

    def code(self):
        return script(self)

    def other_code(self):
        s, net = self.chosen, self.net
        recipe = Recipe(
            data=f"{data_code(self)}\nrng = np.random.default_rng({s.seed})",
            sizes=net.sizes,
            activation=s.activation,
            output="linear",
            loss="half_squared_error",
            bias=net.has_bias,
            weights="rng.standard_normal((n_in, n_out))",
            learning_rate=s.learning_rate,
            n=POINTS,
            batch=None if self.full else s.batch_size,
            shuffle=s.shuffle == "on",
            steps=self.steps,
            unit=self.unit,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


# ---------------------------------------------------------------- the plain script of Show code
FUNCTION_CODE = {
    "sine": "np.sin(x)",
    "two waves": "np.sin(x) + 0.5 * np.sin(3 * x)",
    "damped wave": "np.exp(-x / 4) * np.cos(2 * x)",
    "bump": "np.exp(-(x**2))",
    "parabola": "x**2",
    "corner": "np.abs(x)",
    "step": "np.where(x < 0, -1.0, 1.0)",
}
DATA = """\
low, high = {low}, {high}


def curve(x):
    return {function}


X = np.linspace(low, high, {points})[:, None]  # inputs ({points}, 1)
Y = curve(X)  # targets ({points}, 1)
"""
SCRIPT = """\
import numpy as np

{data}X_test = X[:-1] + 0.5 * (high - low) / {gaps}  # halfway between the training points
Y_test = curve(X_test)
{define}
rng = np.random.default_rng({seed})
{start}
{constants}

{loop}

{shown}
loss = 0.5 * np.mean((A{last} - Y) ** 2)
{test}
error = np.sqrt(np.mean((A{last} - Y_test) ** 2))
print(f"{where}, loss {{loss:.6g}}")
print(f"root mean squared error between the points: {{error:.6g}}")
"""


def data_code(experiment):
    """The lines that make the training points."""
    low, high = map(multiple_of_pi, experiment.domain)
    function = FUNCTION_CODE[experiment.chosen.function]
    return DATA.format(low=low, high=high, function=function, points=POINTS)


def script(experiment):
    """The script for an experiment as far as it has been trained."""
    s, name, full = experiment.chosen, experiment.chosen.activation, experiment.full
    layers = range(1, experiment.net.n_layers + 1)
    last, has_bias = layers[-1], [None, *experiment.net.has_bias]
    word, rows, n = experiment.unit, "" if full else "[rows]", "len(X)" if full else "len(rows)"

    def before(layer, X):
        return f"A{layer - 1}" if layer > 1 else X

    def forward(X):
        lines = []
        for k in layers:
            Z = f"{before(k, X)} @ W{k}" + f" + b{k}" * has_bias[k]
            lines.append(f"A{k} = {Z if k == last else apply(name, Z)}")
        return lines

    start = []
    for k, W in zip(layers, experiment.net.W, strict=True):
        start.append(f"W{k} = rng.standard_normal({W.shape})")
        start += [f"b{k} = np.zeros({W.shape[1]})"] * has_bias[k]
    step = [*forward("X" + rows), f"delta{last} = (A{last} - Y{rows}) / {n}"]
    for k in reversed(layers[:-1]):
        step.append(f"delta{k} = delta{k + 1} @ W{k + 1}.T{times_slope(name, f'A{k}')}")
    for k in reversed(layers):
        step.append(f"W{k} -= lr * ({before(k, 'X' + rows)}.T @ delta{k})")
        step += [f"b{k} -= lr * delta{k}.sum(axis=0)"] * has_bias[k]
    constants = {"lr": s.learning_rate, f"{word}s": experiment.steps}
    loop = [f"for {word} in range({word}s):"]
    if not full:
        constants["batch_size"] = s.batch_size
        order = "rng.permutation(len(X))" if s.shuffle == "on" else "np.arange(len(X))"
        loop += [
            f"    order = {order}",
            "    for start in range(0, len(X), batch_size):",
            "        rows = order[start : start + batch_size]",
        ]
    loop += [("    " if full else "        ") + line for line in step]
    return SCRIPT.format(
        data=data_code(experiment),
        gaps=POINTS - 1,
        define="\n\n" + define(name) + "\n" if define(name) else "",
        seed=s.seed,
        start="\n".join(start),
        constants=f"{', '.join(constants)} = {', '.join(map(repr, constants.values()))}",
        loop="\n".join(loop),
        shown="\n".join(forward("X")),
        test="\n".join(forward("X_test")),
        last=last,
        where=f"{word} {experiment.steps:,}",
    )


def multiple_of_pi(x):
    """A number as it is written in a program: 2 * np.pi, or 1.5.

    >>> multiple_of_pi(6.283185307179586)
    '2 * np.pi'
    """
    times = round(float(x) / np.pi, 6)
    if times and times * np.pi == x:
        return "np.pi" if times == 1 else f"{times:g} * np.pi"
    return repr(float(x))


# ---------------------------------------------------------------- what is seen
COLOURS = [PALETTE[name] for name in ("orange", "sky", "green", "purple", "blue", "vermilion")]


class CurvePicture(Picture):
    """The curve, what each hidden unit adds to it, and the loss.

    Parameters
    ----------
    errors : bool
        Show the root mean squared errors at the points and between them instead of the loss.
    batches : bool
        Mark the points of the last mini-batch.
    histogram : bool
        Show how the activations of the last hidden layer are spread.
    """

    def __init__(self, errors=True, batches=False, histogram=False):
        self.errors, self.batches, self.histogram = errors, batches, histogram
        super().__init__(height=460 if histogram else 384)

    def build(self):
        self.shown = self.limits = None  # what the background shows
        height = self.height - 42 - 76
        ax = self.axes(738, 76, 236, height)
        if self.errors:
            curves = {
                "training": ("at the points", PALETTE["blue"]),
                "test": ("between them", PALETTE["vermilion"]),
            }
            options = {"title": "root mean squared error", "xlabel": "epoch"}
            self.losses = LossCurves(self, ax, curves, ylim=(1e-3, 10), **options)
            self.losses.lines["training"].set_linewidth(4)
            self.losses.lines["test"].set_linewidth(1.4)
        else:
            self.losses = LossCurves(self, ax, ylim=(1e-4, 10))
        self._build_curve(self.axes(52, 76, 318, height))
        if self.histogram:
            self._build_contributions(self.axes(434, 290, 230, self.height - 42 - 290), 252)
            self._build_histogram(self.axes(434, 76, 230, 110))
        else:
            self._build_contributions(self.axes(434, 76, 230, height), 14, 14)
            self.contribution_axes.set_xlabel("x")

    def _build_curve(self, ax):
        self.curve_axes = ax
        ax.set(title="output and training points", xlabel="x")
        few_ticks(ax.xaxis, ax.yaxis)
        (self.truth,) = ax.plot([], [], color=PALETTE["light grey"], lw=6)
        self.marked = self.line(ax, "o", ms=13, color=PALETTE["orange"])
        self.output = self.line(ax, color=PALETTE["blue"], lw=2.6)
        self.points = self.line(ax, "o", ms=5, color=PALETTE["ink"])
        self.words = self.changing(message(ax))
        keys = [("line", "blue", "output"), ("line", "light grey", "the function")]
        self._keys(keys + [("disc", "orange", "last mini-batch")] * self.batches, 52, 14)

    def _build_contributions(self, ax, y, right=0):
        self.contribution_axes = ax
        ax.set(title="each hidden unit's contribution")
        few_ticks(ax.xaxis, ax.yaxis)
        self.level = self.seldom(ax.yaxis)
        ax.axhline(0, color=PALETTE["light grey"], lw=0.8)
        self.constant = self.line(ax, ls="--", lw=1.4, color=PALETTE["grey"])
        self.contributions = LineCollection([], linewidths=1.8, colors=COLOURS)
        ax.add_collection(self.changing(self.contributions))
        self.middles = self.line(ax, "o", ms=6, color=PALETTE["ink"])
        x = 434 + right
        self.middle_key = self._keys([("disc", "ink", "where z is 0")], x, y, small=True)
        if self.histogram:  # that panel has networks with more layers, which show no such places
            self.changing(*self.middle_key)
        self._keys([("line", "grey", "output's bias")], x + 134, y, small=True)

    def _build_histogram(self, ax):
        self.histogram_axes = ax
        ax.set(title="activations of these units", yticks=[], ylim=(0, 1))
        ax.spines["left"].set_visible(False)
        ax.set_xlabel("activation at the training points")
        few_ticks(ax.xaxis, most=4)
        self.bars = ax.stairs(np.zeros(24), np.linspace(0, 1, 25), fill=True, color=COLOURS[1])
        self.seldom(ax.xaxis)
        self.changing(self.bars)

    def _keys(self, keys, x, y, small=False):
        """A row of keys, from a place given in pixels; returns the artists."""
        artists = []
        w, h = self.width, self.height
        for kind, colour, words in keys:
            style = {"color": PALETTE[colour]}
            if kind == "line":
                style |= {"lw": 1.4, "ls": "--"} if small else {"lw": 4}
            else:
                style |= {"marker": "o", "ms": 6 if small else 10, "ls": ""}
            places = [x, x + 20] if kind == "line" else [x + 10]
            line = Line2D(np.array(places) / w, [y / h] * len(places), **style)
            text = self.figure.text((x + 28) / w, y / h, words, va="center")
            artists += [self.figure.add_artist(line), text]
            x += 46 + 7.4 * len(words)
        return artists

    def update(self, experiment, previous=None, kept=()):
        self._stage(experiment)
        net = experiment.net
        bottom, top = self.curve_axes.get_ylim()
        with np.errstate(all="ignore"):
            A = net.forward(self.x, check=False)
            y = np.clip(A[-1], bottom - 9, top + 9)
            self.output.set_data(self.x, y)
            self._show_contributions(net, A[-2])
        rows = experiment.batch if self.batches and experiment.chosen.batch_size < POINTS else []
        self.marked.set_data(experiment.X[rows], experiment.Y[rows])
        words = "" if ((bottom < y) & (y < top)).any() else "the output is outside the picture"
        self.tell(self.words, experiment, words)
        if self.histogram:
            self._show_histogram(experiment.A[-2])
        self.losses.update(experiment, previous, kept)

    def _show_contributions(self, net, A):
        """Each unit's activation times its weight to the output, and where its z is 0."""
        far = 9 * self.contribution_axes.get_ylim()[1]
        values = np.clip(A * net.W[-1][:, 0], -far, far)  # (GRID, hidden)
        x = np.broadcast_to(self.x[:, 0], values.T.shape)
        self.contributions.set_segments(np.stack([x, values.T], axis=-1))
        b = net.b[-1]
        self.constant.set_data(*([], []) if b is None else (self.x[[0, -1]], [b, b]))
        one_layer = len(net.W) == 2
        for artist in (self.middles, *self.middle_key):
            artist.set_visible(one_layer)
        if one_layer:  # z = w x + b is 0 at x = -b / w
            b = 0.0 if net.b[0] is None else net.b[0]
            places = np.clip(-b / net.W[0][0], -1e6, 1e6)
            A = net.forward(places[:, np.newaxis], check=False)[1]
            heights = np.diag(A) * net.W[1][:, 0]
            self.middles.set_data(places, np.clip(heights, -far, far))

    def _show_histogram(self, A):
        edges = np.linspace(*self.histogram_axes.get_xlim(), 25)
        counts, _ = np.histogram(np.clip(A[np.isfinite(A)], edges[0], edges[-1]), edges)
        self.bars.set_data(0.97 * counts / max(counts.max(), 1), edges)

    def _stage(self, experiment):
        """Limits and whatever else stays: the background is drawn again if that has changed."""
        name, domain = experiment.chosen.function, experiment.domain
        reach, end = map(ceiling, experiment.reach, (4.0, 1.0))
        low, high = ACTIVATIONS[experiment.chosen.activation].range
        spread = (max(low, -0.1 * end) if low < -1 else low, min(high, end))
        if (reach, spread) != self.limits:
            self.limits = reach, spread
            self.contribution_axes.set_ylim(-reach, reach)
            if self.histogram:
                self.histogram_axes.set_xlim(spread)
            self.refresh(self.level)
        if (name, domain) == self.shown:
            return
        self.shown = name, domain
        self.x = np.linspace(*domain, GRID)[:, np.newaxis]
        y = CURVES[name].f(self.x)
        margin = 0.02 * (domain[1] - domain[0])
        room = 0.3 * (y.max() - y.min())
        xlim = domain[0] - margin, domain[1] + margin
        self.truth.set_data(self.x, y)
        self.points.set_data(experiment.X, experiment.Y)
        self.curve_axes.set(xlim=xlim, ylim=(y.min() - room, y.max() + room))
        self.contribution_axes.set_xlim(xlim)
        self.refresh()


def few_ticks(*axes, most=5):
    """At most so many ticks, at numbers that are easy to read."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))


def ceiling(x, least):
    """The end of an axis that reaches x: `least`, or beyond it 1, 2, 3, 5, 10, ... up to 1,000."""
    if x <= least:
        return least
    return nice_ceiling(min(x, 1000.0)) if np.isfinite(x) else 1000.0


# ---------------------------------------------------------------- three panels
SMALL, SOON = 0.1, 8_000  # the error and the steps that the goal of `curve_bias` asks for
SWITCH = ["on", "off"]


@dataclass(frozen=True)
class CurveBiasSettings(Settings):
    learning_rate: float = number(0.2, 0.002, 3, log=True, short="rate")
    hidden: int = number(5, 1, 12, label="hidden units", short="hidden")
    hidden_bias: str = choice("on", SWITCH, label="bias of hidden units", short="hidden bias")
    output_bias: str = choice("on", SWITCH, label="bias of the output", short="output bias")
    function: str = choice("sine", list(CURVES), short="")
    seed: int = seed()


class CurveBias(CurveExperiment):
    """Full batch: a step is one update with all points."""

    Settings = CurveBiasSettings
    unit = "step"
    most_steps = 200_000
    fade = 0.9995
    errors = False
    fixed = FIXED | {"batch_size": POINTS, "shuffle": "off"}

    def build(self):
        self.solved = None  # the first step at which the root mean squared error is below 0.1
        super().build()

    def advance(self):
        loss = super().advance()
        if self.solved is None and 2 * loss < SMALL**2:
            self.solved = self.steps
        return loss

    def goal(self):
        score = float("nan") if self.solved is None else self.solved
        words = f"the {self.settings.function}: an error below {SMALL} after {SOON:,} steps at most"
        return Goal(words, score, target=SOON, lower=True, unit=" steps", at=self.solved)


@dataclass(frozen=True)
class SgdSettings(Settings):
    learning_rate: float = number(0.3, 0.003, 3, log=True, short="rate")
    hidden: int = number(5, 1, 12, label="hidden units", short="hidden")
    batch_size: int = choice(4, [1, 2, 4, 8, 16, 32], label="batch size", short="batch")
    shuffle: str = choice("on", SWITCH, label="shuffle", short="shuffle")
    function: str = choice("sine", list(CURVES), short="")
    domain: str = choice("own", list(DOMAINS), short="domain")
    seed: int = seed()


class Sgd(CurveExperiment):
    """Mini-batches."""

    Settings = SgdSettings


@dataclass(frozen=True)
class ActivationSettings(Settings):
    learning_rate: float = number(0.1, 0.001, 3, log=True, short="rate")
    hidden: int = number(5, 1, 12, label="hidden units", short="hidden")
    depth: int = number(1, 1, 3, label="hidden layers", short="layers")
    activation: str = choice("tanh", HIDDEN, short="")
    domain: str = choice("own", ["own", "centred"], label="inputs", short="inputs")
    seed: int = seed()


class Activations(CurveExperiment):
    """Mini-batches of four, with other hidden units, and more layers of them."""

    Settings = ActivationSettings


curve_bias = playground(
    CurveBias,
    lambda: CurvePicture(errors=False),
    title="What a bias does to a curve",
    steps=5_000,
    example="hidden_bias=off,steps=5000",
    notebook="02",
    catch_up=0.300,
)
sgd = playground(
    Sgd,
    lambda: CurvePicture(batches=True),
    title="A network learns a curve from mini-batches",
    steps=400,
    example="batch_size=1,learning_rate=0.1,steps=1000",
    notebook="03",
    pace=10,
    catch_up=0.300,
)
activations = playground(
    Activations,
    lambda: CurvePicture(histogram=True),
    title="A network learns a curve with other activations",
    steps=400,
    example="activation=relu,depth=2,steps=1000",
    notebook="04",
    pace=10,
    catch_up=0.300,
)
