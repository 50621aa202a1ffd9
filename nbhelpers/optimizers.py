"""Optimizers: how a gradient becomes a step.

An optimizer sees two flat vectors, the parameters and their gradient, and changes the parameters
in place: `optimizer.step(net.params, net.grads)`. It remembers what it needs (a velocity, two
averages) in vectors of the same dtype, so each network needs an optimizer of its own.

Weight decay is of the *decoupled* kind here: each step also shrinks the parameters it is given by
the factor 1 - lr · weight_decay, biases included. The classic L2 penalty, which is part of the
loss and goes through the gradient, is the network's `l2`. With plain SGD the two do the same to
the weights (`l2` leaves the biases alone); with momentum and Adam they do not (Loshchilov and
Hutter, 2019).

Built in notebooks 03 (SGD), 08 (momentum; its weight decay goes through the gradient, unlike here)
and 09 (Nesterov, Adam).
"""

import numpy as np

from nbhelpers.validation import (
    above_zero,
    at_least_zero,
    below_one,
    check_step,
    true_or_false,
    underflow_allowed,
)


class SGD:
    """Stochastic gradient descent, with momentum if you like.

    Without momentum: params -= lr · grads.
    With momentum μ: v = μ v - lr · grads, then params += v.
    With Nesterov: params += μ v - lr · grads, a look one step ahead.

    Parameters
    ----------
    lr : float
        Learning rate.
    momentum : float in [0, 1)
        Share of the last step that goes on.
    nesterov : bool
        Nesterov's form of momentum.
    weight_decay : float
        Decoupled weight decay (see above).

    Attributes
    ----------
    t : int
        Steps made.
    velocity : ndarray of shape (n_params,), or None before the first step with momentum

    Raises
    ------
    ValueError
        A number out of its range; from `step`, gradients that don't fit the parameters, or
        parameters of another network than before.

    References
    ----------
    Polyak (1964); Nesterov (1983), in the form of Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning" (2013).
    """

    def __init__(self, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
        at_least_zero(lr=lr, momentum=momentum, weight_decay=weight_decay)
        below_one(momentum=momentum)
        true_or_false(nesterov=nesterov)
        self.lr, self.momentum, self.nesterov = float(lr), float(momentum), bool(nesterov)
        self.weight_decay = float(weight_decay)
        self.t = 0
        self.velocity = None

    @underflow_allowed
    def step(self, params, grads):
        """Move `params` one step against `grads`, in place; both of shape (n_params,)."""
        check_step(params, grads, self.velocity)
        self.t += 1
        if self.weight_decay:
            params *= 1 - self.lr * self.weight_decay
        if not self.momentum:
            params -= self.lr * grads
            return
        if self.velocity is None:
            self.velocity = np.zeros_like(params)
        forget_the_faded(self.velocity, self.t)
        for p, g, v in pieces(params, grads, self.velocity):
            v *= self.momentum
            v -= self.lr * g
            p += self.momentum * v - self.lr * g if self.nesterov else v

    def __repr__(self):
        return (
            f"SGD(lr={self.lr:g}, momentum={self.momentum:g}, nesterov={self.nesterov}, "
            f"weight_decay={self.weight_decay:g})"
        )


def adam(p, g, m, v, lr, beta1, beta2, eps):
    """Move `p` by one step of Adam, and the averages `m` and `v` on by one gradient `g`, in place.

    m and v are the textbook's; `lr` is already corrected for their start from 0.
    """
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g**2
    p -= lr * m / (np.sqrt(v) + eps)


def fast_adam(p, g, M, V, lr, beta1, beta2, eps):
    """Do the same, up to rounding, with a fifth less work: epochs take a tenth less time.

    Instead of averages it keeps decaying sums, M = m / (1 - β₁) and V = v / (1 - β₂). The two
    factors are the same for all parameters, so they go into lr and ε.
    """
    scale = (1 - beta2) ** 0.5  # √v = scale · √V
    M *= beta1
    M += g
    V *= beta2
    V += g * g
    move = np.sqrt(V)
    move += eps / scale
    np.divide(M, move, out=move)
    move *= lr * (1 - beta1) / scale
    p -= move


class Adam:
    """Adam: a step size of its own for every parameter.

    m = β₁ m + (1 - β₁) g and v = β₂ v + (1 - β₂) g² are moving averages of the gradient and of
    its square; at step t, params -= lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε).

    `adam` is that in NumPy, `fast_adam` what is at work here.

    Parameters
    ----------
    lr : float
        Learning rate: about the size of one step of one parameter.
    beta1, beta2 : float in [0, 1)
        How much of the averages is kept.
    eps : float, above 0
        Keeps the division finite.
    weight_decay : float
        Decoupled weight decay (AdamW).

    Attributes
    ----------
    t : int
        Steps made.
    m, v : ndarray of shape (n_params,), or None before the first step
        The averages.
    M, V : ndarray of shape (n_params,), or None before the first step
        The sums from which they are computed, m / (1 - β₁) and v / (1 - β₂).

    Raises
    ------
    ValueError
        A number out of its range; from `step`, gradients that don't fit the parameters, or
        parameters of another network than before.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), with the reordered
    computation at the end of their section 2; Loshchilov and Hutter, "Decoupled weight decay
    regularization" (2019).
    """

    def __init__(self, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
        at_least_zero(lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)
        below_one(beta1=beta1, beta2=beta2)
        above_zero(eps=eps)
        self.lr, self.eps, self.weight_decay = float(lr), float(eps), float(weight_decay)
        self.beta1, self.beta2 = float(beta1), float(beta2)
        self.t = 0
        self.M = self.V = None

    m = property(lambda self: None if self.M is None else (1 - self.beta1) * self.M)
    v = property(lambda self: None if self.V is None else (1 - self.beta2) * self.V)

    @underflow_allowed
    def step(self, params, grads):
        """Move `params` one step, in place; both of shape (n_params,)."""
        check_step(params, grads, self.M)
        self.t += 1
        if self.weight_decay:
            params *= 1 - self.lr * self.weight_decay
        if self.M is None:
            self.M, self.V = np.zeros_like(params), np.zeros_like(params)
        forget_the_faded(self.M, self.t)
        lr = self.lr * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
        for p, g, M, V in pieces(params, grads, self.M, self.V):
            fast_adam(p, g, M, V, lr, self.beta1, self.beta2, self.eps)

    def __repr__(self):
        return (
            f"Adam(lr={self.lr:g}, beta1={self.beta1:g}, beta2={self.beta2:g}, eps={self.eps:g}, "
            f"weight_decay={self.weight_decay:g})"
        )


PIECE = 32_768  # numbers


def pieces(*vectors):
    """Yield the vectors piece by piece, so short that all of them stay in the processor's cache."""
    for start in range(0, len(vectors[0]), PIECE):
        yield [vector[start : start + PIECE] for vector in vectors]


def forget_the_faded(average, t, every=64, nothing=1e-30):
    """Every 64 steps, set what has faded below 1e-30 in a moving average to 0, in place.

    An average whose gradients are 0 (those of a pixel that is always white, say) fades until its
    numbers are too small for the normal floating-point format. No result depends on such numbers,
    but a processor takes 20 to 40 times as long for each of them.
    """
    if t % every == 0:
        average[np.abs(average) < nothing] = 0
