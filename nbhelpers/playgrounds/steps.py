"""Notebook 02's units on a line: one that slides, and five steps that build a curve by hand.

A sigmoid unit with one input, a = sigmoid(w x + b), is steepest where w x + b = 0, at x = -b / w.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.playgrounds.engine.figure import Figure
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.playground import figure
from nbhelpers.playgrounds.engine.reader import whose
from nbhelpers.playgrounds.engine.recording import growing, nearest
from nbhelpers.playgrounds.engine.settings import Settings, choice, number
from nbhelpers.plots import CYCLE, PALETTE
from nbhelpers.time_limit import TimeLimit, TimeUp


def minus(text):
    """A number's text with a proper minus."""
    return text.replace("-", "\u2212")


# ---------------------------------------------------------------- one unit
FAR = 6.0  # of x, both ways
MOST, LEAST = 8.0, 0.25  # of a weight; its least size that a hand can make
FARTHEST = 24.0  # of a bias
BESIDE = 2.0  # the sum at the handle of the steepness
WITHIN = 0.02
TARGETS = {"falls at \u22122": (-4.0, -8.0), "rises at 3": (2.0, -6.0)}  # weight and bias
GRID = np.linspace(-FAR, FAR, 241)


@dataclass(frozen=True)
class SteepPlace(Settings):
    """A unit with one input: drag its steep place along the axis, and how steep it is there."""

    w: float = number(1.0, -MOST, MOST, label="weight w")
    b: float = number(0.0, -FARTHEST, FARTHEST, label="bias b")
    target: str = choice("falls at \u22122", TARGETS, label="the grey unit")

    @property
    def place(self):
        """Where the sum is 0; NaN if it is the same everywhere."""
        return -self.b / self.w if self.w else float("nan")

    def apart(self):
        """The largest distance from the grey unit."""
        w, b = TARGETS[self.target]
        return float(np.abs(sigmoid(self.w * GRID + self.b) - sigmoid(w * GRID + b)).max())

    def summary(self):
        place = f"place {self.place:z.2f}" if self.w else "the same for all x"
        way = "rises" if self.w > 0 else "falls" if self.w else "flat"
        return minus(f"{place} \u00b7 {way} \u00b7 a = \u03c3({self.w:z.2f} x {self.b:+z.2f})")

    def goal(self):
        words = f"the grey unit that {self.target}, within {WITHIN}"
        return Goal(words, round(self.apart(), 4), WITHIN, lower=True, unit=" apart")

    def handles(self):
        middle = float(np.clip(self.place if self.w else 0.0, -FAR, FAR))
        side = (BESIDE - self.b) / self.w if self.w else FAR
        return {
            "place": (middle, sigmoid(np.array(self.w * middle + self.b)).item()),
            "steepness": (float(np.clip(side, -FAR, FAR)), sigmoid(np.array(BESIDE)).item()),
        }

    def drag(self, name, x, y):
        x = float(np.clip(x, -FAR, FAR))
        if name == "place":
            w, place = self.w, x
        else:
            place = float(np.clip(self.place if self.w else 0.0, -FAR, FAR))
            gap = x - place
            size = np.clip(BESIDE / max(abs(gap), 1e-9), LEAST, MOST)
            w = round(float(np.copysign(size, gap)), 2)
        b = float(np.clip(round(-w * place, 2), -FARTHEST, FARTHEST)) + 0.0
        return replace(self, w=w, b=b)


class SteepPlacePicture(Picture):
    """The unit, the grey one, the tangent at the steep place; the numbers."""

    def __init__(self):
        super().__init__(height=330)

    def build(self):
        ax = self.ax = self.axes(60, 56, 640, 240, title="drag the dots")
        ax.set(xlim=(-FAR, FAR), ylim=(-0.06, 1.06), yticks=[0, 0.5, 1], xticks=range(-6, 7))
        ax.set(xlabel="x", ylabel="$a = \\sigma(w x + b)$")
        ax.axhline(0.5, color=PALETTE["light grey"], lw=1)
        self.wanted = self.line(ax, color=PALETTE["grey"], lw=5, alpha=0.5)
        self.curve = self.line(ax, color=PALETTE["blue"], lw=2.5)
        self.fall = self.line(ax, "--", color=PALETTE["vermilion"], lw=1.5)
        self.dots = self.line(ax, "o", color=PALETTE["vermilion"], ms=11)
        side = self.axes(740, 56, 240, 240, xlim=(0, 1), ylim=(0, 1))
        side.set_axis_off()
        side.plot([0, 1], [0.42, 0.42], color=PALETTE["ink"], lw=1)
        self.numbers = []
        for words, y, colour in [
            ("weight w", 0.85, "ink"),
            ("bias b", 0.6, "ink"),
            ("steep at x =", 0.24, "vermilion"),
        ]:
            look = {"size": 15, "color": PALETTE[colour], "bold": y < 0.4}
            Label(self, side, 0, y, words, ha="left", **look)
            self.numbers.append(Label(self, side, 1, y, ha="right", **look))

    def pointed(self, name):
        return self.ax

    def update(self, settings):
        w, b = TARGETS[settings.target]
        self.wanted.set_data(GRID, sigmoid(w * GRID + b))
        self.curve.set_data(GRID, sigmoid(settings.w * GRID + settings.b))
        x, y = np.transpose(list(settings.handles().values()))
        self.dots.set_data(x, y)
        self.fall.set_data([x[0], x[0]], [-0.06, y[0]])
        for text, value in zip(self.numbers, (settings.w, settings.b, settings.place), strict=True):
            text.set_text(minus(f"{value:z.2f}") if np.isfinite(value) else "nowhere")


steep_place = figure(
    SteepPlace,
    SteepPlacePicture,
    title="Where a unit is steep",
    example="w=2,b=-6",
    notebook="02",
)


# ---------------------------------------------------------------- five steps
X = np.linspace(0, 2 * np.pi, 32)[:, None]  # inputs (32, 1)
Y = np.sin(X)  # targets (32, 1)
N = 5
LOW, HIGH = -1.0, 7.5  # of a place
TALL = 2.5  # of a height, both ways
STARTS = (0.5, 1.75, 3.0, 4.25, 5.5)
LINE = np.linspace(LOW, HIGH, 171)[:, None]
SMALL = 0.1  # the error that the goal asks for
RATE = 0.3 / len(X)
LAST, MOMENTS = 10_000, 121
SECONDS = 60  # that a training with the reader's function may take


def bias_gradient(delta):
    """The slopes of the biases: the deltas (n, units) added up over the examples."""
    return delta.sum(axis=0)


def said_by(x, parts):
    """What the network says (n, 1), and its hidden units (n, 5)."""
    W1, b1, W2, b2 = parts
    A1 = sigmoid(x @ W1 + b1)
    return A1 @ W2 + b2, A1


def error_of(parts):
    """The root of the mean of the squared errors."""
    return float(np.sqrt(np.mean((said_by(X, parts)[0] - Y) ** 2)))


@np.errstate(all="ignore")
def train(parts, slopes):
    """The weights and biases at each of the moments, from these on; `slopes` gives the biases'.

    ValueError if it gives another shape, or if the error grows without bounds.
    """
    found, done = [], 0
    for step in growing(LAST, MOMENTS):
        for _ in range(step - done):
            W1, b1, W2, b2 = parts
            A2, A1 = said_by(X, parts)
            delta2 = A2 - Y
            delta1 = delta2 @ W2.T * A1 * (1 - A1)
            db1, db2 = slopes(delta1.copy()), slopes(delta2.copy())
            for b, db in ((b1, db1), (b2, db2)):
                if np.shape(db) != b.shape:
                    raise ValueError(
                        f"slopes of shape {np.shape(db)} for biases of shape {b.shape}"
                    )
            parts = (
                W1 - RATE * X.T @ delta1,
                b1 - RATE * db1,
                W2 - RATE * A1.T @ delta2,
                b2 - RATE * db2,
            )
        if not np.isfinite(error_of(parts)):
            raise ValueError("the error has grown without bounds")
        found.append(parts)
        done = step
    return found


def made(places, heights, lift, steepness):
    """The network of five steps: W1 (1, 5), b1 (5,), W2 (5, 1), b2 (1,)."""
    b1 = -steepness * np.array(places)
    return np.full((1, N), steepness), b1, np.array(heights)[:, None], np.array([lift])


@lru_cache(maxsize=8)
def trained(start, slopes):
    """The training from a start made by hand, and what is to be said of the reader's function.

    Where that one fails or takes too long, the training is ours.
    """
    parts, words = made(*start), ""
    if slopes is not bias_gradient:
        words = f"with {whose(slopes)} bias_gradient"
        try:
            return TimeLimit(SECONDS).call(train, parts, slopes), words
        except TimeUp:
            words += f", which needs more than {SECONDS} s; this is ours"
        except Exception as error:  # it is the reader's
            words += f", which stopped ({error!r:.80}); this is ours"
    return train(parts, bias_gradient), words


def place_of(k):
    """A setting for where a step is."""
    return number(STARTS[k - 1], LOW, HIGH, label=f"place {k}")


def height_of(k):
    """A setting for how high a step is."""
    return number(0.0, -TALL, TALL, label=f"height {k}")


@dataclass(frozen=True)
class FiveSteps(Settings):
    """Five steps make a curve: drag their places and heights, then let a training go on."""

    SLIDERS_A_ROW = 3
    place1: float = place_of(1)
    place2: float = place_of(2)
    place3: float = place_of(3)
    place4: float = place_of(4)
    place5: float = place_of(5)
    lift: float = number(0.0, -TALL, TALL, label="lift")
    height1: float = height_of(1)
    height2: float = height_of(2)
    height3: float = height_of(3)
    height4: float = height_of(4)
    height5: float = height_of(5)
    steepness: float = number(3.0, 1, 8, label="steepness")
    moment: int = number(0, 0, MOMENTS - 1, label="training")

    slopes = staticmethod(bias_gradient)

    def by_hand(self):
        """What the hand has set: places, heights, lift, steepness, to be compared and hashed."""
        each = range(1, N + 1)
        places, heights = (
            tuple(getattr(self, f"{name}{k}") for k in each) for name in ("place", "height")
        )
        return places, heights, self.lift, self.steepness

    def course(self):
        """The networks so far, the one at this moment the last."""
        if not self.moment:
            return [made(*self.by_hand())]
        return self.training()[0][: self.moment + 1]

    def parts(self):
        """The network at this moment."""
        return self.course()[-1]

    def training(self):
        return trained(self.by_hand(), type(self).slopes)

    def steps(self):
        return growing(LAST, MOMENTS)[self.moment]

    def dots(self):
        """Where each step is halfway up, (5, 2): its place, and half its height."""
        W1, b1, W2, _ = self.parts()
        with np.errstate(all="ignore"):
            return np.stack([-b1 / W1[0], W2[:, 0] / 2], axis=1)

    def summary(self):
        made, said = "from what the hand has made", ""
        if self.moment:
            said = self.training()[1]
        words = f"step {self.steps():,}", f"typical error {error_of(self.parts()):.4f}"
        return " \u00b7 ".join(filter(None, (*words, made if self.moment else "by hand", said)))

    def goal(self):
        score = round(error_of(made(*self.by_hand())), 4)
        return Goal(f"by hand, a typical error below {SMALL}", score, SMALL, lower=True)

    def handles(self):
        lift = float(np.clip(self.parts()[3][0], -TALL, TALL))
        found = {"lift": (LOW + 0.4, lift)}
        found |= {
            f"step {k}": (float(np.clip(x, LOW, HIGH)), float(np.clip(y, -TALL / 2, TALL / 2)))
            for k, (x, y) in enumerate(np.nan_to_num(self.dots()), 1)
        }
        found["training"] = (max(self.steps(), 1), error_of(self.parts()))
        return found

    def drag(self, name, x, y):
        if name == "training":
            return replace(self, moment=nearest(growing(LAST, MOMENTS), x))
        if name == "lift":
            return replace(self, moment=0, lift=round(float(np.clip(y, -TALL, TALL)), 2) + 0.0)
        k = name.removeprefix("step ")
        x, y = np.clip(x, LOW, HIGH), np.clip(2 * y, -TALL, TALL)
        there = {f"place{k}": round(float(x), 2), f"height{k}": round(float(y), 2) + 0.0}
        return replace(self, moment=0, **there)

    def waiting(self, before):
        known = before.moment and self.by_hand() == before.by_hand()
        return f"{LAST:,} steps are made \u2026" if self.moment and not known else ""


class FiveStepsPicture(Picture):
    """The sine and the curve, the five steps below it, and the error along the training."""

    def __init__(self):
        super().__init__(height=430)

    def build(self):
        above = self.axes(56, 236, 600, 160, title="the sine's points, and the sum of the steps")
        above.plot(X, Y, "o", color=PALETTE["ink"], ms=4)
        above.set(
            xlim=(LOW, HIGH), ylim=(-TALL - 0.2, TALL + 0.2), yticks=[-2, 0, 2], xticklabels=[]
        )
        self.sum = self.line(above, color=PALETTE["blue"], lw=2.5)
        self.below = self.axes(
            56,
            50,
            600,
            160,
            xlabel="x (drag the dots: place and height of each step, and the lift)",
        )
        self.below.set(xlim=(LOW, HIGH), ylim=(-TALL - 0.2, TALL + 0.2), yticks=[-2, 0, 2])
        self.below.axhline(0, color=PALETTE["light grey"], lw=1)
        self.lift = self.line(self.below, "--", color=PALETTE["ink"], lw=1.5)
        self.hand = self.line(self.below, "o", mfc="none", mec=PALETTE["grey"], mew=2, ms=11)
        colours = [PALETTE[name] for name in CYCLE[:N]]
        self.steps = [self.line(self.below, color=colour, lw=2) for colour in colours]
        self.dots = [self.line(self.below, "o", color=colour, ms=11) for colour in colours]
        self.errors = self.axes(730, 50, 250, 346, title="typical error while it learns")
        self.errors.set(xscale="log", yscale="log", xlim=(1, LAST), ylim=(1e-3, 3), xlabel="step")
        self.course = self.line(self.errors, color=PALETTE["blue"], lw=2.4)
        self.now = self.line(self.errors, "o", color=PALETTE["ink"], ms=11)
        self.hint = self.changing(
            self.errors.text(1.6, 1.6, "drag the dot: it trains \u2192", va="center")
        )

    def pointed(self, name):
        return self.errors if name == "training" else self.below

    def update(self, settings):
        parts = settings.parts()
        says, A1 = said_by(LINE, parts)
        self.sum.set_data(LINE, says)
        self.lift.set_data([LOW, HIGH], np.repeat(parts[3], 2))
        places, heights = settings.by_hand()[:2] if settings.moment else ((), ())
        self.hand.set_data(places, np.divide(heights, 2))
        for k, (x, y) in enumerate(settings.dots()):
            self.steps[k].set_data(LINE, A1[:, k] * parts[2][k])
            self.dots[k].set_data([x], [y])
        steps = growing(LAST, MOMENTS)[: settings.moment + 1]
        errors = [error_of(each) for each in settings.course()]
        self.course.set_data(np.maximum(steps, 1), errors)
        self.now.set_data([max(steps[-1], 1)], errors[-1:])
        self.hint.set_visible(not settings.moment)


class FiveStepsFigure(Figure):
    """With `bias_gradient`, the reader's function, that is what the training uses."""

    def __init__(self, state, *args, bias_gradient=None, **options):
        if bias_gradient is not None:
            kind = type(state)
            own = type(kind.__name__, (kind,), {"slopes": staticmethod(bias_gradient)})
            state = own(**vars(state))
        super().__init__(state, *args, **options)


five_steps = figure(
    FiveSteps,
    FiveStepsPicture,
    FiveStepsFigure,
    title="Five steps build a curve",
    example="place1=0,height1=1.4,lift=-0.5",
    notebook="02",
)
