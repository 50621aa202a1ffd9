"""Training: the loop around forward, backward and step, and a record of how it went.

Built in notebook 03, for mini-batches; in notebook 08, for validation and early stopping.
"""

import math
import time

import numpy as np

from nbhelpers import threads
from nbhelpers.bars import progress_bar
from nbhelpers.history import History, Stopping
from nbhelpers.schedules import SCHEDULES, Pace
from nbhelpers.validation import (
    at_least,
    at_least_one,
    checked_batch,
    checked_examples,
    checked_rng,
    checked_training,
    choose,
    still_finite,
    underflow_allowed,
)


@underflow_allowed
def train_step(net, X, y, optimizer):
    """Make one step on one batch, already checked; return its loss and accuracy before the step.

    Where the loss is not finite no step is made. NumPy's other warnings are the caller's affair:
    see `overflow_allowed`.
    """
    A = net.forward(X, check=False, training=True)
    loss = net.loss(A, y, check=False)
    if math.isfinite(loss):
        net.backward(A, y, check=False)
        optimizer.step(net.params, net.grads)
    return loss, net.accuracy(A[-1], y, check=False)


def train_epoch(net, X, y, pace, batch_size, rng, shuffle, augment):
    """Make a step on each mini-batch; return the means of their losses and accuracies."""
    loss_sum = right_sum = 0.0
    for rows in minibatches(len(X), batch_size, rng, shuffle):
        X_batch = X.take(rows, axis=0)  # X[rows], a fifth faster
        if augment is not None:
            X_batch = checked_batch(augment(X_batch, rng), X_batch)
        loss, accuracy = train_step(net, X_batch, y[rows], pace.next())
        still_finite("the loss", loss, pace)
        loss_sum += loss * len(rows)
        right_sum += accuracy * len(rows)
    still_finite("a parameter", float(np.abs(net.params).max()), pace)
    return loss_sum / len(X), right_sum / len(X)


def fit(
    net,
    X,
    y,
    *,
    optimizer,
    epochs,
    batch_size,
    rng,
    validation=None,
    schedule="constant",
    patience=None,
    callback=None,
    shuffle=True,
    augment=None,
    verbose=False,
):
    """Train `net` on the examples with mini-batches; return the history.

    However the training ends, by an error or an interrupt too, the weights are those of the last
    step, or with `patience` of the best epoch so far, and `optimizer.lr` is put back.

    Parameters
    ----------
    net : MLP
        The network; its weights are changed in place.
    X : array of shape (n, n_inputs)
        Examples.
    y : array
        Integer classes (n,) or targets (n, n_outputs), as for `MLP.backward`.
    optimizer : SGD or Adam
        Makes the steps; the schedule scales its `lr`.
    epochs, batch_size : int
        Passes through the examples, examples a step (at most n).
    rng : numpy.random.Generator
        Source of the shuffling, and of what `augment` draws.
    validation : pair (X, y), optional
        Evaluated after each epoch, never trained on.
    schedule : str or callable
        Name in `SCHEDULES`, or a function of the share of training done, 0 to 1, which returns
        what the learning rate is multiplied by, 0 or more.
    patience : int, optional
        Early stopping: end after this many epochs without a lower validation loss, and restore
        the weights of the best epoch.
    callback : callable, optional
        callback(net, history) after each epoch; stops the training where it returns True.
    shuffle : bool
        False keeps the order of the examples in every epoch.
    augment : callable, optional
        augment(X_batch, rng) returns the batch that is trained on in its place, of the same
        shape and dtype: `warps.random_affine`, for instance. It may change its batch in place.
    verbose : bool
        Show a progress bar with the losses (tqdm). In a browser (JupyterLite) there is one
        wherever a training takes more than a few seconds.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        Wrong shapes, labels out of range, NaN in the data, numbers out of range, arguments of the
        wrong kind. All of them are looked at before the first step; what `augment` and the
        schedule return, at each step.
    FloatingPointError
        The loss, a parameter or the validation loss is no longer a finite number, usually because
        the learning rate is too large; says at which step and with which settings.
    """
    X, y, validation = checked_training(
        net,
        X,
        y,
        optimizer,
        epochs,
        batch_size,
        rng,
        validation,
        patience,
        callback,
        shuffle,
        augment,
    )
    factor = schedule if callable(schedule) else choose("schedule", SCHEDULES, schedule)
    history, pace = History(), Pace(optimizer, factor, epochs, len(X), batch_size)
    stopping = Stopping(net, history, patience)
    largest = batch_size * max(W.size for W in net.W)  # multiplications of a matrix product
    with threads.suited(largest), progress_bar(epochs, verbose) as bar, pace, stopping:
        for _ in range(epochs):
            start = time.perf_counter()
            with overflow_allowed():
                trained = train_epoch(net, X, y, pace, batch_size, rng, shuffle, augment)
            history.add_training(*trained, time.perf_counter() - start)
            if validation is not None:
                with overflow_allowed():
                    loss, accuracy = evaluate(net, *validation)
                still_finite("the validation loss", loss, pace)
                history.add_validation(loss, accuracy)
                stopping.look()
            if bar is not None:
                bar.set_postfix_str(history.words(), refresh=False)
                bar.update()
            if callback is not None and callback(net, history):
                break
            if stopping.due():
                break
    return history


def minibatches(n, batch_size, rng, shuffle=True):
    """Yield the rows of each mini-batch of one epoch.

    The *examples* are shuffled, so that each epoch deals them into other batches.

    Parameters
    ----------
    n : int
        Number of examples.
    batch_size : int
        Examples a batch; the last batch gets what is left.
    rng : numpy.random.Generator
        Source of the shuffling.
    shuffle : bool
        False keeps the order of the examples.

    Yields
    ------
    integer ndarray of shape (batch_size,) or shorter
        Row numbers.

    Raises
    ------
    ValueError
        Numbers out of range, an `rng` that is not a numpy Generator.
    """
    at_least(0, n=n)
    at_least_one(batch_size=batch_size)
    checked_rng(rng)
    order = rng.permutation(n) if shuffle else np.arange(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


@underflow_allowed
def evaluate(net, X, y, chunk=4096):
    """Return the loss and the accuracy of `net` on the examples, as two floats.

    Works through them in chunks, so that the activations of 60,000 images never lie in memory
    all at once. The accuracy is NaN where the loss is a squared error. Parameters and errors as
    in `fit`.
    """
    X, y = checked_examples(net, X, y)
    at_least_one(chunk=chunk)
    loss = right = 0.0
    for start in range(0, len(X), chunk):
        rows = slice(start, start + chunk)
        A = net.forward(X[rows], check=False)
        loss += net.loss(A, y[rows], check=False) * len(A[-1])
        right += net.accuracy(A[-1], y[rows], check=False) * len(A[-1])
    return loss / len(X), right / len(X)


def overflow_allowed():
    """Return a context without NumPy's warnings, for code that looks at its results itself."""
    return np.errstate(all="ignore")
