"""The playground of notebook 10: a network learns to read 55,000 handwritten digits."""

import time
from dataclasses import dataclass

import numpy as np

from nbhelpers.initializers import SUITED
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.playgrounds.engine.code import HIDDEN
from nbhelpers.playgrounds.engine.curves import lines
from nbhelpers.playgrounds.engine.digit_picture import DigitPicture, TwoCurves, TwoLosses
from nbhelpers.playgrounds.engine.experiment import Series
from nbhelpers.playgrounds.engine.mnist_experiment import EPOCH, SAMPLE, MnistExperiment
from nbhelpers.playgrounds.engine.panel import Panel
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.engine.settings import Settings, choice, number, seed

OPTIMIZERS = {
    "SGD": lambda lr: SGD(lr),
    "momentum": lambda lr: SGD(lr, momentum=0.9),
    "Adam": lambda lr: Adam(lr),
}


@dataclass(frozen=True)
class MnistSettings(Settings):
    learning_rate: float = number(0.003, 0.0001, 10, log=True, short="rate")
    hidden1: int = number(64, 16, 512, label="hidden layer 1", short="layer 1:")
    hidden2: int = number(0, 0, 256, label="layer 2 (0: none)", short="layer 2:")
    activation: str = choice("relu", HIDDEN, short="")
    optimizer: str = choice("Adam", list(OPTIMIZERS), short="")
    batch_size: int = choice(128, [16, 32, 64, 128, 256, 512], short="batch")
    seed: int = seed()


class Mnist(MnistExperiment):
    """A 784-h-10 or 784-h-h-10 network; its curves are drawn against the images seen."""

    Settings = MnistSettings
    most_steps = 30_000
    units = "units in layer 1"

    def build(self):
        s = self.settings
        sizes = [size for size in (784, s.hidden1, s.hidden2, 10) if size]
        self.net = MLP(
            sizes, activation=s.activation, initializer=SUITED[s.activation], rng=self.rng
        )
        self.optimizer = OPTIMIZERS[s.optimizer](s.learning_rate)
        self.batch_size, self.seconds = s.batch_size, 0.0  # of training
        self.start(first=SAMPLE, every=max(1, EPOCH // s.batch_size // 20))

    def step(self, n=1, seconds=None):
        start = time.perf_counter()
        made = super().step(n, seconds)
        self.seconds += time.perf_counter() - start
        return made

    def record(self, name, value):
        self.history.setdefault(name, Series()).append(self.images, value)
        return value

    @property
    def images(self):
        """How many images have been trained on, repeats counted."""
        return self.progress(self.steps)

    def progress(self, steps):
        """How many images have been seen after so many steps: what another batch size keeps."""
        epochs, rest = divmod(steps, -(-EPOCH // self.batch_size))
        return epochs * EPOCH + min(rest * self.batch_size, EPOCH)

    def steps_for(self, images):
        """The number of steps after which at least so many images have been seen."""
        epochs, rest = divmod(images, EPOCH)
        return epochs * -(-EPOCH // self.batch_size) + -(-rest // self.batch_size)

    def where(self, steps):
        return "epoch", f"{self.progress(steps) / EPOCH:.2f}"

    def measured_words(self):
        """The seconds alone do not follow from the settings."""
        return f"{self.images:,} images seen · {self.seconds:.1f} s"

    def code(self):
        return self.script("slice(55_000)", self.settings.optimizer)

    def other_code(self):
        return self.other_scripts("slice(55_000)", self.settings.optimizer)


# ---------------------------------------------------------------- the picture
class EpochCurves(TwoCurves):
    """Against epochs; the axis is 1, 2, 3, 5, 10, 20, 30 or 50 of them long."""

    def limit(self, length, top):
        super().limit(length, top)
        self.ax.set_xticks(np.linspace(0, length, 6 if length >= 5 else 5))


class Losses(EpochCurves, TwoLosses):
    """The loss; in a bad run its legend stands below the curves."""

    def __init__(self, picture, ax):
        super().__init__(picture, ax, ylim=(0.008, 6.0), floor=0.002, unit=EPOCH)

    def legend_needs(self, experiment, labels):
        """Whether the loss is still high when it ought to be low."""
        loss = experiment.history["validation"].last()[1][0]
        late = experiment.images > EPOCH / 4 or experiment.diverged is not None
        return (bool(late and not loss < 1),)

    def legend(self, high):
        handles = lines(("blue", "training"), ("vermilion", "validation"), lw=2.2)
        handles += self.earlier
        place = "lower right" if high else "upper right"
        self.ax.legend(handles=handles, loc=place, labelspacing=0.2, borderpad=0)


class Mistakes(EpochCurves):
    """The share of mistakes, drawn downwards: an axis of right answers stretched towards 100 %.

    Its legend names the kept runs.
    """

    SHARES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)

    def __init__(self, picture, ax):
        names = "train_wrong", "wrong"
        super().__init__(picture, ax, *names, ylim=(1.0, 0.005), floor=0.005, unit=EPOCH)
        ax.set(title="read correctly", xlabel="epoch")
        ax.xaxis.set_major_formatter("{x:g}")
        ax.set_yticks([1 - s for s in self.SHARES], [f"{100 * s:.0f} %" for s in self.SHARES])
        ax.minorticks_off()

    def legend(self, labels):
        handles = lines(*zip(self.KEPT_COLOURS, labels, strict=False))
        if handles:
            self.ax.legend(
                handles=handles, loc="lower right", fontsize=10, labelspacing=0.15, borderpad=0
            )


class MnistPicture(DigitPicture):
    """Loss and right answers, misread digits, weights of hidden units, side by side."""

    def build(self):
        self.losses = Losses(self, self.axes(60, 228, 236, 126))
        self.mistakes = Mistakes(self, self.axes(60, 50, 236, 126))
        self.build_misread(50)
        self.title = self.changing(self.words(338, "", fontsize=12))
        self.words(338, "under each digit: what is read, and what it is")
        self.build_units()

    def update(self, experiment, previous=None, kept=()):
        self.losses.update(experiment, previous, kept)
        self.mistakes.update(experiment, previous, kept)
        images, y = experiment.X_validation[:SAMPLE], experiment.y_validation[:SAMPLE]
        answers = experiment.reading()[0][-1].argmax(axis=1)
        count, shown = self.show_misread(images, answers, y)
        part = f" ({shown} shown)" if shown < count else ""
        self.title.set_text(f"{count} of {SAMPLE:,} validation digits misread{part}")
        self.show_units(experiment.net.W[0])


# ---------------------------------------------------------------- the panel
class MnistPanel(Panel):
    """With a drawing pad below, unless `pad=False` is given; `panel.pad()` returns it anyway."""

    BURST = 0.060  # in the first so many seconds of a tick, another picture is begun
    SPELL = 0.030  # seconds of training before a picture

    def __init__(self, experiment, picture, pad=True, **options):
        self._pad = None
        super().__init__(experiment, picture, **options)
        for control in self.controls.values():
            if control.has_trait("continuous_update"):
                control.continuous_update = False  # a change trains for half a second
        if pad:
            self.widget.children = [*self.widget.children, self.pad().widget]

    def pad(self):
        """The drawing pad that is read by the network as it is now (`DigitPad`)."""
        if self._pad is None:
            from nbhelpers.playgrounds.engine.digit_pad import DigitPad

            self._pad = DigitPad(self._probabilities, digits=self.experiment.X_validation[:200])
        return self._pad

    def _probabilities(self, x):
        with np.errstate(all="ignore"):
            return self.experiment.net.forward(x)[-1][0]

    def _show_words(self):
        super()._show_words()
        if self._pad is not None:
            self._pad.refresh()


def one_epoch(experiment):
    """one epoch"""
    return experiment.steps_for(EPOCH)


mnist = playground(
    Mnist,
    MnistPicture,
    MnistPanel,
    title="A network learns to read digits",
    steps=one_epoch,
    example="learning_rate=0.1,optimizer=SGD,hidden1=32",
    notebook="10",
    catch_up=0.500,
)
