"""The playground of notebook 08: a network learns small digits, and is watched while it does.

Training and validation digits are split as in notebook 08's program; with its default settings
the playground trains that program's network, from the same random numbers. The test digits are
not touched.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nbhelpers import datasets
from nbhelpers.initializers import SUITED
from nbhelpers.network import MLP
from nbhelpers.playgrounds.experiment import Curve, Experiment, Settings, choice, number, seed
from nbhelpers.playgrounds.mnist import (
    CELL,
    COLUMNS,
    INK,
    PAPER,
    ROWS,
    choose_wrong,
    label,
    unit_pictures,
    weight_sheet,
)
from nbhelpers.playgrounds.panel import Panel, short
from nbhelpers.playgrounds.picture import LossCurves, Picture, Surface, message
from nbhelpers.playgrounds.scripts import FUNCTION, FUNCTIONS, SLOPE
from nbhelpers.plots import PALETTE

TRAINING, VALIDATION = 1048, 300  # digits; the other 449 of the 1,797 are the test set
BATCH = 32
EPOCH = -(-TRAINING // BATCH)  # steps through all training digits
EVERY = EPOCH // 3  # steps between two points of a curve
PACES = (1, EVERY, EPOCH, 10 * EPOCH)
LARGEST = 1e30  # weights beyond it are as good as infinite: products of several would overflow
ZOOM = 7  # screen pixels for a pixel of a digit


@lru_cache(maxsize=4)
def data(seed):
    """The digits in the order that a seed gives: X, y to train on, X, y, sheets to validate.

    `sheets` are the validation digits as grey pixels (300, 56, 56). Returns the generator's state
    after shuffling, too.
    """
    rng = np.random.default_rng(seed)
    X, y = datasets.digits(dtype=np.float64)
    order = rng.permutation(len(X))[: TRAINING + VALIDATION]
    X, y = X[order], y[order]
    apart = X[TRAINING:]
    sheets = (PAPER - (PAPER - INK) * apart.reshape(-1, 8, 8)).astype(np.uint8)
    sheets = sheets.repeat(ZOOM, axis=1).repeat(ZOOM, axis=2)
    return X[:TRAINING], y[:TRAINING], apart, y[TRAINING:], sheets, rng.bit_generator.state


@dataclass(frozen=True)
class DigitsSettings(Settings):
    """What can be set in the playground of digits."""

    weight_decay: float = choice(
        0.001, [0.0, 0.0001, 0.001, 0.01, 0.1], label="weight decay", short="weight decay"
    )
    training_digits: int = choice(
        TRAINING, [100, 300, TRAINING], label="training digits", short="trained on"
    )
    learning_rate: float = number(0.3, 0.001, 10, log=True, short="rate")
    momentum: float = number(0.9, 0.0, 1.0)
    hidden: int = number(48, 1, 128, label="hidden units", short="hidden")
    activation: str = choice("tanh", ["tanh", "sigmoid", "relu", "leaky_relu", "elu"], short="")
    seed: int = seed()
    rate_decay: float = number(0.95, 0.5, 1.0, short="rate ×", show=False)  # after 33 steps


class Digits(Experiment):
    """A 64-h-10 network with softmax; a step is one mini-batch of 32.

    Attributes
    ----------
    net : MLP
    velocity : array (n_params,)
        What momentum remembers.
    lr : float
        The learning rate, as far as it has decayed.
    best : (int, float)
        The step at which most validation digits were read right, and their share. Looked at
        every 33 steps, which is an epoch of all training digits.
    """

    Settings = DigitsSettings
    most_steps = 20_000

    def build(self):
        s = self.settings
        X, y, self.X_validation, self.y_validation, self.sheets, state = data(s.seed)
        self.rng.bit_generator.state = state
        self.X, self.y = X[: s.training_digits], y[: s.training_digits]
        self.net = MLP(
            [64, s.hidden, 10],
            activation=s.activation,
            initializer=SUITED[s.activation],
            rng=self.rng,
            dtype=np.float64,
        )
        self.velocity, self.lr = np.zeros_like(self.net.params), s.learning_rate
        self.epoch_steps = -(-len(self.X) // BATCH)
        self._read, self.best = None, (0, 0.0)
        self.history["validation"] = Curve()
        self._record()

    def advance(self):
        s, net = self.settings, self.net
        place = (self.steps - 1) % self.epoch_steps * BATCH
        if place == 0:
            self.order = self.rng.permutation(len(self.X))
        rows = self.order[place : place + BATCH]
        net.backward(net.forward(self.X[rows], check=False), self.y[rows], check=False)
        self.velocity *= s.momentum
        self.velocity -= self.lr * (net.grads + s.weight_decay * net.params)
        net.params += self.velocity
        if self.steps % EPOCH == 0:
            self.lr *= s.rate_decay
        if not np.abs(net.params).max() < LARGEST:
            return self.record("loss", np.inf)
        return self._record() if self.steps % EVERY == 0 or self.steps < EVERY else None

    def _record(self):
        """Measure a point of each curve; returns the training loss."""
        self.record("validation", self.reading()[1])
        if self.steps % EPOCH == 0 and self.reading()[2] >= self.best[1]:
            self.best = self.steps, self.reading()[2]
        return self.record("loss", self.training()[0])

    def reading(self):
        """How the validation digits are read now: (answers, loss, share right)."""
        if self._read is None or self._read[0] != self.steps:
            with np.errstate(all="ignore"):
                A = self.net.forward(self.X_validation, check=False)
                loss = self.net.loss(A, self.y_validation, check=False)
            answers = A[-1].argmax(axis=1)
            self._read = self.steps, (answers, loss, float(np.mean(answers == self.y_validation)))
        return self._read[1]

    def training(self):
        """The loss on the training digits now, without any penalty, and the share right."""
        with np.errstate(all="ignore"):
            A = self.net.forward(self.X, check=False)
            return self.net.loss(A, self.y, check=False), self.net.accuracy(A[-1], self.y, False)

    @property
    def loss(self):
        """The training loss, now."""
        return float(self.history["loss"].last()[1][0]) if self.diverged else self.training()[0]

    def describe(self):
        _, loss, right = self.reading()
        step, best = self.best
        return (
            f"training: {100 * self.training()[1]:.1f} % right · "
            f"validation: loss {short(loss)}, {100 * right:.1f} % right "
            f"(best {100 * best:.1f} %, step {step:,})"
        )

    def advice(self):
        s = self.settings
        if s.learning_rate * s.weight_decay > 1:
            return "Try a smaller learning rate or less weight decay: their product is above 1."
        return "Try a smaller learning rate or less momentum."

    def code(self):
        s = self.settings
        return SCRIPT.format(
            **vars(s),
            n=len(self.X),
            start={"he_normal": "2 / s[0]", "xavier_normal": "2 / sum(s)"}[SUITED[s.activation]],
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            epoch_steps=self.epoch_steps,
            epoch=EPOCH,
            function=FUNCTION[s.activation],
            slope=SLOPE[s.activation],
        )


SCRIPT = (
    """\
import numpy as np

from nbhelpers.datasets import digits  # only reads them; everything else is here

rng = np.random.default_rng({seed})
X, y = digits(dtype=np.float64)
order = rng.permutation(len(X))
X, y = X[order], y[order]
X_val, y_val = X[1048:1348], y[1048:1348]
X, y = X[:{n}], y[:{n}]
Y = np.eye(10)[y]  # targets, one-hot


"""
    + FUNCTIONS
    + """

def forward(X):
    A1 = f(X @ W[0] + b[0])
    return A1, softmax(A1 @ W[1] + b[1])


W = [rng.standard_normal(s) * np.sqrt({start}) for s in [(64, {hidden}), ({hidden}, 10)]]
b = [np.zeros({hidden}), np.zeros(10)]
velocity = [np.zeros_like(p) for p in W + b]
lr, momentum, weight_decay = {learning_rate!r}, {momentum!r}, {weight_decay!r}

for step in range({steps}):
    start = step % {epoch_steps} * 32
    if start == 0:  # a new epoch: the examples in a new order
        order = rng.permutation(len(X))
    rows = order[start : start + 32]
    A1, A2 = forward(X[rows])
    delta2 = (A2 - Y[rows]) / len(rows)
    delta1 = delta2 @ W[1].T * slope(A1)
    grads = [X[rows].T @ delta1, A1.T @ delta2, delta1.sum(axis=0), delta2.sum(axis=0)]
    for p, g, v in zip(W + b, grads, velocity):
        v *= momentum
        v -= lr * (g + weight_decay * p)
        p += v
    if (step + 1) % {epoch} == 0:
        lr *= {rate_decay!r}  # learning-rate decay


def look(X, y):
    P = forward(X)[-1]
    loss = -np.log(np.maximum(P[np.arange(len(y)), y], 1e-300)).mean()
    return loss, 100 * np.mean(P.argmax(axis=1) == y)


loss, right = look(X, y)
print(f"step {shown_steps}, loss {{loss:.3g}}, {{right:.1f}} % of the training digits right")
loss, right = look(X_val, y_val)
print(f"validation: loss {{loss:.3g}}, {{right:.1f}} % right")
"""
)


# ---------------------------------------------------------------- the picture
EMPTY = 251  # grey level of a place that has no digit
STRONGEST = 0.8  # a weight that has the full colour


def digit_sheet(sheets, labels, places):
    """Misread digits with their labels: pixels (height, width, 4) of uint8."""
    width, height = CELL
    size = sheets.shape[1]
    sheet = np.full((ROWS * height, COLUMNS * width), 255, np.uint8)
    for k, row in enumerate(places):
        top, left = (k // COLUMNS) * height, (k % COLUMNS) * width
        sheet[top : top + size, left : left + size] = sheets[row] if row >= 0 else EMPTY
        if row >= 0:
            words = label(labels[row])
            sheet[top + size + 1 : top + size + 1 + len(words), left : left + width] = words
    return np.dstack([sheet, sheet, sheet, np.full_like(sheet, 255)])


class DigitsPicture(Picture):
    """Both losses, the validation digits that are misread, weights of hidden units."""

    QUALITY = 60  # many small images

    def __init__(self):
        super().__init__(width=1000, height=400)

    def build(self):
        ax = self.axes(62, 54, 236, 300)
        curves = {
            "validation": ("validation", PALETTE["vermilion"]),
            "loss": ("training", PALETTE["blue"]),
        }
        self.losses = LossCurves(
            self, ax, curves, ylim=(1e-3, 3.0), steps=2000, xlabel="step · ring: best so far"
        )
        (self.ring,) = ax.plot([], [], "o", ms=10, mfc="none", mec=PALETTE["ink"], mew=1.6)
        self.changing(self.ring)
        self.words = self.changing(message(ax))

        ax = self.axes(338, 54, COLUMNS * CELL[0], ROWS * CELL[1])
        ax.set_axis_off()
        self.digits = self.changing(Surface(ax))
        ax.add_artist(self.digits)
        title = f" of {VALIDATION} validation digits misread"
        self.figure.text(0.365, 366 / 400, title, fontsize=12)
        self.count = self.figure.text(0.365, 366 / 400, "", fontsize=12, ha="right")
        self.changing(self.count)
        words = f"up to {COLUMNS * ROWS} shown: what is read, and what it is"
        self.figure.text(0.338, 20 / 400, words)
        self.units = unit_pictures(self)

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)
        self.words.set_visible(experiment.diverged is not None)
        self.words.set_text(f"diverged at step {experiment.diverged}")
        curve = experiment.history["validation"]
        at = np.searchsorted(curve.steps, experiment.best[0])
        self.ring.set_data(curve.steps[at : at + 1], curve.values[at : at + 1])

        answers, _, _ = experiment.reading()
        y = experiment.y_validation
        wrong = answers != y
        labels = [f"{a}, is {t}" for a, t in zip(answers, y, strict=True)]
        places = choose_wrong(wrong, COLUMNS * ROWS)
        self.digits.pixels = digit_sheet(experiment.sheets, labels, places)[::-1]
        self.count.set_text(f"{wrong.sum()}")
        with np.errstate(all="ignore"):  # weights that have left the range are drawn grey
            self.units.pixels = weight_sheet(experiment.net.W[0], 8, ZOOM, STRONGEST)[::-1]


class DigitsPanel(Panel):
    """The engine's panel, with more time to train to the same step after a change."""

    CATCH_UP = 0.400

    def _build(self, paces, pace):
        super()._build(paces, pace)
        self.buttons["new_weights"].description = "New seed"  # another split of the digits, too


def digits(settings=None, steps=None):
    """The playground of small digits: learning rate, momentum, decay, hidden units, activation.

    Parameters
    ----------
    settings : str, optional
        A settings string to begin with, such as "momentum=0,learning_rate=1,steps=330".
    steps : int, optional
        How far to train before the first picture, if the string does not say; 40 epochs of 33
        steps if not given.

    Returns
    -------
    Panel

    Raises
    ------
    ValueError
        If the settings string is not right; it says what may be set.

    Notes
    -----
    Used in notebook 08.
    """
    title = "A network learns to read small digits"
    return DigitsPanel.opened(
        Digits, DigitsPicture(), settings, steps, 40 * EPOCH, title=title, paces=PACES, pace=EVERY
    )
