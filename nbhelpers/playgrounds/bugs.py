"""The playground of notebook 07: a bug in backpropagation, a loss that falls, a check that sees it.

Two networks start from the same weights and see the same batches: one is trained with the bug, one
without it. The gradient that the bug makes is compared with central differences, array by array.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from nbhelpers.activations import ACTIVATIONS
from nbhelpers.datasets import spirals
from nbhelpers.gradient_check import relative_error, rounding_noise
from nbhelpers.losses import softmax
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.badges import Badges
from nbhelpers.playgrounds.engine.code import COMMON, functions, initial_weights
from nbhelpers.playgrounds.engine.curves import LossCurves
from nbhelpers.playgrounds.engine.experiment import Experiment, once_a_step
from nbhelpers.playgrounds.engine.picture import (
    Picture,
    Surface,
    enlarge,
    message,
    paler,
)
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import LIBRARIES, Recipe, cannot
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import CLASS_COLORS, PALETTE, grid_points, node_positions

CLASSES, BATCH_SIZE, EPS = 3, 10, 1e-5
TOLERANCE = 1e-5  # a larger relative error is a bug
LIMITS = (-2.6, 2.6)  # the part of the plane that is shown, the same in both directions
GRID = 56  # points of the regions along each side
NONE, BIAS, VARIABLE, MASK, MEAN, SOFTMAX, ORDER = BUGS = (
    "none",
    "no bias gradient",
    "slope of the wrong variable",
    "no mask",
    "no 1/m",
    "double softmax",
    "update first",
)


def backward(net, A, Y, bug, lr):
    """Fill `net.grads` as `MLP.backward` does, but with a bug.

    `A` is what `net.forward` returned, `Y` (n, classes) the targets, one-hot; only "update first"
    needs the learning rate.
    """
    if bug == NONE:
        net.backward(A, Y, check=False)
        return
    delta = ((softmax(A[-1]) if bug == SOFTMAX else A[-1]) - Y) / (1 if bug == MEAN else len(Y))
    for layer in reversed(range(net.n_layers)):
        net.dW[layer] = A[layer].T @ delta
        net.db[layer] = 0 if bug == BIAS else delta.sum(axis=0)
        if layer > 0:
            W, activation = net.W[layer], net.activations[layer - 1]
            delta = delta @ (W - lr * net.dW[layer] if bug == ORDER else W).T
            if bug == VARIABLE:
                delta *= activation.derivative(activation.f(A[layer]))
            elif bug != MASK:
                delta *= activation.derivative(A[layer])


def central_differences(W, b, X, y, f, eps=EPS):
    """The gradient of the cross-entropy by central differences, all numbers of a layer at once.

    To move a weight by ε moves one column of its layer's Z by ε times what came in. So the forward
    pass need not start at X again: a stack of moved Z, one for each weight, goes on from there.
    Returns dW and db, lists of arrays, and the loss.
    """
    A, dW, db = X, [], []
    for layer in range(len(W)):
        Z = A @ W[layer] + b[layer]  # (n, n_out)
        n_in, n_out = W[layer].shape
        one = np.eye(n_out)
        by_weight = np.einsum("ni,jo->ijno", A, one).reshape(-1, len(X), n_out)
        by_bias = np.broadcast_to(one[:, np.newaxis], (n_out, len(X), n_out))
        moves = eps * np.concatenate([by_weight, by_bias])
        above, below = (rest_of_the_way(Z + m, layer, W, b, y, f) for m in (moves, -moves))
        slopes = (above - below) / (2 * eps)
        dW.append(slopes[: n_in * n_out].reshape(n_in, n_out))
        db.append(slopes[n_in * n_out :])
        A = f(Z)
    return dW, db, float(rest_of_the_way(Z[np.newaxis], len(W) - 1, W, b, y, f)[0])


def rest_of_the_way(Z, layer, W, b, y, f):
    """The losses (k,) of k stacked pre-activations Z (k, n, n_out) of a layer."""
    k, n, _ = Z.shape
    Z = Z.reshape(k * n, -1)
    for after in range(layer + 1, len(W)):
        Z = f(Z) @ W[after] + b[after]
    Z = Z - Z.max(axis=1, keepdims=True)
    true = Z[np.arange(k * n), np.tile(y, k)]
    return (np.log(np.exp(Z).sum(axis=1)) - true).reshape(k, n).mean(axis=1)


@dataclass(frozen=True)
class BugsSettings(Settings):
    learning_rate: float = number(0.05, 0.0005, 3, log=True, short="rate")
    layers: int = number(2, 1, 4, label="hidden layers", short="layers")
    hidden: int = number(8, 2, 10, label="units in each", short="units")
    bug: str = choice(VARIABLE, BUGS, short="")
    activation: str = choice("tanh", COMMON, short="")
    seed: int = seed()


class Bugs(Experiment):
    """A network whose backward pass has a bug, beside the same network without it."""

    Settings = BugsSettings

    def build(self):
        s, data = self.settings, np.random.default_rng(0)
        X, self.y = spirals(CLASSES, 50, rng=data, noise=0.1, turns=0.5, dtype=np.float64)
        fresh, y = spirals(CLASSES, 500, rng=data, noise=0.1, turns=0.5, dtype=np.float64)
        mean, std = X.mean(axis=0), X.std(axis=0)
        self.X, self.Y = (X - mean) / std, np.eye(CLASSES)[self.y]
        self.fresh = (fresh - mean) / std, y
        self.few = np.arange(0, len(self.X), 25)  # two examples a class, for the check
        self.net, self.healthy = (
            MLP(
                [2, *[s.hidden] * s.layers, CLASSES],
                activation=s.activation,
                initializer="xavier_normal",
                rng=rng,
                dtype=np.float64,
            )
            for rng in (self.rng, np.random.default_rng(s.seed))
        )
        self.optimizer = SGD(s.learning_rate)  # without momentum it has no memory: one for both
        self.order = []
        self.record_losses()

    def record_losses(self):
        """Evaluate both networks on all training points; returns the loss of the one with a bug."""
        for name, net in (("healthy", self.healthy), ("loss", self.net)):
            A = net.forward(self.X, check=False)
            loss = self.record(name, net.loss(A, self.y, check=False))
        return loss

    def advance(self):
        if len(self.order) == 0:
            self.order = self.rng.permutation(len(self.X))
        rows, self.order = self.order[:BATCH_SIZE], self.order[BATCH_SIZE:]
        for net, bug in ((self.healthy, NONE), (self.net, self.settings.bug)):
            self.fill(net, rows, bug)
            self.optimizer.step(net.params, net.grads)
        return self.record_losses()

    def fill(self, net, rows, bug):
        """Fill a network's gradients on some training points, with a bug."""
        A = net.forward(self.X[rows], check=False)
        backward(net, A, self.Y[rows], bug, self.settings.learning_rate)

    @once_a_step
    def check(self):
        """Relative error of each array on six examples: {"W1": ..., "b1": ..., "W2": ...}."""
        net, rows, errors = self.net, self.few, {}
        f = ACTIVATIONS[self.settings.activation].f
        self.fill(net, rows, self.settings.bug)
        *measured, loss = central_differences(net.W, net.b, self.X[rows], self.y[rows], f)
        noise = rounding_noise(loss, EPS)
        for layer in range(net.n_layers):
            for name, mine, theirs in zip("Wb", (net.dW, net.db), measured, strict=True):
                error = relative_error(mine[layer], theirs[layer], noise)
                errors[f"{name}{layer + 1}"] = error
        return errors

    def guilty(self):
        """Where to look first: the wrong layer nearest to the output ("layer 2", "b2"), or None."""
        wrong = [name for name, error in self.check().items() if not error <= TOLERANCE]
        last = max((name[1:] for name in wrong), default=None)
        names = [name for name in wrong if name[1:] == last]
        return f"layer {last}" if len(names) == 2 else names[0] if names else None

    def right(self, net):
        """The share of the fresh points that a network gets right, in per cent."""
        X, y = self.fresh
        with np.errstate(all="ignore"):
            return 100 * float(np.mean(net.forward(X, check=False)[-1].argmax(axis=1) == y))

    def describe(self):
        guilty = self.guilty()
        verdict = f"✗ look at {guilty} first" if guilty else "✓"
        right, healthy = self.right(self.net), self.right(self.healthy)
        return f"{right:.1f} % right ({healthy:.1f} % without a bug) · check {verdict}"

    def advice(self):
        return "Try a smaller learning rate."

    def code(self):
        s = self.settings
        bug, bias = BUG_LINES.get(s.bug, ""), s.bug == BIAS
        start = "softmax(A[-1]) - Y" if s.bug == SOFTMAX else "A[-1] - Y"
        return SCRIPT.format(
            bug=s.bug,
            data=DATA,
            seed=s.seed,
            sizes=self.net.sizes,
            weights=initial_weights("xavier_normal"),
            lr=repr(s.learning_rate),
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            functions=functions(s.activation),
            start=start if s.bug == MEAN else f"({start}) / len(Y)",
            start_bug=bug if s.bug in (MEAN, SOFTMAX) else "",
            db="np.zeros_like(b[layer])" if bias else "delta.sum(axis=0)",
            db_bug=bug if bias else "",
            through="(W[layer] - lr * dW[0])" if s.bug == ORDER else "W[layer]",
            times={MASK: "", VARIABLE: " * slope(f(A[layer]))"}.get(s.bug, " * slope(A[layer])"),
            loop_bug=bug if s.bug in (MASK, VARIABLE, ORDER) else "",
        )

    def other_code(self):
        s = self.settings
        if s.bug not in OTHER_LIBRARIES:
            why = "it computes the gradients itself, without this bug"
            return {name: cannot(name, why) for name in LIBRARIES[1:]}
        recipe = Recipe(
            data=OTHER_LIBRARIES[s.bug]
            + DATA
            + f"{STANDARDIZED}rng = np.random.default_rng({s.seed})",
            sizes=self.net.sizes,
            activation=s.activation,
            bias=[s.bug != BIAS] * self.net.n_layers,
            weights=initial_weights("xavier_normal"),
            learning_rate=s.learning_rate * (BATCH_SIZE if s.bug == MEAN else 1),
            n=len(self.X),
            batch=BATCH_SIZE,
            steps=self.steps,
            diverged=self.diverged is not None,
        )
        return in_other_libraries(recipe)


# The parts of the script of *Show code*, by the names of the settings.
BUG_LINES = {
    BIAS: "  # BUG: the biases never move",
    VARIABLE: "  # BUG: the slope at A, not at Z",
    MASK: "  # BUG: the slope is missing",
    MEAN: "  # BUG: / len(Y) is missing",
    SOFTMAX: "  # BUG: A[-1] is a softmax already",
    ORDER: "  # BUG: W as it is after the step",
}
OTHER_LIBRARIES = {  # the bugs that come about there, too, and how
    NONE: "",
    BIAS: "# The bug: biases never move, as if there were none\n",
    MEAN: "# The bug: 1/m is missing, so the learning rate is in truth 10 times as large\n",
}
DATA = """\
data, y = np.random.default_rng(0), np.repeat([0, 1, 2], 50)
radius = np.tile(np.linspace(0.05, 1, 50), 3)
angle = 2 * np.pi * (y / 3 + 0.5 * radius) + data.normal(scale=0.1, size=150)
X = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])  # three spirals
"""
STANDARDIZED = "X = (X - X.mean(axis=0)) / X.std(axis=0)\n"
SCRIPT = """\
# Backpropagation with a bug: {bug}
import numpy as np

{data}X, Y = (X - X.mean(axis=0)) / X.std(axis=0), np.eye(3)[y]

rng = np.random.default_rng({seed})
sizes, lr = {sizes}, {lr}
shapes = list(zip(sizes[:-1], sizes[1:]))
W = [{weights} for n_in, n_out in shapes]
b = [np.zeros(n_out) for _, n_out in shapes]


{functions}

def forward(X):
    A = [X]
    for layer in range(len(W)):
        Z = A[-1] @ W[layer] + b[layer]
        A.append(f(Z) if layer < len(W) - 1 else softmax(Z))
    return A


def loss(X, Y):
    P = forward(X)[-1]
    return 0 - np.log(np.maximum(P[Y == 1], 1e-300)).mean()  # 0 -: never -0


def backward(A, Y):
    dW, db = [], []
    delta = {start}{start_bug}
    for layer in reversed(range(len(W))):
        dW.insert(0, A[layer].T @ delta)
        db.insert(0, {db}){db_bug}
        delta = delta @ {through}.T{times}{loop_bug}
    return dW + db


order = []
for step in range({steps}):
    if len(order) == 0:
        order = rng.permutation(len(X))
    rows, order = order[:10], order[10:]
    for p, g in zip(W + b, backward(forward(X[rows]), Y[rows])):
        p -= lr * g

print(f"step {shown_steps}, loss {{loss(X, Y):.6g}}")

few, eps = np.arange(0, 150, 25), 1e-5  # the gradient check, one number after the other
names = [f"{{kind}}{{layer + 1}}" for kind in "Wb" for layer in range(len(W))]
for name, p, g in zip(names, W + b, backward(forward(X[few]), Y[few])):
    measured = np.empty_like(p)
    for i in np.ndindex(p.shape):
        before = p[i]
        p[i] = before + eps
        above = loss(X[few], Y[few])
        p[i] = before - eps
        measured[i] = (above - loss(X[few], Y[few])) / (2 * eps)
        p[i] = before
    error = np.linalg.norm(g - measured) / (np.linalg.norm(g) + np.linalg.norm(measured) + 1e-30)
    print(name, "relative error", f"{{error:.2g}}")
"""


GROUND = np.array([[*paler(c, 0.42), 255] for c in CLASS_COLORS[:CLASSES]])
GROUND = GROUND.round().astype(np.uint8)  # (classes, 4): the colour of each class's region
FACES = {True: ("#DDEDF8", PALETTE["blue"]), False: ("#FBE3D6", PALETTE["vermilion"])}


class Answers(Surface):
    """The class that a network finds most probable, pixel by pixel."""

    def set_probabilities(self, P):
        """Show the probabilities P (n, n, classes) on a grid."""
        height, width = (round(side / 2) for side in self.ax.bbox.size[::-1])
        P = np.nan_to_num(P)
        big = np.stack([enlarge(P[..., k], height, width) for k in range(P.shape[2])])
        self.pixels = GROUND[big.argmax(axis=0)].repeat(2, axis=0).repeat(2, axis=1)


class BugsPicture(Picture):
    """The network with a badge for each layer, the regions, and the two losses."""

    def build(self):
        curves = {
            "loss": ("this run", PALETTE["blue"]),
            "healthy": ("without a bug", PALETTE["grey"]),
        }
        ax = self.axes(774, 52, 196, 276)
        self.losses = LossCurves(self, ax, curves, ylim=(1e-2, 2), steps=1000)
        self.losses.lines["healthy"].set_zorder(1)
        self._build_network()
        ax = self.axes(456, 52, 256, 276)
        ax.set(xlim=LIMITS, ylim=LIMITS, xticks=[-2, 0, 2], yticks=[-2, 0, 2])
        ax.set(title="what it answers", xlabel="$x_1$", ylabel="$x_2$")
        self.answers = self.changing(Answers(ax))
        ax.add_artist(self.answers)
        self.points = grid_points(LIMITS, LIMITS, GRID)
        look = {"ms": 4.2, "mew": 0.5, "mec": "white"}
        self.dots = [self.line(ax, "o", color=colour, **look) for colour in CLASS_COLORS[:CLASSES]]
        self.words = self.changing(message(ax))

    def _build_network(self):
        ax = self.network = self.axes(8, 16, 396, 312)
        ax.set(xlim=(0, 396), ylim=(0, 312), title="relative error of each layer's gradients")
        ax.set_axis_off()
        (self.lines,) = ax.plot([], [], color="#BBBBBB", lw=0.7)
        (self.units,) = ax.plot([], [], "o", ms=9, color="white", mec=PALETTE["ink"], mew=1.2)
        self.level = self.seldom(self.lines, self.units)
        self.sizes = None
        self.badges = self.changing(Badges(ax))
        ax.add_artist(self.badges)

    def update(self, experiment, previous=None, kept=()):
        net = experiment.net
        self.tell(self.words, experiment)
        with np.errstate(all="ignore"):
            P = net.forward(self.points, check=False)[-1]
        self.answers.set_probabilities(P.reshape(GRID, GRID, CLASSES))
        for k, dots in enumerate(self.dots):
            dots.set_data(*experiment.X[experiment.y == k].T)
        self._show_network(experiment)
        self.losses.update(experiment, previous, kept)

    def _show_network(self, experiment):
        sizes = experiment.net.sizes
        positions = node_positions(sizes, (14, 382), (92, 312))
        if sizes != self.sizes:
            self.sizes = sizes
            pairs = itertools.pairwise(positions)
            gap = (np.nan, np.nan)  # one line, interrupted, is drawn faster than many
            ends = [(p, q, gap) for here, there in pairs for p in here for q in there]
            self.lines.set_data(*np.concatenate(ends).T)
            self.units.set_data(*np.concatenate(positions).T)
            self.refresh(self.level)
        errors, guilty = experiment.check(), experiment.guilty()
        badges = []
        for layer in range(len(sizes) - 1):
            mine = {f"{kind}{layer + 1}": errors[f"{kind}{layer + 1}"] for kind in "Wb"}
            face, edge = FACES[all(error <= TOLERANCE for error in mine.values())]
            lines = [verdict(name, error) for name, error in mine.items()]
            x = (positions[layer][0, 0] + positions[layer + 1][0, 0]) / 2
            badges.append(
                (x, 62, lines, face, edge, 3 if guilty in (*mine, f"layer {layer + 1}") else 1)
            )
        self.verdict = f"✗ look at {guilty} first" if guilty else "✓ all gradients agree"
        badges.append((198, 12, [self.verdict], "white", FACES[guilty is None][1], 0, 20))
        self.badges.set_badges(badges)


def verdict(name, error):
    """A line of a badge: "W1✓2e-11", "W1✗0.33"."""
    if error <= TOLERANCE:
        return f"{name}✓{error:.0e}" if error else f"{name}✓0"
    return f"{name}✗{error:.2f}" if error >= 0.005 else f"{name}✗{error:.0e}"


bugs = playground(
    Bugs,
    BugsPicture,
    title="A bug in backpropagation",
    steps=750,
    example="bug=no mask,layers=3,steps=500",
    notebook="07",
    paces=(1, 10, 30, 100, 1000),
    pace=30,
    catch_up=0.400,  # two networks take their time
)
