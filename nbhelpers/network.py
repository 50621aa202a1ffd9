"""A multilayer perceptron of any depth: forward, loss, backward.

The network is plain arrays. All weights and biases live in one flat vector `params`, all
gradients in another, `grads`, so that an optimizer is a few lines and never sees a layer;
`W[l]`, `b[l]`, `dW[l]` and `db[l]` are views into them with the shapes that the formulas use.

Rows are examples, `W[l]` has shape (inputs, units), and one layer is `A = f(A_before @ W + b)`.
A number too small for its dtype becomes 0; that is no error here, whatever `np.seterr` says.

Built in notebook 07, for any depth; in notebook 01, for one hidden layer. `l2` and `dropout` are
the subject of notebook 11.
"""

import itertools
from inspect import unwrap

import numpy as np

from nbhelpers import validation
from nbhelpers.activations import ACTIVATIONS, Activation
from nbhelpers.initializers import INITIALIZERS
from nbhelpers.losses import LOSSES, softmax


def forward(net, X, training):
    """Return [X, A1, ..., AL]: layer by layer Z = A_before @ W + b, then A = f(Z)."""
    A = [X]
    for layer, f in enumerate(net.f):
        Z = A[layer] @ net.W[layer]  # (n, n_in) @ (n_in, n_out)
        if net.b[layer] is not None:
            Z += net.b[layer]
        A.append(f(Z, out=Z))
        if layer < net.n_layers - 1:
            p = net.dropout[layer] if training else 0.0
            net.masks[layer] = drop(A[-1], p, net.rng) if p else None
    return A


def drop(A, p, rng):
    """Multiply `A` in place by a mask, 0 with probability p, else 1 / (1 - p); return the mask."""
    mask = (rng.random(A.shape, dtype=A.dtype) >= p) * A.dtype.type(1 / (1 - p))
    A *= mask
    return mask


def loss(net, A, y):
    """Return the loss of the outputs, and the penalty ½ λ Σ w² where the network has an `l2`."""
    value = net.value(A[-1], y)
    if net.l2:
        weights = net.params[: net.n_weights]
        value += 0.5 * net.l2 * float(weights @ weights)
    return value


def backward(net, A, y):
    """Fill the gradients, from the last layer to the first; delta is ∂L/∂Z of the layer."""
    delta = net.delta(A[-1], y)  # (n, n_outputs)
    if net.loss_function.fused_with is None:
        delta *= net.slope[-1](A[-1])
    for layer in reversed(range(net.n_layers)):
        np.matmul(A[layer].T, delta, out=net.dW[layer])  # (n_in, n) @ (n, n_out)
        if net.l2:
            net.dW[layer] += net.l2 * net.W[layer]
        if net.db[layer] is not None:
            delta.sum(axis=0, out=net.db[layer])
        if layer > 0:
            delta = delta @ net.W[layer].T  # (n, n_out) @ (n_out, n_in)
            mask = net.masks[layer - 1]
            if mask is None:
                delta *= net.slope[layer - 1](A[layer])
            else:  # the activation before the mask, where it was not 0
                kept = A[layer].dtype.type(1 - net.dropout[layer - 1])
                delta *= net.slope[layer - 1](A[layer] * kept)
                delta *= mask


NATURAL_LOSS = {"softmax": "softmax_cross_entropy", "sigmoid": "binary_cross_entropy"}
OUTPUTS = ACTIVATIONS | {  # the derivative of softmax is in its loss
    "softmax": Activation("softmax", softmax, None, (0.0, 1.0), 1.0)
}
TIED = ("W", "b", "dW", "db", "f", "slope", "value", "delta")


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
    activations : list of Activation
        One a layer, the output's last.
    loss_function : Loss
    f, slope, value, delta : callables, the first two one a layer
        What these two bring along, as `forward`, `loss` and `backward` above call it.
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
        self.sizes, self.dtype = validation.checked_sizes(sizes), validation.checked_dtype(dtype)
        self.n_layers = len(self.sizes) - 1
        self.rng = validation.checked_rng(rng)
        validation.at_least_zero(l2=l2)
        self.l2 = float(l2)
        names = validation.one_each("activation", activation, self.n_layers - 1, "name", str)
        self.dropout = validation.checked_dropout(dropout, self.n_layers - 1)
        self.masks = [None] * (self.n_layers - 1)
        self.activations = [validation.choose("activation", ACTIVATIONS, name) for name in names]
        self.activations.append(validation.choose("output", OUTPUTS, output))
        natural = NATURAL_LOSS.get(output, "mean_squared_error")
        self.loss_function = validation.choose("loss", LOSSES, natural if loss is None else loss)
        validation.fitting_output(output, self.loss_function, self.sizes[-1])
        has_bias = validation.one_each("bias", bias, self.n_layers, "bool", (bool, np.bool_))
        self.has_bias = [bool(on) for on in has_bias]
        make = validation.choose("initializer", INITIALIZERS, initializer)

        shapes = list(itertools.pairwise(self.sizes))
        self.n_weights = sum(n_in * n_out for n_in, n_out in shapes)
        n_biases = sum(n for n, on in zip(self.sizes[1:], self.has_bias, strict=True) if on)
        self.params = np.zeros(self.n_weights + n_biases, self.dtype)
        self.grads = np.zeros_like(self.params)
        self._tie()
        for W in self.W:
            W[...] = make(*W.shape, self.rng)

    def _tie(self):
        """Make what belongs to this network alone: the views, and the functions it calls.

        These are the bare ones, without the guard against underflow: here the door has it.
        """
        shapes = list(itertools.pairwise(self.sizes))
        self.W, self.b = views(self.params, shapes, self.has_bias)
        self.dW, self.db = views(self.grads, shapes, self.has_bias)
        self.f = [unwrap(a.f) for a in self.activations]
        self.slope = [a.derivative and unwrap(a.derivative) for a in self.activations]
        self.value, self.delta = unwrap(self.loss_function.value), unwrap(self.loss_function.delta)

    def __getstate__(self):
        # A copy or a pickle of a view is an array of its own; so only the flat vectors go along.
        return {name: value for name, value in vars(self).items() if name not in TIED}

    def __setstate__(self, state):
        vars(self).update(state)
        self._tie()

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
        if not check:
            return forward(self, X, training)
        with np.errstate(under="ignore"):
            return forward(self, validation.checked_inputs(self, X), training)

    def loss(self, A, y, check=True):
        """Return the loss of the activations `A` of `forward` against the targets `y`, a float.

        With `l2`, the penalty ½ λ Σ w² is part of it. Targets and errors as in `backward`.
        """
        if not check:
            return loss(self, A, y)
        with np.errstate(under="ignore"):
            return loss(self, A, validation.checked_pass(self, A, y))

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
        if not check:
            return backward(self, A, y)
        with np.errstate(under="ignore"):
            return backward(self, A, validation.checked_pass(self, A, y))

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
            yes = (A > 0.5).astype(np.intp)
            return yes[:, 0] if A.shape[1] == 1 else yes
        return A

    def accuracy(self, A, y, check=True):
        """Return the share of rows that are right, from outputs `A`; NaN for a squared error.

        `A`, of shape (n, m), is the last array of `forward`. Targets and errors as in `backward`.
        """
        if check:
            y = validation.checked_answers(self, A, y)
        answers = self.classes(A)
        if answers is A:
            return float("nan")
        if y.ndim == 2 and answers.ndim == 1:
            y = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
        right = answers == y
        return int(np.count_nonzero(right if right.ndim == 1 else right.all(axis=1))) / len(A)

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
