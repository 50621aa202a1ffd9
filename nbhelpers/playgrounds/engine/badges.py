"""Small boxes of text in a picture, put together from the images of letters.

For numbers that change with every picture this takes a tenth of matplotlib's time for text.
"""

from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from nbhelpers.playgrounds.engine.picture import DPI
from nbhelpers.plots import PALETTE

MARKS, LETTERS = "✓✗", " abcdefghijklmnopqrstuvwxyzW0123456789.+-"  # all that there are


class Badges(Artist):
    """Boxes of text in a fixed-width face."""

    def __init__(self, ax):
        super().__init__()
        self.ax, self.badges = ax, []

    def set_badges(self, badges):
        """Show badges (x, y, lines, face, edge, rim[, height]): the middle, and as in `badge`."""
        self.badges = []
        for x, y, lines, *look in badges:
            pixels = badge(tuple(lines), *look)
            corner = self.ax.transData.transform((x, y)) - np.array(pixels.shape[1::-1]) / 2
            self.badges.append((*np.round(corner), pixels))

    def draw(self, renderer):
        gc = renderer.new_gc()
        for x, y, pixels in self.badges:
            renderer.draw_image(gc, x, y, pixels)
        gc.restore()


@lru_cache(maxsize=256)
def badge(lines, face, edge, rim, height=17):
    """The pixels of a badge with these lines of text.

    `face` and `edge` are colours; the rim is so many pixels wide, a letter so many high. Without a
    rim, the letters have its colour.
    """
    width, images = max(len(line) for line in lines), letters(height)
    rows = [np.hstack([images[c] for c in line.ljust(width)]) for line in lines]
    ink = np.pad(np.vstack(rows), ((4, 4), (5, 5)))[..., np.newaxis]  # 0 to 1
    pixels = (1 - ink) * rgb(face) + ink * rgb(PALETTE["ink"] if rim else edge)
    if rim:
        frame = np.ones(ink.shape[:2], bool)
        frame[rim:-rim, rim:-rim] = False
        pixels[frame] = rgb(edge)
    return np.dstack([pixels, np.full(ink.shape[:2], 255)])[::-1].astype(np.uint8)


def rgb(colour):
    """A colour's red, green and blue, 0 to 255."""
    return 255 * np.array(to_rgb(colour))


@lru_cache
def letters(height=17):
    """How dark each pixel of the letters' images is, 0 to 1: {"a": (17, 8), ...}; marks are wider.

    All are drawn at once, when the first is needed: one by one they would slow down the first
    pictures of a panel.
    """
    widths = {c: round((14 if c in MARKS else 8) * height / 17) for c in MARKS + LETTERS}
    ends = np.cumsum([*widths.values()])
    figure = Figure(figsize=(ends[-1] / DPI, height / DPI), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    for (c, width), end in zip(widths.items(), ends, strict=True):
        face, size = ("DejaVu Sans", 12) if c in MARKS else ("DejaVu Sans Mono", 9.6)
        x, y = (end - width) / ends[-1], 4.5 / 17
        figure.text(x, y, c, family=face, fontsize=size * height / 17)
    canvas.draw()
    dark = 1 - np.asarray(canvas.buffer_rgba())[..., 0] / 255.0
    return dict(zip(widths, np.split(dark, ends[:-1], axis=1), strict=True))
