"""The glass box of notebook 01: one example after the other, and the training taken apart.

A step is a *stage*, one idea: the example, each layer forwards, the loss, the delta of each layer
backwards, all gradients, the update. Then comes the next example. (`engine/round.py` has the
stages, `engine/graph.py` the drawing, `engine/receipt.py` the factors beside it.) Another network,
on other rows of a truth table::

    from nbhelpers.playgrounds.engine.playground import playground
    from nbhelpers.playgrounds.glass_box import GlassBox, GlassPanel, GlassPicture, settings_for

    class Adder(GlassBox):
        \"\"\"A 2-2-2 network that adds two bits: the carry is x1 AND x2, the sum x1 XOR x2.\"\"\"

        sizes = (2, 2, 2)
        outputs = ([0, 0, 0, 1], [0, 1, 1, 0])
        Settings = settings_for(sizes, "W1[0, 1]")

    class AdderPicture(GlassPicture):
        sizes = Adder.sizes

    words = {"title": "Two bits are added", "example": "steps=5", "notebook": "01"}
    adder = playground(Adder, AdderPicture, GlassPanel, steps=0, pace=1, **words)

>>> panel = adder("steps=3,first=4")
>>> panel.summary.split(" · ")[:2]
['stage 3 of 7', 'example 4: (1, 1) → (1, 0)']
>>> panel.press("network", *panel.picture.graph.layout.spots[0])
>>> panel.settings
'weight=W1[0, 0],learning_rate=1.0,first=4,seed=0,steps=3'
"""

from dataclasses import dataclass, replace

import numpy as np

from nbhelpers.playgrounds.engine.code import apply, define, initial_weights, times_slope
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.figure import locked
from nbhelpers.playgrounds.engine.graph import Graph, Layout, shown
from nbhelpers.playgrounds.engine.labels import Label
from nbhelpers.playgrounds.engine.panel import Panel
from nbhelpers.playgrounds.engine.picture import Picture
from nbhelpers.playgrounds.engine.plane import truth_table, xor_network
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.reader import whose
from nbhelpers.playgrounds.engine.receipt import Receipt, Strip
from nbhelpers.playgrounds.engine.recipe import Recipe
from nbhelpers.playgrounds.engine.round import SAME, Round, name_of, stage_words
from nbhelpers.playgrounds.engine.scripts import in_other_libraries
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import PALETTE

PLACE = (0, 46, 650, 346)  # of the network's drawing in the picture, in pixels


def layout_of(sizes):
    """Where the units of such a network stand in the drawing."""
    return Layout(sizes, columns=(70, 542), rows=(14, 374))


def settings_for(sizes, chosen):
    """The class of settings for a network of these sizes, which looks at this weight first."""
    layout = layout_of(sizes)
    weights = {name_of(one): one for one in layout.weights}

    @dataclass(frozen=True)
    class GlassSettings(Settings):
        weight: str = choice(chosen, weights, label="weight", short="", view=True)
        learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
        first: int = choice(3, (1, 2, 3, 4), label="first example", short="first")
        seed: int = seed()

        @property
        def selected(self):
            """The weight as ("weight", layer, i, j)."""
            return weights[self.weight]

        def pressed(self, place, x, y):
            """A click selects a weight; on a unit, the next of those that lead to it."""
            found = layout.nearest(x, y)
            if found is None:
                return self
            if found[0] == "unit":
                found = self._next_of(*found[1:])
            return replace(self, weight=name_of(found))

        def _next_of(self, layer, k):
            """The next of the weights that lead to a unit, or from it if it is an input."""
            its = [
                (_, at, i, j)
                for _, at, i, j in layout.weights
                if ((at, j) == (layer, k) if layer else (at, i) == (1, k))
            ]
            return its[(its.index(self.selected) + 1) % len(its) if self.selected in its else 0]

    return GlassSettings


class GlassBox(Experiment):
    """A 2-3-1 network whose training on XOR is taken apart: one example at a time, stage by stage.

    A subclass may have other `sizes` (with a `Settings` of its own for them) and other `outputs`,
    the columns of a truth table.
    """

    sizes = (2, 3, 1)
    outputs = ([0, 1, 1, 0],)
    Settings = settings_for(sizes, "W1[0, 2]")
    unit = "stage"
    hidden_delta = None  # the reader's function of (delta, W, A), whose numbers are used

    def build(self):
        self.X, _, self.table = truth_table(self.outputs[0])
        self.Y = np.array(self.outputs, dtype=float).T
        self.net = xor_network(self.rng, self.sizes)
        self.stages = stage_words(self.net.n_layers)
        self._begin()
        self.record("loss", self.total_loss())

    def advance(self):
        if self.stage == 0:
            self._begin()
        self.round.stage = self.stage
        if not self.round.knows("update"):
            return None
        for W, new in zip(self.net.W, self.round.after, strict=True):
            W[...] = new
        return self.record("loss", self.total_loss())

    def _begin(self):
        k = self.example
        rate, f = self.settings.learning_rate, self.hidden_delta
        self.round = Round(self.net.W, self.X[[k]], self.Y[[k]], rate, f)

    @property
    def stage(self):
        """How many stages of this round have been made."""
        return self.steps % len(self.stages)

    @property
    def example(self):
        """The row of this round's example."""
        return (self.settings.first - 1 + self.steps // len(self.stages)) % len(self.X)

    def total_loss(self):
        """Half the sum of the squared errors of all examples."""
        return 0.5 * np.sum((self.net.forward(self.X)[-1] - self.Y) ** 2)

    # -- words ------------------------------------------------------------------------------
    def where(self, steps):
        last = len(self.stages) - 1
        return self.unit, f"{steps % (last + 1)} of {last}"

    def measured_words(self):
        return f"example {self.example + 1}: {self.round.example_words()}"

    def describe(self):
        words = [
            self.stages[self.stage][1],
            self.yours(),
            f"all four rows: loss {shown(self.loss)}",
        ]
        return " \u00b7 ".join(filter(None, words))

    def yours(self):
        """What the reader's function says of this round's hidden deltas, in words; "": nothing."""
        if self.hidden_delta is None:
            return ""
        said = self.round.compared(self.settings.selected)
        return f"{whose(self.hidden_delta)} {SAME}" if said == SAME else said

    def hovered(self, place, x, y):
        found = layout_of(self.sizes).nearest(x, y)
        if found is None:
            return ""
        kind, layer, *where = found
        if kind == "unit":
            words = self.round.sum_words(layer, *where)
            known = layer and self.round.knows("delta", layer)
            return words + ("\n" + self.round.delta_words(layer, *where) if known else "")
        i, j = where
        ends = self.round.unit_name(layer - 1, i), self.round.unit_name(layer, j)
        value = shown(self.net.W[layer - 1][i, j])
        words = [f"{name_of(found)} = {value}", "from {} to {}".format(*ends)]
        if self.round.knows("dW"):
            words.append(f"gradient {shown(self.round.dW[layer - 1][i, j])}")
        return "\n".join(words)

    # -- the program ------------------------------------------------------------------------
    def code(self):
        n, rounds = self.net.n_layers, self.steps // len(self.stages)
        layers, came = range(1, n + 1), ["x", *(f"A{k}" for k in range(1, n))]
        forward = [f"A{k} = " + apply("sigmoid", f"{came[k - 1]} @ W{k}") for k in layers]
        loss = f"L = 0.5 * np.sum((A{n} - y) ** 2)"
        deltas = [f"delta{n} = (A{n} - y)" + times_slope("sigmoid", f"A{n}")]
        for k in range(n - 1, 0, -1):
            slope = times_slope("sigmoid", f"A{k}")
            deltas.append(f"delta{k} = delta{k + 1} @ W{k + 1}.T" + slope)
        gradients = [f"dW{k} = {came[k - 1]}.T @ delta{k}" for k in layers]
        update = [f"W{k} -= learning_rate * dW{k}" for k in layers]
        example = "x, y = X[[({0} + {1}) % 4]], Y[[({0} + {1}) % 4]]"
        stages = [*([line] for line in (*forward, loss, *deltas)), gradients, update]
        told = [
            line + '\nprint("{0}", {0}.tolist())'.format(line.split()[0])
            for stage in stages[: self.stage]
            for line in stage
        ]
        before = [example.format("first", "k"), *forward, *deltas, *gradients, *update]
        every = "X"
        for k in layers:
            every = apply("sigmoid", f"{every} @ W{k}")
        return SCRIPT.format(
            X=self.X.tolist(),
            Y=self.Y.tolist(),
            rate=self.settings.learning_rate,
            first=self.settings.first - 1,
            seed=self.settings.seed,
            start="\n".join(
                f"W{k} = rng.random({pair})"
                for k, pair in enumerate(zip(self.sizes[:-1], self.sizes[1:], strict=True), 1)
            ),
            functions=define("sigmoid"),
            rounds=rounds,
            before="\n".join("    " + line for line in before),
            example=example.format("first", rounds),
            told="\n".join(told),
            every=every,
            steps=self.steps,
        )

    def other_code(self):
        """Whole rounds only: a step of another library is one."""
        s = self.settings
        X, Y = (f"np.roll({name}, {1 - s.first}, axis=0)" for name in "XY")  # `first` comes first
        recipe = Recipe(
            data=f"{self.table}X, Y = {X}, {Y}\nrng = np.random.default_rng({s.seed})",
            sizes=self.sizes,
            activation="sigmoid",
            output="sigmoid",
            loss="half_squared_error",
            total=True,
            bias=self.net.has_bias,
            weights=initial_weights("uniform"),
            learning_rate=s.learning_rate,
            n=len(self.X),
            batch=1,
            shuffle=False,
            steps=(self.steps + 1) // len(self.stages),
        )
        return in_other_libraries(recipe)


SCRIPT = """\
import numpy as np

X = np.array({X})
Y = np.array({Y})
learning_rate, first = {rate!r}, {first}
rng = np.random.default_rng({seed})
{start}


{functions}

for k in range({rounds}):  # the examples before this one
{before}

{example}
print("x", x.tolist(), "y", y.tolist())
{told}

loss = 0.5 * np.sum(({every} - Y) ** 2)
print(f"stage {steps:,}, loss {{loss:.6g}} of all four rows")
"""


class GlassPicture(Picture):
    """The stages, the network with its numbers, and the factors of the selected weight."""

    QUALITY = 62
    sizes = GlassBox.sizes

    def __init__(self):
        super().__init__(height=440)

    def build(self):
        names = [name for name, _ in stage_words(len(self.sizes) - 1)]
        self.strip = Strip(self, (4, 398, 992, 36), names)
        self.graph = Graph(self, PLACE, layout_of(self.sizes), ("$x_1$", "$x_2$"))
        self.receipt = Receipt(self, (664, 6, 332, 384), rows=8, notes=2)
        ax = self.axes(0, 0, 650, 46, xlim=(0, 650), ylim=(0, 46))
        ax.set_axis_off()
        self.headline = Label(self, ax, 12, 34, size=12, bold=True, ha="left")
        self.words = Label(self, ax, 12, 12, size=10, ha="left")

    def places(self):
        return {"network": self.graph.ax}

    def update(self, experiment, previous=None, kept=()):
        this, weight = experiment.round, experiment.settings.selected
        self.strip.update(this.stage)
        rows, fresh = this.chain(weight), this.fresh()
        self.graph.update(
            experiment.net.W,
            [a[0] if this.knows("A", k) else None for k, a in enumerate(this.A)],
            this.y[0],
            this.loss if this.knows("loss") else None,
            [d[0] if k and this.knows("delta", k) else None for k, d in enumerate(this.delta)],
            this.dW if this.knows("dW") else None,
            selected=weight,
            marks={mark: row.colour for row in rows for mark in row.marks},
            fresh=fresh,
        )
        when = "before the update" if this.knows("update") else "factor by factor"
        title = f"\u2202L/\u2202{name_of(weight)}, {when}"
        self.receipt.update(title, rows, (this.moved_words(weight), this.loss_words()), fresh)
        yours = experiment.yours()
        same = f"  \u2713 {whose(experiment.hidden_delta)}s" if yours.endswith(SAME) else ""
        self.headline.set_text(experiment.stages[this.stage][1] + same)
        wrong = yours and not same
        self.words.set_text(yours if wrong else this.numbers(weight))
        self.words.look(face=PALETTE["yellow"] if wrong else None)


class GlassPanel(Panel):
    """Next and Back through the stages; Play shows one a second.

    `hidden_delta`, the reader's function of (delta2, W2, A1), gives the hidden deltas, right or
    wrong; where it differs from the true ones, that is said.
    """

    TICK, BURST = 1.0, 0.0  # one picture a tick
    SPELL = FIRST = 0.5  # a round is never cut short, and no stage is shown on the way

    def __init__(self, experiment, *args, hidden_delta=None, **options):
        if hidden_delta is not None:
            experiment.hidden_delta = hidden_delta
            experiment.reset()
        super().__init__(experiment, *args, **options)

    def _rows(self):
        self._add_buttons(back=("Back", self.back))
        rows = super()._rows()
        self.buttons["step"].description = "Next"
        self.pace.layout.width = "240px"
        self.words.add_class("nn-two-lines")  # always, so that Next stays in its place
        return rows

    def _clock_row(self):
        b = self.buttons
        return [self.play, b["back"], b["step"], self.pace, b["reset"], b["new_weights"],
                self.controls["seed"]]  # fmt: skip

    @locked
    def back(self):
        """One stage back."""
        stages = max(self.experiment.steps - 1, 0)
        self.experiment.reset()
        self.experiment.step(stages)
        self._arrived()


glass_box = playground(
    GlassBox,
    GlassPicture,
    GlassPanel,
    title="Backpropagation in a glass box",
    steps=0,
    example="weight=W2[1, 0],learning_rate=0.5,steps=5",
    notebook="01",
    paces={"1": 1, "a whole round": 8, "100 rounds": 800},
    pace=1,
)
