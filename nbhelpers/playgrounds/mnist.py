"""The playground of notebook 10: a network learns to read 55,000 handwritten digits.

5,000 of MNIST's 60,000 training images are set apart for validation; the test set is not touched.
"""

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from nbhelpers import datasets
from nbhelpers.initializers import SUITED
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.playgrounds.experiment import Curve, Experiment, Settings, choice, number, seed
from nbhelpers.playgrounds.panel import Panel, locked, short
from nbhelpers.playgrounds.picture import (
    DPI,
    FULL_TABLE,
    LOCK,
    PREVIOUS,
    LossCurves,
    Picture,
    Surface,
    colours,
    decades,
    nice_ceiling,
)
from nbhelpers.plots import PALETTE, own_style, tile
from nbhelpers.training import overflow_allowed, train_step

EPOCH = 55_000  # images to train on; the other 5,000 are for validation
SAMPLE = 1_000  # validation images that are read for every picture
OPTIMIZERS = {
    "SGD": lambda lr: SGD(lr),
    "momentum": lambda lr: SGD(lr, momentum=0.9),
    "Adam": lambda lr: Adam(lr),
}


@lru_cache(maxsize=1)
def data():
    """MNIST's training set, loaded once: X and y to train on (55,000), X and y to validate."""
    (X, y), _ = datasets.mnist()
    return X[:EPOCH], y[:EPOCH], X[EPOCH:], y[EPOCH:]


@dataclass(frozen=True)
class MnistSettings(Settings):
    """What can be set in the MNIST playground."""

    learning_rate: float = number(0.003, 0.0001, 10, log=True, short="rate")
    hidden1: int = number(64, 16, 512, label="hidden layer 1", short="layer 1:")
    hidden2: int = number(0, 0, 256, label="layer 2 (0: none)", short="layer 2:")
    activation: str = choice("relu", ["relu", "leaky_relu", "elu", "tanh", "sigmoid"], short="")
    optimizer: str = choice("Adam", list(OPTIMIZERS), short="")
    batch_size: int = choice(128, [16, 32, 64, 128, 256, 512], short="batch")
    seed: int = seed()


class Mnist(Experiment):
    """A 784-h-10 or 784-h-h-10 network; a step is one mini-batch, every epoch shuffles anew.

    Attributes
    ----------
    net : MLP
    images : int
        How many images have been trained on, repeats counted; the curves are drawn against it.
    seconds : float
        Training time so far.
    """

    Settings = MnistSettings
    most_steps = 30_000

    def __init__(self, settings=None):
        self.X, self.y, self.X_validation, self.y_validation = data()
        super().__init__(settings)

    def build(self):
        s = self.settings
        sizes = [784, s.hidden1, s.hidden2, 10] if s.hidden2 else [784, s.hidden1, 10]
        self.net = MLP(
            sizes, activation=s.activation, initializer=SUITED[s.activation], rng=self.rng
        )
        self.optimizer = OPTIMIZERS[s.optimizer](s.learning_rate)
        self.images, self.seconds, self.place = 0, 0.0, EPOCH
        self.every = max(1, EPOCH // s.batch_size // 20)  # steps between two points of a curve
        self._read = None
        self._since = np.zeros(3)  # images, sum of losses, right answers since the last point
        A = self.net.forward(self.X[:SAMPLE], check=False)
        self.record("loss", self.net.loss(A, self.y[:SAMPLE]))
        self.record("train_wrong", 1 - self.net.accuracy(A[-1], self.y[:SAMPLE]))
        self._record_validation()

    def advance(self):
        if self.place >= EPOCH:
            self.order, self.place = self.rng.permutation(EPOCH), 0
        rows = self.order[self.place : self.place + self.settings.batch_size]
        with overflow_allowed():
            loss, right = train_step(self.net, self.X[rows], self.y[rows], self.optimizer)
        self.place += len(rows)
        self.images += len(rows)
        self._since += len(rows) * np.array([1, loss, right])
        if not np.isfinite(loss) or self.steps % self.every == 0:
            count, losses, rights = self._since
            self._since = np.zeros(3)
            self.record("loss", losses / count)
            self.record("train_wrong", 1 - rights / count)
            self._record_validation()
        return loss

    def step(self, n=1, seconds=None):
        start = time.perf_counter()
        made = super().step(n, seconds)
        self.seconds += time.perf_counter() - start
        return made

    def record(self, name, value):
        self.history.setdefault(name, Curve()).append(self.images, value)
        return value

    def _record_validation(self):
        self.record("validation", self.reading()[1])
        self.record("wrong", 1 - self.reading()[2])

    def reading(self):
        """How the network reads the first 1,000 validation images now: (A, loss, share right)."""
        if self._read is None or self._read[0] != self.steps:
            X, y = self.X_validation[:SAMPLE], self.y_validation[:SAMPLE]
            with np.errstate(all="ignore"):
                A = self.net.forward(X, check=False)
                self._read = self.steps, (A, self.net.loss(A, y), self.net.accuracy(A[-1], y))
        return self._read[1]

    def images_at(self, steps):
        """How many images have been seen after a number of steps."""
        batch = self.settings.batch_size
        epochs, rest = divmod(steps, -(-EPOCH // batch))
        return epochs * EPOCH + min(rest * batch, EPOCH)

    def steps_for(self, images):
        """The number of steps after which at least so many images have been seen."""
        batch = self.settings.batch_size
        epochs, rest = divmod(images, EPOCH)
        return epochs * -(-EPOCH // batch) + -(-rest // batch)

    def dead(self):
        """How many units of the first hidden layer are 0 for every one of the 1,000 images."""
        return int((self.reading()[0][1] <= 0).all(axis=0).sum())

    def describe(self):
        _, loss, right = self.reading()
        words = f"validation: loss {short(loss)}, {100 * right:.1f} % of {SAMPLE:,} right"
        dead = self.dead() if self.settings.activation == "relu" else 0
        if dead > self.settings.hidden1 // 2:
            words += (
                f" · {dead} of {self.settings.hidden1} units in layer 1 are dead (always 0): "
                "lower the learning rate"
            )
        elif right < 0.2 and self.images >= EPOCH // 4:
            words += " · hardly better than guessing: try another learning rate"
        return words

    def code(self):
        return script(self.settings, self.steps)


# ---------------------------------------------------------------- the plain script of Show code
ACTIVATION_CODE = {  # the function, and its derivative in terms of the output
    "relu": ("np.maximum(Z, 0)", "(A > 0).astype(A.dtype)"),
    "leaky_relu": ("np.maximum(Z, 0.01 * Z)", "np.where(A > 0, np.float32(1), np.float32(0.01))"),
    "elu": ("np.maximum(Z, 0) + np.expm1(np.minimum(Z, 0))", "np.minimum(A, 0) + 1"),
    "tanh": ("np.tanh(Z)", "1 - A * A"),
    "sigmoid": (  # so that nothing overflows
        "np.where(Z >= 0, 1, np.exp(-np.abs(Z))) / (1 + np.exp(-np.abs(Z)))",
        "A * (1 - A)",
    ),
}
START_CODE = {
    "he_normal": "np.sqrt(2 / n_in)",
    "xavier_normal": "np.sqrt(2 / (n_in + n_out))",
}
OPTIMIZER_CODE = {
    "SGD": ("", "p -= learning_rate * g"),
    "momentum": (
        "velocity = [np.zeros_like(p) for p in params]",
        """v = velocity[i]
        if step % 64 == 0:  # has faded to nothing; such numbers only take time
            v[np.abs(v) < 1e-30] = 0
        v *= 0.9
        v -= learning_rate * g
        p += v""",
    ),
    "Adam": (
        """\
# Adam's averages are m = (1 - 0.9) M and v = (1 - 0.999) V; its step is lr m / (sqrt(v) + 1e-8).
# The factors are the same for all parameters, so they are taken into lr and 1e-8.
M = [np.zeros_like(p) for p in params]
V = [np.zeros_like(p) for p in params]
scale = (1 - 0.999) ** 0.5""",
        """lr = learning_rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
        if step % 64 == 0:  # has faded to nothing; such numbers only take time
            M[i][np.abs(M[i]) < 1e-30] = 0
        M[i] *= 0.9
        M[i] += g
        V[i] *= 0.999
        V[i] += g * g
        p -= (lr * (1 - 0.9) / scale) * (M[i] / (np.sqrt(V[i]) + 1e-8 / scale))""",
    ),
}
SCRIPT = """import numpy as np
from threadpoolctl import threadpool_limits

from nbhelpers.datasets import mnist  # only reads the files; everything else is here

threadpool_limits(1, "blas")  # in one thread, as in the panel: sums are added up in one order

(X, y), _ = mnist()  # X: (60000, 784) from 0 to 1; y: digits
X_validation, y_validation = X[55_000:56_000], y[55_000:56_000]
X, y = X[:55_000], y[:55_000]

learning_rate, batch_size, steps = {learning_rate!r}, {batch_size}, {steps}
sizes = {sizes}
rng = np.random.default_rng({seed})
W, b = [], []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    W.append((rng.standard_normal((n_in, n_out)) * {start}).astype(np.float32))
    b.append(np.zeros(n_out, np.float32))
params = W + b
{state}

def f(Z):
    return {function}


def slope(A):
    return {derivative}


def forward(X):
    A = [X]
    for l in range(len(W)):
        Z = A[l] @ W[l] + b[l]
        if l < len(W) - 1:
            A.append(f(Z))
        else:  # softmax
            E = np.exp(Z - Z.max(axis=1, keepdims=True))
            A.append(E / E.sum(axis=1, keepdims=True))
    return A


place = len(X)
for step in range(1, steps + 1):
    if place >= len(X):  # a new epoch: shuffle
        order, place = rng.permutation(len(X)), 0
    rows = order[place : place + batch_size]
    place += len(rows)

    A = forward(X[rows])
    delta = A[-1].copy()
    delta[np.arange(len(rows)), y[rows]] -= 1
    delta /= len(rows)
    dW, db = [None] * len(W), [None] * len(W)
    for l in reversed(range(len(W))):
        dW[l], db[l] = A[l].T @ delta, delta.sum(axis=0)
        if l > 0:
            delta = (delta @ W[l].T) * slope(A[l])

    for i, (p, g) in enumerate(zip(params, dW + db)):
        {update}

P = forward(X_validation)[-1]
p = np.maximum(P[np.arange(len(P)), y_validation], np.finfo(np.float32).tiny)
loss = -np.log(p).sum() / len(p)
right = np.mean(P.argmax(axis=1) == y_validation)
print(f"step {{steps:,}}, validation: loss {{loss:.3g}}, {{100 * right:.1f}} % of 1,000 right")
"""


def script(s, steps):
    """The script for settings `s` that makes `steps` steps."""
    function, derivative = ACTIVATION_CODE[s.activation]
    state, update = OPTIMIZER_CODE[s.optimizer]
    return SCRIPT.format(
        learning_rate=s.learning_rate,
        batch_size=s.batch_size,
        steps=steps,
        sizes=[784, s.hidden1, s.hidden2, 10] if s.hidden2 else [784, s.hidden1, 10],
        seed=s.seed,
        start=START_CODE[SUITED[s.activation]],
        state=state + "\n" if state else "",
        function=function,
        derivative=derivative,
        update=update,
    )


# ---------------------------------------------------------------- the picture
COLUMNS, ROWS = 6, 4  # misread digits
CELL = 62, 76  # width and height of each, with its label, in pixels
UNIT_COLUMNS, UNIT_ROWS, GAP = 4, 5, 4  # weights of hidden units
ZOOM = 2  # screen pixels for a pixel of a digit
PAPER, INK = 246, 34  # grey levels


@lru_cache(maxsize=100)
def label(words):
    """Words as grey pixels (18, width of a cell), white where there is none."""
    width, height = CELL[0], CELL[1] - 28 * ZOOM - 2
    with LOCK, own_style():
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        figure.text(28 * ZOOM / 2 / width, 0.5, words, ha="center", va="center", fontsize=10.5)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[:, :, 0].copy()


def choose_wrong(wrong, n):
    """Which of the misread images stand in the n places: row numbers, at most n.

    Place k belongs to the rows k, k + n, k + 2n, ...: so a digit keeps its place while others
    are learned. Places that have none take what is left over.
    """
    places = np.full(n, -1)
    rows = np.flatnonzero(wrong)[::-1]
    places[rows % n] = rows  # the first row of each place wins: it is written last
    left_over = np.setdiff1d(rows, places)
    empty = np.flatnonzero(places < 0)[: len(left_over)]
    places[empty] = left_over[: len(empty)]
    return places


def digit_sheet(images, labels, places):
    """Misread digits with their labels: pixels (height, width, 4) of uint8."""
    width, height = CELL
    sheet = np.full((ROWS * height, COLUMNS * width), 255, np.uint8)
    size = 28 * ZOOM
    for k, row in enumerate(places):
        if row < 0:
            continue
        top, left = (k // COLUMNS) * height, (k % COLUMNS) * width
        digit = (PAPER - (PAPER - INK) * images[row].reshape(28, 28)).astype(np.uint8)
        sheet[top : top + size, left : left + size] = digit.repeat(ZOOM, 0).repeat(ZOOM, 1)
        text = label(labels[row])
        sheet[top + size + 1 : top + size + 1 + len(text), left : left + width] = text
    return np.dstack([sheet, sheet, sheet, np.full_like(sheet, 255)])


def weight_sheet(W, side=28, zoom=ZOOM, strongest=None):
    """Incoming weights W (side * side, n) of the first units as pictures: pixels of uint8.

    0 is white, and `strongest` has the full colour: four standard deviations if not given.
    """
    n = UNIT_COLUMNS * UNIT_ROWS
    W = W[:, :n]
    strongest = strongest or 4 * np.std(W, dtype=float) or 1.0
    images = np.full((n, side, side), 0.5)
    images[: W.shape[1]] = 0.5 + 0.5 * W.T.reshape(-1, side, side) / strongest
    sheet = tile(images.repeat(zoom, axis=1).repeat(zoom, axis=2), UNIT_COLUMNS, gap=GAP)
    pixels = colours(sheet, FULL_TABLE)
    pixels[gaps(side * zoom)] = 255
    return pixels


def unit_pictures(picture):
    """The right of a picture 1000 pixels wide and 400 high, with a title: a `Surface` for a sheet.

    A unit's picture is 56 pixels wide and high, as 28 ZOOM is.
    """
    size = 28 * ZOOM + GAP
    ax = picture.axes(752, 58, UNIT_COLUMNS * size - GAP, UNIT_ROWS * size - GAP)
    ax.set_axis_off()
    surface = picture.changing(Surface(ax))
    ax.add_artist(surface)
    text = picture.figure.text
    text(0.752, 366 / 400, "what hidden units look for", fontsize=12)
    for x, colour, words in ((0.752, "blue", "against"), (0.842, "vermilion", "for the unit")):
        text(x, 20 / 400, "\u25a0", color=PALETTE[colour], fontsize=13)
        text(x + 0.016, 20 / 400, words)
    return surface


@lru_cache
def gaps(size):
    """Where a sheet of weights is white: between pictures of so many pixels."""
    blank = np.zeros((UNIT_COLUMNS * UNIT_ROWS, size, size))
    return np.isnan(tile(blank, UNIT_COLUMNS, gap=GAP))


class TwoCurves:
    """A quantity of training and of validation images; earlier runs' validation curves behind.

    Parameters
    ----------
    picture : Picture
    ax : Axes
    training, validation : str
        Names of the two curves in an experiment's history.
    floor : float
        What falls below is drawn there.
    """

    KEPT_COLOURS = LossCurves.KEPT_COLOURS
    UNIT = 1  # of the horizontal axis, in what the history counts

    def __init__(self, picture, ax, training, validation, floor):
        self.picture, self.ax, self.names, self.floor = picture, ax, (training, validation), floor
        self.shown = None
        ax.set(yscale="log")
        ax.grid(True, axis="y")
        colours = [*(PALETTE[name] for name in self.KEPT_COLOURS), PREVIOUS]
        self.old = [picture.changing(ax.plot([], [], color=c, lw=1.6)[0]) for c in colours]
        self.new = [
            picture.changing(ax.plot([], [], color=PALETTE[c], lw=2.2)[0])
            for c in ("blue", "vermilion")
        ]
        self.now = picture.changing(ax.plot([], [], "o", color=PALETTE["vermilion"], ms=6)[0])

    def update(self, experiment, previous, kept):
        """Show both curves of `experiment`, the validation curves of the others."""
        kept = list(kept)[-len(self.KEPT_COLOURS) :]
        blank = [None] * (len(self.KEPT_COLOURS) - len(kept))
        for line, run in zip(self.old, [*kept, *blank, previous], strict=True):
            line.set_visible(run is not None)
            if run:
                line.set_data(*self._points(run, self.names[1]))
        for line, name in zip(self.new, self.names, strict=True):
            line.set_data(*self._points(experiment, name))
        x, y = self.new[1].get_data()
        self.now.set_data(x[-1:], y[-1:])
        self.background(experiment, previous, kept)

    def _points(self, run, name):
        x, values = run.history[name].sample()
        return x / self.UNIT, np.maximum(values, self.floor)

    def background(self, experiment, previous, kept):
        """Change limits and legend where the runs ask for it (a subclass does)."""
        raise NotImplementedError("curves need background()")

    def legend(self, labels):
        """Say what the curves are, or which runs are kept (a subclass does)."""


class EpochCurves(TwoCurves):
    """Against epochs; the axis is 1, 2, 3, 5, 10, 20, 30 or 50 of them long."""

    UNIT = EPOCH

    def __init__(self, picture, ax, training, validation, floor):
        super().__init__(picture, ax, training, validation, floor)
        self.level, self.length = picture.seldom(ax.xaxis, ax.yaxis), None

    def background(self, experiment, previous, kept):
        runs = [experiment, *kept, *([previous] if previous else [])]
        longest = max(run.history[self.names[1]].last()[0][0] for run in runs)
        length = nice_ceiling(max(longest / EPOCH, 1))
        if length != self.length:
            self.length = length
            self.ax.set_xlim(0, length)
            self.ax.set_xticks(np.linspace(0, length, 6 if length >= 5 else 5))
            self.picture.refresh(self.level)
        shown = tuple(run.label for run in kept), self.limits(experiment, kept)
        if shown != self.shown:
            self.shown = shown
            with own_style():
                self.legend(shown[0])
            self.picture.refresh()

    def limits(self, experiment, kept):
        """What else of the background depends on the runs; remembered in `shown`."""


class Losses(EpochCurves):
    """The loss, on a logarithmic axis; its legend names the curves.

    After a bad run the axis reaches up to the peak, and the legend stands below the curves.
    """

    TOP = 6.0

    def __init__(self, picture, ax):
        super().__init__(picture, ax, "loss", "validation", floor=0.002)
        ax.set(ylim=(0.008, self.TOP), title="loss")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.tick_params(labelbottom=False)  # the same epochs as below

    def limits(self, experiment, kept):
        """The top of the axis, and whether the loss is still high when it ought to be low."""
        curves = [experiment.history[name] for name in self.names]
        curves += [run.history["validation"] for run in kept]
        values = np.concatenate([curve.sample()[1] for curve in curves])
        peak = values[np.isfinite(values)].max()
        top = self.TOP
        while top < min(peak, 1e12):
            top *= 100
        loss = experiment.history["validation"].last()[1][0]
        late = experiment.images > EPOCH / 4 or experiment.diverged is not None
        return top, bool(late and not loss < 1)

    def legend(self, labels):
        top, high = self.shown[1]
        self.ax.set_ylim(0.008, top)
        self.ax.yaxis.set_major_locator(FixedLocator(decades(0.01, top)))
        self.ax.yaxis.set_minor_locator(NullLocator())
        names = ("training", "blue", 2.2), ("validation", "vermilion", 2.2)
        lines = [Line2D([], [], color=PALETTE[c], lw=w, label=name) for name, c, w in names]
        lines.append(Line2D([], [], color=PREVIOUS, lw=1.6, label="previous run"))
        place = "lower right" if high else "upper right"
        self.ax.legend(handles=lines, loc=place, labelspacing=0.2, borderpad=0)


class Mistakes(EpochCurves):
    """The share of mistakes, drawn downwards: an axis of right answers stretched towards 100 %.

    Its legend names the kept runs.
    """

    SHARES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)

    def __init__(self, picture, ax):
        super().__init__(picture, ax, "train_wrong", "wrong", floor=0.005)
        ax.set(ylim=(1.0, 0.005), title="read correctly", xlabel="epoch")
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_yticks([1 - share for share in self.SHARES])
        ax.set_yticklabels([f"{100 * share:.0f} %" for share in self.SHARES])
        ax.minorticks_off()

    def legend(self, labels):
        colours = [PALETTE[name] for name in self.KEPT_COLOURS]
        lines = [
            Line2D([], [], color=c, lw=1.6, label=words)
            for c, words in zip(colours, labels, strict=False)
        ]
        if self.ax.get_legend() is not None:
            self.ax.get_legend().remove()
        if lines:
            self.ax.legend(
                handles=lines, loc="lower right", fontsize=10, labelspacing=0.15, borderpad=0
            )


class MnistPicture(Picture):
    """Loss and right answers, misread digits, weights of hidden units, side by side."""

    QUALITY = 60  # many small images

    def __init__(self):
        super().__init__(width=1000, height=400)

    def build(self):
        self.losses = Losses(self, self.axes(60, 228, 236, 126))
        self.mistakes = Mistakes(self, self.axes(60, 50, 236, 126))
        ax = self.axes(338, 50, COLUMNS * CELL[0], ROWS * CELL[1])
        ax.set_axis_off()
        self.digits = self.changing(Surface(ax))
        ax.add_artist(self.digits)
        self.title = self.changing(self.figure.text(0.338, 366 / 400, "", fontsize=12))
        self.figure.text(0.338, 20 / 400, "under each digit: what is read, and what it is")

        self.units = unit_pictures(self)

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)
        self.mistakes.update(experiment, previous, kept)

        A, _, _ = experiment.reading()
        images, y = experiment.X_validation[:SAMPLE], experiment.y_validation[:SAMPLE]
        answers = A[-1].argmax(axis=1)
        wrong = answers != y
        labels = [f"{a}, is {t}" for a, t in zip(answers, y, strict=True)]
        places = choose_wrong(wrong, COLUMNS * ROWS)
        self.digits.pixels = digit_sheet(images, labels, places)[::-1]
        shown, count = (places >= 0).sum(), wrong.sum()
        part = f" ({shown} shown)" if shown < count else ""
        self.title.set_text(f"{count} of {SAMPLE:,} validation digits misread{part}")
        with np.errstate(all="ignore"):  # weights that have left the range are drawn grey
            self.units.pixels = weight_sheet(experiment.net.W[0])[::-1]


# ---------------------------------------------------------------- the panel
class MnistPanel(Panel):
    """The engine's panel, with longer spells of training and a drawing pad."""

    BURST = 0.060  # in the first so many seconds of a tick, another picture is begun
    SPELL = 0.030  # seconds of training before a picture
    CATCH_UP = 0.500  # for training to the same place again after a change

    def __init__(self, experiment, picture, pad=True, **options):
        self._pad = None
        super().__init__(experiment, picture, **options)
        for control in self.controls.values():
            if control.has_trait("continuous_update"):
                control.continuous_update = False  # a change trains for half a second
        if pad:
            self.box.children = [*self.box.children, self.pad().widget]

    def pad(self):
        """The drawing pad that is read by the network as it is now (`DigitPad`)."""
        if self._pad is None:
            from nbhelpers.digit_pad import DigitPad

            self._pad = DigitPad(self._probabilities, digits=self.experiment.X_validation[:200])
        return self._pad

    def _probabilities(self, x):
        with np.errstate(all="ignore"):
            return self.experiment.net.forward(x)[-1][0]

    @property
    @locked
    def summary(self):
        """The state in words, one line; the seconds alone do not follow from the settings."""
        e = self.experiment
        if e.diverged is not None:
            return super().summary
        where = f"epoch {e.images / EPOCH:.2f}"
        if e.steps < self.goal:
            where += f" of {e.images_at(self.goal) / EPOCH:.2f} (Play or Step goes on)"
        seen = f"{e.images:,} images seen"
        return " · ".join((where, seen, f"{e.seconds:.1f} s", e.describe()))

    def _replace(self, restart):
        images = self.experiment.images_at(self.goal)
        super()._replace(restart)
        self.goal = self.experiment.steps_for(images)  # as far in epochs, whatever the batch size

    def _show_words(self):
        super()._show_words()
        if self._pad is not None:
            self._pad.refresh()


def mnist(settings=None, steps=None, pad=True):
    """The MNIST playground: learning rate, layers, activation, optimizer, batch size, and a pad.

    Parameters
    ----------
    settings : str, optional
        A settings string to begin with, such as "learning_rate=0.1,optimizer=SGD,hidden1=32".
    steps : int, optional
        How many mini-batches to train before the first picture, if the string does not say; one
        epoch without it.
    pad : bool
        Whether the drawing pad is part of the panel. `panel.pad()` returns it in any case.

    Returns
    -------
    MnistPanel
    """
    chosen, at = MnistSettings.parse(settings or "", Mnist.most_steps)
    experiment = Mnist(chosen)
    if at is None:
        at = experiment.steps_for(EPOCH) if steps is None else steps
    return MnistPanel(
        experiment, MnistPicture(), pad, title="A network learns to read digits", steps=at
    )
