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
        Which curves of the history are drawn: name to (label, colour). The first of them is the
        one that is drawn for the previous and for the kept runs.
    ylim : (float, float)
        The limits to begin with.
    lowest : float
        The vertical axis never goes below this.
    steps : int
        Length of the horizontal axis to begin with.
    """

    KEPT_COLOURS = ("orange", "green", "purple", "sky")

    def __init__(
        self,
        picture,
        ax,
        curves=None,
        ylim=(1e-5, 1.0),
        lowest=1e-32,
        steps=1000,
        xlabel="step",
        title="loss",
    ):
        self.picture, self.ax, self.lowest = picture, ax, lowest
        self.curves = curves or {"loss": ("this run", PALETTE["blue"])}
        self.start_ylim, self.start_steps = ylim, steps
        self.shown = self.labels = None  # what the background shows: limits, and labels of runs
        ax.set(yscale="log", ylim=ylim, xlim=(0, steps), xlabel=xlabel, title=title)
        ax.grid(False)
        ax.grid(True, axis="y")
        self.level = picture.seldom(ax.xaxis, ax.yaxis)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter(lambda value, position: f"{value:,.0f}")
        lines = [ax.plot([], [], color=PALETTE[c], lw=1.6)[0] for c in self.KEPT_COLOURS]
        self.kept_lines = [picture.changing(line) for line in lines]
        self.previous_line = picture.changing(ax.plot([], [], color=PREVIOUS, lw=1.6)[0])
        self.lines = {
            name: picture.changing(ax.plot([], [], color=colour, lw=2.4)[0])
            for name, (_, colour) in self.curves.items()
        }
        (self.now,) = ax.plot([], [], "o", color=next(iter(self.curves.values()))[1], ms=7)
        picture.changing(self.now)

    def update(self, experiment, previous=None, kept=()):
        """Show the history of `experiment`, of the `previous` run and of the `kept` ones."""
        first = next(iter(self.curves))
        kept = list(kept)[-len(self.KEPT_COLOURS) :]
        runs = [experiment, *([previous] if previous else []), *kept]
        self._limits(runs, [run.label for run in kept])
        for name, line in self.lines.items():
            self._show(line, experiment.history[name])
        self._show(self.previous_line, previous.history[first] if previous else None)
        for i, line in enumerate(self.kept_lines):
            self._show(line, kept[i].history[first] if i < len(kept) else None)
        steps, values = experiment.history[first].last(1)
        self.now.set_data(steps, values)

    def _show(self, line, curve):
        line.set_visible(curve is not None)
        if curve is not None:
            line.set_data(*curve.sample())

    def _limits(self, runs, labels):
        """Choose limits and legend; draw the background again only if they have changed."""
        longest = max([run.steps for run in runs] + [self.start_steps])
        values = [run.history[name].sample()[1] for run in runs for name in self.curves]
        values = np.concatenate(values)
        values = values[np.isfinite(values) & (values > 0)]
        bottom, top = self.start_ylim
        if len(values):
            while values.min() < bottom and bottom > self.lowest:
                bottom = max(bottom**2, self.lowest)  # 1e-4, 1e-8, 1e-16, 1e-32
            if values.max() > top:  # beyond a thousand times, a curve leaves the picture
                top *= 10.0 if values.max() <= 10 * top else 1000.0
        shown = (nice_ceiling(longest), bottom, top, tuple(labels))
        if shown == self.shown:
            return
        self.shown = shown
        rows = len(self.curves) + 1 + len(labels)
        share = 1.55 * 11 * DPI / 72 * rows / self.ax.bbox.height  # of the height, for the legend
        self.ax.set_xlim(0, shown[0])
        self.ax.set_ylim(bottom, top * (top / bottom) ** (share / (1 - share)))
        self.ax.yaxis.set_major_locator(FixedLocator(decades(bottom, top)))
        self.ax.yaxis.set_minor_locator(NullLocator())
        self.picture.refresh(self.level)
        if labels != self.labels:
            self.labels = labels
            self._legend(labels)

    def _legend(self, labels):
        self.picture.refresh()
        entries = [(colour, 2.4, label) for label, colour in self.curves.values()]
        entries.append((PREVIOUS, 1.6, "previous run"))
        colours = [PALETTE[name] for name in self.KEPT_COLOURS]
        room = int((self.ax.bbox.width - 36) / 7.6)  # letters
        labels = [label if len(label) <= room else label[: room - 1] + "…" for label in labels]
        entries += [(c, 1.6, label) for c, label in zip(colours, labels, strict=False)]
        handles = [Line2D([], [], color=c, lw=w, label=label) for c, w, label in entries]
        with own_style():
            self.ax.legend(handles=handles, loc="upper right", labelspacing=0.25, borderpad=0.2)


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
