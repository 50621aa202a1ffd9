"""The loss curves of a picture: logarithmic, with earlier runs behind, on axes that rarely jump."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from nbhelpers.playgrounds.engine.picture import DPI
from nbhelpers.plots import PALETTE, own_style

PREVIOUS = "#B8B8B8"  # the colour of the previous run's curve


class LossCurves:
    """Curves of an experiment's history on a logarithmic axis, with earlier runs behind them.

    The limits change rarely: the horizontal one goes up 1, 2, 3, 5, 10, ...; the vertical ones in
    steps of several powers of ten. So a picture does not jump while it trains.

    Parameters
    ----------
    picture : Picture
    ax : Axes
    curves : dict of str to (str, str)
        Which curves of the history are drawn: name to (label, colour).
    ylim : (float, float)
        The limits to begin with.
    steps : int
        Length of the horizontal axis to begin with.
    main : str, optional
        The curve that is drawn for the previous and for the kept runs; the first if not given.
    """

    KEPT_COLOURS = ("orange", "green", "purple", "sky")
    LOWEST = 1e-32  # the vertical axis never goes below this
    WIDTH, DOT = 2.4, 7  # of this run's lines, of the dot at its end

    def __init__(
        self,
        picture,
        ax,
        curves=None,
        ylim=(1e-5, 1.0),
        steps=1000,
        xlabel="step",
        title="loss",
        main=None,
    ):
        self.picture, self.ax = picture, ax
        self.curves = curves or {"loss": ("this run", PALETTE["blue"])}
        self.main = main or next(iter(self.curves))
        self.start_ylim, self.start_steps = ylim, steps
        self.limits = self.legend_for = None  # what the background shows
        ax.set(yscale="log", ylim=ylim, xlim=(0, steps), xlabel=xlabel, title=title)
        ax.grid(False)
        ax.grid(True, axis="y")
        self.level = picture.seldom(ax.xaxis, ax.yaxis)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter(lambda value, position: f"{value:,.0f}")
        colours = [PREVIOUS, *(PALETTE[name] for name in self.KEPT_COLOURS)]
        self.old = [picture.line(ax, color=colour, lw=1.6) for colour in colours]
        self.lines = {
            name: picture.line(ax, color=colour, lw=self.WIDTH)
            for name, (_, colour) in self.curves.items()
        }
        self.now = picture.line(ax, "o", color=self.curves[self.main][1], ms=self.DOT)

    def update(self, experiment, previous=None, kept=()):
        """Show the history of `experiment`, of the `previous` run and of the `kept` ones."""
        blank = [None] * (len(self.KEPT_COLOURS) - len(kept))
        for line, run in zip(self.old, [previous, *kept, *blank], strict=True):
            line.set_visible(run is not None)
            if run:
                line.set_data(*self.points(run, self.main))
        for name, line in self.lines.items():
            line.set_data(*self.points(experiment, name))
        x, y = self.lines[self.main].get_data()
        self.now.set_data(x[-1:], y[-1:])
        self._stage(experiment, [previous] if previous else [], kept)

    def points(self, run, name):
        """A curve of a run as it is drawn: x and y."""
        return run.history[name].sample()

    def _stage(self, experiment, previous, kept):
        """Choose limits and legend; draw the background again only if they have changed."""
        longest = max(self.points(run, self.main)[0][-1] for run in (experiment, *previous, *kept))
        length = nice_ceiling(max(longest, self.start_steps))
        limits = length, *self.reach(experiment, previous, kept)
        if limits != self.limits:
            self.limits = limits
            self.limit(*limits)
            self.picture.refresh(self.level)
        self.earlier = lines((PREVIOUS, "previous run")) if previous else []
        labels = [run.label for run in kept]
        legend_for = bool(previous), *self.legend_needs(experiment, labels)
        if legend_for != self.legend_for:
            self.legend_for = legend_for
            if self.ax.get_legend() is not None:
                self.ax.get_legend().remove()
            with own_style():
                self.legend(*legend_for[1:])
            self.picture.refresh()

    def reach(self, experiment, previous, kept):
        """The ends of the vertical axis, and the number of rows in the legend above them."""
        bottom, top = self.start_ylim
        runs = [(experiment, np.inf), *((run, 10 * top) for run in previous)]
        runs += [(run, np.inf) for run in kept]  # a previous one may leave the picture
        values = np.concatenate(
            [
                np.minimum(run.history[name].sample()[1], most)
                for run, most in runs
                for name in self.curves
            ]
        )
        values = values[np.isfinite(values) & (values > 0)]
        if len(values):
            while values.min() < bottom and bottom > self.LOWEST:
                bottom = max(bottom**2, self.LOWEST)  # 1e-4, 1e-8, 1e-16, 1e-32
            if values.max() > top:  # beyond a thousand times, a curve leaves the picture
                top *= 10.0 if values.max() <= 10 * top else 1000.0
        return bottom, top, len(self.curves) + 1 + len(kept)

    def limit(self, length, bottom, top, rows=0):
        """Set the limits of both axes, with room for the legend, and the vertical one's ticks."""
        share = 1.55 * 11 * DPI / 72 * rows / self.ax.bbox.height  # of the height, for the legend
        self.ax.set_xlim(0, length)
        self.ax.set_ylim(bottom, top * (top / bottom) ** (share / (1 - share)))
        self.ax.yaxis.set_major_locator(FixedLocator(decades(bottom, top)))
        self.ax.yaxis.set_minor_locator(NullLocator())

    def legend_needs(self, experiment, labels):
        """What the legend depends on: a tuple, with which `legend` is called when it changes."""
        return (labels,)

    def legend(self, labels):
        """Make the legend: of the curves, and of the earlier runs that are there (`earlier`)."""
        handles = lines(*((colour, label) for label, colour in self.curves.values()), lw=2.4)
        handles += self.earlier + lines(*self.kept_entries(labels, 36, 7.6))
        self.ax.legend(handles=handles, loc="upper right", labelspacing=0.25, borderpad=0.2)

    def kept_entries(self, labels, margin, letter):
        """Colours and labels of kept runs, cut to the width of the axes; sizes in pixels."""
        room = int((self.ax.bbox.width - margin) / letter)
        labels = [label if len(label) <= room else label[: room - 1] + "…" for label in labels]
        return zip(self.KEPT_COLOURS, labels, strict=False)


def lines(*entries, lw=1.6):
    """The lines of a legend, from pairs of a colour and words."""
    return [Line2D([], [], color=PALETTE.get(c, c), lw=lw, label=words) for c, words in entries]


def nice_ceiling(x):
    """The smallest number 1, 2, 3 or 5 times a power of ten that is at least x > 0.

    >>> nice_ceiling(1300)
    2000.0
    """
    power = 10.0 ** np.floor(np.log10(x))
    return float(next(m * power for m in (1, 2, 3, 5, 10) if m * power >= x * (1 - 1e-12)))


def decades(bottom, top, most=6):
    """At most so many powers of ten from `bottom` to `top`, evenly spread, for the ticks.

    >>> decades(1e-4, 1.0)
    array([1.e-04, 1.e-03, 1.e-02, 1.e-01, 1.e+00])
    """
    low, high = np.ceil(np.log10(bottom) - 1e-9), np.floor(np.log10(top) + 1e-9)
    stride = max(1, np.ceil((high - low) / (most - 1)))
    return 10.0 ** np.arange(high, low - 0.5, -stride)[::-1]
