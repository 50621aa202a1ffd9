"""The drawing of a small network with all its numbers: activations, weights, deltas, gradients.

`Layout` says where everything stands, and what is at a point; it needs no picture. `Graph` draws.
Units are counted as in NumPy: the weight from input 0 to hidden unit 2 is `W1[0, 2]`. Here it is
("weight", 1, 0, 2), a unit is ("unit", layer, k), a target ("target", k)::

    import numpy as np

    from nbhelpers.network import MLP
    from nbhelpers.playgrounds.engine.graph import Graph, Layout
    from nbhelpers.playgrounds.engine.picture import Picture

    layout = Layout((2, 3, 1), columns=(70, 542), rows=(14, 374))

    class NetworkPicture(Picture):
        def __init__(self):
            super().__init__(width=650, height=390)

        def build(self):
            self.graph = Graph(self, (0, 0, 650, 390), layout, ("$x_1$", "$x_2$"))

        def places(self):                  # so that its units and weights can be clicked
            return {"network": self.graph.ax}

        def update(self, net, x, y):       # a figure's picture takes them from its settings
            A = [a[0] for a in net.forward([x])]
            numbers = {"targets": [y], "loss": None, "delta": [None] * 3, "dW": None}
            self.graph.update(net.W, A, **numbers, selected=("weight", 1, 0, 2))

    picture = NetworkPicture()
    net = MLP([2, 3, 1], output="sigmoid", rng=np.random.default_rng(0))
    picture.update(net, x=[0.0, 1.0], y=1.0)

>>> len(picture.png()) > 10_000
True
>>> layout.nearest(70, 260), layout.nearest(*layout.spots[2])
(('unit', 0, 0), ('weight', 1, 0, 2))
"""

from functools import cached_property

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from nbhelpers.playgrounds.engine.figure import short
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.plots import PALETTE, node_positions, readable_on, weight_lines

RADIUS = 27  # of a unit, in pixels
HIGH = 18  # of a label
NEAR = 12  # pixels from a line within which it is meant
UNKNOWN = "?"
FAINT = "#6B6B6B"


def shown(x):
    """A number as it stands in the drawing: three digits, a real minus sign, and none before 0."""
    return short(float(x)).replace("-", "\u2212")


def darkness(a):
    """The colour of a unit: white for an activation of 0, dark grey for 1."""
    return tuple(1 - 0.75 * np.clip(a, 0, 1) * (1 - np.array(to_rgb(PALETTE["ink"]))))


class Layout:
    """Where units and numbers of a network stand, in pixels from the bottom left of its place.

    Parameters
    ----------
    sizes : sequence of int
        Units a layer, from the inputs to the outputs.
    columns, rows : (float, float)
        Where the units stand: from the first layer to the last, from the bottom to the top.
    """

    def __init__(self, sizes, columns, rows):
        self.sizes = tuple(sizes)
        self.positions = node_positions(self.sizes, columns, rows)

    @cached_property
    def weights(self):
        """All weights, in the order of `weight_lines`."""
        return [
            ("weight", layer, i, j)
            for layer, (n, m) in enumerate(zip(self.sizes[:-1], self.sizes[1:], strict=True), 1)
            for i in range(n)
            for j in range(m)
        ]

    @cached_property
    def spots(self):
        """Where the number of each weight stands: an array (weights, 2)."""
        return np.array([self._spot(*weight[1:]) for weight in self.weights])

    def _spot(self, layer, i, j):
        """A place on the line from unit i to unit j where no two numbers meet.

        At 1/(m + 1) of their way, or at n/(n + 1), the lines from n units to m are n · m points of
        equal distance, one above the other. Where n = m these would be close together:
        every second number stands on the other side of the middle.
        """
        n, m = self.sizes[layer - 1], self.sizes[layer]
        if n == m:
            share = 0.3 if (i + j) % 2 == 0 else 0.7
        else:
            share = 1 / (m + 1) if m < n else n / (n + 1)
        here, there = self.positions[layer - 1][i], self.positions[layer][j]
        return here + share * (there - here)

    def nearest(self, x, y):
        """The unit or weight at a point, or None."""
        at = np.array([x, y])
        for layer, units in enumerate(self.positions):
            distances = np.hypot(*(units - at).T)
            if distances.min() <= RADIUS:
                return ("unit", layer, int(distances.argmin()))
        across, up = np.abs(self.spots - at).T
        if (hit := (across <= 30) & (up <= HIGH)).any():
            return self.weights[int(np.where(hit, across + up, np.inf).argmin())]
        distances = [self._distance(at, *weight[1:]) for weight in self.weights]
        return self.weights[int(np.argmin(distances))] if min(distances) <= NEAR else None

    def _distance(self, at, layer, i, j):
        """How far a point is from a weight's line."""
        here, there = self.positions[layer - 1][i], self.positions[layer][j]
        along = there - here
        share = np.clip((at - here) @ along / (along @ along), 0, 1)
        return np.hypot(*(here + share * along - at))


class Graph:
    """The drawing of a network in axes of their own, whose data are pixels.

    Parameters
    ----------
    picture : Picture
    place : (left, bottom, width, height)
        Of its axes in pixels.
    layout : Layout
    names : sequence of str
        What stands beside the inputs.
    """

    def __init__(self, picture, place, layout, names):
        ax = self.ax = picture.axes(*place)
        ax.set(xlim=(0, place[2]), ylim=(0, place[3]))
        ax.set_axis_off()
        self.layout, points = layout, 72 / picture.figure.dpi
        self.units = [(at, k) for at, size in enumerate(layout.sizes) for k in range(size)]
        places = np.concatenate(layout.positions)
        self.marks, self.lines = (
            picture.changing(LineCollection([], capstyle="round")) for _ in "12"
        )
        for lines in (self.marks, self.lines):
            ax.add_collection(lines)
        area = (2 * RADIUS * points) ** 2
        self.rings, self.discs = (
            picture.changing(ax.scatter(*places.T, s=s)) for s in (1.5 * area, area)
        )
        self._add_labels(picture, places, names)
        self._add_key()

    def _add_key(self):
        """What lines and boxes mean, at the bottom left."""
        look = {"va": "center", "fontsize": 10}
        for y, (colour, words) in zip(
            (56, 36), (("vermilion", "positive weight"), ("blue", "negative")), strict=True
        ):
            self.ax.plot([12, 34], [y, y], color=PALETTE[colour], lw=4)
            self.ax.text(40, y, words, **look)
        self.ax.plot([12, 34], [16, 16], color=PALETTE["ink"], lw=12, solid_capstyle="butt")
        self.ax.text(40, 16, "going back", **look)

    def _add_labels(self, picture, places, names):
        ax, spots = self.ax, self.layout.spots
        for (x, y), name in zip(self.layout.positions[0], names, strict=True):
            ax.text(x - RADIUS - 12, y, name, ha="right", va="center", fontsize=14)
        self.weights = [Label(picture, ax, x, y, size=10) for x, y in spots]
        self.gradients = [Label(picture, ax, x, y - HIGH + 1, size=10) for x, y in spots]
        self.activations = [Label(picture, ax, x, y, size=12) for x, y in places]
        self.deltas = [Label(picture, ax, x + 8, y - RADIUS - 15, size=10) for x, y in places]
        ends = self.layout.positions[-1]
        self.targets = [Label(picture, ax, x + RADIUS + 20, y, size=13, ha="left") for x, y in ends]
        x, y = ends[0]
        self.loss = Label(picture, ax, x + 2.2 * RADIUS, y + 1.8 * RADIUS, size=11)

    def update(self, W, A, targets, loss, delta, dW, selected=None, marks=None, fresh=()):
        """Show numbers; where there is none yet, it is None.

        Parameters
        ----------
        W, dW : list of arrays (n_in, n_out)
            Weights, and their gradients or None, from the first layer to the last.
        A, delta : list of arrays (units,) or None
            Activations and deltas, from the inputs to the outputs.
        targets : array (outputs,)
        loss : float or None
        selected : ("weight", layer, i, j), optional
            Drawn with a black rim.
        marks : dict of such a thing to a colour, optional
            Rings and bands of that colour; ("target", k) is among them.
        fresh : set of str
            Which of "W", "A1", "A2", "L", "delta2", "dW", ... have just been computed: thick rims.
        """
        marks = marks or {}
        self._show_lines(W, selected, marks)
        self._show_units(A, marks, fresh)
        self._show_weights(W, dW, selected, marks, fresh)
        numbers = self._of_units(delta)
        for (layer, _), label, number in zip(self.units, self.deltas, numbers, strict=True):
            label.set_text("" if number is None else f"\u03b4 {shown(number)}")
            label.look("white", PALETTE["ink"], bold=f"delta{layer}" in fresh)
        for k, (label, y) in enumerate(zip(self.targets, targets, strict=True)):
            label.set_text(f"y = {shown(y)}")
            label.look(face=marks.get(("target", k), "white"))

        self.loss.set_text("" if loss is None else f"L = {shown(loss)}")
        self.loss.look(face="white", edge=PALETTE["ink"], bold="L" in fresh)

    def _of_units(self, arrays):
        """The number of each unit, or None, from one array a layer."""
        return [None if arrays[layer] is None else arrays[layer][k] for layer, k in self.units]

    def _show_lines(self, W, selected, marks):
        segments, widths, colours = weight_lines(W, self.layout.positions)
        self.lines.set(segments=segments, linewidths=widths, colors=colours)
        bands = [
            (k, PALETTE["ink"] if weight == selected else marks[weight])
            for k, weight in enumerate(self.layout.weights)
            if weight == selected or weight in marks
        ]
        self.marks.set(
            segments=[segments[k] for k, _ in bands],
            linewidths=[widths[k] + (5 if colour == PALETTE["ink"] else 11) for k, colour in bands],
            colors=[colour for _, colour in bands],
        )

    def _show_units(self, A, marks, fresh):
        numbers = self._of_units(A)
        faces = ["white" if a is None else darkness(a) for a in numbers]
        self.discs.set(
            facecolors=faces,
            edgecolors=PALETTE["ink"],
            linewidths=[3.5 if f"A{layer}" in fresh else 1.3 for layer, _ in self.units],
        )
        self.rings.set(
            facecolors=[marks.get(("unit", *unit), "none") for unit in self.units],
            edgecolors="none",
        )
        for label, a, face in zip(self.activations, numbers, faces, strict=True):
            label.set_text(UNKNOWN if a is None else shown(a))
            label.look(FAINT if a is None else readable_on(face))

    def _show_weights(self, W, dW, selected, marks, fresh):
        values = np.concatenate([w.ravel() for w in W])
        slopes = [None] * len(values) if dW is None else np.concatenate([d.ravel() for d in dW])
        for weight, value, slope, label, below in zip(
            self.layout.weights, values, slopes, self.weights, self.gradients, strict=True
        ):
            chosen = weight == selected
            label.set_text(shown(value))
            label.look(
                face=marks.get(weight, "white"),
                edge=PALETTE["ink"] if chosen or "W" in fresh else PALETTE["light grey"],
                bold=chosen,
            )
            below.set_text("" if slope is None else shown(slope))
            below.look("white", PALETTE["ink"], bold=chosen)
