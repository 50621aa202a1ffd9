"""Checks of arguments: a value that cannot be meant is refused at once, in words.

A message says what came and what was expected. Checks of single values take them by name,
`at_least_one(epochs=epochs)`, so that the message can say which of them is wrong; checks of arrays
return them in the form that the kernels work with. True and False count as numbers nowhere here,
although Python lets them.
"""

import math
from numbers import Integral, Real

import numpy as np

# ---------------------------------------------------------------- single values


def is_whole(value):
    """Tell whether `value` is a whole number: an int of Python's or NumPy's, and not a bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value):
    """Tell whether `value` is one finite real number, and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def at_least_zero(**values):
    """Raise a ValueError that names the first value that is not a finite number, 0 or more."""
    for name, value in values.items():
        if not (is_number(value) and value >= 0):
            raise ValueError(f"{name} is {value!r}; expected a finite number, 0 or more")


def above_zero(**values):
    """Raise a ValueError that names the first value that is not a finite number above 0."""
    for name, value in values.items():
        if not (is_number(value) and value > 0):
            raise ValueError(f"{name} is {value!r}; expected a finite number above 0")


def below_one(**values):
    """Raise a ValueError that names the first value that is 1 or more, or no number at all."""
    for name, value in values.items():
        if not (is_number(value) and value < 1):
            raise ValueError(f"{name} is {value!r}; expected a number less than 1")


def at_least(least, **values):
    """Raise a ValueError that names the first value that is not a whole number from `least` up."""
    for name, value in values.items():
        if not (is_whole(value) and value >= least):
            raise ValueError(f"{name} is {value!r}; expected an integer of {least} or more")


def at_least_one(**values):
    """Raise a ValueError that names the first value that is not a whole number from 1 up."""
    at_least(1, **values)


def true_or_false(**values):
    """Raise a ValueError that names the first value that is neither True nor False."""
    for name, value in values.items():
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} is {value!r}; expected True or False")


def checked_rng(rng):
    """Return `rng`, or raise a ValueError where it is not a numpy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng is {rng!r}; expected a numpy Generator such as np.random.default_rng(0)"
        )
    return rng


def choose(kind, table, name):
    """Return `table[name]`, or raise a ValueError that lists the names that exist."""
    if not isinstance(name, str) or name not in table:
        raise ValueError(f"unknown {kind} {name!r}; choose one of {', '.join(map(repr, table))}")
    return table[name]


def one_each(name, value, count, word, kind):
    """Return `value` as a list of `count` values: itself, or itself repeated."""
    if isinstance(value, kind):
        return [value] * count
    values = list(value) if np.iterable(value) else None
    if values is None or len(values) != count or not all(isinstance(v, kind) for v in values):
        raise ValueError(f"{name} must be one {word}, or a list of {count}; got {value!r}")
    return values


# ---------------------------------------------------------------- arrays


def numbers(name, values, dtype):
    """Return `values` as an array of `dtype`, or raise a ValueError that says what is wrong."""
    try:
        values = np.asarray(values)
        if values.dtype.kind == "c":
            raise TypeError("they are complex")
        with np.errstate(over="raise", under="ignore"):
            return np.asarray(values, dtype)
    except FloatingPointError:
        raise ValueError(f"{name} contains numbers too large for {dtype}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be numbers, one row an example: {error}") from None


def all_finite(X):
    """Tell whether `X` holds finite numbers only.

    The sums of its rows say so, and quickly, as a matrix product; only if one of them overflows,
    each number is looked at.
    """
    with np.errstate(all="ignore"):
        sums = X @ np.ones(X.shape[-1], X.dtype)
        return bool(np.isfinite(sums).all() or np.isfinite(X).all())


def finite_rows(name, X):
    """Raise a ValueError that names the first row of `X` (n, d) with NaN or an infinite number."""
    if not all_finite(X):
        row = np.flatnonzero(~np.isfinite(X).all(axis=1))[0]
        raise ValueError(f"{name} contains NaN or infinite numbers, first in row {row}")


def same_shape(A, Y):
    """Raise a ValueError where outputs and targets differ in shape."""
    if A.shape != Y.shape:
        raise ValueError(f"the targets have shape {Y.shape}; expected {A.shape}, as the outputs")


class UnderflowAllowed(np.errstate):
    """The class of `underflow_allowed`: as a decorator, a fresh state for each call."""

    def _recreate_cm(self):  # NumPy 1 would share one state, and what to put back, among threads
        return np.errstate(under="ignore")


underflow_allowed = UnderflowAllowed(under="ignore")
"""Decorator: what is too small for its dtype becomes 0, whatever `np.seterr` says."""


# ---------------------------------------------------------------- networks


def checked_sizes(sizes):
    """Return `sizes` as a list of ints, or raise a ValueError that says what was expected."""
    sizes = list(sizes) if np.iterable(sizes) else [sizes]
    if len(sizes) < 2 or not all(is_whole(s) and s > 0 for s in sizes):
        raise ValueError(
            "sizes must be two or more positive whole numbers, inputs first and outputs last, "
            f"as in [784, 32, 10]; got {sizes}"
        )
    return [int(s) for s in sizes]


def checked_dtype(dtype):
    """Return `dtype` as a numpy dtype, or raise a ValueError."""
    try:
        found = None if dtype is None else np.dtype(dtype)  # np.dtype(None) would be float64
    except TypeError:
        found = None
    if found not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {dtype!r}")
    return found


def checked_dropout(dropout, count):
    """Return `dropout` as a list of `count` floats, or raise a ValueError."""
    shares = one_each("dropout", dropout, count, "number", Real)
    for share in shares:
        at_least_zero(dropout=share)
        below_one(dropout=share)
    return [float(share) for share in shares]


def fitting_output(output, loss, n_outputs):
    """Raise a ValueError where the activation `output` doesn't fit the Loss, or one output."""
    if (output == "softmax" or loss.fused_with) and loss.fused_with != output:
        raise ValueError(
            f"the loss {loss.name!r} does not fit the output {output!r}: "
            "softmax goes with 'softmax_cross_entropy', 'binary_cross_entropy' with sigmoid"
        )
    if output == "softmax" and n_outputs == 1:
        raise ValueError(
            "a softmax of one output is always 1; give it an output for each class, or take "
            "output='sigmoid' for two classes"
        )


def checked_inputs(net, X):
    """Return `X` as an array (n, n_inputs) of the network's dtype, or raise a ValueError."""
    X = numbers("X", X, net.dtype)
    if X.ndim != 2 or X.shape[1] != net.sizes[0]:
        raise ValueError(f"X has shape {X.shape}; expected (n, {net.sizes[0]}): one example a row")
    finite_rows("X", X)
    return X


def checked_targets(net, y, n):
    """Return `y` as integer classes (n,) or as targets (n, m) of the network's dtype.

    Raises a ValueError that says what came and what was expected.
    """
    y, m = np.asarray(y), net.sizes[-1]
    classes_fit = net.loss_function.name == "softmax_cross_entropy"
    if classes_fit and y.ndim == 1:
        return checked_classes(y, n, m)
    Y = numbers("y", y, net.dtype)
    if Y.shape == (n,) and m == 1:
        Y = Y[:, np.newaxis]
    if Y.shape != (n, m):
        classes = f", or ({n},): integer classes" if classes_fit else ""
        raise ValueError(f"y has shape {y.shape}; expected ({n}, {m}){classes}")
    finite_rows("y", Y)
    if net.loss_function.fused_with and Y.size and not (Y.min() >= 0 and Y.max() <= 1):
        raise ValueError(f"targets must lie in [0, 1], got {Y.min():g} to {Y.max():g}")
    if classes_fit and not (near_one := np.abs(Y.sum(axis=1) - 1) <= 1e-4).all():
        row = int(np.argmin(near_one))
        raise ValueError(f"row {row} of y adds up to {Y[row].sum():g}; expected 1")
    return Y


def checked_classes(y, n, m):
    """Return the array `y` if it holds n classes from 0 to m - 1, or raise a ValueError."""
    if y.shape != (n,):
        raise ValueError(f"y has shape {y.shape}; expected ({n},): one class an example")
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"classes must be integers from 0 to {m - 1}, got dtype {y.dtype}; "
            "if they are whole numbers, use y.astype(int)"
        )
    if n and not (y.min() >= 0 and y.max() < m):
        wrong = y[(y < 0) | (y >= m)][0]
        raise ValueError(f"class {wrong} is out of range: expected 0 to {m - 1}")
    return y


def checked_pass(net, A, y):
    """Return the targets `y` that go with the list `A` of `forward`, or raise a ValueError."""
    if not isinstance(A, (list, tuple)) or len(A) != net.n_layers + 1:
        raise ValueError(
            "A must be the list that forward returned, with the activations of all layers; "
            f"got {type(A).__name__}{f' of length {len(A)}' if np.iterable(A) else ''}, "
            f"expected {net.n_layers + 1} arrays"
        )
    found = [getattr(a, "shape", None) for a in A]
    n = found[0][0] if found[0] else 0
    if found != [(n, size) for size in net.sizes]:
        expected = ", ".join(f"(n, {size})" for size in net.sizes)
        raise ValueError(f"A has arrays of shapes {found}; expected {expected}")
    for layer, (mask, a) in enumerate(zip(net.masks, A[1:-1], strict=True), start=1):
        if mask is not None and mask.shape != a.shape:
            raise ValueError(
                f"A[{layer}] has shape {a.shape}, but the last forward has drawn a dropout "
                f"mask of shape {mask.shape}; call backward before the next forward"
            )
    return checked_targets(net, y, n)


def checked_answers(net, A, y):
    """Return the targets `y` that go with the outputs `A` (n, m), or raise a ValueError."""
    shape = getattr(A, "shape", ())
    if len(shape) != 2 or shape[1] != net.sizes[-1]:
        found = f"has shape {shape}" if shape else f"is of type {type(A).__name__}"
        raise ValueError(
            f"A {found}; expected (n, {net.sizes[-1]}), the last array of forward: A[-1]"
        )
    return checked_targets(net, y, len(A))


# ---------------------------------------------------------------- optimizers and training


def check_step(params, grads, kept):
    """Raise a ValueError unless a step can be made.

    Both must be arrays of floats of one shape, `params` writable; `kept`, what the optimizer
    remembers of the steps before, must be as long and of the same dtype, or None.
    """
    fine = isinstance(params, np.ndarray) and isinstance(grads, np.ndarray)
    fine = fine and params.shape == grads.shape and params.dtype.kind == grads.dtype.kind == "f"
    if not (fine and params.flags.writeable):
        found = [
            f"{a.dtype} of shape {a.shape}{'' if a.flags.writeable else ', read-only'}"
            if isinstance(a, np.ndarray)
            else type(a).__name__
            for a in (params, grads)
        ]
        raise ValueError(
            "params and grads must be arrays of floats of the same shape, params writable; got "
            f"{found[0]} and {found[1]}"
        )
    if kept is not None and (kept.shape != params.shape or kept.dtype != params.dtype):
        raise ValueError(
            f"this optimizer has begun with {len(kept)} {kept.dtype} parameters and now gets "
            f"{len(params)} of {params.dtype}; make a new optimizer for each network"
        )


def checked_training(
    net, X, y, optimizer, epochs, batch_size, rng, validation, patience, callback, shuffle, augment
):
    """Return X, y and `validation` as arrays that fit the network, or raise a ValueError.

    The arguments are those of `fit`.
    """
    X, y = checked_examples(net, X, y)
    at_least_one(epochs=epochs, batch_size=batch_size)
    checked_rng(rng)
    true_or_false(shuffle=shuffle)
    if isinstance(optimizer, type) or not (hasattr(optimizer, "step") and hasattr(optimizer, "lr")):
        raise ValueError(f"optimizer is {optimizer!r}; expected one such as SGD(0.1) or Adam()")
    if callback is not None and not callable(callback):
        raise ValueError(f"callback is {callback!r}; expected a function of (net, history)")
    if augment is not None and not callable(augment):
        raise ValueError(f"augment is {augment!r}; expected a function of (X_batch, rng)")
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise ValueError(
                f"validation is of type {type(validation).__name__}; expected a pair (X, y) or None"
            )
        try:
            validation = checked_examples(net, *validation)
        except ValueError as error:
            raise ValueError(f"the validation data don't fit: {error}") from None
    if patience is not None:
        at_least_one(patience=patience)
        if validation is None:
            raise ValueError("early stopping (patience) needs validation=(X, y)")
    return X, y, validation


def checked_examples(net, X, y):
    """Return examples and targets as arrays that fit the network, one or more, or raise."""
    X = checked_inputs(net, X)
    at_least_one(examples=len(X))
    return X, checked_targets(net, y, len(X))


def checked_batch(new, X):
    """Return `new`, what `augment` has made of `X`, or raise a ValueError if it can't replace X."""
    array = isinstance(new, np.ndarray)
    if not array or new.shape != X.shape or new.dtype != X.dtype:
        what = f"{new.dtype} of shape {new.shape}" if array else type(new).__name__
        raise ValueError(f"augment returned {what}; expected {X.dtype} of shape {X.shape}")
    if not all_finite(new):
        raise ValueError("augment returned NaN or infinite numbers")
    return new


def still_finite(what, value, place):
    """Raise a FloatingPointError where a training has left the finite numbers.

    `place` says, as text, at which step that was and with which settings.
    """
    if not math.isfinite(value):
        raise FloatingPointError(f"{what} became {value} at {place}; try a smaller learning rate")


# ---------------------------------------------------------------- gradient checks


def float64_array(x):
    """Raise a ValueError unless `x` is a float64 array, which can be moved by tiny amounts."""
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        found = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise ValueError(f"x must be a float64 array, got {found}")


def checkable(net, eps):
    """Raise a ValueError where rounding would hide mistakes: a float32 network, an eps < 1e-8."""
    if net.dtype != np.float64:
        raise ValueError(f"a gradient check needs a float64 network, got {net.dtype}")
    above_zero(eps=eps)
    if eps < 1e-8:
        raise ValueError(f"eps is {eps!r}; expected 1e-8 or more, or rounding hides any mistake")


# ---------------------------------------------------------------- images


def check_images(X, shape):
    """Raise a ValueError unless `X` is an array (n, height * width)."""
    if not isinstance(X, np.ndarray):
        raise ValueError(f"X is of type {type(X).__name__}; expected an array, one image a row")
    if X.ndim != 2 or X.shape[1] != shape[0] * shape[1]:
        raise ValueError(
            f"X has shape {X.shape}; expected (n, {shape[0] * shape[1]}): one image of "
            f"{shape[0]} x {shape[1]} pixels a row"
        )


def check_float_images(X, shape):
    """Raise a ValueError unless `X` is an array of floats (n, height * width)."""
    check_images(X, shape)
    if not np.issubdtype(X.dtype, np.floating):
        raise ValueError(f"X holds {X.dtype}; expected floats, as X / np.float32(255) makes them")


def whole_pixels(down, right):
    """Return both as ints, or raise a ValueError where they are not whole."""
    if not (is_whole(down) and is_whole(right)):
        raise ValueError(f"pixels must be whole; got down={down!r} and right={right!r}")
    return int(down), int(right)  # a uint8 can't be negated
