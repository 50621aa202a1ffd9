"""Pictures of networks and what they learn, in one style and one palette everywhere.

Every function takes `ax=None`: it draws into the axes that you give it, or into a new figure, and
returns the axes. Blue means class 0, negative, below; vermilion means class 1, positive, above.
The colours are Okabe and Ito's, which people who are colour-blind can tell apart.
"""

import inspect
from contextlib import contextmanager
from functools import wraps

import contourpy
import matplotlib as mpl
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb, to_rgba
from matplotlib.patches import Circle

from nbhelpers.boxes import WIDTH

PALETTE = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "purple": "#CC79A7",
    "yellow": "#F0E442",
    "ink": "#222222",
    "grey": "#8C8C8C",
    "light grey": "#D9D9D9",
}
CYCLE = ("blue", "vermilion", "green", "orange", "purple", "sky")
CLASS_COLORS = [PALETTE[name] for name in ("blue", "vermilion", "green", "orange", "purple")]
DIVERGING = LinearSegmentedColormap.from_list(
    "blue_white_vermilion", [PALETTE["blue"], "#FFFFFF", PALETTE["vermilion"]], N=256
)
# The same, paler: points and lines in the full colours stand out on it.
PALE_DIVERGING = LinearSegmentedColormap.from_list(
    "pale_blue_white_vermilion", ["#6FAFD6", "#FBFBFB", "#EBA36C"], N=256
)

STYLE = {
    "figure.figsize": (8, 3.6),
    "figure.dpi": 96,
    "savefig.dpi": 96,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlepad": 8,
    "axes.titley": 1.0,  # fixed; finding a place for it takes a seventh of the drawing
    "axes.titlelocation": "left",
    "axes.titlecolor": PALETTE["ink"],
    "axes.labelsize": 11,
    "axes.labelcolor": PALETTE["ink"],
    "axes.edgecolor": PALETTE["grey"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": mpl.cycler(color=[PALETTE[name] for name in CYCLE]),
    "axes.unicode_minus": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "xtick.color": PALETTE["grey"],
    "ytick.color": PALETTE["grey"],
    "xtick.labelcolor": "#444444",
    "ytick.labelcolor": "#444444",
    "text.color": PALETTE["ink"],
    "legend.fontsize": 11,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.borderaxespad": 0.2,
    "lines.linewidth": 2,
    "image.cmap": "cividis",
}


def use_style():
    """Set matplotlib's style for the notebooks: fonts, colours, sizes, a light grid.

    Inline pictures become PNGs of 96 dots an inch, well below 150 kB each.
    """
    mpl.rcParams.update(STYLE)


# What the reader keeps: settings of windows and of the session, not of pictures.
SESSION = ("backend", "backend_fallback", "interactive", "toolbar", "tk.window_focus")
SESSION += ("figure.max_open_warning", "figure.raise_window")
OURS = {k: v for k, v in dict.items(mpl.rcParamsDefault) if k not in SESSION}
OURS |= dict.items(mpl.RcParams(STYLE))  # checked, and so in the form in which matplotlib has them
zoom = 1  # how large things are shown: see `lecture`


def lecture(on=True):
    """Make all that is drawn from now on twice as large, for the last row; or no longer.

    Text, lines and pictures keep their proportions, so nothing overlaps that didn't before. On a
    page too narrow for them, pictures are as wide as the page; figures grow with their controls.
    As the last expression of a cell it makes the text of JupyterLab's page larger, too.
    """
    global zoom
    zoom = 2 if on else 1
    for style in (mpl.rcParams, OURS):
        style["figure.dpi"] = STYLE["figure.dpi"] * zoom
    return LargePage() if on else None


class LargePage:
    """Shows nothing; where it is shown, text and code of the page are half as large again."""

    def __repr__(self):
        return "From here on, pictures and figures are drawn larger."

    def _repr_html_(self):
        return f"{self!r}<style>{LARGE}</style>"


# The second line is for boxes of questions and checks (boxes.py), which have a size of their own.
LARGE = f"""
.jp-Notebook {{ --jp-content-font-size1: 21px; --jp-code-font-size: 20px; }}
.jp-Notebook .jp-OutputArea div[style*="{WIDTH}"] {{ font-size: 21px !important; }}
.jp-Notebook .jp-OutputArea .nn-question * {{ font-size: 20px !important; }}
"""


@contextmanager
def own_style():
    """Let the `with` block draw the same picture whatever the reader's settings of matplotlib are.

    All of them are set, not only those in `STYLE`. Unlike `rc_context` it checks nothing, which
    makes it fast enough for every frame: some 0.05 ms instead of 5. Numbers too small for the
    floating-point format, which matplotlib doesn't mind, are no error either (`np.seterr`).
    """
    before = dict(dict.items(mpl.rcParams))
    dict.update(mpl.rcParams, OURS)
    try:
        with np.errstate(under="ignore"):
            yield
    finally:
        dict.update(mpl.rcParams, before)


def styled(draw):
    """Let a function that makes its own axes do so in our style; axes it is given stay as they are.

    The axes get their first ticks at once, or those would take the reader's settings later on.
    """

    @wraps(draw)
    def wrapper(*args, **options):
        if inspect.signature(draw).bind(*args, **options).arguments.get("ax") is not None:
            return draw(*args, **options)
        with own_style():
            ax = draw(*args, **options)
            for axis in (ax.xaxis, ax.yaxis):
                axis.get_major_ticks(), axis.get_minor_ticks()
        return ax

    return wrapper


def new_axes(ax, **size):
    """`ax` itself, or the axes of a new figure if it is None."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt  # not at the top: its global state is not for playgrounds

    return plt.subplots(layout="constrained", **size)[1]


def ticks_of_truth(ax):
    """Label 0, a half and 1 on both axes, for inputs that are 0 or 1."""
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks([0, 0.5, 1], ["0", "½", "1"])


# -- decision surface ----------------------------------------------------------------------------
def grid_points(xlim, ylim, n):
    """The n × n points of a square grid, an array (n², 2), row by row from the bottom left."""
    x, y = np.meshgrid(np.linspace(*xlim, n), np.linspace(*ylim, n))
    return np.column_stack([x.ravel(), y.ravel()])


def level_lines(Z, xlim, ylim, level):
    """The lines where the values Z (n, n) on a grid cross a level: a list of arrays (m, 2)."""
    x, y = np.linspace(*xlim, Z.shape[1]), np.linspace(*ylim, Z.shape[0])
    return contourpy.contour_generator(x, y, np.ma.masked_invalid(Z)).lines(level)


def class_surface(P, xlim, ylim):
    """Colours and borders for the probabilities of k classes at the points of a grid.

    Parameters
    ----------
    P : array (n, n, k)
        A probability for each class, k from 2 to 5; nan is shown in grey.
    xlim, ylim : (float, float)
        The part of the plane that the grid covers.

    Returns
    -------
    colours : array (n, n, 3)
        The pale colours of the classes, mixed by their probabilities.
    borders : list of arrays (m, 2)
        The lines where one class takes the lead from another.

    Raises
    ------
    ValueError
        For more classes than there are colours.
    """
    k = P.shape[2]
    if k > len(CLASS_COLORS):
        raise ValueError(f"{k} classes, but there are colours for {len(CLASS_COLORS)}")
    colours = P @ (0.5 + 0.5 * np.array([to_rgb(colour) for colour in CLASS_COLORS[:k]]))
    colours = np.where(np.isnan(colours), 0.85, np.clip(colours, 0, 1))
    leads = [P[:, :, i] - np.delete(P, i, axis=2).max(axis=2) for i in range(k)]  # > 0: i leads
    return colours, [line for lead in leads for line in level_lines(lead, xlim, ylim, 0)]


@styled
def decision_surface(
    predict,
    ax=None,
    xlim=(-0.25, 1.25),
    ylim=(-0.25, 1.25),
    X=None,
    y=None,
    vmin=0.0,
    vmax=1.0,
    level=0.5,
    n=150,
    labels=("$x_1$", "$x_2$"),
    size=110,
):
    """What a network answers at every point of a plane, with the line where its answer changes.

    One value for each point is shown from blue to vermilion; the probabilities of k classes mix
    the classes' colours, with a line wherever another class takes the lead.

    Parameters
    ----------
    predict : callable
        Takes points (m, 2), returns values (m,) or (m, 1), or probabilities (m, k) of k classes,
        k from 2 to 5.
    ax : Axes, optional
    xlim, ylim : (float, float)
        The part of the plane that is shown.
    X, y : arrays (examples, 2) and (examples,), optional
        Points to show, and their classes (integers; they choose the colour).
    vmin, vmax : float
        The values that are fully blue and fully vermilion.
    level : float or None
        Where the line is drawn. (The probabilities of classes need no vmin, vmax and level.)
    n : int
        The grid has n × n points.
    labels : (str, str)
        Names of the axes.
    size : float
        Area of a dot in square points; small ones have no white rim.

    Returns
    -------
    Axes
        With the surface in `ax.images[0]` and the lines in `ax.collections[0]`.

    Raises
    ------
    ValueError
        For more classes than there are colours.
    """
    ax = new_axes(ax, figsize=(4, 4))
    Z = np.asarray(predict(grid_points(xlim, ylim, n)))
    if Z.ndim == 2 and Z.shape[1] > 1:
        surface, lines = class_surface(Z.reshape(n, n, -1), xlim, ylim)
    else:
        surface = Z.reshape(n, n)
        lines = [] if level is None else level_lines(surface, xlim, ylim, level)
    ax.imshow(
        surface,
        cmap=PALE_DIVERGING,
        vmin=vmin,
        vmax=vmax,
        extent=(*xlim, *ylim),
        origin="lower",
        interpolation="bilinear",
        zorder=0.5,
    )
    ax.add_collection(LineCollection(lines, colors=PALETTE["ink"], linewidths=1.6))
    ax.grid(False)
    ax.set(xlim=xlim, ylim=ylim, xlabel=labels[0], ylabel=labels[1], aspect="equal")
    ax.locator_params(nbins=4)
    if X is not None:
        colours = [CLASS_COLORS[int(k) % len(CLASS_COLORS)] for k in np.ravel(y)]
        rim = 2 if size > 50 else 0
        ax.scatter(
            *np.transpose(X), s=size, c=colours, edgecolors="white", linewidths=rim, zorder=3
        )
    return ax


def readable_on(colour):
    """The text colour, "black" or "white", that has the larger contrast on a colour (WCAG 2.1).

    It is at least 4.58:1, whatever the colour.
    """
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return "black" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "white"


# -- network diagram -----------------------------------------------------------------------------
def node_positions(sizes, xlim=(0.0, 1.0), ylim=(0.0, 1.0)):
    """Where the units of each layer stand: a list of arrays (size, 2), first unit on top."""
    middle, layers = (ylim[0] + ylim[1]) / 2, []
    for x, size in zip(np.linspace(*xlim, len(sizes)), sizes, strict=True):
        gap = (ylim[1] - ylim[0]) / max(size, 3)
        y = middle + gap * ((size - 1) / 2 - np.arange(size))
        layers.append(np.column_stack([np.full(size, x), y]))
    return layers


def weight_lines(weights, positions):
    """Lines from layer to layer: segments (m, 2, 2), widths (m,) in points, colours (m, 4).

    Blue is negative, vermilion positive; the width grows with the square root of |weight|, so that
    weights of 0.1 and of 20 can be seen side by side.
    """
    segments, values = [], []
    for W, here, there in zip(weights, positions[:-1], positions[1:], strict=True):
        i, j = np.indices(W.shape).reshape(2, -1)
        segments.append(np.stack([here[i], there[j]], axis=1))
        values.append(W.ravel())
    values = np.nan_to_num(np.concatenate(values).astype(float), posinf=1e9, neginf=-1e9)
    widths = np.clip(1.9 * np.sqrt(np.abs(values)), 0.4, 8.0)
    ends = np.array([to_rgba(PALETTE["blue"]), to_rgba(PALETTE["vermilion"])])
    return np.concatenate(segments), widths, ends[(values > 0).astype(int)]


@styled
def network_diagram(net, ax=None, x=None, names=("$x_1$", "$x_2$"), output_names=("output",)):
    """A network as circles and lines: colour is the sign of a weight, width its size.

    Parameters
    ----------
    net : MLP
        Anything with `sizes`, `W` and `forward`.
    ax : Axes, optional
    x : array (n_inputs,), optional
        Fills every circle with the activation of its unit for this one input (white is 0).
    names, output_names : sequences of str
        What stands beside the inputs and the outputs.

    Returns
    -------
    Axes
    """
    ax = new_axes(ax, figsize=(5, 3.6))
    positions = node_positions(net.sizes, (0.14, 0.80))
    segments, widths, colours = weight_lines(net.W, positions)
    ax.add_collection(
        LineCollection(segments, linewidths=widths, colors=colours, alpha=0.85, capstyle="round")
    )
    A = None if x is None else net.forward(np.atleast_2d(x))
    radius = min(0.07, 0.42 / max(net.sizes))
    for layer, places in enumerate(positions):
        for k, place in enumerate(places):
            value = 0.0 if A is None else float(A[layer][0, k])
            face = DIVERGING(0.5 + 0.5 * np.clip(value, -1, 1)) if np.isfinite(value) else "0.8"
            ax.add_patch(
                Circle(place, radius, facecolor=face, edgecolor=PALETTE["ink"], lw=1.2, zorder=3)
            )
            if A is not None:
                ax.text(
                    *place,
                    f"{round(float(value), 2) + 0:.2f}".rstrip("0").rstrip("."),  # + 0: no -0
                    ha="center",
                    va="center",
                    color=readable_on(face),
                    zorder=4,
                )
    for place, name in zip(positions[0], names, strict=False):
        ax.text(place[0] - radius - 0.02, place[1], name, ha="right", va="center", fontsize=12)
    for place, name in zip(positions[-1], output_names, strict=False):
        ax.text(place[0] + radius + 0.02, place[1], name, ha="left", va="center")
    for x0, colour, words in ((0.1, "blue", "negative"), (0.46, "vermilion", "positive weight")):
        ax.plot([x0, x0 + 0.07], [-0.02, -0.02], color=PALETTE[colour], lw=4)
        ax.text(x0 + 0.09, -0.02, words, va="center")
    ax.set(xlim=(0, 1), ylim=(-0.08, 0.95), aspect="equal")
    ax.set_axis_off()
    return ax


# -- curves, images, tables ----------------------------------------------------------------------
@styled
def loss_curves(history, ax=None):
    """The losses of a training against its epochs: training in blue, validation in vermilion.

    Parameters
    ----------
    history : History
        Of `fit`; the validation loss is drawn where there is one.
    ax : Axes, optional

    Returns
    -------
    Axes
        The loss axis is logarithmic.
    """
    ax = new_axes(ax, figsize=(6, 3.6))
    losses = {"training": history.train_loss, "validation": history.validation_loss}
    for label, loss in losses.items():
        if len(loss):
            ax.plot(np.arange(1, len(loss) + 1), loss, label=label)
    ax.set(xlabel="epoch", ylabel="loss", yscale="log")
    ax.legend()
    return ax


def tile(images, columns, gap=1, background=np.nan):
    """Put images (n, height, width) side by side: one array, with gaps of `background`."""
    images = np.asarray(images, dtype=float)
    n, height, width = images.shape
    rows = -(-n // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), background)
    for k, image in enumerate(images):
        top, left = (k // columns) * (height + gap), (k % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


@styled
def image_grid(images, titles=None, ax=None, columns=10, cmap="gray_r", vmin=None, vmax=None):
    """Small images in a grid, as handwritten digits or a unit's weights.

    Parameters
    ----------
    images : array (n, height, width), or (n, height·width) of square images
    titles : sequence of str, optional
        One a picture, above it.
    ax : Axes, optional
    columns : int
    cmap, vmin, vmax
        As in matplotlib's imshow. For weights: cmap=DIVERGING, vmin=-v, vmax=v.

    Returns
    -------
    Axes
    """
    images = np.asarray(images, dtype=float)
    if images.ndim == 2:
        side = round(images.shape[1] ** 0.5)
        if side * side != images.shape[1]:
            raise ValueError(f"images of {images.shape[1]} numbers are not square")
        images = images.reshape(-1, side, side)
    if images.ndim != 3 or len(images) == 0:
        raise ValueError(f"images must be an array (n, height, width), got {images.shape}")
    n, height, width = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    # Titles need room: a gap of half an image; without titles a fourteenth will do.
    gap = max(1, round(0.5 * height)) if titles is not None else max(1, height // 14)
    size = (min(10, 0.95 * columns), min(10, 0.95 * rows * (height + gap) / height) + 0.1)
    ax = new_axes(ax, figsize=size)
    ax.imshow(tile(images, columns, gap), cmap=cmap, vmin=vmin, vmax=vmax, interpolation="nearest")
    for k, title in enumerate(titles if titles is not None else ()):
        x = (k % columns) * (width + gap) + (width - 1) / 2
        y = (k // columns) * (height + gap) - 0.08 * height - 0.5
        ax.text(x, y, title, ha="center", va="bottom")
    if titles is not None:
        ax.set_ylim(rows * (height + gap) - gap - 0.5, -gap)
    ax.grid(False)
    ax.set_axis_off()
    return ax


@styled
def confusion(matrix, ax=None):
    """A confusion matrix: rows are the true classes, columns what the network said.

    The colour shows the mistakes only: the diagonal, which is much larger, is left grey.

    Parameters
    ----------
    matrix : int array (k, k)
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {matrix.shape}")
    k = len(matrix)
    ax = new_axes(ax, figsize=(0.52 * k + 1, 0.46 * k + 1))
    mistakes = np.ma.masked_where(np.eye(k, dtype=bool), matrix)
    cmap = LinearSegmentedColormap.from_list("mistakes", ["#FFFFFF", PALETTE["vermilion"]])
    cmap = cmap.with_extremes(bad="#EEEEEE")
    most = max(1, int(mistakes.max()) if k > 1 else 1)
    ax.imshow(mistakes, cmap=cmap, vmin=0, vmax=1.2 * most, aspect="auto")
    for i, j in np.ndindex(k, k):
        if matrix[i, j]:
            ax.text(j, i, f"{matrix[i, j]}", ha="center", va="center", fontsize=10 if k > 5 else 11)
    ax.set(xticks=range(k), yticks=range(k))
    ax.tick_params(length=0)
    ax.set_xlabel("said")
    ax.set_ylabel("true", labelpad=10)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax
