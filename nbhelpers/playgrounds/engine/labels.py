"""Short texts that are drawn fast, as a network with a number at every weight needs them.

Laying out a text takes matplotlib half a millisecond, and fifty of them the time of a whole
picture. A `Label` is drawn once for each text that it ever shows; its pixels are kept.
"""

from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from nbhelpers.playgrounds.engine.picture import DPI
from nbhelpers.plots import PALETTE

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


@lru_cache(maxsize=4096)
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


@lru_cache(maxsize=4096)
def written(text, size, weight):
    """How much of each pixel (height, width) a text covers, from 0 to 1."""
    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    height = round(1.36 * size * DPI / 72)
    paper = sheet()
    paper.clear()
    width, _, _ = paper.get_text_width_height_descent(text, font, ismath=False)
    width = min(int(np.ceil(width)) + 2, int(paper.width))
    digits = 0.73 * size * DPI / 72  # the height of a digit of this typeface
    gc = paper.new_gc()
    gc.set_foreground("black")
    paper.draw_text(gc, 1, round((height + digits) / 2), text, font, 0)
    gc.restore()
    return np.asarray(paper.buffer_rgba())[:height, :width, 3] / 255


@lru_cache
def sheet():
    """Where texts are drawn, one after the other."""
    return RendererAgg(1000, 64, DPI)
