"""One example's way through a network and back, stage by stage, in numbers and in words.

Sigmoid units without bias, and the loss ½ Σ (a - y)² of one example. All numbers are computed at
once; `stage` says which of them are known. With n layers of weights there are 2n + 4: the start,
each layer forwards (1 to n), the loss, the deltas backwards (n + 2 to 2n + 1), gradients, update.
"""

import traceback

import numpy as np

from nbhelpers.activations import sigmoid
from nbhelpers.gradient_check import numerical_gradient
from nbhelpers.playgrounds.engine.graph import UNKNOWN, shown
from nbhelpers.playgrounds.engine.receipt import Row
from nbhelpers.plots import PALETTE

TIMES = " \u00b7 "
GRADIENT = "\u2202L/\u2202w"
SAME = "hidden_delta gives the same numbers"
DOWN = str.maketrans("0123456789", "\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089")
ERROR, SLOPE_OUT, WAY, SLOPE, INPUT = (  # colours of factors
    PALETTE[name] for name in ("purple", "sky", "green", "orange", "yellow")
)


def sub(letter, layer):
    """A letter with its layer as an index, as in a₂."""
    return letter + str(layer).translate(DOWN)


def delta_of(layer):
    """The name of a layer's delta, as in δ₂."""
    return sub("\u03b4", layer)


def name_of(weight):
    """A weight as in NumPy: ("weight", 1, 0, 2) is "W1[0, 2]"."""
    _, layer, i, j = weight
    return f"W{layer}[{i}, {j}]"


def factor(x):
    """A number behind a sign: a negative one in brackets."""
    return f"({shown(x)})" if x < 0 else shown(x)


def stage_words(n):
    """The stages of a network with n layers of weights: for each a short name, and what happens."""
    words = [("start", "an example comes in")]
    for k in range(1, n):
        came = sub("a", k - 1) if k > 1 else "x"
        name = f"hidden {k}" if n > 2 else "hidden"
        words.append((name, f"{name} layer: {sub('a', k)} = \u03c3({came} @ W{k})"))
    a, d = sub("a", n), delta_of(n)
    words += [
        ("output", f"output: {a} = \u03c3({sub('a', n - 1)} @ W{n})"),
        ("loss", f"loss: L = \u00bd ({a} \u2212 y)\u00b2"),
        (d, f"delta of the output: {d} = ({a} \u2212 y){TIMES}{a} (1 \u2212 {a})"),
    ]
    for k in range(n - 1, 0, -1):
        a, d = sub("a", k), delta_of(k)
        name = "hidden deltas" if n == 2 else f"deltas of hidden {k}"
        words.append(
            (d, f"{name}: {d} = {delta_of(k + 1)}{TIMES}W{k + 1}{TIMES}{a} (1 \u2212 {a})")
        )
    words.append(("gradients", "gradients: what came in, times the \u03b4 of where it went"))
    words.append(("update", "update: every weight \u2212 rate \u00b7 gradient"))
    return words


class Round:
    """What happens to one example.

    Parameters
    ----------
    W : list of arrays (n_in, n_out)
        The weights of each layer; they are copied.
    x, y : arrays (1, inputs), (1, outputs)
    rate : float
        The learning rate.
    hidden_delta : callable, optional
        The reader's function of (delta, W, A). Its numbers are used where it gives any.

    Attributes
    ----------
    stage : int
    n : int
        Layers of weights.
    Z, A, delta : list of arrays (1, units)
        Sums, activations and deltas of each layer, the inputs' first (they have activations only).
    dW, after : list of arrays (n_in, n_out)
        Gradients, and the weights after the update.
    loss : float
    """

    def __init__(self, W, x, y, rate, hidden_delta=None):
        self.W, self.x, self.y, self.rate = [w.copy() for w in W], x, y, rate
        self.stage, self.n = 0, len(W)
        self.Z, self.A = self.forward(self.W)
        slopes = [a * (1 - a) for a in self.A]
        self.delta = [None] * self.n + [(self.A[-1] - y) * slopes[-1]]
        self.right, self.unused = {}, {}  # of hidden layers: the deltas, why yours aren't used
        for k in range(self.n - 1, 0, -1):
            self.right[k] = self.delta[k + 1] @ self.W[k].T * slopes[k]
            self.delta[k], self.unused[k] = self._hidden_delta(hidden_delta, k)
        self.dW = [self.A[k].T @ self.delta[k + 1] for k in range(self.n)]
        self.after = [w - rate * dw for w, dw in zip(self.W, self.dW, strict=True)]
        self.loss = self.half_square(self.A[-1])

    def forward(self, W):
        """Sums and activations of each layer with these weights."""
        Z, A = [None], [self.x]
        for w in W:
            Z.append(A[-1] @ w)
            A.append(sigmoid(Z[-1]))
        return Z, A

    def half_square(self, a):
        """The loss of outputs a."""
        return 0.5 * np.sum((a - self.y) ** 2)

    def knows(self, what, layer=0):
        """Whether "A" or "delta" of a layer, the "loss", "dW" or the "update" is known by now."""
        last = 2 * self.n + 3
        stages = {"A": layer, "loss": self.n + 1, "delta": last - 1 - layer, "dW": last - 1}
        return self.stage >= stages.get(what, last)

    def fresh(self):
        """What the present stage has computed: names of arrays, and of rows in the chain."""
        back = [{f"delta{k}", delta_of(k)} for k in range(self.n, 0, -1)]
        forward = [{f"A{k}"} for k in range(1, self.n + 1)]
        return [set(), *forward, {"L"}, *back, {"dW", GRADIENT}, {"W"}][self.stage]

    # -- names ------------------------------------------------------------------------------
    def unit_name(self, layer, k):
        """A unit in words."""
        if layer == 0:
            return sub("x", k + 1)
        if layer == self.n:
            return f"output {k + 1}" if self.y.size > 1 else "output"
        return f"hidden unit {k + 1}" if self.n == 2 else f"unit {k + 1} of hidden {layer}"

    def example_words(self):
        """The example, "(0, 1) → 1"."""
        x, y = (", ".join(f"{v:g}" for v in values[0]) for values in (self.x, self.y))
        return f"({x}) \u2192 " + (f"({y})" if self.y.size > 1 else y)

    # -- the factors of one weight's gradient -----------------------------------------------
    def chain(self, weight):
        """The factors of a weight's gradient, as rows of a receipt.

        They come with the product that they lead to, so that nobody reads it before it is asked.
        """
        _, layer, i, j = weight
        if layer == self.n:
            rows = self._output_delta(j)
        elif layer + 1 == self.n and self.y.size == 1:
            way = ("weight", self.n, j, 0)
            back = Row(name_of(way), self.W[-1][j, 0], "the way back", WAY, (way,))
            rows = [*self._output_delta(0), *self._hidden_delta_of(layer, j, back)]
        else:
            rows = self._hidden_delta_of(layer, j, self._blame(layer + 1, j))
        if not self.knows("dW"):
            return rows
        came, gradient = self.A[layer - 1][0, i], self.dW[layer - 1][i, j]
        symbol = sub("x", i + 1) if layer == 1 else sub("a", layer - 1)
        rows.append(Row(symbol, came, "what came in", INPUT, (("unit", layer - 1, i),)))
        return [*rows, Row(GRADIENT, gradient, "the gradient")]

    def _output_delta(self, k):
        """How far an output is off, known with the loss; with its delta, its slope."""
        if not self.knows("loss"):
            return []
        error, symbol = self.A[-1][0, k] - self.y[0, k], f"{sub('a', self.n)} \u2212 y"
        rows = [Row(symbol, error, "how far off", ERROR, (("target", k),))]
        if self.knows("delta", self.n):
            rows += [self._slope(self.n, k, SLOPE_OUT), self._delta(self.n, k)]
        return rows

    def _hidden_delta_of(self, layer, k, back):
        """With the delta of a hidden unit, what comes back to it, and its slope."""
        if not self.knows("delta", layer):
            return []
        return [back, self._slope(layer, k, SLOPE), self._delta(layer, k)]

    def _blame(self, layer, i):
        """What comes back to the i-th unit before a layer, from all units of that layer."""
        weights = self.W[layer - 1][i]
        marks = tuple(("weight", layer, i, k) for k in range(len(weights)))
        number = float(self.delta[layer][0] @ weights)
        symbol = f"\u03a3 {delta_of(layer)}{TIMES}W{layer}"
        return Row(symbol, number, "what comes back", WAY, marks)

    def _slope(self, layer, k, colour):
        a, value = sub("a", layer), self.A[layer][0, k]
        words = "slope of output" if layer == self.n else f"slope of unit {k + 1}"
        number = value * (1 - value)
        return Row(f"{a} (1 \u2212 {a})", number, words, colour, (("unit", layer, k),))

    def _delta(self, layer, k):
        off = self.off(layer, k)
        words = "yours: not right" if off else f"of {self.unit_name(layer, k)}"
        return Row(delta_of(layer), self.delta[layer][0, k], words, equal=not off)

    # -- in numbers -------------------------------------------------------------------------
    def numbers(self, weight):
        """What the present stage computes, in numbers, on the way that a weight is part of."""
        n, stage, (_, layer, i, j) = self.n, self.stage, weight
        if stage == 0:
            ends = self.unit_name(layer - 1, i), self.unit_name(layer, j)
            return "{}: from {} to {}".format(name_of(weight), *ends)
        if self.knows("update"):
            return self.update_words(weight)
        if self.knows("dW"):
            product = f"{shown(self.A[layer - 1][0, i])}{TIMES}{factor(self.delta[layer][0, j])}"
            return (
                f"\u2202L/\u2202{name_of(weight)} = {product} = {shown(self.dW[layer - 1][i, j])}"
            )
        if stage == n + 1:
            pairs = zip(self.A[-1][0], self.y[0], strict=True)
            squares = " + ".join(f"({shown(a)} \u2212 {shown(y)})\u00b2" for a, y in pairs)
            return f"L = \u00bd ({squares}) = {shown(self.loss)}"
        at = stage if stage <= n else 2 * n + 2 - stage
        k = self.on_way(weight, at) or 0
        return self.sum_words(at, k) if stage <= n else self.delta_words(at, k)

    def sum_words(self, layer, k):
        """How a unit gets its activation, with numbers as far as they are known."""
        name = self.unit_name(layer, k)
        if layer == 0:
            return f"{name} = {shown(self.x[0, k])}"
        if not self.knows("A", layer):
            return f"{name}: not computed yet"
        pairs = zip(self.A[layer - 1][0], self.W[layer - 1][:, k], strict=True)
        total = " + ".join(f"{shown(a)}{TIMES}{factor(w)}" for a, w in pairs)
        z, a = self.Z[layer][0, k], self.A[layer][0, k]
        return f"{name}: z = {total} = {shown(z)}, a = \u03c3(z) = {shown(a)}"

    def delta_words(self, layer, k):
        """How a unit gets its delta, with numbers."""
        a, delta = self.A[layer][0, k], self.delta[layer][0, k]
        if layer == self.n:
            blame = f"({shown(a)} \u2212 {shown(self.y[0, k])})"
        else:
            pairs = list(zip(self.delta[layer + 1][0], self.W[layer][k], strict=True))
            blame = " + ".join(f"{shown(d)}{TIMES}{factor(w)}" for d, w in pairs)
            blame = f"({blame})" if len(pairs) > 1 else blame
        slope = f"{shown(a)}{TIMES}(1 \u2212 {shown(a)})"
        words = f"{self.unit_name(layer, k)}: \u03b4 = {blame}{TIMES}{slope}"
        if self.off(layer, k):
            return f"{words} = {shown(self.right[layer][0, k])}, yours: {shown(delta)}"
        return f"{words} = {shown(delta)}"

    def update_words(self, weight):
        """The update of a weight, as far as it is known."""
        _, layer, i, j = weight
        old, slope, new = (array[layer - 1][i, j] for array in (self.W, self.dW, self.after))
        step = factor(slope) if self.knows("dW") else UNKNOWN
        words = f"new w = {shown(old)} \u2212 {shown(self.rate)}{TIMES}{step}"
        return words + f" = {shown(new)}" * self.knows("update")

    def moved_words(self, weight):
        """The same in few words, once it is known: the weight before and after it."""
        if not self.knows("update"):
            return self.update_words(weight)
        _, layer, i, j = weight
        old, new = (array[layer - 1][i, j] for array in (self.W, self.after))
        return f"{name_of(weight)}: {shown(old)} \u2192 {shown(new)}"

    def loss_words(self):
        """The loss of this example before the update and after it, as far as it is known."""
        words = shown(self.loss) if self.knows("loss") else UNKNOWN
        if self.knows("update"):
            words += f" \u2192 {shown(self.half_square(self.forward(self.after)[1][-1]))}"
        return f"loss of this example: {words}"

    # -- the reader's function --------------------------------------------------------------
    def _hidden_delta(self, hidden_delta, layer):
        """The deltas of a hidden layer, and why they aren't the reader's, in words, or ""."""
        right, given = self.right[layer], (self.delta[layer + 1], self.W[layer], self.A[layer])
        if hidden_delta is None:
            return right, ""
        instead = "these are the right numbers"
        try:
            with np.errstate(all="ignore"):
                returned = hidden_delta(*(array.copy() for array in given))
            if returned is ...:
                return right, f"your hidden_delta isn't written yet; {instead}"
            yours = np.array(returned, dtype=float)
        except Exception as error:
            last = traceback.format_exception_only(error)[-1]
            what = " ".join(last.split())[:70].encode("ascii", "replace").decode()
            return right, f"your hidden_delta raises {what}; {instead}"
        if yours.shape != right.shape:
            words = f"gives shape {yours.shape}, not {right.shape}"
            return right, f"your hidden_delta {words}; {instead}"
        if not np.isfinite(yours).all():
            return right, f"your hidden_delta gives numbers that aren't finite; {instead}"
        return yours, ""

    def off(self, layer, k):
        """Whether a unit's delta isn't right (the reader's function has made it)."""
        if layer not in self.right:
            return False
        yours, right = self.delta[layer][0, k], self.right[layer][0, k]
        return not np.isclose(yours, right, rtol=1e-4, atol=1e-12)

    def compared(self, weight):
        """What is to be said of the known hidden deltas of the reader's function; "": nothing.

        Of those that are wrong it is the one on the way of a weight, or else the first.
        """
        known = [layer for layer in range(self.n - 1, 0, -1) if self.knows("delta", layer)]
        for layer in known:
            if self.unused[layer]:
                return self.unused[layer]
            off = [k for k in range(self.delta[layer].size) if self.off(layer, k)]
            if off:
                on_way = self.on_way(weight, layer)
                return self._true_words(layer, on_way if on_way in off else off[0])
        return SAME * bool(known)

    @staticmethod
    def on_way(weight, layer):
        """The unit of a layer that a weight leads to or comes from; None: neither."""
        _, at, i, j = weight
        return {at: j, at - 1: i}.get(layer)

    def _true_words(self, layer, k):
        return (
            f"\u03b4 of {self.unit_name(layer, k)}, yours: {shown(self.delta[layer][0, k])}, "
            f"true (measured): {shown(self.measured_delta(layer)[k])}"
        )

    def measured_delta(self, layer):
        """The deltas of a layer, (units,), by finite differences: the loss against its sums z."""
        z = self.Z[layer][0].copy()

        def loss():
            a = sigmoid(z)
            for w in self.W[layer:]:
                a = sigmoid(a @ w)
            return self.half_square(a)

        return numerical_gradient(loss, z)
