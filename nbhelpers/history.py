"""What a training remembers: its history, and the weights of its best epoch.

Built in notebook 08.
"""

import math
from dataclasses import dataclass, field


@dataclass
class History:
    """What `fit` saw, one number an epoch.

    Attributes
    ----------
    train_loss, train_accuracy : list of float
        Means over the batches of the epoch, *while* the weights were changing, with dropout and
        `augment` at work. The accuracy is NaN where the loss is a squared error.
    validation_loss, validation_accuracy : list of float
        At the end of each epoch; empty without validation data.
    seconds : list of float
        Training time since the start, validation not counted.
    best_epoch : int or None
        The epoch (the first is 1) whose weights early stopping has restored.
    """

    train_loss: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    best_epoch: int | None = None

    def add_training(self, loss, accuracy, seconds):
        """Note an epoch of training, which has taken so many seconds."""
        self.train_loss.append(loss)
        self.train_accuracy.append(accuracy)
        self.seconds.append(sum(self.seconds[-1:]) + seconds)

    def add_validation(self, loss, accuracy):
        """Note the evaluation at its end."""
        self.validation_loss.append(loss)
        self.validation_accuracy.append(accuracy)

    def __len__(self):
        return len(self.train_loss)

    def __repr__(self):
        if not self.train_loss:
            return "<History: no epoch yet>"
        return f"<History: {len(self)} epochs, {self.words()}>"

    def words(self):
        """Return the last losses and the time as text, for a progress bar."""
        words = f"train loss {self.train_loss[-1]:.4g}"
        if self.validation_loss:
            words += f", validation loss {self.validation_loss[-1]:.4g}"
        return words + f", {self.seconds[-1]:.2f} s"


class Stopping:
    """Early stopping: knows the best epoch, and when `patience` epochs have gone by since then.

    As a context it puts the weights of the best epoch back at the end. A `patience` of None never
    stops and puts nothing back.
    """

    def __init__(self, net, history, patience):
        self.net, self.history, self.patience = net, history, patience
        self.lowest, self.params = math.inf, None

    def look(self):
        """Keep the weights if the epoch that is over has the lowest validation loss so far."""
        if self.patience is not None and self.history.validation_loss[-1] < self.lowest:
            self.lowest, self.params = self.history.validation_loss[-1], self.net.params.copy()
            self.history.best_epoch = len(self.history)

    def due(self):
        """Tell whether it is time to stop."""
        if self.patience is None:
            return False
        return len(self.history) - (self.history.best_epoch or 0) >= self.patience

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.params is not None:
            self.net.params[...] = self.params
