"""A multilayer perceptron of any depth: forward, loss, backward.

The network is plain arrays. All weights and biases live in one flat vector `params`, all
gradients in another, `grads`, so that an optimizer is a few lines and never sees a layer;
`W[l]`, `b[l]`, `dW[l]` and `db[l]` are views into them with the shapes that the formulas use.

Rows are examples, `W[l]` has shape (inputs, units), and one layer is `A = f(A_before @ W + b)`.

Built in notebook 07, for any depth; in notebook 01, for one hidden layer. `l2` and `dropout` are
the subject of notebook 11.
"""

import itertools
from numbers import Real

import numpy as np

from nbhelpers.activations import ACTIVATIONS, Activation
from nbhelpers.initializers import INITIALIZERS
from nbhelpers.losses import LOSSES, softmax
from nbhelpers.validation import at_least_zero, below_one, checked_rng, is_whole

NATURAL_LOSS = {"softmax": "softmax_cross_entropy", "sigmoid": "binary_cross_entropy"}
VIEWS = ("W", "b", "dW", "db")
SOFTMAX = Activation("softmax", softmax, None, (0.0, 1.0), 1.0)  # its derivative is in its loss


def choose(kind, table, name):
    """Return `table[name]`, or raise a ValueError that lists the names that exist."""
    if not isinstance(name, str) or name not in table:
        raise ValueError(f"unknown {kind} {name!r}; choose one of {', '.join(map(repr, table))}")
    return table[name]


class MLP:
    """Multilayer perceptron (fully connected feedforward network).

    Parameters
    ----------
    sizes : sequence of int
        Units a layer, from the inputs to the outputs, for instance [784, 32, 10].
    activation : str or sequence of str, default "relu"
        Name of the hidden layers' activation, or one name a hidden layer.
    output : str, default "softmax"
        Activation of the last layer: "softmax", or any name in `ACTIVATIONS`.
    loss : str, optional
        Name in `LOSSES`. By default the natural one: softmax cross-entropy for "softmax",
        binary cross-entropy for "sigmoid", mean squared error for all others.
    initializer : str, default "he_normal"
        Name in `INITIALIZERS`. Biases start at 0.
    bias : bool or sequence of bool, default True
        Whether layers have a bias, or one answer a layer.
    l2 : float, default 0
        Strength λ of the penalty ½ λ Σ w² that the loss gains; weights only, not biases.
    dropout : float in [0, 1), or one a hidden layer, default 0
        Share of a hidden layer's activations that a step of training sets to 0, drawn anew for
        every example; the others are divided by 1 - dropout, so that their mean stays.
    rng : numpy.random.Generator
        Where the initial weights come from, and later the masks of dropout.
    dtype : float32 (default) or float64
        Type of every number in the network.

    Attributes
    ----------
    params, grads : ndarray of shape (n_params,)
        All weights, then all biases; all their gradients, in the same order.
    W, dW : list of ndarray of shape (n_in, n_out)
        Weights of each layer and their gradients: views into `params` and `grads`.
    b, db : list of ndarray of shape (n_out,), or None where a layer has no bias
        Biases of each layer and their gradients: views. `W[0] = array` copies the numbers into
        the view, so it stays one.
    sizes, has_bias : list
        Units a layer; whether each layer has a bias.
    n_layers, n_weights : int
        Number of layers that have weights; number of weights, biases not counted.
    dropout : list of float
        One a hidden layer.
    masks : list of ndarray of shape (n, units), or None where no dropout was at work
        What the last `forward` has multiplied each hidden layer's activations by.

    Raises
    ------
    ValueError
        Unknown names, sizes that are not positive whole numbers, a loss that doesn't fit the
        output, softmax with a single output, a negative `l2`, dropout outside of [0, 1), an `rng`
        that is not a numpy Generator.

    Examples
    --------
    >>> net = MLP([2, 3, 1], activation="tanh", output="sigmoid", rng=np.random.default_rng(0))
    >>> A = net.forward([[0, 1], [1, 1]])
    >>> [a.shape for a in A]
    [(2, 2), (2, 3), (2, 1)]
    """

    def __init__(
        self,
        sizes,
        activation="relu",
        output="softmax",
        loss=None,
        initializer="he_normal",
        bias=True,
        l2=0.0,
        rng=None,
        dtype=np.float32,
        dropout=0.0,
    ):
        self.sizes = checked_sizes(sizes)
        self.n_layers = len(self.sizes) - 1
        self.dtype = checked_dtype(dtype)
        checked_rng(rng)
        at_least_zero(l2=l2)
        self.l2 = float(l2)
        self.rng = rng

        hidden = one_each("activation", activation, self.n_layers - 1, "name", str)
        shares = one_each("dropout", dropout, self.n_layers - 1, "number", Real)
        for share in shares:
            at_least_zero(dropout=share)
            below_one(dropout=share)
        self.dropout = [float(share) for share in shares]
        self.masks = [None] * (self.n_layers - 1)
        outputs = ACTIVATIONS | {"softmax": SOFTMAX}
        self.activations = [choose("activation", ACTIVATIONS, name) for name in hidden]
        self.activations.append(choose("output", outputs, output))
        if loss is None:
            loss = NATURAL_LOSS.get(output, "mean_squared_error")
        self.loss_function = choose("loss", LOSSES, loss)
        fused_with = self.loss_function.fused_with
        if (output == "softmax" or fused_with) and fused_with != output:
            raise ValueError(
                f"the loss {self.loss_function.name!r} does not fit the output {output!r}: "
                "softmax goes with 'softmax_cross_entropy', 'binary_cross_entropy' with sigmoid"
            )
        if output == "softmax" and self.sizes[-1] == 1:
            raise ValueError(
                "a softmax of one output is always 1; give it an output for each class, or take "
                "output='sigmoid' for two classes"
            )

        shapes = list(itertools.pairwise(self.sizes))
        has_bias = one_each("bias", bias, self.n_layers, "bool", (bool, np.bool_))
        bias_sizes = [n_out for (_, n_out), on in zip(shapes, has_bias, strict=True) if on]
        self.n_weights = sum(n_in * n_out for n_in, n_out in shapes)
        self.params = np.zeros(self.n_weights + sum(bias_sizes), self.dtype)
        self.grads = np.zeros_like(self.params)
        self.has_bias = has_bias
        self._make_views()
        make = choose("initializer", INITIALIZERS, initializer)
        for W in self.W:
            W[...] = make(*W.shape, rng)

    def _make_views(self):
        shapes = list(itertools.pairwise(self.sizes))
        self.W, self.b = views(self.params, shapes, self.has_bias)
        self.dW, self.db = views(self.grads, shapes, self.has_bias)

    def __getstate__(self):
        # A copy or a pickle of a view is an array of its own; so only the flat vectors go along.
        return {name: value for name, value in vars(self).items() if name not in VIEWS}

    def __setstate__(self, state):
        vars(self).update(state)
        self._make_views()

    def forward(self, X, check=True, training=False):
        """Return the activations of all layers, [X, A1, ..., AL].

        For each layer, Z = A @ W + b and A = f(Z). In training with dropout p, a hidden layer's A
        is multiplied by a mask: 0 with probability p, else 1 / (1 - p).

        Parameters
        ----------
        X : array of shape (n, n_inputs)
            Examples, one a row.
        check : bool
            False skips the checks, for a caller that has made them (as `fit` does).
        training : bool
            Whether dropout is at work, here and in the `backward` that follows. The masks are
            drawn from `rng` and kept in `masks`.

        Returns
        -------
        list of ndarray of shape (n, units of the layer)

        Raises
        ------
        ValueError
            Wrong shape; NaN or infinite numbers.

        References
        ----------
        Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: a simple way to
        prevent neural networks from overfitting" (2014).
        """
        A = [self.checked_inputs(X) if check else X]
        layers = zip(self.W, self.b, self.activations, strict=True)
        for layer, (W, b, activation) in enumerate(layers):
            Z = A[-1] @ W  # (n, n_in) @ (n_in, n_out)
            if b is not None:
                Z += b
            A.append(activation.f(Z, out=Z))
            if layer < self.n_layers - 1:
                self._drop(A[-1], layer, training)
        return A

    def _drop(self, A, hidden, training):
        """Draw the mask of a hidden layer, in training, and multiply its activations, in place."""
        p = self.dropout[hidden] if training else 0.0
        self.masks[hidden] = None
        if p:
            kept = self.rng.random(A.shape, dtype=self.dtype) >= p
            self.masks[hidden] = mask = kept * self.dtype.type(1 / (1 - p))
            A *= mask

    def loss(self, A, y, check=True):
        """Return the loss of the activations `A` of `forward` against the targets `y`, a float.

        With `l2`, the penalty ½ λ Σ w² is part of it. Targets and errors as in `backward`.
        """
        if check:
            y = self.checked_targets(y, self.checked_outputs(A))
        value = self.loss_function.value(A[-1], y)
        if self.l2:
            weights = self.params[: self.n_weights]
            value += 0.5 * self.l2 * float(weights @ weights)
        return value

    def backward(self, A, y, check=True):
        """Fill `grads` with the gradient of the loss, from the activations of `forward`.

        Per layer, from the last to the first: dW = A_beforeᵀ @ delta, db = Σ delta, and
        delta_before = (delta @ Wᵀ) * f'(Z_before), times the mask where dropout was at work.

        Parameters
        ----------
        A : list of ndarray
            What `forward` returned; with dropout in its last call, whose masks are used.
        y : array
            Targets of the shape of the outputs, or integer classes of shape (n,) for softmax;
            shape (n,) will do for a network with one output.
        check : bool
            False skips the checks, for a caller that has made them.

        Raises
        ------
        ValueError
            `A` is not the list of `forward`; targets of the wrong shape, labels out of range,
            rows of probabilities that don't add up to 1, NaN or infinite numbers.

        References
        ----------
        Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors"
        (1986); Nielsen, Neural Networks and Deep Learning (2015), chapter 2.
        """
        if check:
            y = self.checked_targets(y, self.checked_outputs(A))
        delta = self.loss_function.delta(A[-1], y)  # (n, n_outputs)
        if self.loss_function.fused_with is None:
            delta *= self.activations[-1].derivative(A[-1])
        for layer in reversed(range(self.n_layers)):
            np.matmul(A[layer].T, delta, out=self.dW[layer])  # (n_in, n) @ (n, n_out)
            if self.l2:
                self.dW[layer] += self.l2 * self.W[layer]
            if self.db[layer] is not None:
                delta.sum(axis=0, out=self.db[layer])
            if layer > 0:
                delta = delta @ self.W[layer].T  # (n, n_out) @ (n_out, n_in)
                derivative, mask = self.activations[layer - 1].derivative, self.masks[layer - 1]
                if mask is None:
                    delta *= derivative(A[layer])
                else:  # the activation before the mask, where it was not 0
                    delta *= derivative(A[layer] * self.dtype.type(1 - self.dropout[layer - 1]))
                    delta *= mask

    def predict(self, X):
        """Return what the network says about each row of `X`.

        The classes, as integers of shape (n,), where the loss is a cross-entropy and the network
        has softmax or a single sigmoid output; 0 or 1 for each of several sigmoid outputs, shape
        (n, m); the outputs themselves, shape (n, m), for a squared error.
        """
        return self.classes(self.forward(X)[-1])

    def classes(self, A):
        """Return the answers for the outputs `A` of shape (n, m), as `predict` describes them."""
        name = self.loss_function.name
        if name == "softmax_cross_entropy":
            return A.argmax(axis=1)
        if name == "binary_cross_entropy":
            yes = (A > 0.5).astype(np.int64)
            return yes[:, 0] if A.shape[1] == 1 else yes
        return A

    def accuracy(self, A, y, check=True):
        """Return the share of rows that are right, from outputs `A`; NaN for a squared error.

        `A`, of shape (n, m), is the last array of `forward`. Targets and errors as in `backward`.
        """
        if check:
            shape = getattr(A, "shape", ())
            if len(shape) != 2 or shape[1] != self.sizes[-1]:
                found = f"has shape {shape}" if shape else f"is of type {type(A).__name__}"
                raise ValueError(
                    f"A {found}; expected (n, {self.sizes[-1]}), the last array of forward: A[-1]"
                )
            y = self.checked_targets(y, len(A))
        answers = self.classes(A)
        if answers is A:
            return float("nan")
        if y.ndim == 2 and answers.ndim == 1:
            y = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
        right = answers == y
        return np.count_nonzero(right if right.ndim == 1 else right.all(axis=1)) / len(A)

    def checked_inputs(self, X):
        """Return `X` as an array of the network's dtype, or raise a ValueError."""
        X = numbers("X", X, self.dtype)
        if X.ndim != 2 or X.shape[1] != self.sizes[0]:
            raise ValueError(
                f"X has shape {X.shape}; expected (n, {self.sizes[0]}): one example a row"
            )
        if not all_finite(X):
            raise ValueError(f"X contains NaN or infinite numbers, first in row {bad_row(X)}")
        return X

    def checked_outputs(self, A):
        """Return how many examples the list `A` of `forward` holds, or raise a ValueError."""
        if not isinstance(A, (list, tuple)) or len(A) != self.n_layers + 1:
            raise ValueError(
                "A must be the list that forward returned, with the activations of all layers; "
                f"got {type(A).__name__}{f' of length {len(A)}' if np.iterable(A) else ''}, "
                f"expected {self.n_layers + 1} arrays"
            )
        found = [getattr(a, "shape", None) for a in A]
        n = found[0][0] if found[0] else 0
        if found != [(n, size) for size in self.sizes]:
            expected = ", ".join(f"(n, {size})" for size in self.sizes)
            raise ValueError(f"A has arrays of shapes {found}; expected {expected}")
        for layer, (mask, a) in enumerate(zip(self.masks, A[1:-1], strict=True), start=1):
            if mask is not None and mask.shape != a.shape:
                raise ValueError(
                    f"A[{layer}] has shape {a.shape}, but the last forward has drawn a dropout "
                    f"mask of shape {mask.shape}; call backward before the next forward"
                )
        return n

    def checked_targets(self, y, n):
        """Return `y` as integer classes (n,) or as targets (n, m) of the network's dtype.

        Raises a ValueError that says what came and what was expected.
        """
        y = np.asarray(y)
        m = self.sizes[-1]
        classes_fit = self.loss_function.name == "softmax_cross_entropy"
        if classes_fit and y.ndim == 1:
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
        Y = numbers("y", y, self.dtype)
        if Y.shape == (n,) and m == 1:
            Y = Y[:, np.newaxis]
        if Y.shape != (n, m):
            classes = f", or ({n},): integer classes" if classes_fit else ""
            raise ValueError(f"y has shape {y.shape}; expected ({n}, {m}){classes}")
        if not all_finite(Y):
            raise ValueError(f"y contains NaN or infinite numbers, first in row {bad_row(Y)}")
        if self.loss_function.fused_with and Y.size and not (Y.min() >= 0 and Y.max() <= 1):
            raise ValueError(f"targets must lie in [0, 1], got {Y.min():g} to {Y.max():g}")
        if classes_fit and not (near_one := np.abs(Y.sum(axis=1) - 1) <= 1e-4).all():
            row = int(np.argmin(near_one))
            raise ValueError(f"row {row} of y adds up to {Y[row].sum():g}; expected 1")
        return Y

    def __repr__(self):
        layers = "-".join(map(str, self.sizes))
        names = ", ".join(a.name for a in self.activations)
        return f"<MLP {layers} ({names}), {self.loss_function.name}, {self.dtype}>"


class Views(list):
    """A list of views into one vector; what is assigned to an item is copied into the view."""

    def __setitem__(self, index, array):
        self[index][...] = array


def views(flat, shapes, has_bias):
    """Cut the vector `flat` into weight matrices and bias vectors: two lists of views."""
    start, W, b = 0, [], []
    for n_in, n_out in shapes:
        W.append(flat[start : start + n_in * n_out].reshape(n_in, n_out))
        start += n_in * n_out
    for (_, n_out), on in zip(shapes, has_bias, strict=True):
        b.append(flat[start : start + n_out] if on else None)
        start += n_out if on else 0
    return Views(W), Views(b)


def one_each(name, value, count, word, kind):
    """Return `value` as a list of `count` values: itself, or itself repeated."""
    if isinstance(value, kind):
        return [value] * count
    values = list(value) if np.iterable(value) else None
    if values is None or len(values) != count or not all(isinstance(v, kind) for v in values):
        raise ValueError(f"{name} must be one {word}, or a list of {count}; got {value!r}")
    return values


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


def numbers(name, values, dtype):
    """Return `values` as an array of `dtype`, or raise a ValueError that says what is wrong."""
    try:
        values = np.asarray(values)
        if values.dtype.kind == "c":
            raise TypeError("they are complex")
        with np.errstate(over="raise"):
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
    with np.errstate(over="ignore", invalid="ignore"):
        sums = X @ np.ones(X.shape[-1], X.dtype)
        return bool(np.isfinite(sums).all() or np.isfinite(X).all())


def bad_row(X):
    """Return the number of the first row of `X` (n, d) that holds NaN or an infinite number."""
    return int(np.flatnonzero(~np.isfinite(X).all(axis=1))[0])
