"""A training that is over, to be looked at at any moment: a slider over time.

A figure takes the number of the moment as a setting and gives the experiment to a picture::

    from dataclasses import dataclass

    from nbhelpers.playgrounds.engine.plane import PlanePicture
    from nbhelpers.playgrounds.engine.playground import figure
    from nbhelpers.playgrounds.engine.recording import Recording
    from nbhelpers.playgrounds.engine.settings import Settings, number
    from nbhelpers.playgrounds.xor import Xor, XorSettings

    recording = Recording(Xor(XorSettings(hidden=2)), steps=100, moments=8)

    @dataclass(frozen=True)
    class Recorded(Settings):
        \"\"\"A training of 100 steps, recorded.\"\"\"

        moment: int = number(0, 0, 7)

        def summary(self):
            return f"step {recording.at(self.moment).steps}"

    class RecordedPicture(PlanePicture):
        def update(self, settings):
            super().update(recording.at(settings.moment))

    recorded = figure(Recorded, RecordedPicture, title="XOR", example="moment=3", notebook="01")

>>> recording.steps                        # ever farther apart
[0, 1, 2, 4, 9, 20, 45, 100]
>>> shown = recorded()
>>> shown.controls["moment"].value = 6
>>> shown.summary
'step 45'
"""

import copy

import numpy as np

from nbhelpers.playgrounds.engine.guards import WHOLE


class Recording:
    """An experiment that is trained at once; its parameters are kept on the way.

    Parameters
    ----------
    experiment : Experiment
        At step 0. It needs `net.params`, and an `A` that follows from them and from `X`.
    steps : int
        How far it is trained.
    moments : int
        How many are kept: step 0, then steps that grow by one factor, or by 1 where that is more.

    Attributes
    ----------
    steps : list of int
        The step of each moment; they end earlier where the loss has grown without bounds.

    Raises
    ------
    KeyboardInterrupt
        The training was interrupted.
    """

    def __init__(self, experiment, steps, moments):
        self.experiment = experiment
        self.steps, self._params = [], []
        for step in growing(steps, moments):
            experiment.step(step - experiment.steps)
            if WHOLE.interrupted:
                raise KeyboardInterrupt  # half a training is none
            if experiment.steps < step:
                break
            self.steps.append(step)
            self._params.append(experiment.net.params.copy())

    def __len__(self):
        return len(self.steps)

    def at(self, moment):
        """The experiment as it was at a moment, or at the last; its history is the whole one."""
        moment = min(moment, len(self) - 1)
        then = copy.copy(self.experiment)
        then.net, then.measured = copy.deepcopy(self.experiment.net), {}
        then.steps = self.steps[moment]
        then.net.params[...] = self._params[moment]
        with np.errstate(all="ignore"):
            then.A = then.net.forward(then.X, check=False)
        return then


def nearest(steps, x):
    """The index of the step that is nearest to x on a logarithmic axis from 1 on.

    >>> nearest([0, 1, 10, 100], 40)
    3
    """
    return int(np.abs(np.log(np.maximum(steps, 1) / max(x, 1))).argmin())


def growing(last, n):
    """The steps 0, 1, 2, ..., `last`: n of them, ever farther apart.

    >>> growing(100, 8)
    [0, 1, 2, 4, 9, 20, 45, 100]
    """
    steps = [0, 1]
    while len(steps) < n:
        left = n - len(steps)  # the factor that reaches the end in so many steps
        steps.append(max(steps[-1] + 1, round(steps[-1] * (last / steps[-1]) ** (1 / left))))
    return steps
