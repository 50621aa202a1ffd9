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
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.code import HIDDEN, functions, initial_weights
from nbhelpers.playgrounds.engine.curves import LossCurves
from nbhelpers.playgrounds.engine.digit_picture import COLUMNS, ROWS, DigitPicture
from nbhelpers.playgrounds.engine.experiment import Experiment, Series, once_a_step
from nbhelpers.playgrounds.engine.panel import short
from nbhelpers.playgrounds.engine.picture import message
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import Recipe
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALETTE

TRAINING, VALIDATION = 1048, 300  # digits; the other 449 of the 1,797 are the test set
BATCH = 32
EPOCH = -(-TRAINING // BATCH)  # steps through all training digits
EVERY = EPOCH // 3  # steps between two points of a curve
LARGEST = 1e30  # weights beyond it are as good as infinite: products of several would overflow


@lru_cache(maxsize=4)
def data(seed):
    """The digits in a seed's order: X, y to train on, X, y to validate, the generator's state."""
    rng = np.random.default_rng(seed)
    X, y = datasets.digits(dtype=np.float64)
    order = rng.permutation(len(X))[: TRAINING + VALIDATION]
    X, y = X[order], y[order]
    return X[:TRAINING], y[:TRAINING], X[TRAINING:], y[TRAINING:], rng.bit_generator.state


@dataclass(frozen=True)
class DigitsSettings(Settings):
    weight_decay: float = choice(
        0.001, [0.0, 0.0001, 0.001, 0.01, 0.1], label="weight decay", short="weight decay"
    )
    training_digits: int = choice(
        TRAINING, [100, 300, TRAINING], label="training digits", short="trained on"
    )
    learning_rate: float = number(0.3, 0.001, 10, log=True, short="rate")
    momentum: float = number(0.9, 0.0, 1.0)
    hidden: int = number(48, 1, 128, label="hidden units", short="hidden")
    activation: str = choice("tanh", HIDDEN, short="")
    seed: int = seed()
    rate_decay: float = number(0.95, 0.5, 1.0, short="rate ×", show=False)  # after 33 steps


class Digits(Experiment):
    """A 64-h-10 network with softmax; a step is one mini-batch of 32.

    `best` is the step at which most validation digits were read right, and their share: looked at
    every 33 steps, which is an epoch of all training digits.
    """

    Settings = DigitsSettings
    most_steps = 20_000

    def build(self):
        s = self.settings
        X, y, self.X_validation, self.y_validation, state = data(s.seed)
        self.rng.bit_generator.state = state
        self.X, self.y = X[: s.training_digits], y[: s.training_digits]
        self.net = MLP(
            [64, s.hidden, 10],
            activation=s.activation,
            initializer=SUITED[s.activation],
            rng=self.rng,
            dtype=np.float64,
        )
        self.optimizer = SGD(s.learning_rate)
        self.optimizer.momentum = s.momentum  # may be 1, which SGD(...) refuses: to be tried here
        self.epoch_steps = -(-len(self.X) // BATCH)
        self.best = 0, 0.0
        self.history["validation"] = Series()
        self._record()

    def advance(self):
        s, net = self.settings, self.net
        place = (self.steps - 1) % self.epoch_steps * BATCH
        if place == 0:
            self.order = self.rng.permutation(len(self.X))
        rows = self.order[place : place + BATCH]
        net.backward(net.forward(self.X[rows], check=False), self.y[rows], check=False)
        # notebook 08's weight decay goes through the gradient, and shrinks biases, too
        self.optimizer.step(net.params, net.grads + s.weight_decay * net.params)
        if self.steps % EPOCH == 0:
            self.optimizer.lr *= s.rate_decay
        if not np.abs(net.params).max() < LARGEST:
            return self.record("loss", np.inf)
        return self._record() if self.steps % EVERY == 0 or self.steps < EVERY else None

    def _record(self):
        """Measure a point of each curve; returns the training loss."""
        self.record("validation", self.reading()[1])
        if self.steps % EPOCH == 0 and self.reading()[2] >= self.best[1]:
            self.best = self.steps, self.reading()[2]
        return self.record("loss", self.training()[0])

    @once_a_step
    def reading(self):
        """How the validation digits are read now: (answers, loss, share right)."""
        A = self.net.forward(self.X_validation, check=False)
        answers = A[-1].argmax(axis=1)
        loss = self.net.loss(A, self.y_validation, check=False)
        return answers, loss, float(np.mean(answers == self.y_validation))

    @once_a_step
    def training(self):
        """The loss on the training digits now, without any penalty, and the share right."""
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
            data=DATA.format(seed=s.seed, n=len(self.X)),
            start=initial_weights(SUITED[s.activation]),
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            epoch_steps=self.epoch_steps,
            epoch=EPOCH,
            functions=functions(s.activation),
        )

    def other_code(self):
        s = self.settings
        recipe = Recipe(
            data=DATA.format(seed=s.seed, n=len(self.X)),
            sizes=self.net.sizes,
            activation=s.activation,
            weights=initial_weights(SUITED[s.activation]),
            learning_rate=s.learning_rate,
            optimizer="momentum" if s.momentum else "SGD",
            momentum=s.momentum,
            weight_decay=s.weight_decay,
            decay=None if s.rate_decay == 1 else (s.rate_decay, EPOCH),
            n=len(self.X),
            batch=BATCH,
            steps=self.steps,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


DATA = """\
from nbhelpers.datasets import digits  # only reads them; everything else is here

rng = np.random.default_rng({seed})
X, y = digits(dtype=np.float64)
order = rng.permutation(len(X))
X, y = X[order], y[order]
X_val, y_val = X[1048:1348], y[1048:1348]
X, y = X[:{n}], y[:{n}]
"""
SCRIPT = """\
import numpy as np

{data}Y = np.eye(10)[y]  # targets, one-hot


{functions}

def forward(X):
    A1 = f(X @ W[0] + b[0])
    return A1, softmax(A1 @ W[1] + b[1])


W = [{start} for n_in, n_out in [(64, {hidden}), ({hidden}, 10)]]
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


# ---------------------------------------------------------------- the picture
class DigitsPicture(DigitPicture):
    """Both losses, the validation digits that are misread, weights of hidden units."""

    strongest = 0.8

    def build(self):
        ax = self.axes(62, 54, 236, 300)
        curves = {
            "validation": ("validation", PALETTE["vermilion"]),
            "loss": ("training", PALETTE["blue"]),
        }
        self.losses = LossCurves(
            self, ax, curves, ylim=(1e-3, 3.0), steps=2000, xlabel="step · ring: best so far"
        )
        self.ring = self.line(ax, "o", ms=10, mfc="none", mec=PALETTE["ink"], mew=1.6)
        self.diverged = self.changing(message(ax))
        self.build_misread(54)
        self.words(365, f" of {VALIDATION} validation digits misread", fontsize=12)
        self.count = self.changing(self.words(365, "", fontsize=12, ha="right"))
        self.words(338, f"up to {COLUMNS * ROWS} shown: what is read, and what it is")
        self.build_units()

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)
        self.tell(self.diverged, experiment)
        curve = experiment.history["validation"]
        at = np.searchsorted(curve.steps, experiment.best[0])
        self.ring.set_data(curve.steps[at : at + 1], curve.values[at : at + 1])
        answers, X, y = experiment.reading()[0], experiment.X_validation, experiment.y_validation
        self.count.set_text(f"{self.show_misread(X, answers, y, empty=251)[0]}")
        self.show_units(experiment.net.W[0])


digits = playground(
    Digits,
    DigitsPicture,
    title="A network learns to read small digits",
    steps=40 * EPOCH,
    example="momentum=0,learning_rate=1,steps=330",
    notebook="08",
    paces=(1, EVERY, EPOCH, 10 * EPOCH),
    pace=EVERY,
    catch_up=0.400,
    new="New seed",  # another split of the digits, too
)
