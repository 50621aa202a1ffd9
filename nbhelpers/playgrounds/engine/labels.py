"""Short texts that are drawn fast, as a network with a number at every weight needs them.

Laying out a text takes matplotlib half a millisecond, a long one five; fifty of them take longer
than all the rest of a picture. A `Label` puts its text together from characters that are drawn
once, and the pixels of a text that has been shown before are kept.
"""

from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from nbhelpers.playgrounds.engine.picture import DPI
from nbhelpers.plots import PALETTE

MARGIN = 2  # pixels that a character may reach beyond its own room
SIDES = {"left": 0.0, "center": 0.5, "right": 1.0}


class Label(Text):
    """A text that changes from frame to frame, with a box around it if `face` is a colour.

    Parameters
    ----------
    picture : Picture
    ax : Axes
    x, y : float
        Where its middle is, in the axes' data; its left or right end, if `ha` says so.
    size : float
        Points.
    color, face, edge : colours
        Of the text, of its box and of the box's rim; None: none.
    """

    def __init__(self, picture, ax, x, y, text="", size=11, bold=False, ha="center", **look):
        super().__init__(x, y, text, fontsize=size, ha=ha, va="center")
        self.set_fontfamily("DejaVu Sans")
        self.set_fontweight("bold" if bold else "normal")
        self.set_parse_math(False)
        self.face = self.edge = None
        self.look(**{"color": PALETTE["ink"], **look})
        ax.add_artist(self)
        picture.changing(self)

    def look(self, color=None, face=None, edge=None, bold=None):
        """Give it other colours; what is not given stays, but for face and edge."""
        if color is not None:
            self.set_color(color)
        if bold is not None:
            self.set_fontweight("bold" if bold else "normal")
        self.face, self.edge = face, edge

    def draw(self, renderer):
        text = self.get_text()
        if not (self.get_visible() and text):
            return
        covered = self.get_alpha() != 0
        what = text, self.get_fontsize(), self.get_fontweight()
        pixels = block(*what, self.get_color() if covered else None, self.face, self.edge)
        x, y = self.get_transform().transform(self.get_position())
        left = x - SIDES[self.get_horizontalalignment()] * pixels.shape[1]
        gc = renderer.new_gc()
        renderer.draw_image(gc, round(left), round(y - len(pixels) / 2), pixels)
        gc.restore()


@lru_cache(maxsize=256)
def block(text, size, weight, color, face, edge):
    """The pixels (height, width, 4) of a label, uint8, from the bottom; without a colour no text.

    The digits are in the middle of its height, whatever else the text has.
    """
    cover = written(text, size, weight) * (color is not None)
    if face is not None:
        cover = np.pad(cover, ((0, 0), (3, 3)))
    pixels = np.zeros((*cover.shape, 4), np.uint8)
    ink = 255 * np.array(to_rgb(color or "white"))
    share = cover[..., np.newaxis]
    if face is None:
        pixels[..., :3], pixels[..., 3] = ink, 255 * cover
        return pixels[::-1]
    pixels[..., :3] = (1 - share) * 255 * np.array(to_rgb(face)) + share * ink
    pixels[..., 3] = 255
    if edge is not None:
        rim = 255 * np.array(to_rgb(edge))
        pixels[[0, -1], :, :3] = rim
        pixels[:, [0, -1], :3] = rim
    pixels[[0, 0, -1, -1], [0, -1, 0, -1], 3] = 0  # corners are round
    return pixels[::-1]


def written(text, size, weight):
    """How much of each pixel (height, width) a text covers, from 0 to 1."""
    cells = [character(one, size, weight) for one in text]
    ends = np.cumsum([step for _, step in cells])
    cover = np.zeros((len(cells[0][0]), ends[-1] + 2 * MARGIN))
    for (cell, step), end in zip(cells, ends, strict=True):
        part = cover[:, end - step : end - step + cell.shape[1]]
        np.maximum(part, cell, out=part)
    return cover[:, MARGIN - 1 : 1 - MARGIN]


@lru_cache(maxsize=1024)
def character(one, size, weight):
    """What a character covers, with a margin left and right, and the pixels to the next one."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    em, paper = size * DPI / 72, RendererAgg(64, 64, DPI)

    def width(text):
        return paper.get_text_width_height_descent(text, font, ismath=False)[0]

    step = max(round(width(f"|{one}|") - width("||")), 0)
    height, digits = round(1.36 * em), 0.73 * em  # that of a digit of this typeface
    gc = paper.new_gc()
    gc.set_foreground("black")
    paper.draw_text(gc, MARGIN, round((height + digits) / 2), one, font, 0)
    gc.restore()
    return np.asarray(paper.buffer_rgba())[:height, : step + 2 * MARGIN, 3] / 255, step
