"""A product with all its factors as on a till receipt, and a strip of stages above a picture."""

from dataclasses import dataclass

import numpy as np

from nbhelpers.playgrounds.engine.graph import FAINT, shown
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.plots import PALETTE, readable_on


@dataclass(frozen=True)
class Row:
    """A line of a receipt: a factor, or what the product is so far.

    Attributes
    ----------
    symbol : str
    number : float
    words : str
        What it is.
    colour : str or None
        Of a factor, also where it is marked elsewhere; None: the product so far.
    marks : tuple
        What it is in a drawing (see graph.py).
    equal : bool
        Of a product: whether the number is that of the factors above it.
    """

    symbol: str
    number: float
    words: str
    colour: str | None = None
    marks: tuple = ()
    equal: bool = True


class Receipt:
    """The rows of a product, one below the other, and lines of text below them.

    Parameters
    ----------
    picture : Picture
    place : (left, bottom, width, height)
        Of its axes in pixels.
    rows, notes : int
        How many rows have a place, and how many lines below them.
    """

    PITCH = 33  # pixels from row to row

    def __init__(self, picture, place, rows, notes):
        ax = picture.axes(*place)
        ax.set(xlim=(0, place[2]), ylim=(0, place[3]))
        ax.set_axis_off()
        heights = [place[3] - 16 - self.PITCH * k for k in range(rows + 1)]
        self.title = Label(picture, ax, 0, heights[0], size=13, bold=True, ha="left")
        self.rows = [
            [
                Label(picture, ax, 8, y, size=13),
                Label(picture, ax, 22, y, size=12, ha="left"),
                Label(picture, ax, 216, y, size=13, ha="right"),
                Label(picture, ax, 228, y, size=10, ha="left"),
            ]
            for y in heights[1:]
        ]
        self.notes = [
            Label(picture, ax, 0, 10 + 25 * k, size=11, ha="left") for k in reversed(range(notes))
        ]
        ax.plot([0, place[2]], [25 * notes] * 2, color=PALETTE["light grey"], lw=1)

    def update(self, title, rows, notes, fresh=()):
        """Show a title, rows and lines of text; `fresh` has symbols that have just come."""
        self.title.set_text(title)
        empty = [Row("", 0.0, "")] * (len(self.rows) - len(rows))
        first = True
        for row, labels in zip([*rows, *empty], self.rows, strict=True):
            sign, symbol, number, words = labels
            total = row.colour is None
            equals = "=" if row.equal else "\u2260"
            sign.set_text("" if first or not row.symbol else equals if total else "\u00d7")
            symbol.set_text(f" {row.symbol} " if row.symbol else "")
            face = PALETTE["ink"] if total else row.colour
            symbol.look("white" if total else readable_on(face), face, bold=total)
            number.set_text(shown(row.number) if row.symbol else "")
            number.look(PALETTE["ink"], bold=total)
            if total and row.symbol in fresh:
                number.look("white", PALETTE["ink"])
            words.set_text(row.words)
            first = False
        for label, text in zip(self.notes, notes, strict=True):
            label.set_text(text)


class Strip:
    """The names of stages from left to right: past ones grey, the present one black."""

    def __init__(self, picture, place, names):
        ax = picture.axes(*place)
        ax.set(xlim=(0, place[2]), ylim=(0, place[3]))
        ax.set_axis_off()
        wide = np.array([len(name) + 5 for name in names])
        ends = np.cumsum(wide) * place[2] / wide.sum()
        for x in ends[:-1]:
            ax.text(x, place[3] / 2, "\u203a", ha="center", va="center", fontsize=16)
        self.labels = [
            Label(picture, ax, x, place[3] / 2, f" {name} ", size=12)
            for x, name in zip((np.r_[0, ends[:-1]] + ends) / 2, names, strict=True)
        ]

    def update(self, stage):
        """Show which of them is the present one."""
        for k, label in enumerate(self.labels):
            if k == stage:
                label.look("white", PALETTE["ink"], bold=True)
            elif k < stage:
                label.look(PALETTE["ink"], PALETTE["light grey"], bold=False)
            else:
                label.look(FAINT, "white", PALETTE["light grey"], bold=False)
