"""What the pictures of the playgrounds on images of digits have in common.

Misread digits with what was read, the incoming weights of hidden units, and curves of training and
validation. A picture is 1000 pixels wide and 400 high; a digit or a unit takes 56 x 56 of them.
"""

from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nbhelpers.playgrounds.engine.curves import LossCurves
from nbhelpers.playgrounds.engine.guards import LOCK
from nbhelpers.playgrounds.engine.picture import DPI, FULL_TABLE, Picture, Surface, colours
from nbhelpers.plots import PALETTE, own_style, tile

SIZE = 56  # pixels of a digit, or of a unit's weights, along each side
PAPER, PENCIL = 246, 34  # grey levels of a digit
COLUMNS, ROWS, CELL = 6, 4, (62, 76)  # misread digits; width and height of each with its label
UNIT_COLUMNS, UNIT_ROWS, GAP = 4, 5, 4  # weights of hidden units


class DigitPicture(Picture):
    """A picture of many small images, with the weights of hidden units at its right."""

    QUALITY = 60  # so that a frame stays small
    strongest = None  # the weight that has the full colour; four standard deviations if None

    def __init__(self):
        super().__init__(width=1000, height=400)

    def words(self, x, text, **options):
        """Put words at the top of the picture, or at its bottom, from `x` pixels on."""
        y = 366 if "fontsize" in options else 20
        return self.figure.text(x / 1000, y / 400, text, **options)

    def surface(self, left, bottom, width, height):
        """Return a `Surface` of pixels at a place given in pixels."""
        ax = self.axes(left, bottom, width, height)
        ax.set_axis_off()
        return ax.add_artist(self.changing(Surface(ax)))

    def build_units(self):
        """Make the right of the picture."""
        size = SIZE + GAP
        self.units = self.surface(752, 58, UNIT_COLUMNS * size - GAP, UNIT_ROWS * size - GAP)
        self.words(752, "what hidden units look for", fontsize=12)
        for x, colour, words in ((752, "blue", "against"), (842, "vermilion", "for the unit")):
            self.figure.text(x / 1000, 20 / 400, "\u25a0", color=PALETTE[colour], fontsize=13)
            self.words(x + 16, words)

    def show_units(self, W):
        """Show the weights W (n_in, n_units) that lead into the first hidden units."""
        with np.errstate(all="ignore"):  # weights that have left the range are drawn grey
            self.units.pixels = weight_sheet(W, self.strongest)[::-1]

    def build_misread(self, bottom):
        """Make the middle of the picture."""
        self.digits = self.surface(338, bottom, COLUMNS * CELL[0], ROWS * CELL[1])

    def show_misread(self, images, answers, y, empty=255):
        """Show misread images (n, d) with labels; returns how many there are, how many are shown.

        `empty` is the grey level of a place that has none.
        """
        wrong = answers != y
        places = choose_wrong(wrong, COLUMNS * ROWS)
        labels = [f"{a}, is {t}" for a, t in zip(answers, y, strict=True)]
        self.digits.pixels = digit_sheet(images, labels, places, empty)[::-1]
        return int(wrong.sum()), int((places >= 0).sum())


# ---------------------------------------------------------------- sheets of pixels
def grey(images):
    """Square images (n, d), values from 0 to 1, as grey pixels (n, SIZE, SIZE)."""
    side = int(images.shape[1] ** 0.5)
    pixels = (PAPER - (PAPER - PENCIL) * images.reshape(-1, side, side)).astype(np.uint8)
    return pixels.repeat(SIZE // side, axis=1).repeat(SIZE // side, axis=2)


def opaque(sheet):
    """Grey pixels (height, width) as pixels (height, width, 4)."""
    return np.dstack([sheet, sheet, sheet, np.full_like(sheet, 255)])


@lru_cache(maxsize=100)
def label(words):
    """Words as grey pixels (18, width of a cell), white where there is none."""
    width, height = CELL[0], CELL[1] - SIZE - 2
    with LOCK, own_style():
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        figure.text(SIZE / 2 / width, 0.5, words, ha="center", va="center", fontsize=10.5)
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


def digit_sheet(images, labels, places, empty=255):
    """Misread digits with their labels: pixels (height, width, 4) of uint8."""
    width, height = CELL
    sheet = np.full((ROWS * height, COLUMNS * width), 255, np.uint8)
    digits = grey(images[places])
    for k, row in enumerate(places):
        top, left = (k // COLUMNS) * height, (k % COLUMNS) * width
        sheet[top : top + SIZE, left : left + SIZE] = digits[k] if row >= 0 else empty
        if row >= 0:
            text = label(labels[row])
            sheet[top + SIZE + 1 : top + SIZE + 1 + len(text), left : left + width] = text
    return opaque(sheet)


def weight_sheet(W, strongest=None):
    """Incoming weights W (side * side, n) of the first units as pictures: pixels of uint8.

    0 is white, and `strongest` has the full colour: four standard deviations if not given.
    """
    n, side = UNIT_COLUMNS * UNIT_ROWS, int(len(W) ** 0.5)
    W = W[:, :n]
    strongest = strongest or 4 * np.std(W, dtype=float) or 1.0
    images = np.full((n, side, side), 0.5)
    images[: W.shape[1]] = 0.5 + 0.5 * W.T.reshape(-1, side, side) / strongest
    zoom = SIZE // side
    sheet = tile(images.repeat(zoom, axis=1).repeat(zoom, axis=2), UNIT_COLUMNS, gap=GAP)
    pixels = colours(sheet, FULL_TABLE)
    pixels[gaps()] = 255
    return pixels


@lru_cache
def gaps():
    """Where a sheet of weights is white: between its pictures."""
    blank = np.zeros((UNIT_COLUMNS * UNIT_ROWS, SIZE, SIZE))
    return np.isnan(tile(blank, UNIT_COLUMNS, gap=GAP))


# ---------------------------------------------------------------- curves
class TwoCurves(LossCurves):
    """A quantity of training and of validation images; earlier runs' validation curves behind.

    Parameters
    ----------
    picture, ax, ylim
        As in `LossCurves`.
    training, validation : str
        Names of the two curves in an experiment's history.
    floor : float
        What falls below is drawn there.
    unit : int
        Of the horizontal axis, in what the history counts.
    shortest : float
        Length of the horizontal axis to begin with.
    """

    WIDTH, DOT = 2.2, 6

    def __init__(self, picture, ax, training, validation, ylim, floor, unit=1, shortest=1):
        self.floor, self.unit = floor, unit
        curves = {training: ("training", PALETTE["blue"])}
        curves[validation] = "validation", PALETTE["vermilion"]
        super().__init__(picture, ax, curves, ylim, shortest, xlabel="", main=validation)
        ax.grid(True)

    def points(self, run, name):
        x, values = super().points(run, name)
        return x / self.unit, np.maximum(values, self.floor)

    def reach(self, experiment, previous, kept):
        """Where the vertical axis ends: `ylim`, and a hundredfold, ... if there is a peak."""
        curves = [experiment.history[name] for name in self.curves]
        curves += [run.history[self.main] for run in kept]
        values = np.concatenate([curve.sample()[1] for curve in curves])
        peak, top = values[np.isfinite(values)].max(), max(self.start_ylim)
        while top < min(peak, 1e12):
            top *= 100
        return (top,)

    def limit(self, length, top):
        self.ax.set_xlim(0, length)


class TwoLosses(TwoCurves):
    """The loss, on an axis that has no numbers at its steps: those below have the same."""

    def __init__(self, picture, ax, ylim, floor, **options):
        super().__init__(picture, ax, "loss", "validation", ylim, floor, **options)
        ax.tick_params(labelbottom=False)
        ax.yaxis.set_major_formatter("{x:g}")

    def limit(self, length, top):
        LossCurves.limit(self, length, self.start_ylim[0], top)
