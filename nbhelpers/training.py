"""Training: the loop around forward, backward and step, and a record of how it went.

Built in notebook 03, for mini-batches; in notebook 08, for validation and early stopping.
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np

from nbhelpers.network import all_finite, choose
from nbhelpers.optimizers import SCHEDULES
from nbhelpers.validation import at_least, at_least_one, at_least_zero, checked_rng, true_or_false


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

    Parameters
    ----------
    net : MLP
        The network; its weights are changed in place.
    X : array of shape (n, n_inputs)
        Examples.
    y : array
        Integer classes (n,) or targets (n, n_outputs), as for `MLP.backward`.
    optimizer : SGD or Adam
        Makes the steps. Its `lr` is scaled by the schedule and put back at the end.
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
        Show a progress bar with the losses (tqdm).

    Returns
    -------
    History

    Raises
    ------
    ValueError
        Wrong shapes, labels out of range, NaN in the data, numbers out of range, arguments of the
        wrong kind. All of them are looked at before the first step; what `augment` and the
        schedule return, at each.
    FloatingPointError
        The loss, a parameter or the validation loss is no longer a finite number, usually because
        the learning rate is too large; says at which step and with which settings.
    """
    X = net.checked_inputs(X)
    y = net.checked_targets(y, len(X))
    n = len(X)
    at_least_one(examples=n, epochs=epochs, batch_size=batch_size)
    checked_rng(rng)
    true_or_false(shuffle=shuffle)
    if isinstance(optimizer, type) or not (hasattr(optimizer, "step") and hasattr(optimizer, "lr")):
        raise ValueError(f"optimizer is {optimizer!r}; expected one such as SGD(0.1) or Adam()")
    if callback is not None and not callable(callback):
        raise ValueError(f"callback is {callback!r}; expected a function of (net, history)")
    if augment is not None and not callable(augment):
        raise ValueError(f"augment is {augment!r}; expected a function of (X_batch, rng)")
    if validation is not None:
        validation = checked_validation(net, validation)
    if patience is not None:
        at_least_one(patience=patience)
        if validation is None:
            raise ValueError("early stopping (patience) needs validation=(X, y)")
    factor = schedule if callable(schedule) else choose("schedule", SCHEDULES, schedule)
    history, base_lr, spent = History(), optimizer.lr, 0.0
    total_steps = epochs * -(-n // batch_size)
    step, best_loss, best_params = 0, np.inf, None
    bar = progress_bar(epochs) if verbose else None
    threads = blas_threads(net, batch_size)
    try:
        for epoch in range(1, epochs + 1):
            start = time.perf_counter()
            loss_sum = right_sum = 0.0
            with overflow_allowed():
                for rows in minibatches(n, batch_size, rng, shuffle):
                    share = factor((step + 0.5) / total_steps)
                    at_least_zero(**{"the schedule's factor": share})
                    optimizer.lr = float(base_lr * share)
                    step += 1
                    X_batch = X.take(rows, axis=0)  # X[rows], a fifth faster
                    if augment is not None:
                        X_batch = augmented(X_batch, augment, rng)
                    loss, accuracy = train_step(net, X_batch, y[rows], optimizer)
                    if not math.isfinite(loss):
                        what = f"the loss became {loss}"
                        raise diverged(what, step, epoch, optimizer, batch_size)
                    loss_sum += loss * len(rows)
                    right_sum += accuracy * len(rows)
            spent += time.perf_counter() - start
            if not all_finite(net.params):
                raise diverged("a parameter became infinite", step, epoch, optimizer, batch_size)
            history.train_loss.append(loss_sum / n)
            history.train_accuracy.append(right_sum / n)
            history.seconds.append(spent)
            if validation is not None:
                with overflow_allowed():
                    loss, accuracy = evaluate(net, *validation)
                if not math.isfinite(loss):
                    what = f"the validation loss became {loss}"
                    raise diverged(what, step, epoch, optimizer, batch_size)
                history.validation_loss.append(loss)
                history.validation_accuracy.append(accuracy)
                if patience is not None and loss < best_loss:
                    best_loss, best_params = loss, net.params.copy()
                    history.best_epoch = epoch
            if bar is not None:
                bar.set_postfix_str(history.words())
                bar.update()
            if callback is not None and callback(net, history):
                break
            if patience is not None and epoch - (history.best_epoch or 0) >= patience:
                break
    finally:
        optimizer.lr = base_lr
        threads.restore_original_limits()
        if best_params is not None:
            net.params[...] = best_params
        if bar is not None:
            bar.close()
    return history


def augmented(X, augment, rng):
    """Return augment(X, rng), or raise a ValueError if it can't take the place of X (n, d)."""
    new = augment(X, rng)
    array = isinstance(new, np.ndarray)
    if not array or new.shape != X.shape or new.dtype != X.dtype:
        what = f"{new.dtype} of shape {new.shape}" if array else type(new).__name__
        raise ValueError(f"augment returned {what}; expected {X.dtype} of shape {X.shape}")
    if not all_finite(new):
        raise ValueError("augment returned NaN or infinite numbers")
    return new


def train_step(net, X, y, optimizer):
    """Make one step on one batch, already checked; return its loss and accuracy before the step.

    Where the loss is not finite no step is made. NumPy's warnings are the caller's affair: see
    `overflow_allowed`.
    """
    A = net.forward(X, check=False, training=True)
    loss = net.loss(A, y, check=False)
    if math.isfinite(loss):
        net.backward(A, y, check=False)
        optimizer.step(net.params, net.grads)
    return loss, net.accuracy(A[-1], y, check=False)


def overflow_allowed():
    """Return a context without NumPy's warnings, for code that looks at its results itself."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def diverged(what, step, epoch, optimizer, batch_size):
    """Return the error for a training that has left the finite numbers."""
    return FloatingPointError(
        f"{what} at step {step} (epoch {epoch}) with {optimizer!r}, batch size {batch_size}; "
        "try a smaller learning rate"
    )


def checked_validation(net, validation):
    """Return the pair (X, y) of validation data as arrays that fit `net`, or raise a ValueError."""
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise ValueError(
            f"validation is of type {type(validation).__name__}; expected a pair (X, y) or None"
        )
    try:
        X = net.checked_inputs(validation[0])
        at_least_one(examples=len(X))
        return X, net.checked_targets(validation[1], len(X))
    except ValueError as error:
        raise ValueError(f"the validation data don't fit: {error}") from None


SMALL = 16_000_000  # multiplications: smaller matrix products run in one thread


def blas_threads(net, batch_size):
    """Let small matrix products run in one thread; return the limits, to be restored.

    Below some sixteen million multiplications a product gains little or nothing from a second
    thread, and threads that wait for each other are slow on a busy machine. Measured with OpenBLAS
    on two cores, for whole epochs of MNIST (tests/benchmarks/threads.py): two threads take 0.85 to
    1.3 times as long as one where nothing else runs, and 1.2 to 3.6 times beside one busy program.
    Larger products keep all threads. The number depends on the sizes alone, never on a clock: one
    and two threads round differently, and the same seed must give the same network.
    The limit holds for the whole process, so train in two processes rather than in two threads.
    threadpoolctl comes with scikit-learn.
    """
    from threadpoolctl import threadpool_limits

    largest = batch_size * max(W.size for W in net.W)
    return threadpool_limits(1 if largest < SMALL else None, user_api="blas")


def evaluate(net, X, y, chunk=4096):
    """Return the loss and the accuracy of `net` on the examples, as two floats.

    Works through them in chunks, so that the activations of 60,000 images never lie in memory
    all at once. The accuracy is NaN where the loss is a squared error. Parameters and errors as
    in `fit`.
    """
    X = net.checked_inputs(X)
    y = net.checked_targets(y, len(X))
    at_least_one(examples=len(X), chunk=chunk)
    loss = right = 0.0
    for start in range(0, len(X), chunk):
        rows = slice(start, start + chunk)
        A = net.forward(X[rows], check=False)
        loss += net.loss(A, y[rows], check=False) * len(A[-1])
        right += net.accuracy(A[-1], y[rows], check=False) * len(A[-1])
    return loss / len(X), right / len(X)


def progress_bar(epochs):
    """Return a tqdm bar over the epochs; tqdm is imported only when somebody wants one."""
    from tqdm.auto import tqdm

    return tqdm(total=epochs, unit="epoch")
