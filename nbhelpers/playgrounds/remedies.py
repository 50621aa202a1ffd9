"""The playground of notebook 11: a network learns a few images by heart; what helps against it?

The images to learn from are drawn from the first 55,000 of MNIST's training images; 1,000 of the
last 5,000 say how well the network reads others. The test set is not touched.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from nbhelpers import warps
from nbhelpers.network import MLP
from nbhelpers.optimizers import Adam
from nbhelpers.playgrounds.experiment import Experiment, Settings, choice, number, seed
from nbhelpers.playgrounds.mnist import (
    INK,
    OPTIMIZER_CODE,
    PAPER,
    ZOOM,
    TwoCurves,
    data,
    unit_pictures,
    weight_sheet,
)
from nbhelpers.playgrounds.panel import Panel, short
from nbhelpers.playgrounds.picture import (
    PREVIOUS,
    Picture,
    Surface,
    decades,
    nice_ceiling,
)
from nbhelpers.plots import PALETTE, own_style
from nbhelpers.training import overflow_allowed, train_step

BATCH = 50  # images a step
SAMPLE = 1_000  # validation images that are read for every picture
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
    """What can be set in the playground of remedies."""

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


class Remedies(Experiment):
    """A 784-h-10 network that learns a few images; a step is one mini-batch of 50 of them.

    Attributes
    ----------
    net : MLP
    X, y : ndarrays
        The images it learns from, and their classes.
    drawn, seen : ndarrays (12, 784)
        Images of the last batch: as they are, and moved as the network got them.
    """

    Settings = RemediesSettings
    most_steps = 20_000

    def __init__(self, settings=None):
        _, _, self.X_validation, self.y_validation = data()
        super().__init__(settings)

    def build(self):
        s = self.settings
        self.X, self.y, self.rng.bit_generator.state = chosen(s.seed, s.images)
        self.net = MLP([784, s.hidden, 10], dropout=s.dropout, l2=s.l2, rng=self.rng)
        self.optimizer = Adam(s.learning_rate)
        self.place = s.images
        self.drawn = self.seen = self.X[:SHOWN]
        self._read = None
        self._since = np.zeros(3)  # images, sum of losses, right answers since the last point
        A, y = self.net.forward(self.X[:BATCH], check=False), self.y[:BATCH]
        self._record(self.net.loss(A, y) - self.penalty(), self.net.accuracy(A[-1], y))

    def advance(self):
        s = self.settings
        if self.place >= s.images:
            self.order, self.place = self.rng.permutation(s.images), 0
        rows = self.order[self.place : self.place + BATCH]
        self.place += BATCH
        X = self.X[rows]
        self.drawn = X[:SHOWN]
        if s.shift:
            X = warps.random_shift(X, self.rng, s.shift)
        if s.warp:
            X = warps.random_affine(X, self.rng, *strength(s.warp))
        self.seen = X[:SHOWN]
        penalty = self.penalty()  # before the step, as the loss
        with overflow_allowed():
            loss, right = train_step(self.net, X, self.y[rows], self.optimizer)
        self._since += len(rows) * np.array([1, loss - penalty, right])
        if not np.isfinite(loss) or self.steps % EVERY == 0:
            count, losses, rights = self._since
            self._since = np.zeros(3)
            self._record(losses / count, rights / count)
        return loss

    def _record(self, loss, right):
        _, validation, read = self.reading()
        self.record("loss", loss)
        self.record("train_wrong", 1 - right)
        self.record("validation", validation)
        self.record("wrong", 1 - read)

    def penalty(self):
        """How much of the training loss is the L2 penalty, which no curve shows."""
        weights = self.net.params[: self.net.n_weights]
        return 0.5 * self.net.l2 * float(weights @ weights) if self.net.l2 else 0.0

    def reading(self):
        """How the network reads the first 1,000 validation images now: (A, loss, share right)."""
        if self._read is None or self._read[0] != self.steps:
            X, y = self.X_validation[:SAMPLE], self.y_validation[:SAMPLE]
            with np.errstate(all="ignore"):
                A = self.net.forward(X, check=False)
                loss = self.net.loss_function.value(A[-1], y)  # without the L2 penalty
                self._read = self.steps, (A, loss, self.net.accuracy(A[-1], y))
        return self._read[1]

    def dead(self):
        """How many hidden units are 0 for every one of the 1,000 images."""
        return int((self.reading()[0][1] <= 0).all(axis=0).sum())

    def describe(self):
        _, loss, right = self.reading()
        words = f"validation: loss {short(loss)}, {100 * right:.1f} % of {SAMPLE:,} right"
        steps, wrong = self.history["wrong"].steps, self.history["wrong"].values
        best = int(np.argmin(wrong))
        if 1 - wrong[best] > right:
            words += f", best {100 * (1 - wrong[best]):.1f} % at step {steps[best]:,}"
        dead = self.dead()
        if dead > self.settings.hidden // 2:
            words += (
                f" · {dead} of {self.settings.hidden} hidden units are dead (always 0): "
                "lower the learning rate"
            )
        elif right < 0.2 and self.steps >= 200:
            words += " · hardly better than guessing: take less of the remedies, or another rate"
        return words

    def code(self):
        return script(self.settings, self.steps)


def strength(warp):
    """The largest turn, stretch, slant and move of a warp of this strength; 1 is the usual one."""
    return 15.0 * warp, 0.15 * warp, 0.15 * warp, 2.0 * warp


# ---------------------------------------------------------------- the plain script of Show code
SCRIPT = """import numpy as np
from threadpoolctl import threadpool_limits

from nbhelpers.datasets import mnist  # only reads the files
{imports}
threadpool_limits(1, "blas")  # in one thread, as in the panel: sums are added up in one order

(X, y), _ = mnist()  # X: (60000, 784) from 0 to 1; y: digits
X_validation, y_validation = X[55_000:56_000], y[55_000:56_000]

learning_rate, batch_size, steps = {learning_rate!r}, {batch_size}, {steps}
images, hidden = {images}, {hidden}
{numbers}rng = np.random.default_rng({seed})
rows = rng.permutation(55_000)[:images]  # the images to learn from
X, y = X[rows], y[rows]
sizes = [784, hidden, 10]
W, b = [], []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    W.append((rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)).astype(np.float32))
    b.append(np.zeros(n_out, np.float32))
params = W + b
{state}


def forward(X):
    A1 = np.maximum(X @ W[0] + b[0], 0)
    Z = A1 @ W[1] + b[1]
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return A1, E / E.sum(axis=1, keepdims=True)


place = images
for step in range(1, steps + 1):
    if place >= images:  # a new epoch: shuffle
        order, place = rng.permutation(images), 0
    rows = order[place : place + batch_size]
    place += batch_size

    {batch}
    {forward}
    delta = P.copy()
    delta[np.arange(len(rows)), y[rows]] -= 1
    delta /= len(rows)
    dW2, db2 = {dW2}, delta.sum(axis=0)
    delta = (delta @ W[1].T) * {slope}
    dW1, db1 = {dW1}, delta.sum(axis=0)

    for i, (p, g) in enumerate(zip(params, [dW1, dW2, db1, db2])):
        {update}

_, P = forward(X_validation)
p = np.maximum(P[np.arange(len(P)), y_validation], np.finfo(np.float32).tiny)
loss = -np.log(p).sum() / len(p)
right = np.mean(P.argmax(axis=1) == y_validation)
print(f"step {{steps:,}}, validation: loss {{loss:.3g}}, {{100 * right:.1f}} % of 1,000 right")
"""
DROPOUT = """A1, _ = forward(X_batch)
    kept = rng.random(A1.shape, dtype=np.float32) >= dropout  # dropout: a new mask for each step
    mask = kept * np.float32(1 / (1 - dropout))
    A1 *= mask
    Z = A1 @ W[1] + b[1]
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)"""


def script(s, steps):
    """The script for settings `s` that makes `steps` steps."""
    moves = {"random_affine": s.warp, "random_shift": s.shift}
    names = ", ".join(name for name, used in moves.items() if used)
    numbers = [f"{name} = {getattr(s, name)!r}\n" for name in ("l2", "dropout") if getattr(s, name)]
    batch = ["X_batch = X[rows]"]
    if s.shift:
        batch.append(f"X_batch = random_shift(X_batch, rng, {s.shift})")
    if s.warp:
        batch.append(
            f"X_batch = random_affine(X_batch, rng, {', '.join(map(repr, strength(s.warp)))})"
        )
    state, update = OPTIMIZER_CODE["Adam"]
    return SCRIPT.format(
        imports=f"from nbhelpers.warps import {names}  # as in notebook 11\n" if names else "",
        learning_rate=s.learning_rate,
        batch_size=BATCH,
        steps=steps,
        images=s.images,
        hidden=s.hidden,
        numbers="".join(numbers),
        seed=s.seed,
        state=state,
        batch="\n    ".join(batch),
        forward=DROPOUT if s.dropout else "A1, P = forward(X_batch)",
        slope="(A1 > 0) * mask" if s.dropout else "(A1 > 0)",
        dW1="X_batch.T @ delta" + " + l2 * W[0]" * bool(s.l2),
        dW2="A1.T @ delta" + " + l2 * W[1]" * bool(s.l2),
        update=update,
    )


# ---------------------------------------------------------------- the picture
class StepCurves(TwoCurves):
    """Against steps; a peak raises the top of `ylim`, a hundredfold at a time."""

    SHORTEST = 500  # steps

    def __init__(self, picture, ax, training, validation, ylim):
        super().__init__(picture, ax, training, validation, floor=ylim[0])
        self.ylim, self.labels = ylim, None
        ax.set(ylim=ylim)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter(lambda value, position: f"{value:,.0f}")
        self.level = picture.seldom(ax.xaxis, ax.yaxis)

    def background(self, experiment, previous, kept):
        self._limits([experiment, *kept, *([previous] if previous else [])])
        labels = [run.label for run in kept]
        if labels != self.labels:
            self.labels = labels
            with own_style():
                self.legend(labels)
            self.picture.refresh()

    def _limits(self, runs):
        longest = max([run.steps for run in runs] + [self.SHORTEST])
        values = np.concatenate(
            [run.history[name].sample()[1] for run in runs for name in self.names]
        )
        peak, top = values[np.isfinite(values)].max(), self.ylim[1]
        while top < min(peak, 1e12):
            top *= 100
        if (nice_ceiling(longest), top) != self.shown:
            self.shown = nice_ceiling(longest), top
            self.ax.set(xlim=(0, self.shown[0]), ylim=(self.ylim[0], top))
            self.ticks(top)
            self.picture.refresh(self.level)

    def ticks(self, top):
        """Put ticks on the vertical axis, which ends at `top`."""


class Losses(StepCurves):
    """The loss; its legend names the two curves."""

    def __init__(self, picture, ax):
        super().__init__(picture, ax, "loss", "validation", ylim=(0.001, 10.0))
        ax.set(title="loss")
        ax.tick_params(labelbottom=False)  # the same steps as below
        ax.yaxis.set_major_formatter("{x:g}")

    def ticks(self, top):
        self.ax.yaxis.set_major_locator(FixedLocator(decades(self.ylim[0], top)))
        self.ax.yaxis.set_minor_locator(NullLocator())

    def legend(self, labels):
        if self.ax.get_legend() is not None:
            return
        names = ("training", "blue"), ("validation", "vermilion")
        lines = [Line2D([], [], color=PALETTE[c], lw=2.2, label=name) for name, c in names]
        self.ax.legend(
            handles=lines,
            loc="lower right",
            bbox_to_anchor=(1.02, 0.99),
            ncols=2,
            borderpad=0,
            columnspacing=1,
            handlelength=1.2,
        )


class Mistakes(StepCurves):
    """The share of images that are misread; its legend names the earlier runs."""

    SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

    def __init__(self, picture, ax):
        super().__init__(picture, ax, "train_wrong", "wrong", ylim=(0.008, 1.0))
        ax.set(title="misread", xlabel="step")
        ax.set_yticks(self.SHARES, [f"{100 * share:.0f} %" for share in self.SHARES])
        ax.minorticks_off()

    def legend(self, labels):
        if self.ax.get_legend() is not None:
            self.ax.get_legend().remove()
        colours = [PALETTE[name] for name in self.KEPT_COLOURS]
        room = int((self.ax.bbox.width - 30) / 6.8)  # letters
        labels = [words if len(words) <= room else words[: room - 1] + "…" for words in labels]
        entries = [(PREVIOUS, "previous run"), *zip(colours, labels, strict=False)]
        lines = [Line2D([], [], color=c, lw=1.6, label=words) for c, words in entries]
        self.ax.legend(
            handles=lines,
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


def pair_sheet(drawn, seen):
    """Images as they are, and as they were seen below each: pixels (height, width, 4) of uint8."""
    pairs, size = SHOWN // COLUMNS, 28 * ZOOM
    sheet = np.full((pairs * (2 * CELL + BETWEEN) - BETWEEN, COLUMNS * CELL), 255, np.uint8)
    for row, images in enumerate((drawn, seen)):
        grey = (PAPER - (PAPER - INK) * images.reshape(-1, 28, 28)).astype(np.uint8)
        for k, image in enumerate(grey):
            top = (k // COLUMNS) * (2 * CELL + BETWEEN) + row * CELL
            left = (k % COLUMNS) * CELL
            sheet[top : top + size, left : left + size] = image.repeat(ZOOM, 0).repeat(ZOOM, 1)
    return np.dstack([sheet, sheet, sheet, np.full_like(sheet, 255)])


class RemediesPicture(Picture):
    """Curves, a few images as they are and as the network sees them, weights of hidden units."""

    QUALITY = 60  # many small images

    def __init__(self):
        super().__init__(width=1000, height=400)

    def build(self):
        self.losses = Losses(self, self.axes(60, 252, 250, 92))
        self.mistakes = Mistakes(self, self.axes(60, 50, 250, 168))
        height = SHOWN // COLUMNS * (2 * CELL + BETWEEN) - BETWEEN
        ax = self.axes(348, 350 - height, COLUMNS * CELL, height)
        ax.set_axis_off()
        self.images = self.changing(Surface(ax))
        ax.add_artist(self.images)
        words = self.figure.text
        words(0.348, 366 / 400, "some images of the last step", fontsize=12)
        words(0.348, 20 / 400, "above: as it is, below: as the network sees it")

        self.units = unit_pictures(self)

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)
        self.mistakes.update(experiment, previous, kept)
        self.images.pixels = pair_sheet(experiment.drawn, experiment.seen)[::-1]
        with np.errstate(all="ignore"):  # weights that have left the range are drawn grey
            self.units.pixels = weight_sheet(experiment.net.W[0])[::-1]


# ---------------------------------------------------------------- the panel
def remedies(settings=None, steps=None):
    """The playground of remedies: few images, and L2, dropout, shifts and warps against that.

    Parameters
    ----------
    settings : str, optional
        A settings string to begin with, such as "images=200,dropout=0.5".
    steps : int, optional
        How far to train before the first picture, if the string does not say; 600 without it.

    Returns
    -------
    Panel
    """
    return Panel.opened(
        Remedies,
        RemediesPicture(),
        settings,
        steps,
        600,
        title="A network learns images by heart, or learns to read",
        paces=(1, 10, 100, 1000),
        pace=10,
    )
