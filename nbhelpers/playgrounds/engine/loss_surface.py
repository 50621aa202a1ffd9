"""The loss over two weights, as a map, with the path of a training on it.

It is a part of a picture, made in its `build` and fed in its `update`::

    from dataclasses import dataclass

    import numpy as np

    from nbhelpers.playgrounds.engine.loss_surface import LossSurface
    from nbhelpers.playgrounds.engine.picture import Picture
    from nbhelpers.playgrounds.engine.playground import figure
    from nbhelpers.playgrounds.engine.settings import Settings, number

    @dataclass(frozen=True)
    class Valley(Settings):
        \"\"\"Steps down the loss u² + 9 v² from u = v = 1.5.\"\"\"

        steps_made: int = number(10, 0, 50, label="steps")

        def summary(self):
            return f"{self.steps_made} steps"

    class ValleyPicture(Picture):
        def build(self):
            self.surface = LossSurface(self, self.axes(60, 50, 300, 300), (-2, 2), highest=40)

        def update(self, settings):
            u, v = np.meshgrid(np.linspace(-2, 2, 80), np.linspace(-2, 2, 80))
            steps = np.arange(settings.steps_made + 1)[:, np.newaxis]
            self.surface.update(u**2 + 9 * v**2, 1.5 * np.array([0.9, 0.1]) ** steps)

    valley = figure(Valley, ValleyPicture, title="A valley", example="steps_made=3", notebook="01")

>>> shown = valley("steps_made=3")
>>> len(shown.picture.surface.line.get_xdata())
4
"""

import numpy as np

from nbhelpers.playgrounds.engine.picture import Surface
from nbhelpers.plots import PALETTE


class LossSurface:
    """A map of losses on a square: the lower, the bluer.

    Parameters
    ----------
    picture : Picture
    ax : Axes
    limits : (float, float)
        Of both weights.
    lowest, highest : float
        The losses of the two end colours; between them the scale is logarithmic.
    """

    def __init__(self, picture, ax, limits, lowest=1e-3, highest=1.0):
        self.ax, self.ends = ax, np.log10([lowest, highest])
        ax.set(xlim=limits, ylim=limits)
        ax.grid(False)
        self.map = picture.changing(Surface(ax))
        ax.add_artist(self.map)
        self.line = picture.line(ax, color=PALETTE["ink"], lw=1.2)
        self.dots = picture.line(ax, ".", color=PALETTE["ink"], ms=5)
        self.start = picture.line(ax, "o", color=PALETTE["ink"], ms=10)
        self.end = picture.line(ax, "o", color="white", mec=PALETTE["ink"], mew=2, ms=10)

    def update(self, losses, path):
        """Show losses (n, n), the second weight's values from row to row, and a path (k, 2)."""
        low, high = self.ends
        self.map.set_values((np.log10(losses) - low) / (high - low))
        self.line.set_data(*path.T)
        self.dots.set_data(*path.T)
        self.start.set_data(*path[:1].T)
        self.end.set_data(*path[1:][-1:].T)
