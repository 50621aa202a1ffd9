"""The playground of notebook 09: four optimizers race down a ravine, or on small digits.

SGD, momentum, Nesterov and Adam start from the same weights and get the same examples (or the same
noise) in every step. A race is 300 steps long, and the schedule is spread over them.
"""

import textwrap
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.lines import Line2D

from nbhelpers import datasets
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.playgrounds.engine import race_scripts
from nbhelpers.playgrounds.engine.code import OPTIMIZER_CODE, initial_weights, insert
from nbhelpers.playgrounds.engine.curves import decades, lines
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.panel import MOST_KEPT, short
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import NOT_FINITE, OWN_LOSS, cannot
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALETTE, own_style
from nbhelpers.schedules import SCHEDULES

RUNNERS = ("SGD", "momentum", "Nesterov", "Adam")
COLOURS = dict(zip(RUNNERS, ("blue", "vermilion", "green", "purple"), strict=True))
RAVINES = {"ravine": (0, 0.0), "turned ravine": (45, 0.0), "noisy ravine": (0, 0.2)}  # angle, noise
DIGITS = "digits"
TASKS = [*RAVINES, DIGITS]
STEEPNESS = np.array([0.02, 1.0])  # of the ravine, along it and across: x² / 50 + y²
START = (-1.2, 0.8)
RACE = 300  # steps
BATCH_SIZE, HIDDEN = 32, 48


@lru_cache(maxsize=1)
def data():
    """The 1,048 digits that notebook 09's program trains on, and its 300 of validation."""
    X, y = datasets.digits(dtype=np.float64)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], y[order]
    return X[:1048], y[:1048], X[1048:1348], y[1048:1348]


class Ravine:
    """The loss x² / 50 + y² of two numbers, maybe turned, maybe with noise in its gradient.

    `angle` is in degrees, `noise` the standard deviation of what is added to both slopes in every
    step. Seed 0 starts at the same place always; others draw it.
    """

    def __init__(self, angle, noise, seed, rng):
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        self.axes = np.array([[c, -s], [s, c]])  # its columns: along the ravine, across it
        self.noise, self.rng = noise, rng
        start = np.array(START)
        if seed:
            start = rng.uniform((0.7, 0.4), (1.3, 1.0)) * rng.choice([-1, 1], 2)
        self.start = self.axes @ start

    def draw(self):
        """Draw the noise of the next step, the same for all."""
        self.error = self.rng.normal(scale=self.noise, size=2) if self.noise else 0.0

    def gradient(self, p):
        """The slopes (2,) at a point (2,)."""
        return 2 * STEEPNESS * (p @ self.axes) @ self.axes.T + self.error

    def heights(self, p):
        """The heights (...) of points (..., 2)."""
        return np.sum(STEEPNESS * (p @ self.axes) ** 2, axis=-1)

    def validate(self, p):
        """The loss at a point (2,); there is nothing that could be right."""
        return self.heights(p), None


class Digits:
    """The loss of a network 64-48-10 with tanh and softmax, for any parameters (n,)."""

    def __init__(self, rng):
        self.rng, self.order = rng, []
        self.X, self.y, self.X_validation, self.y_validation = data()
        options = {"initializer": "xavier_normal", "rng": rng, "dtype": np.float64}
        self.net = MLP([64, HIDDEN, 10], "tanh", **options)
        self.start = self.net.params.copy()

    def draw(self):
        """Deal the next mini-batch, the same for all."""
        if len(self.order) == 0:
            self.order = self.rng.permutation(len(self.X))
        self.rows, self.order = self.order[:BATCH_SIZE], self.order[BATCH_SIZE:]

    def gradient(self, p):
        """The gradient (n,) on the mini-batch."""
        self.net.params[...] = p
        A = self.net.forward(self.X[self.rows], check=False)
        self.net.backward(A, self.y[self.rows], check=False)
        return self.net.grads

    def validate(self, p):
        """The loss on the validation images, and the share of them that is right."""
        self.net.params[...] = p
        A, y = self.net.forward(self.X_validation, check=False), self.y_validation
        return self.net.loss(A, y, check=False), self.net.accuracy(A[-1], y, check=False)


@dataclass(frozen=True)
class OptimizersSettings(Settings):
    learning_rate: float = number(0.9, 0.001, 10, log=True, label="rate of SGD", short="SGD")
    momentum_rate: float = number(
        0.2, 0.001, 10, log=True, label="rate with momentum", short="mom."
    )
    adam_rate: float = number(0.05, 0.0001, 10, log=True, label="rate of Adam", short="Adam")
    momentum: float = number(0.9, 0.0, 1.0, label="momentum μ", short="μ")
    task: str = choice("ravine", TASKS, short="")
    schedule: str = choice("constant", sorted(SCHEDULES), short="")
    seed: int = seed()


class Race(Experiment):
    """Four optimizers, one task.

    `p` (4, n) are the parameters of the four, in the order of `RUNNERS`; `gone` says whose loss is
    no longer a finite number, and since which step. The history has every runner's loss by its
    name, its share of wrong digits as "wrong NAME", and as "loss" the lowest of the four.
    """

    Settings = OptimizersSettings
    most_steps = RACE

    def build(self):
        s = self.settings
        if s.task == DIGITS:
            self.task = Digits(self.rng)
        else:
            self.task = Ravine(*RAVINES[s.task], s.seed, self.rng)
        self.p = np.tile(self.task.start, (len(RUNNERS), 1))
        self.net = SimpleNamespace(params=self.p)
        heavy = SGD(s.momentum_rate), SGD(s.momentum_rate, nesterov=True)
        for optimizer in heavy:
            optimizer.momentum = s.momentum  # may be 1, which SGD(...) refuses: to be tried here
        self.optimizers = SGD(s.learning_rate), *heavy, Adam(s.adam_rate)
        self.rates = [optimizer.lr for optimizer in self.optimizers]
        self.path = [self.p[:, :2].copy()]
        self.gone = {}
        self.look()

    def factor(self, step):
        """What the schedule multiplies the learning rates by at a step from 1 to 300."""
        return SCHEDULES[self.settings.schedule]((step - 0.5) / RACE)

    def advance(self):
        self.task.draw()
        for p, optimizer, rate in zip(self.p, self.optimizers, self.rates, strict=True):
            optimizer.lr = rate * self.factor(self.steps)
            optimizer.step(p, self.task.gradient(p))
        self.path.append(self.p[:, :2].copy())
        return self.look()

    def look(self):
        """Record the losses; returns the lowest."""
        for name, p in zip(RUNNERS, self.p, strict=True):
            loss, right = self.task.validate(p)
            if not np.isfinite(loss):
                self.gone.setdefault(name, self.steps)
            self.record(name, loss if name not in self.gone else np.nan)
            if right is not None:
                self.record(f"wrong {name}", 100 * (1 - right) if name not in self.gone else np.nan)
        return self.record("loss", min(map(self.last, self.left()), default=np.inf))

    def left(self):
        """Who has not diverged, in the order of `RUNNERS`."""
        return [name for name in RUNNERS if name not in self.gone]

    def last(self, name):
        """The last value of a curve."""
        return float(self.history[name].last()[1][0])

    def describe(self):
        leader = min(self.left(), key=self.last, default=None)
        words = [] if self.steps == 0 else [f"{leader} leads"]
        if self.settings.task == DIGITS and leader:
            right = 100 - self.last(f"wrong {leader}")
            words[-1:] = [" with ".join([*words[-1:], f"{right:.1f} % right"])]
        return " · ".join([*words, ", ".join(map(self.words, RUNNERS))])

    def words(self, name):
        """A runner and its loss."""
        if name in self.gone:
            return f"{name} diverged at step {self.gone[name]}"
        loss, start = self.last(name), self.history[name].values[0]
        return f"{name} {short(loss)}{' and rising' if loss > 10 * start else ''}"

    def advice(self):
        return "All four have diverged: try smaller learning rates."

    def code(self):
        s = self.settings
        digits = s.task == DIGITS
        noise = RAVINES.get(s.task, (0, 0.0))[1]
        draw = DIGITS_DRAW if digits else f"    noise = rng.normal(scale={noise}, size=2)\n"
        return SCRIPT.format(
            task=(DIGITS_SCRIPT if digits else RAVINE_SCRIPT).format(
                data=self._data_code("Y", "np.eye(10)[y[:1048]]"), noise=" + noise" if noise else ""
            ),
            rates=dict(zip(RUNNERS, self.rates, strict=True)),
            momentum=s.momentum,
            before=insert(OPTIMIZER_CODE["Adam"].before, params="start"),
            runners="".join(map(runner, RUNNERS)),
            steps=self.steps,
            shown=f"{self.steps:,}",
            race=RACE,
            factor=self._factor_code(),
            draw=draw if digits or noise else "",
        )

    def other_code(self):
        s, reasons = self.settings, []
        rates = dict(zip(RUNNERS, self.rates, strict=True))
        same = self._data_code(), rates, s.momentum, self.steps, DIGITS_DRAW
        if s.task != DIGITS:
            reasons.append(OWN_LOSS)
        if s.schedule != "constant":
            reasons.append(f"it has no schedule like {s.schedule}")
        if self.gone:
            reasons.append(NOT_FINITE)
        torch = race_scripts.pytorch(
            *same[:-1],
            draw=DIGITS_DRAW if s.task == DIGITS else "",
            noise=RAVINES.get(s.task, (0, 0.0))[1],
            factor="" if s.schedule == "constant" else self._factor_code(),
            race=RACE,
        )
        sklearn = cannot("scikit-learn", *reasons) if reasons else race_scripts.scikit_learn(*same)
        return {"scikit-learn": sklearn, "PyTorch": torch}

    def _factor_code(self):
        """The schedule as a function."""
        return FACTOR.format(self.settings.schedule, FACTORS[self.settings.schedule])

    def _data_code(self, targets="y", rows="y[:1048]"):
        """The lines that make the task, with these targets of the digits, and the start."""
        s = self.settings
        if s.task == DIGITS:
            return DIGITS_DATA.format(
                targets=targets,
                rows=rows,
                seed=s.seed,
                W1=initial_weights("xavier_normal", 64, HIDDEN),
                W2=initial_weights("xavier_normal", HIDDEN, 10),
            )
        start = DRAWN_START if s.seed else f"start = np.array({START})"
        return RAVINE_DATA.format(seed=s.seed, angle=RAVINES[s.task][0], start=start)


# ---------------------------------------------------------------- the plain script of Show code
FACTORS = {
    "constant": "1.0",
    "cosine": "0.5 * (1 + np.cos(np.pi * progress))",
    "step": "0.1 ** ((progress >= 0.5) + (progress >= 0.75))",
    "warmup_linear": "progress / 0.1 if progress < 0.1 else (1 - progress) / (1 - 0.1)",
}
DRAWN_START = "start = rng.uniform((0.7, 0.4), (1.3, 1.0)) * rng.choice([-1, 1], 2)"


def runner(name):
    """How the script makes a runner's step."""
    code = insert(OPTIMIZER_CODE[name].numpy, velocity="velocity[name]")
    return textwrap.indent(f'if name == "{name}":\n{textwrap.indent(code, "    ")}\n', 12 * " ")


RAVINE_DATA = """\

rng = np.random.default_rng({seed})
steepness, angle = np.array([0.02, 1.0]), np.radians({angle})
turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
{start}  # along the ravine, across it
start = [turn @ start]
"""
RAVINE_SCRIPT = """\
{data}

def gradients(params):
    (p,) = params
    return [2 * steepness * (p @ turn) @ turn.T{noise}]


def loss(params):
    (p,) = params
    return np.sum(steepness * (p @ turn) ** 2)
"""
DIGITS_DATA = """\
from nbhelpers.datasets import digits  # only reads the images; everything else is here

X, y = digits(dtype=np.float64)
order = np.random.default_rng(0).permutation(len(X))
X, y = X[order], y[order]
X, {targets}, X_val, y_val = X[:1048], {rows}, X[1048:1348], y[1048:1348]

rng = np.random.default_rng({seed})
W1 = {W1}
W2 = {W2}
start = [W1, W2, np.zeros(48), np.zeros(10)]
"""
DIGITS_SCRIPT = """\
{data}

def forward(X, W1, W2, b1, b2):
    A1 = np.tanh(X @ W1 + b1)
    Z2 = A1 @ W2 + b2
    Z2 -= Z2.max(axis=1, keepdims=True)
    return A1, Z2


def gradients(params):
    A1, Z2 = forward(X[rows], *params)
    E = np.exp(Z2)
    delta2 = (E / E.sum(axis=1, keepdims=True) - Y[rows]) / len(rows)
    delta1 = delta2 @ params[1].T * (1 - A1**2)
    return [X[rows].T @ delta1, A1.T @ delta2, delta1.sum(axis=0), delta2.sum(axis=0)]


def loss(params):
    Z2 = forward(X_val, *params)[1]
    return np.mean(np.log(np.exp(Z2).sum(axis=1)) - Z2[np.arange(len(Z2)), y_val])


order = []
"""
DIGITS_DRAW = """\
    if len(order) == 0:  # a new epoch
        order = rng.permutation(len(X))
    rows, order = order[:32], order[32:]
"""
FACTOR = """\
def factor(progress):  # the schedule: {}
    return {}
"""
SCRIPT = """\
import numpy as np
{task}
rates = {rates}
momentum, steps = {momentum!r}, {steps}
params = {{name: [p.copy() for p in start] for name in rates}}
velocity = {{name: [np.zeros_like(p) for p in start] for name in rates}}
{before}
np.seterr(all="ignore")  # whoever diverges doesn't stop the others


{factor}

for step in range(1, steps + 1):
{draw}    for name, rate in rates.items():
        learning_rate = rate * factor((step - 0.5) / {race})
        for i, (p, g) in enumerate(zip(params[name], gradients(params[name]))):
{runners}
losses = {{name: loss(params[name]) for name in rates}}
print(f"step {shown}, loss {{np.nanmin(list(losses.values())):.6g}}")
for name in losses:
    print(name, f"{{losses[name]:.6g}}")
"""


# ---------------------------------------------------------------- what is seen
LIMITS = (-1.7, 1.7)
DEPTHS = LinearSegmentedColormap.from_list("depths", ["#FFFFFF", "#E6EEF3", "#C9D9E3"])
LOSSES = dict.fromkeys(RAVINES, (1e-10, 10.0)) | {DIGITS: (0.03, 10.0)}  # limits of the axis
LOSSES["noisy ravine"] = (1e-6, 10.0)
DASHES = ((0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)), (0, (9, 4)))  # of kept runs


def pale(name, share):
    """So much of a runner's colour, mixed with white."""
    return tuple(1 - share + share * np.array(to_rgb(PALETTE[COLOURS[name]])))


class RacePicture(Picture):
    """The paths on the contours (or the wrong digits), the losses, the schedule."""

    def build(self):
        self.shown = None  # task, schedule and labels that the background shows
        ax = self.map = self.axes(48, 52, 286, 286)
        ax.set(xlim=LIMITS, ylim=LIMITS, xticks=[-1, 0, 1], yticks=[-1, 0, 1], xlabel="x")
        ax.set_ylabel("y", rotation=0, labelpad=0)
        ax.plot(0, 0, "+", color=PALETTE["ink"], ms=13, mew=2)
        self.filled = []
        self.map_title = ax.set_title("")
        self.paths = self.lines(ax, "-o", lw=1.3, ms=2.6)
        self.wrong = self.axes(48, 52, 286, 286)
        self.wrong.set(xlim=(0, RACE), ylim=(1, 130), yscale="log", xlabel="step")
        self.wrong.set(title="% of the 300 validation images wrong")
        self.wrong.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
        self.wrong.minorticks_off()
        self.wrong_lines = self.lines(self.wrong, "-", lw=2)

        ax = self.loss = self.axes(402, 52, 370, 286)
        ax.set(xlim=(0, RACE), yscale="log", xlabel="step")
        self.loss_title = ax.set_title("")
        self.kept_lines = [self.lines(ax, "-", 0.75, lw=1.3, dashes=dashes[1]) for dashes in DASHES]
        self.previous_lines = self.lines(ax, "-", 0.4, lw=1.5)
        self.loss_lines = self.lines(ax, "-", lw=2)
        self.loss_dots = self.lines(ax, "o", ms=6)
        self.dots = self.lines(self.map, "o", ms=9, mec="white")

        ax = self.schedule = self.axes(838, 52, 140, 96)
        ax.set(xlim=(0, RACE), ylim=(0, 1.12), xlabel="step", yticks=[0, 1])
        ax.set_title("learning rate ×", fontsize=11)
        (self.factors,) = ax.plot([], [], color=PALETTE["ink"], lw=1.6)
        self.now = self.line(ax, "o", color=PALETTE["ink"], ms=7, clip_on=False)

    def lines(self, ax, style, share=1.0, **look):
        """A line for each runner, in its colour or a paler one."""
        return {name: self.line(ax, style, color=pale(name, share), **look) for name in RUNNERS}

    def update(self, experiment, previous=None, kept=()):
        s = experiment.settings
        shown = s.task, s.schedule, tuple(run.label for run in kept)
        if shown != self.shown:
            self._stage(experiment, kept)
            self.shown = shown
        digits = s.task == DIGITS
        path = np.array(experiment.path)  # (steps + 1, 4, 2)
        path[~(np.abs(path) < 1e3)] = np.nan
        for i, name in enumerate(RUNNERS):
            curve = experiment.history[name]
            self.loss_lines[name].set_data(curve.steps, curve.values)
            self.loss_dots[name].set_data(*curve.last())
            self._show(self.previous_lines[name], previous, name, s.task)
            for old, run in zip(self.kept_lines, [*kept, *[None] * MOST_KEPT], strict=False):
                self._show(old[name], run, name, s.task)
            if digits:
                curve = experiment.history[f"wrong {name}"]
                self.wrong_lines[name].set_data(curve.steps, curve.values)
            else:
                self.paths[name].set_data(*path[:, i].T)
                self.dots[name].set_data(*path[-1:, i].T)
        step = max(experiment.steps, 1)
        self.now.set_data([step], [experiment.factor(step)])

    def _show(self, line, run, name, task):
        """A runner's losses in an earlier run, if that was in a ravine too, or on digits too."""
        same = run is not None and (run.settings.task == DIGITS) == (task == DIGITS)
        line.set_data(*((run.history[name].steps, run.history[name].values) if same else ([], [])))

    def _stage(self, experiment, kept):
        """What stays: contours, titles, limits, the schedule, the legend."""
        task, digits = experiment.settings.task, experiment.settings.task == DIGITS
        if self.shown is None or task != self.shown[0]:
            for artist in self.filled:
                artist.remove()
            self.filled = []
            parts = [self.wrong, *self.wrong_lines.values()]
            others = [self.map, *self.paths.values(), *self.dots.values()]
            for part in parts + others:
                part.set_visible(digits == (part in parts))
            self.loss_title.set_text("loss of the validation images" if digits else "loss")
            bottom, top = LOSSES[task]
            self.loss.set_ylim(bottom, top)
            self.loss.set_yticks(decades(bottom, top), minor=False)
            self.loss.minorticks_off()
            if not digits:
                self._contours(experiment)
        steps = np.arange(1, RACE + 1)
        self.factors.set_data(steps, [experiment.factor(step) for step in steps])
        self._legend([run.label for run in kept])
        self.refresh()

    def _contours(self, experiment):
        x, y = np.meshgrid(np.linspace(*LIMITS, 151), np.linspace(*LIMITS, 151))
        Z = experiment.task.heights(np.stack([x, y], axis=-1))
        options = {"levels": 2.2 * np.linspace(0, 1, 15) ** 2.4, "zorder": 0}
        self.filled = [
            self.map.contourf(x, y, Z, cmap=DEPTHS, extend="max", **options),
            self.map.contour(x, y, Z, colors="#9DB4C3", linewidths=0.7, **options),
        ]
        self.map_title.set_text(f"loss of the {experiment.settings.task}, from above")

    def _legend(self, labels):
        handles = lines(*((COLOURS[name], name) for name in RUNNERS), lw=2.4)
        handles += lines(("#BBBBBB", "previous run"), lw=1.5)
        for dashes, label in zip(DASHES, labels, strict=False):
            label = label if len(label) <= 16 else label[:15] + "…"
            handles.append(Line2D([], [], color=PALETTE["grey"], lw=1.5, ls=dashes, label=label))
        for old in list(self.figure.legends):
            old.remove()
        with own_style():
            self.figure.legend(
                handles=handles,
                loc="upper left",
                bbox_to_anchor=(786 / self.width, 352 / self.height),
                labelspacing=0.25,
            )


optimizers = playground(
    Race,
    RacePicture,
    name="optimizers",
    title="Race of the optimizers",
    steps=60,
    example="task=digits,schedule=cosine,steps=300",
    notebook="09",
    paces=(1, 5, 25, 100),
    pace=1,
    catch_up=0.400,
)
