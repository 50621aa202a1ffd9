"""The playground of notebook 06: three scores become three probabilities, and descend the gradient.

No inputs and no layers: the three scores ("logits") are themselves what is trained. So every number
between the scores and the slope of the loss can be seen at once.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from matplotlib.artist import Artist
from matplotlib.font_manager import findfont
from matplotlib.patches import Rectangle
from PIL import ImageFont

from nbhelpers.optimizers import SGD
from nbhelpers.playgrounds.engine.curves import LossCurves
from nbhelpers.playgrounds.engine.experiment import Experiment
from nbhelpers.playgrounds.engine.picture import INK_RGB, Picture
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.recipe import cannot
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed
from nbhelpers.plots import CLASS_COLORS, PALETTE

TARGETS = {  # Y, the probabilities that are wanted
    "class 0": (1.0, 0.0, 0.0),
    "class 1": (0.0, 1.0, 0.0),
    "class 2": (0.0, 0.0, 1.0),
    "mix 60:30:10": (0.6, 0.3, 0.1),
}


@dataclass(frozen=True)
class SoftmaxSettings(Settings):
    z0: float = number(5.0, -10, 10, label="z of class 0", short="z0")
    z1: float = number(1.0, -10, 10, label="z of class 1", short="z1")
    z2: float = number(1.0, -10, 10, label="z of class 2", short="z2")
    temperature: float = number(1.0, 0.1, 10, log=True, label="temperature T", short="T")
    learning_rate: float = number(1.0, 0.01, 30, log=True, short="rate")
    target: str = choice("class 1", list(TARGETS), label="true class", short="")
    error: str = choice("cross-entropy", ["cross-entropy", "squared error"], label="loss", short="")
    seed: int = seed()


class Softmax(Experiment):
    """Three scores z, A = softmax(z / T), a loss against fixed targets Y; the scores descend it.

    With seed 0 the scores start where they are set; other seeds add random numbers to them.

    Attributes
    ----------
    z, E, A, Y, slope : arrays (3,)
        Scores, exp((z - max) / T), probabilities, targets, and the slope dL/dz.
    """

    Settings = SoftmaxSettings
    most_steps = 10_000

    def build(self):
        s = self.settings
        self.Y = np.array(TARGETS[s.target])
        self.z = np.array([s.z0, s.z1, s.z2])
        if s.seed:
            self.z += self.rng.normal(0, 2, 3)
        self.net = SimpleNamespace(params=self.z)  # all that is learned
        self.optimizer = SGD(s.learning_rate)
        self.record("loss", self._forward())

    def advance(self):
        self.optimizer.step(self.z, self.slope)
        return self.record("loss", self._forward())

    def _forward(self):
        """Shares, slope and loss of the present scores; returns the loss."""
        T, Y = self.settings.temperature, self.Y
        U = (self.z - self.z.max()) / T
        self.E = np.exp(U)
        self.A = A = self.E / self.E.sum()
        if self.settings.error == "cross-entropy":
            self.slope = (A - Y) / T
            return float(np.sum(Y * (np.log(self.E.sum()) - U)))
        D = A - Y
        self.slope = A * (D - np.sum(D * A)) / T
        return float(0.5 * np.sum(D**2))

    def describe(self):
        probabilities = ", ".join(f"{a:.4f}" for a in self.A)
        return f"probabilities {probabilities} · largest slope {np.abs(self.slope).max():.2g}"

    def code(self):
        s = self.settings
        return SCRIPT.format(
            z=f"[{s.z0}, {s.z1}, {s.z2}]",
            seed=f"z += np.random.default_rng({s.seed}).normal(0, 2, 3)\n" if s.seed else "",
            Y=list(TARGETS[s.target]),
            T=s.temperature,
            learning_rate=s.learning_rate,
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
            **PARTS[s.error],
        )

    def other_code(self):
        s = self.settings
        start = f"np.array([{s.z0}, {s.z1}, {s.z2}])"
        if s.seed:
            start += f" + np.random.default_rng({s.seed}).normal(0, 2, 3)"
        script = TORCH_SCRIPT.format(
            start=start,
            Y=list(TARGETS[s.target]),
            T=s.temperature,
            loss=TORCH_LOSS[s.error],
            learning_rate=s.learning_rate,
            steps=self.steps,
            shown_steps=f"{self.steps:,}",
        )
        why = "its models learn from examples, here the scores themselves are trained"
        return {"scikit-learn": cannot("scikit-learn", why), "PyTorch": script}


# The parts of the script of *Show code* that depend on the loss.
PARTS = {
    "cross-entropy": {
        "slope": "(A - Y) / T",
        "loss": "np.sum(Y * (np.log(E.sum()) - U))  # -log(A), without a log of 0",
    },
    "squared error": {
        "slope": "A * (A - Y - np.sum((A - Y) * A)) / T",
        "loss": "0.5 * np.sum((A - Y) ** 2)",
    },
}
SCRIPT = """\
import numpy as np

z = np.array({z})
{seed}Y = np.array({Y})
T, learning_rate = {T}, {learning_rate}


def forward(z):
    U = (z - z.max()) / T  # the largest is 0: exp can't overflow
    E = np.exp(U)
    return U, E, E / E.sum()


for step in range({steps}):
    U, E, A = forward(z)
    slope = {slope}
    z -= learning_rate * slope

U, E, A = forward(z)
slope = {slope}
loss = {loss}
print(f"step {shown_steps}, loss {{loss:.6g}}")
print("z:    ", z.round(4))
print("A:    ", A.round(4))
print("slope:", slope.round(4))
"""
TORCH_LOSS = {
    "cross-entropy": "torch.nn.functional.cross_entropy(z / T, Y)",
    "squared error": "0.5 * torch.sum((torch.softmax(z / T, dim=0) - Y) ** 2)",
}
TORCH_SCRIPT = """\
import numpy as np
import torch

torch.set_default_dtype(torch.float64)

z = torch.tensor({start}, requires_grad=True)
Y, T = torch.tensor({Y}), {T}
optimizer = torch.optim.SGD([z], lr={learning_rate})


def loss_of(z):
    return {loss}


for step in range({steps}):
    optimizer.zero_grad()
    loss_of(z).backward()
    optimizer.step()

print(f"step {shown_steps}, loss {{loss_of(z).item():.6g}}")
print("z:    ", z.detach().numpy().round(4))
"""


class Bars:
    """Three bars in the classes' colours, with their numbers in a row above the axes."""

    WIDTH = 0.72

    def __init__(self, picture, ax, low, high, words, ticks, digits):
        ax.set(xlim=(-0.55, 2.55), ylim=(low, high), xticks=range(3), yticks=ticks)
        ax.set_title(words, pad=26)
        ax.tick_params(axis="x", length=0)
        ax.grid(False)
        ax.axhline(0, color=PALETTE["grey"], lw=0.8)
        self.ax, self.low, self.high, self.digits = ax, low, high, digits
        self.bars = [
            Rectangle((k - self.WIDTH / 2, 0), self.WIDTH, 0, facecolor=CLASS_COLORS[k])
            for k in range(3)
        ]
        self.row = Row(ax)
        for artist in (*self.bars, self.row):
            ax.add_artist(artist)
        picture.changing(*self.bars, self.row)

    def set_values(self, values):
        """Show values (3,); bars end at the limits of the axes, the numbers tell the rest."""
        ends = np.clip(np.nan_to_num(values), self.low, self.high)
        for bar, end in zip(self.bars, ends, strict=True):
            bar.set_height(end)
        self.row.words = [few(value, self.digits) for value in values]


class Row(Artist):
    """Short texts above an axes, one over each bar; drawn ten times as fast as matplotlib's own."""

    FONT = ImageFont.truetype(findfont("DejaVu Sans"), 13)

    def __init__(self, ax):
        super().__init__()
        self.ax, self.words = ax, ()

    def draw(self, renderer):
        gc = renderer.new_gc()
        for k, word in enumerate(self.words):
            cover, (_, top) = self.FONT.getmask2(word)
            pixels = np.empty((cover.size[1], cover.size[0], 4), np.uint8)
            pixels[..., :3] = INK_RGB
            pixels[..., 3] = np.reshape(cover, pixels.shape[:2])
            middle, edge = self.ax.transData.transform((k, self.ax.get_ylim()[1]))
            bottom = edge + 22 - top - len(pixels)  # on one line, whatever the letters' height
            renderer.draw_image(gc, round(middle - cover.size[0] / 2), round(bottom), pixels[::-1])
        gc.restore()


class SoftmaxPicture(Picture):
    """From left to right: scores, their exponentials, probabilities, slopes, loss."""

    def build(self):
        halves = [0, 0.5, 1]
        self.scores = self._bars(
            46, 146, -10, 10, "scores z", [-10, -5, 0, 5, 10], "black: the next step", digits=2
        )
        self.powers = self._bars(236, 146, 0, 1, "exp", halves, "exp((z − max) / T)")
        self.probabilities = self._bars(
            420, 146, 0, 1, "probabilities A", halves, "exp / sum; dashed: Y"
        )
        self.slopes = self._bars(620, 158, -1, 1, "slopes ∂L/∂z", [-1, -0.5, 0, 0.5, 1], "")
        ax = self.scores.ax
        self.path = self.line(ax, color=PALETTE["ink"], lw=1.6)
        self.next = self.line(ax, "o", color=PALETTE["ink"], ms=5)
        self.targets = [
            Rectangle((k - 0.43, 0), 0.86, 0, fill=False, ec=PALETTE["ink"], lw=1.4, ls=(0, (3, 2)))
            for k in range(3)
        ]
        for target in self.targets:
            target.set_clip_on(False)
            self.changing(self.probabilities.ax.add_patch(target))
        place = (699 / self.width, 24 / self.height)
        self.formula = self.changing(self.figure.text(*place, "", ha="center", size=10.5))
        self.losses = LossCurves(self, self.axes(840, 66, 148, 238), ylim=(1e-2, 10), steps=20)

    def _bars(self, left, width, low, high, words, ticks, below, digits=3):
        ax = self.axes(left, 66, width, 238)
        place = ((left + width / 2) / self.width, 24 / self.height)
        self.figure.text(*place, below, ha="center", size=10.5)
        return Bars(self, ax, low, high, words, ticks, digits)

    def update(self, experiment, previous=None, kept=()):
        e = experiment
        self.scores.set_values(e.z)
        ends = np.clip([e.z, e.z - e.settings.learning_rate * e.slope], -10, 10)  # (2, 3)
        gap = np.full(3, np.nan)  # a line for each class, and a dot at its end
        self.path.set_data(np.repeat(range(3), 3), np.vstack([ends, gap]).T.ravel())
        self.next.set_data(range(3), ends[1])
        self.powers.set_values(e.E)
        self.probabilities.set_values(e.A)
        self.slopes.set_values(e.slope)
        for target, y in zip(self.targets, e.Y, strict=True):
            target.set_height(y)
            target.set_visible(y > 0)
        cross = e.settings.error == "cross-entropy"
        self.formula.set_text("(A − Y) / T" if cross else "A · (D − Σ D A) / T, D = A − Y")
        self.losses.update(experiment, previous, kept)


def few(x, digits=3):
    """A number in about six letters: so many decimals, or a power of ten if it is tiny or huge.

    >>> few(0.9647), few(-0.00002), few(5.0), few(-1234.5)
    ('0.965', '−2e-05', '5', '−1e+03')
    """
    if x == round(x) and abs(x) < 1000:
        words = f"{x:.0f}"
    elif abs(x) < 0.5 * 10.0**-digits or abs(x) >= 1000:
        words = f"{x:.0e}"
    else:
        words = f"{x:.{digits if abs(x) < 10 else 1}f}"
    return words.replace("-", "−", 1) if x < 0 else words


softmax = playground(
    Softmax,
    SoftmaxPicture,
    title="Three scores become three probabilities",
    steps=0,  # so that the sliders are the scores that are shown
    example="z0=5.0,z1=1.0,temperature=2.0,steps=10",
    notebook="06",
    paces=(1, 10, 100),
    pace=1,
)
