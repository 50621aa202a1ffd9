"""Neurons by hand: one, and three of them, which can do XOR (notebook 01), one that is pinned (02).

A neuron says 1 where w1 x1 + w2 x2 is above its threshold, and 0 elsewhere; a smooth one goes from
0 to 1. The border between is a line, which can be dragged; the sliders are its numbers.
"""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.patches import Polygon

from nbhelpers.activations import sigmoid
from nbhelpers.playgrounds.engine.figure import short
from nbhelpers.playgrounds.engine.goals import Goal
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.playgrounds.engine.picture import Picture, Surface
from nbhelpers.playgrounds.engine.plane import APART, apart
from nbhelpers.playgrounds.engine.playground import figure
from nbhelpers.playgrounds.engine.settings import Settings, choice, number
from nbhelpers.plots import CLASS_COLORS, PALE_DIVERGING, PALETTE, ticks_of_truth

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])  # inputs (4, 2)
TABLES = {"OR": (0, 1, 1, 1), "AND": (0, 0, 0, 1), "XOR": (0, 1, 1, 0)}
LOW, HIGH = -0.5, 1.5  # of the plane that is shown, both ways
MOST, FARTHEST = 5.0, 10.0  # of a weight, of a threshold: a long arrow's line is far from 0
GRID = np.stack(np.meshgrid(*[np.linspace(LOW, HIGH, 61)] * 2), axis=-1)  # (61, 61, 2)
SQUARE = np.array([[LOW, LOW], [HIGH, LOW], [HIGH, HIGH], [LOW, HIGH]])  # corners of the plane
MIDDLE = np.full(2, (LOW + HIGH) / 2)
ARROW = 0.2  # how far the arrow of a neuron with weights of length 1 reaches
SHORTEST = 0.2  # that a hand can make the weights
SMALL = 0.2  # the error that the goal of a smooth neuron asks for
HEAD = 17  # pixels from a handle to the arrow's head, which it would hide


def weight(default, label):
    """A setting for a weight."""
    return number(default, -MOST, MOST, label=label)


def threshold_of(default, label):
    """A setting for a threshold."""
    return number(default, -FARTHEST, FARTHEST, label=label)


def along_line():
    """A setting for where on its line a neuron's handle and the arrow are."""
    return number(0.0, LOW - HIGH, HIGH - LOW, show=False)


# ---------------------------------------------------------------- a line in the plane
def above(w, threshold, P):
    """Which of the points P (n, 2) a neuron with weights w (2,) says 1 to."""
    return P @ w > threshold


def polar(w, threshold):
    """The line another way: the direction of w (2,), its length, the distance from the middle.

    The distance is along the direction, so it is negative if the middle is where it says 1.
    """
    length = np.hypot(*w)
    if not length:
        return np.array([1.0, 0.0]), 0.0, 0.0
    return w / length, length, (threshold - w @ MIDDLE) / length


def beside(direction):
    """The direction (2,) a quarter turn to the left."""
    return np.array([-direction[1], direction[0]])


def line_handles(w, threshold, along):
    """Where a neuron can be taken: at its line, and at the arrow into the half where it says 1.

    The arrow begins at the handle of the line, `along` the line from its point nearest to the
    middle of the plane, or where the line leaves the plane.
    """
    nearest, left, first, last = line_ends(w, threshold)
    if first < last:
        along = np.clip(along, first, last)
    start = np.clip(nearest + along * left, LOW, HIGH)
    return start, start + ARROW * w


def line_ends(w, threshold):
    """The line: its point nearest to the middle (2,), its direction (2,), where its ends are.

    They are so far along it from that point; if the first isn't less than the last, no part of the
    line is in the plane.
    """
    direction, _, distance = polar(w, threshold)
    nearest, left = MIDDLE + distance * direction, beside(direction)
    ends = np.sort((np.array([[LOW], [HIGH]]) - nearest) / (left + 1e-12), axis=0)
    return nearest, left, ends[0].max(), ends[1].min()


def line_dragged(w, threshold, along, arrow, x, y):
    """Weights, threshold and `along` after the line, or its `arrow`, was moved to (x, y).

    The line moves with its arrow; the arrow turns around the handle of the line.
    """
    start, to = line_handles(w, threshold, along)[0], np.array([x, y])
    if arrow:
        if (to - start).any():
            w = (to - start) / ARROW
        direction, length, _ = polar(w, 0.0)
        w = np.round(direction * max(length, SHORTEST), 2)
        w *= min(1.0, MOST / np.abs(w).max())
    else:  # the line goes through `to`, or as far to it as it stays in the plane
        corners = SQUARE @ w
        threshold = np.clip(w @ to, corners.min(), corners.max())
        start = line_handles(w, threshold, beside(polar(w, 0.0)[0]) @ (to - MIDDLE))[0]
    along = beside(polar(w, 0.0)[0]) @ (start - MIDDLE)
    threshold = np.clip(w @ start, -FARTHEST, FARTHEST)
    return [round(float(v), 3) for v in (*w, threshold, along)]


def half_plane(w, threshold):
    """The corners (n, 2) of the part of the plane where a neuron says 1."""
    corners = []
    for P, Q in zip(SQUARE, np.roll(SQUARE, -1, axis=0), strict=True):
        p, q = w @ P - threshold, w @ Q - threshold
        if p > 0:
            corners.append(P)
        if (p > 0) != (q > 0):
            corners.append(P + (Q - P) * p / (p - q))
    return np.array(corners or np.zeros((1, 2)))


class NeuronPlane:
    """The plane of a neuron's inputs: where it says 1, its line and arrow, and the four points."""

    def __init__(self, picture, place, title, names):
        ax = self.ax = picture.axes(*place, facecolor=PALE_DIVERGING(0.15))
        ax.set(xlim=(LOW, HIGH), ylim=(LOW, HIGH), title=title)
        ax.set(xlabel=names[0], ylabel=names[1])
        ticks_of_truth(ax)
        ax.yaxis.set_label_coords(-0.1, 0.9)  # between two ticks
        self.beyond = HEAD * (HIGH - LOW) / place[2]
        self.half = picture.changing(Polygon(np.zeros((1, 2)), color=PALE_DIVERGING(0.85)))
        ax.add_patch(self.half)
        self.surface = picture.changing(Surface(ax))
        self.edge = picture.line(ax, color=PALETTE["ink"], lw=2)
        self.arrow, self.head = (picture.line(ax, color=PALETTE["ink"], lw=2) for _ in "12")
        self.points = picture.changing(
            ax.scatter([], [], s=330, edgecolors="white", linewidths=2, zorder=3)
        )
        marks = {"marker": "$\u2713$", "ms": 10}, {"marker": "x", "ms": 9, "mew": 3}
        self.right, self.wrong = (
            picture.line(ax, ls="", color="white", zorder=4, **mark) for mark in marks
        )

    def update(self, w, threshold, along, P, targets, right=None, smooth=False):
        """Show a neuron, and points P (4, 2) in the colours of their targets; right (4,): marks."""
        self.surface.set_visible(smooth)
        if smooth:
            self.surface.set_values(sigmoid(GRID @ w - threshold))
        self.half.set_xy(half_plane(w, threshold))
        edge, arrow = self.lines(w, threshold, along)
        shown = slice(None) if w.any() else slice(0)  # without weights there is no line
        self.edge.set_data(*edge[shown].T)
        self.arrow.set_data(*arrow[shown].T)
        self.head.set_data(*arrow[1:][shown].T)
        self.head.set_marker((3, 0, np.degrees(np.arctan2(w[1], w[0])) - 90))
        self.points.set_offsets(P)
        self.points.set_facecolors([CLASS_COLORS[k] for k in targets])
        right = np.zeros(0, bool) if right is None else right
        self.right.set_data(*P[: len(right)][right].T)
        self.wrong.set_data(*P[: len(right)][~right].T)

    def lines(self, w, threshold, along):
        """The ends (2, 2) of the line where it leaves the plane, and of the arrow with its head."""
        nearest, left, first, last = line_ends(w, threshold)
        start, tip = line_handles(w, threshold, along)
        edge = nearest + np.array([[first], [max(first, last)]]) * left
        return edge, np.array([start, tip + self.beyond * polar(w, threshold)[0]])

    def reach(self, w, threshold, along):
        """Where else the line and the arrow can be held, as `Picture.reach` has it."""
        if not w.any():
            return {}
        edge, arrow = self.lines(w, threshold, along)
        return {"line": (*edge, False), "arrow": (*arrow, True)}


class Table:
    """A truth table: `heads` has the head and the width of each column, the inputs' two first."""

    def __init__(self, picture, place, heads):
        ax = picture.axes(*place)
        widths = np.array(list(heads.values()))
        middles = widths.cumsum() - widths / 2
        ax.set(xlim=(0, widths.sum()), ylim=(3.6, -1.0))
        ax.set_axis_off()
        ax.plot([0, widths.sum()], [-0.4, -0.4], color=PALETTE["ink"], lw=1)
        for at, head in zip(middles, heads, strict=True):
            ax.text(at, -0.75, head, ha="center", va="center", fontsize=14)
        self.cells = [
            [Label(picture, ax, at, row + 0.1, size=14) for row in range(4)] for at in middles
        ]

    def update(self, *columns):
        """Show these columns beside the inputs, each of four texts."""
        for cells, texts in zip(self.cells, (*X.T.astype(str), *columns), strict=True):
            for cell, text in zip(cells, texts, strict=True):
                cell.set_text(text)


def signs(right):
    """A tick or a cross for each row."""
    return ["\u2713" if yes else "\u00d7" for yes in right]


class Rows(Settings):
    """Settings that answer the four rows of a `table`; `says()` gives the answers, bools (4,)."""

    computes = ""  # who does it, and the verb

    def right(self):
        """Which answers are right, bools (4,)."""
        return self.says() == np.array(TABLES[self.table])

    def goal(self):
        score = int(self.right().sum())
        return Goal(f"{self.computes} {self.table}", score, target=4, unit=" of 4 right")


# ---------------------------------------------------------------- one neuron
@dataclass(frozen=True)
class Neuron(Rows):
    """One neuron by hand: drag its line and its arrow until the four answers are right."""

    computes = "one neuron computes"
    SLIDERS_A_ROW = 3
    table: str = choice("OR", TABLES, label="to compute")
    activation: str = choice("step", ["step", "sigmoid"])
    w1: float = weight(1.0, "w\u2081")
    w2: float = weight(-0.5, "w\u2082")
    threshold: float = threshold_of(0.6, "threshold")
    along: float = along_line()

    @property
    def line(self):
        """Weights, threshold, and where on the line its handle is."""
        return np.array([self.w1, self.w2]), self.threshold, self.along

    def says(self):
        """Its four answers, bools (4,)."""
        return above(*self.line[:2], X)

    @property
    def smooth(self):
        return self.activation == "sigmoid"

    def answers(self):
        """Its four answers as numbers, (4,)."""
        w, threshold = self.line[:2]
        return sigmoid(X @ w - threshold) if self.smooth else self.says().astype(float)

    def error(self):
        """The largest of its four errors."""
        return float(np.abs(self.answers() - TABLES[self.table]).max())

    def summary(self):
        words = f"{self.right().sum()} of 4 rows of {self.table} right"
        return f"{words} \u00b7 largest error {self.error():.2f}" if self.smooth else words

    def goal(self):
        if not self.smooth:
            return super().goal()
        words = f"a smooth neuron computes {self.table}, every error below {SMALL}"
        return Goal(words, round(self.error(), 4), target=SMALL, lower=True)

    def handles(self):
        return dict(zip(("line", "arrow"), line_handles(*self.line), strict=True))

    def drag(self, name, x, y):
        w1, w2, threshold, along = line_dragged(*self.line, name == "arrow", x, y)
        return replace(self, w1=w1, w2=w2, threshold=threshold, along=along)


class NeuronPicture(Picture):
    """The plane and the truth table."""

    TITLE = "drag the line, drag the arrow"
    HEADS = ("$w_1x_1 + w_2x_2$", "sum \u2212 threshold")

    def build(self):
        self.plane = NeuronPlane(self, (60, 52, 276, 276), self.TITLE, ("$x_1$", "$x_2$"))
        heads = {"$x_1$": 0.8, "$x_2$": 0.8, self.HEADS[0]: 3.1, self.HEADS[1]: 3.6}
        heads |= {"answer": 1.9, "wanted": 1.9, "": 0.7}
        self.table = Table(self, (376, 82, 616, 246), heads)

    def pointed(self, name):
        return self.plane.ax

    def reach(self, settings):
        return self.plane.reach(*settings.line)

    def update(self, settings):
        right, wanted = settings.right(), TABLES[settings.table]
        self.plane.update(*settings.line, X, wanted, right, settings.smooth)
        says = [f"{a:.2f}" if settings.smooth else f"{a:.0f}" for a in settings.answers()]
        w, threshold, _ = settings.line
        sums = X @ w, X @ w - threshold
        sums = [[short(z) for z in each] for each in sums]
        self.table.update(*sums, says, map(str, wanted), signs(right))


# ---------------------------------------------------------------- a neuron that is pinned
@dataclass(frozen=True)
class Pinned(Rows):
    """A neuron without a threshold: its line goes through the origin, until it gets a bias."""

    computes = "bias off or on, one neuron computes"
    smooth = False
    SLIDERS_A_ROW = 3
    table: str = choice("AND", ["AND", "OR"], label="to compute")
    bias: str = choice("off", ["off", "on"])
    w1: float = weight(1.0, "w\u2081")
    w2: float = weight(0.5, "w\u2082")
    b: float = number(0.0, -FARTHEST, FARTHEST, label="bias b")
    along: float = along_line()

    @property
    def line(self):
        """Weights, threshold, and where on the line its handle is: at the origin, if pinned."""
        w = np.array([self.w1, self.w2])
        if self.bias == "off":
            return w, 0.0, beside(polar(w, 0.0)[0]) @ -MIDDLE
        return w, -self.b, self.along

    def says(self):
        """Its four answers, bools (4,)."""
        return above(*self.line[:2], X)

    def answers(self):
        """Its four answers as numbers, (4,)."""
        return self.says().astype(float)

    def summary(self):
        words = f"{self.right().sum()} of 4 rows of {self.table} right"
        if self.bias == "off":
            return f"{words} \u00b7 pinned to (0, 0)"
        return f"{words} \u00b7 at (0, 0) the sum is the bias, {short(self.b)}"

    def handles(self):
        line, arrow = line_handles(*self.line)
        return {"arrow": arrow} if self.bias == "off" else {"line": line, "arrow": arrow}

    def drag(self, name, x, y):
        w1, w2, threshold, along = line_dragged(*self.line, name == "arrow", x, y)
        if self.bias == "off":
            return replace(self, w1=w1, w2=w2)
        return replace(self, w1=w1, w2=w2, b=0.0 - threshold, along=along)


class PinnedPicture(NeuronPicture):
    """The same, with a pin at the origin; dashed, where the line would be with its bias."""

    TITLE = "turn the arrow, with a bias move the line"
    HEADS = ("$w_1x_1 + w_2x_2$", "sum + bias")

    def build(self):
        super().build()
        ax = self.plane.ax
        for axis in (ax.axvline, ax.axhline):
            axis(0, color=PALETTE["grey"], lw=1, ls=(0, (4, 3)))
        self.pin = self.line(ax, "o", mfc="none", mec=PALETTE["vermilion"], ms=27, mew=3, zorder=5)
        self.free = self.line(ax, "--", color=PALETTE["ink"], lw=1.2)

    def reach(self, settings):
        lines = super().reach(settings)
        return {name: lines[name] for name in settings.handles() if name in lines}

    def update(self, settings):
        super().update(settings)
        off = settings.bias == "off"
        self.pin.set_data(*([[0], [0]] if off else [[], []]))
        w, shown = settings.line[0], off and settings.b
        edge = self.plane.lines(w, -settings.b, 0.0)[0] if shown and w.any() else np.zeros((0, 2))
        self.free.set_data(*edge.T)


# ---------------------------------------------------------------- three neurons
NEURONS = {"first": "a", "second": "b", "third": "c"}


@dataclass(frozen=True)
class ThreeNeurons(Rows):
    """Two neurons and a third that hears only what they say: enough for XOR, by hand."""

    computes = "three neurons compute"
    SLIDERS_A_ROW = 3
    table: str = choice("XOR", TABLES, label="to compute")
    a1: float = weight(1.0, "first: w\u2081")
    a2: float = weight(-0.5, "first: w\u2082")
    a: float = threshold_of(0.6, "first: threshold")
    b1: float = weight(1.0, "second: w\u2081")
    b2: float = weight(0.5, "second: w\u2082")
    b: float = threshold_of(1.1, "second: threshold")
    c1: float = weight(1.0, "third: w\u2081")
    c2: float = weight(-1.0, "third: w\u2082")
    c: float = threshold_of(-0.5, "third: threshold")
    along_a: float = along_line()
    along_b: float = along_line()
    along_c: float = along_line()

    @staticmethod
    def names(k):
        """The settings of neuron "a", "b" or "c"."""
        return f"{k}1", f"{k}2", k, f"along_{k}"

    def line(self, k):
        """Weights and threshold of this neuron, and where on the line its handle is."""
        w1, w2, threshold, along = (getattr(self, name) for name in self.names(k))
        return np.array([w1, w2]), threshold, along

    def hidden(self):
        """What the first two say, (4, 2)."""
        return np.stack([above(*self.line(k)[:2], X) for k in "ab"], axis=1).astype(int)

    def says(self):
        """The third neuron's four answers, bools (4,)."""
        return above(*self.line("c")[:2], self.hidden())

    def summary(self):
        places = len({tuple(place) for place in self.hidden().tolist()})
        return (
            f"{self.right().sum()} of 4 rows of {self.table} right \u00b7 for the third neuron the "
            f"four inputs lie on {places} place{'s' * (places > 1)}"
        )

    def handles(self):
        found = {}
        for name, k in NEURONS.items():
            found[f"{name} line"], found[f"{name} arrow"] = line_handles(*self.line(k))
        return found

    def drag(self, name, x, y):
        k = NEURONS[name.split()[0]]
        numbers = line_dragged(*self.line(k), name.endswith("arrow"), x, y)
        return replace(self, **dict(zip(self.names(k), numbers, strict=True)))


class ThreeNeuronsPicture(Picture):
    """The plane of the inputs with two lines, that of what the two say, and the truth table."""

    def __init__(self):
        super().__init__(height=310)

    def build(self):
        for k, (name, title, inputs) in enumerate(
            [
                ("first", "first neuron: $a$", ("$x_1$", "$x_2$")),
                ("second", "second neuron: $b$", ("$x_1$", "$x_2$")),
                ("third", "third: hears $a$ and $b$", ("$a$", "$b$")),
            ]
        ):
            plane = NeuronPlane(self, (44 + 252 * k, 60, 200, 200), title, inputs)
            setattr(self, name, plane)
        heads = {"$x_1$": 1, "$x_2$": 1, "$a$": 1, "$b$": 1, "says": 1.8, "$y$": 1, "": 0.8}
        self.table = Table(self, (766, 60, 230, 230), heads)

    def pointed(self, name):
        return getattr(self, name.split()[0]).ax

    def reach(self, settings):
        return {
            f"{neuron} {name}": line
            for neuron, k in NEURONS.items()
            for name, line in getattr(self, neuron).reach(*settings.line(k)).items()
        }

    def update(self, settings):
        wanted, hidden, right = TABLES[settings.table], settings.hidden(), settings.right()
        self.first.update(*settings.line("a"), X, wanted)
        self.second.update(*settings.line("b"), X, wanted)
        seen = apart(hidden, APART * (HIGH - LOW) / self.third.ax.bbox.width, X)
        self.third.update(*settings.line("c"), seen, wanted, right)
        says = settings.says().astype(int)
        columns = *hidden.astype(str).T, says.astype(str), map(str, wanted)
        self.table.update(*columns, signs(right))


neuron = figure(
    Neuron,
    NeuronPicture,
    title="A neuron by hand",
    example="table=AND,w1=1,w2=1",
    notebook="01",
)
pinned = figure(
    Pinned,
    PinnedPicture,
    title="A neuron that is pinned to the origin",
    example="table=OR,w1=1,w2=1",
    notebook="02",
)
three_neurons = figure(
    ThreeNeurons,
    ThreeNeuronsPicture,
    title="Three neurons by hand",
    example="a1=1,a2=1,a=0.5",
    notebook="01",
)
