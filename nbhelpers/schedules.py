"""Schedules: how large the steps are over a training, as a factor of the learning rate.

A schedule is a function of the progress, from 0 (start) to 1 (end of training). Built in notebook
09; the loop in `training` asks `Pace` for the rate of each step.
"""

import math

from nbhelpers.validation import at_least_zero


def constant(progress):
    """Return 1: the learning rate stays. `progress` runs from 0 (start) to 1 (end of training)."""
    return 1.0


def step(progress, factor=0.1, at=(0.5, 0.75)):
    """Return 1, times `factor` for each share of the training in `at` that has passed."""
    return float(factor ** sum(progress >= share for share in at))


def cosine(progress):
    """Return ½ (1 + cos(π · progress)): a slow start, a slow end, 0 at last.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
    """
    return 0.5 * (1 + math.cos(math.pi * progress))


def warmup_linear(progress, warmup=0.1):
    """Return a factor that rises from 0 to 1 in the first tenth, then falls in a line to 0.

    Source: Goyal et al., "Accurate, large minibatch SGD" (2017), for the warm-up.
    """
    return float(progress / warmup if progress < warmup else (1 - progress) / (1 - warmup))


SCHEDULES = {f.__name__: f for f in (constant, step, cosine, warmup_linear)}


class Pace:
    """Counts the steps of a training and sets the learning rate of each, lr · factor(progress).

    As a context it puts the optimizer's own rate back at the end.
    """

    def __init__(self, optimizer, factor, epochs, n, batch_size):
        self.optimizer, self.factor, self.lr = optimizer, factor, optimizer.lr
        self.batch_size, self.an_epoch = batch_size, -(-n // batch_size)  # steps
        self.step, self.steps = 0, epochs * self.an_epoch

    def next(self):
        """Return the optimizer, ready for the next step."""
        factor = self.factor((self.step + 0.5) / self.steps)
        at_least_zero(**{"the schedule's factor": factor})
        self.optimizer.lr = float(self.lr * factor)
        self.step += 1
        return self.optimizer

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.optimizer.lr = self.lr

    def __str__(self):
        epoch = -(-self.step // self.an_epoch)
        return (
            f"step {self.step} (epoch {epoch}) with {self.optimizer!r}, "
            f"batch size {self.batch_size}"
        )
