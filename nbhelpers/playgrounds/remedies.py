"""The playground of notebook 11: a network learns a few images by heart; what helps against it?

The images to learn from are drawn from the first 55,000 of MNIST's training images; 1,000 of the
last 5,000 say how well the network reads others. The test set is not touched.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nbhelpers import warps
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.playgrounds.engine.curves import lines
from nbhelpers.playgrounds.engine.digit_picture import (
    SIZE,
    DigitPicture,
    TwoCurves,
    TwoLosses,
    grey,
    opaque,
)
from nbhelpers.playgrounds.engine.mnist_experiment import MnistExperiment, data
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed

BATCH = 50  # images a step
EVERY = 20  # steps between two points of a curve
SHOWN = 12  # images of the last batch that are shown


@lru_cache(maxsize=2)
def chosen(seed, images):
    """The images to learn from that a seed draws: X, y, and the generator's state after it."""
    X, y, _, _ = data()
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(X))[:images]
    return X[rows], y[rows], rng.bit_generator.state


@dataclass(frozen=True)
class RemediesSettings(Settings):
    images: int = choice(
        1000, [100, 200, 500, 1000, 2000, 5000], label="images to learn from", short="images"
    )
    learning_rate: float = number(0.002, 0.0001, 1, log=True, short="rate")
    hidden: int = number(128, 16, 512, label="hidden units", short="hidden")
    l2: float = number(0.0, 0.0, 0.02, label="L2 penalty", short="L2")
    dropout: float = number(0.0, 0.0, 0.8)
    shift: int = number(0, 0, 4, label="shift by pixels", short="shift")
    warp: float = number(0.0, 0.0, 2.0, label="warp (1: 15 degrees)", short="warp")
    seed: int = seed()


class Remedies(MnistExperiment):
    """A 784-h-10 network that learns a few images; a step is one mini-batch of 50 of them.

    `drawn` and `seen` (12, 784) are images of the last batch: as they are, and moved as the network
    got them.
    """

    Settings = RemediesSettings
    most_steps = 20_000
    cure = "take less of the remedies, or another rate"

    def build(self):
        s = self.settings
        self.X, self.y, self.rng.bit_generator.state = chosen(s.seed, s.images)
        self.net = MLP([784, s.hidden, 10], dropout=s.dropout, l2=s.l2, rng=self.rng)
        self.optimizer, self.batch_size = Adam(s.learning_rate), BATCH
        self.drawn = self.seen = self.X[:SHOWN]
        self.start(first=BATCH, every=EVERY)

    def moved(self, X):
        s, self.drawn = self.settings, X[:SHOWN]
        if s.shift:
            X = warps.random_shift(X, self.rng, s.shift)
        if s.warp:
            X = warps.random_affine(X, self.rng, *strength(s.warp))
        self.seen = X[:SHOWN]
        return X

    def best(self):
        steps, wrong = self.history["wrong"].steps, self.history["wrong"].values
        best = int(np.argmin(wrong))
        if 1 - wrong[best] > self.reading()[2]:
            return f", best {100 * (1 - wrong[best]):.1f} % at step {steps[best]:,}"
        return ""

    def code(self):
        return self.script(*self._parts())

    def other_code(self):
        return self.other_scripts(*self._parts())

    def _parts(self):
        s = self.settings
        moves = {"random_shift": [s.shift] * (s.shift > 0)}
        moves["random_affine"] = strength(s.warp) if s.warp else ()
        moves = {name: map(repr, numbers) for name, numbers in moves.items() if numbers}
        names = ", ".join(sorted(moves))
        return (
            f"rng.permutation(55_000)[:{s.images}]",
            "Adam",
            f"\nfrom nbhelpers.warps import {names}  # as in notebook 11" if moves else "",
            [f"X_batch = {name}(X_batch, rng, {', '.join(n)})" for name, n in moves.items()],
        )


def strength(warp):
    """The largest turn, stretch, slant and move of a warp of this strength; 1 is the usual one."""
    return 15.0 * warp, 0.15 * warp, 0.15 * warp, 2.0 * warp


# ---------------------------------------------------------------- the picture
class Losses(TwoLosses):
    """The loss; its legend names the two curves."""

    def __init__(self, picture, ax):
        super().__init__(picture, ax, ylim=(0.001, 10.0), floor=0.001, shortest=500)

    def legend_needs(self, experiment, labels):
        return ()

    def legend(self):
        self.ax.legend(
            handles=lines(("blue", "training"), ("vermilion", "validation"), lw=2.2),
            loc="lower right",
            bbox_to_anchor=(1.02, 0.99),
            ncols=2,
            borderpad=0,
            columnspacing=1,
            handlelength=1.2,
        )


class Mistakes(TwoCurves):
    """The share of images that are misread; its legend names the earlier runs."""

    SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

    def __init__(self, picture, ax):
        names = "train_wrong", "wrong"
        super().__init__(picture, ax, *names, ylim=(0.008, 1.0), floor=0.008, shortest=500)
        ax.set(title="misread", xlabel="step")
        ax.set_yticks(self.SHARES, [f"{100 * share:.0f} %" for share in self.SHARES])
        ax.minorticks_off()

    def legend(self, labels):
        handles = self.earlier + lines(*self.kept_entries(labels, 30, 6.8))
        if not handles:
            return
        self.ax.legend(
            handles=handles,
            loc="upper right",
            fontsize=10,
            labelspacing=0.15,
            borderpad=0.1,
            frameon=True,
            facecolor="white",
            edgecolor="none",
        )


COLUMNS, CELL = 6, 60  # images in a row, pixels from one to the next
BETWEEN = 24  # pixels between two pairs of rows
HEIGHT = SHOWN // COLUMNS * (2 * CELL + BETWEEN) - BETWEEN


def pair_sheet(drawn, seen):
    """Images as they are, and as they were seen below each: pixels (height, width, 4) of uint8."""
    sheet = np.full((HEIGHT, COLUMNS * CELL), 255, np.uint8)
    for row, images in enumerate((drawn, seen)):
        for k, image in enumerate(grey(images)):
            top = (k // COLUMNS) * (2 * CELL + BETWEEN) + row * CELL
            left = (k % COLUMNS) * CELL
            sheet[top : top + SIZE, left : left + SIZE] = image
    return opaque(sheet)


class RemediesPicture(DigitPicture):
    """Curves, a few images as they are and as the network sees them, weights of hidden units."""

    def build(self):
        self.losses = Losses(self, self.axes(60, 252, 250, 92))
        self.mistakes = Mistakes(self, self.axes(60, 50, 250, 168))
        self.images = self.surface(348, 350 - HEIGHT, COLUMNS * CELL, HEIGHT)
        self.words(348, "some images of the last step", fontsize=12)
        self.words(348, "above: as it is, below: as the network sees it")
        self.build_units()

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)
        self.mistakes.update(experiment, previous, kept)
        self.images.pixels = pair_sheet(experiment.drawn, experiment.seen)[::-1]
        self.show_units(experiment.net.W[0])


remedies = playground(
    Remedies,
    RemediesPicture,
    title="A network learns images by heart, or learns to read",
    steps=600,
    example="images=200,dropout=0.5",
    notebook="11",
    pace=10,
)
