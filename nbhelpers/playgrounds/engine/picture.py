"""A picture that changes many times a second: one figure, a saved background, changed artists only.

Drawing a whole figure takes 30 to 60 ms, too long for a slider that is dragged. A picture therefore
draws everything that stays (axes, ticks, labels) once, saves those pixels, and for every new frame
puts them back and draws only what changes. The pixels go through Pillow to the bytes that an image
widget shows. No pyplot anywhere: its global state is not safe when widget callbacks come from
several threads, so every figure is drawn under the one lock of guards.py.

To write a picture, subclass `Picture`::

    class MyPicture(Picture):
        def build(self):                       # once: axes, and artists that will change
            ax = self.figure.add_subplot()
            self.curve = self.line(ax, color=PALETTE["blue"])
            self.losses = LossCurves(self, self.figure.add_subplot(122))

        def update(self, experiment, previous=None, kept=()):   # for every frame
            self.curve.set_data(...)
            self.losses.update(experiment, previous, kept)

If `update` changes something that is part of the background (limits, ticks, a title), it calls
`self.refresh()`, and the next frame draws the background again. That takes those 30 to 60 ms and is
seen as a jump, so it should be rare. An axis whose limits follow the training is therefore
registered by `level = self.seldom(ax.yaxis)`; after `self.refresh(level)` only such artists are
drawn again, which takes about a third of that.
"""

import io
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from nbhelpers.playgrounds.engine.guards import LOCK
from nbhelpers.plots import DIVERGING, PALE_DIVERGING, PALETTE, own_style

DPI = 96  # a browser's: one point of type is the same size as in the page's own text


class Picture:
    """A figure of fixed size that is redrawn quickly.

    Parameters
    ----------
    width, height : int
        Size in pixels; the picture is shown at this size or smaller, never enlarged.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    artists : list of Artist
        What is drawn anew for every frame, in this order.
    groups : list of lists of Artist
        What changes now and then, and is drawn between the rest of the background and those.

    Notes
    -----
    `QUALITY` (of JPEG, up to 95) keeps a frame below 60 kB, so that 30 of them a second get through
    an ordinary network; a picture of many small images needs a lower one.
    """

    QUALITY = 75

    def __init__(self, width=1000, height=370):
        self.width, self.height = width, height
        self.artists, self.groups = [], []
        self._saved = []  # pixels: of the background, and of it with one, two, ... of the groups
        with LOCK, own_style():
            self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
            self.canvas = FigureCanvasAgg(self.figure)
            self.build()

    def build(self):
        """Create the axes and artists (a subclass does)."""
        raise NotImplementedError("a picture needs build()")

    def update(self, experiment, previous=None, kept=()):
        """Put the state of `experiment` into the artists (a subclass does).

        `previous` is the replaced `Run` or None, `kept` a list of pinned ones (see experiment.py).
        """
        raise NotImplementedError("a picture needs update()")

    def places(self):
        """Where clicks count and the pointer is told something: name -> axes (a subclass's)."""
        return {}

    def reach(self, settings):
        """Lines by which handles can be held, too: name -> (from, to, turns), in their data.

        The line moves with the hand, or it turns around where it is `from`.
        """
        return {}

    def axes(self, left, bottom, width, height, **options):
        """Add axes at a place given in pixels, from the bottom left of the picture."""
        w, h = self.width, self.height
        return self.figure.add_axes((left / w, bottom / h, width / w, height / h), **options)

    def changing(self, *artists):
        """Register artists that change from frame to frame; returns the first one."""
        for artist in artists:
            artist.set_animated(True)  # so that the background is drawn without it
            self.artists.append(artist)
        return artists[0]

    def line(self, ax, *style, **look):
        """Add a line that changes from frame to frame, empty to begin with; returns it."""
        return self.changing(ax.plot([], [], *style, **look)[0])

    def seldom(self, *artists):
        """Register artists that change now and then, an axis with its ticks, say, as a group.

        Returns its level, for `refresh`. What changes least is best registered first.
        """
        for artist in artists:
            artist.set_animated(True)
        self.groups.append(artists)
        return len(self.groups)

    def refresh(self, level=0):
        """Draw the background again with the next frame (after a change of limits or texts).

        With the level of a group, only this group and those that were registered after it.
        """
        del self._saved[level:]

    def tell(self, message, experiment, words=""):
        """Show that the run has diverged, if it has, or other words, if there are any."""
        if experiment.diverged is not None:
            words = f"diverged at {experiment.unit} {experiment.diverged}"
        message.set_visible(bool(words))
        message.set_text(words)

    def draw(self):
        """Draw a frame and return its pixels, an array (height, width, 4) of uint8."""
        with LOCK, own_style():
            self._draw_background()
            self._draw_all(self.artists)
            return np.asarray(self.canvas.buffer_rgba())

    def _draw_background(self):
        if len(self._saved) == len(self.groups) + 1:
            self.canvas.restore_region(self._saved[-1])
            return
        if self._saved:
            self.canvas.restore_region(self._saved[-1])
        else:
            self.canvas.draw()
            self._saved.append(self.canvas.copy_from_bbox(self.figure.bbox))
        for group in self.groups[len(self._saved) - 1 :]:
            self._draw_all(group)
            self._saved.append(self.canvas.copy_from_bbox(self.figure.bbox))

    def _draw_all(self, artists):
        renderer = self.canvas.get_renderer()
        for artist in artists:
            if artist.get_visible():
                artist.draw(renderer)

    def png(self):
        """Draw a frame and return it as the bytes of a PNG file."""
        with LOCK:
            return self._encode("PNG", compress_level=9)

    def render(self):
        """Draw a frame and return it as the bytes of a JPEG file (colour at half resolution)."""
        with LOCK:
            return self._encode("JPEG", quality=self.QUALITY, subsampling="4:2:0")

    def _encode(self, format, **options):
        pixels = self.draw()
        size = (pixels.shape[1], pixels.shape[0])
        image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)
        if format == "PNG":  # JPEG takes it as it is
            image = image.convert("RGB")
        out = io.BytesIO()
        image.save(out, format, **options)
        return out.getvalue()


class Surface(Artist):
    """Values on a grid, smoothly enlarged to the pixels of an axes; much faster than imshow.

    It fills the axes `ax` completely; what is not finite is grey.
    """

    def __init__(self, ax):
        super().__init__()
        self.ax, self.pixels = ax, None

    def set_values(self, Z):
        """Show the values Z (n, m), where 0 is fully blue and 1 fully vermilion."""
        box = self.ax.bbox
        width, height = round(box.width), round(box.height)
        self.pixels = colours(enlarge(Z, height, width), PALE_TABLE)

    def draw(self, renderer):
        if self.pixels is not None:
            gc = renderer.new_gc()
            renderer.draw_image(gc, round(self.ax.bbox.x0), round(self.ax.bbox.y0), self.pixels)
            gc.restore()


class Units(Artist):
    """The units of a network as discs, each filled with a small map of its activation."""

    def __init__(self, ax):
        super().__init__()
        self.ax, self.discs = ax, []

    def set_maps(self, maps, positions, size, tables=None):
        """Show maps (each (n, n), values from 0 to 1) at positions (k, 2) of the axes' data.

        `tables` are the colours of each; without them 0 is fully blue and 1 fully vermilion.
        """
        cover, ring = disc(size)
        corners = np.round(self.ax.transData.transform(positions) - size / 2).astype(int)
        rows = np.ix_(*[np.arange(size) * len(maps[0]) // size] * 2)
        tables = tables or [FULL_TABLE] * len(maps)
        pixels = np.stack([colours(Z[rows], table) for Z, table in zip(maps, tables, strict=True)])
        pixels[..., :3] = pixels[..., :3] * (1 - ring) + INK_RGB * ring
        pixels[..., 3] = cover
        self.discs = [(*corner, one) for corner, one in zip(corners, pixels, strict=True)]

    def draw(self, renderer):
        gc = renderer.new_gc()
        for x, y, pixels in self.discs:
            renderer.draw_image(gc, x, y, pixels)
        gc.restore()


@lru_cache
def disc(size):
    """How much of each pixel (size, size) a disc covers, 0 to 255, and its rim, 0 to 1."""
    middle = np.arange(size) - (size - 1) / 2
    inside = size / 2 - np.hypot(middle, middle[:, np.newaxis])  # distance to the rim
    cover = np.clip(inside, 0, 1)
    ring = np.clip(2.0 - inside, 0, 1)
    return (255 * cover).astype(np.uint8), ring[..., np.newaxis]


@lru_cache
def interpolation(n, size):
    """For `size` values between n ones: the index of the left neighbour, the share of the right."""
    at = np.linspace(0, n - 1, size, dtype=np.float32)
    left = np.minimum(at.astype(np.intp), n - 2)
    return left, at - left


def enlarge(Z, height, width):
    """Values Z (n, m) enlarged to (height, width) along straight lines between them."""
    Z = np.clip(Z, -1e6, 1e6).astype(np.float32)  # NaN stays NaN
    i, share = interpolation(len(Z), height)
    Z = Z[i] + (Z[i + 1] - Z[i]) * share[:, np.newaxis]  # (height, m)
    j, share = interpolation(Z.shape[1], width)
    return Z[:, j] + (Z[:, j + 1] - Z[:, j]) * share


def colours(Z, table):
    """The colours (..., 4), uint8, of values from 0 to 1; values beyond take the end colours.

    `table` is a `colour_table`; what is not a number gets its last row.
    """
    index = np.clip(255 * Z, 0, 255)
    missing = np.isnan(index)
    if missing.any():
        index[missing] = 256
    index = np.ascontiguousarray(index).astype(np.intp)
    pixels = table.view(np.uint32).ravel()[index]  # four bytes at once
    return pixels.view(np.uint8).reshape(*Z.shape, 4)


def colour_table(colormap):
    """The 256 colours of a map, and a grey for what is not a number, as uint8 (257, 4)."""
    grey = np.array([[217, 217, 217, 255]])
    return np.concatenate([255 * colormap(np.arange(256)), grey]).round().astype(np.uint8)


FULL_TABLE, PALE_TABLE = colour_table(DIVERGING), colour_table(PALE_DIVERGING)
INK_RGB = 255 * np.array(to_rgb(PALETTE["ink"]))


def paler(colour, share=0.5):
    """A colour mixed with white, as three numbers from 0 to 255."""
    return 255 * (share * np.array(to_rgb(colour)) + 1 - share)


def message(ax):
    """Words in the middle of the axes, for `Picture.tell`."""
    return ax.text(
        0.5,
        0.5,
        "",
        transform=ax.transAxes,
        ha="center",
        va="center",
        fontsize=12,
        visible=False,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 6},
    )
