"""Notebook 01's network learns XOR: its playground, and a recorded training to look through.

Two inputs, one hidden layer, one output, no bias; all four examples in every step.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from nbhelpers.playgrounds.engine.code import COMMON
from nbhelpers.playgrounds.engine.figure import Figure
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.plane import (
    PlaneExperiment,
    PlanePicture,
    PlaneSettings,
    look_at,
    truth_table,
    xor_network,
)
from nbhelpers.playgrounds.engine.playground import figure, playground
from nbhelpers.playgrounds.engine.reader import whose
from nbhelpers.playgrounds.engine.recording import Recording, nearest
from nbhelpers.playgrounds.engine.settings import choice, number, seed
from nbhelpers.plots import PALETTE
from nbhelpers.time_limit import TimeLimit, TimeUp

SMALL = 0.1  # the error that the goal asks for


@dataclass(frozen=True)
class XorSettings(PlaneSettings):
    learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
    hidden: int = number(3, 1, 8, label="hidden units", short="hidden")
    activation: str = choice("sigmoid", COMMON, label="hidden activation", short="")
    output: str = choice("sigmoid", ["sigmoid", "linear"], label="output", short="out")
    weights: str = choice("uniform", ["uniform", "normal"], label="initial weights", short="")
    seed: int = seed()
    look: str = look_at()


class Xor(PlaneExperiment):
    """A 2-h-1 network without bias that is trained on the four rows of XOR's truth table."""

    Settings = XorSettings

    def data(self):
        return truth_table([0, 1, 1, 0])

    def network(self):
        s = self.settings
        self.weights = s.weights
        self.solved = None  # the first step at which every error is below 0.1
        return xor_network(self.rng, (2, s.hidden, 1), s.activation, s.output, s.weights)

    def advance(self):
        loss = super().advance()
        small = loss < len(self.X) / 2 * SMALL**2  # where it is not, one error is larger
        if self.solved is None and small and np.abs(self.A[-1] - self.Y).max() < SMALL:
            self.solved = self.steps
        return loss

    def goal(self):
        score = float("nan") if self.solved is None else self.solved
        words = f"every error below {SMALL} after 100 steps at most, and fewer are better"
        return Goal(words, score, target=100, lower=True, unit=" steps", at=self.solved)

    def advice(self):
        return "Try a smaller learning rate, or a sigmoid output."


xor = playground(
    Xor,
    PlanePicture,
    title="A network learns XOR",
    steps=0,
    example="learning_rate=0.5,hidden=2,steps=1000",
    notebook="01",
)


# ---------------------------------------------------------------- a recorded training
LAST, MOMENTS = 10_000, 121
SECONDS = 60  # that a training by the reader's function may take


class ByHand(Xor):
    """The same training, each step made by a function of (X, Y, W1, W2, lr)."""

    def update(self):
        W = self.net.W
        given = (array.copy() for array in (self.X, self.Y, *W))  # which it may change
        new = self.one_step(*given, self.settings.learning_rate)
        for w, its in zip(W, new, strict=True):
            if np.shape(its) != w.shape:
                raise ValueError(f"weights of shape {w.shape} became {np.shape(its)}")
            w[...] = its


@lru_cache(maxsize=8)
def recording(hidden, number, one_step=None):
    """The whole training of such a network, from the start of a seed, at learning rate 1.

    With it comes what is to be said of the function that makes the steps; where that one fails or
    takes too long, the training is ours.
    """
    settings = XorSettings(hidden=hidden, seed=number)
    words = ""
    if one_step is not None:
        words = f"{whose(one_step)} one_step"
        run = ByHand(settings)
        run.one_step = one_step
        try:
            return TimeLimit(SECONDS).call(Recording, run, LAST, MOMENTS), f"steps by {words}"
        except TimeUp:
            words += f" needs more than {SECONDS} s for {LAST:,} steps; these are ours"
        except Exception as error:  # it is the reader's
            words += f" stopped at step {run.steps + 1:,} ({error!r:.80}); these are ours"
    return Recording(Xor(settings), LAST, MOMENTS), words


@lru_cache(maxsize=8)
def first_right(hidden, number, one_step=None):
    """The first moment with all four answers right, or None."""
    run, _ = recording(hidden, number, one_step)
    return next((k for k in range(len(run)) if run.at(k).right().all()), None)


@dataclass(frozen=True)
class XorRecorded(PlaneSettings):
    """A training of 10,000 steps, recorded: move through its time and watch it learn."""

    moment: int = number(0, 0, MOMENTS - 1, label="moment")
    hidden: int = number(3, 1, 8, label="hidden units")
    seed: int = seed()
    look: str = look_at()

    one_step = None  # the reader's function, if its training is shown

    def recorded(self):
        """The training, and what is to be said of the function that makes its steps."""
        return recording(self.hidden, self.seed, self.one_step)

    def experiment(self):
        """The network at this moment."""
        then = self.recorded()[0].at(self.moment)
        then.look(look=self.look)
        return then

    def summary(self):
        e, said = self.experiment(), self.recorded()[1]
        words = f"step {e.steps:,}", f"loss {e.total_loss():.4f}", e.describe(), said
        return " \u00b7 ".join(filter(None, words))

    def goal(self):
        e, first = self.experiment(), first_right(self.hidden, self.seed, self.one_step)
        score = e.steps if e.right().all() else float("nan")
        target = self.recorded()[0].steps[first] if first is not None else -1
        size = f"{self.hidden} hidden unit{'s' * (self.hidden > 1)}"
        words = f"the earliest moment with all four right ({size}, seed {self.seed})"
        return Goal(words, score, target, lower=True, unit=" steps")

    def waiting(self, before):
        same = self.hidden == before.hidden and self.seed == before.seed
        return "" if same else f"{LAST:,} steps are made \u2026"

    def handles(self):
        e = self.experiment()
        return {"moment": (max(e.steps, 1), e.total_loss())}

    def drag(self, name, x, y):
        return replace(self, moment=nearest(self.recorded()[0].steps, x))


class WholeLoss:
    """The loss of a recorded training up to a moment, on two logarithmic axes."""

    def __init__(self, picture, ax):
        ax.set(xscale="log", yscale="log", xlim=(1, LAST), ylim=(1e-4, 2))
        ax.set(xlabel="step", title="loss of all 10,000 steps")
        self.ax = ax
        self.curve = picture.line(ax, color=PALETTE["blue"], lw=2.4)
        self.now = picture.line(ax, "o", color=PALETTE["ink"], ms=10)
        self.first = picture.changing(ax.text(1.6, 0.85, "drag the dot \u2192", va="center"))

    def update(self, experiment, previous, kept):
        self.first.set_visible(not experiment.steps)
        loss = experiment.history["loss"]
        self.curve.set_data(
            *(values[1 : experiment.steps + 1] for values in (loss.steps, loss.values))
        )
        self.now.set_data([max(experiment.steps, 1)], [loss.values[experiment.steps]])


class XorRecordedPicture(PlanePicture):
    """The playground's picture at a moment of a recorded training."""

    def _build_losses(self):
        self.losses = WholeLoss(self, self.axes(738, 52, 236, 276))

    def pointed(self, name):
        return self.losses.ax

    def update(self, settings):
        super().update(settings.experiment())


class RecordedFigure(Figure):
    """With `one_step`, the training that this function of (X, Y, W1, W2, lr) makes."""

    def __init__(self, state, *args, one_step=None, **options):
        if one_step is not None:
            kind = type(state)
            own = type(kind.__name__, (kind,), {"one_step": staticmethod(one_step)})
            state = own(**vars(state))
        super().__init__(state, *args, **options)


xor_recorded = figure(
    XorRecorded,
    XorRecordedPicture,
    RecordedFigure,
    title="A training of XOR, recorded",
    example="moment=80,hidden=2",
    notebook="01",
)
