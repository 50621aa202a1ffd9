"""Optimizers: how a gradient becomes a step, and schedules: how large the steps are over time.

An optimizer sees two flat vectors, the parameters and their gradient, and changes the parameters
in place: `optimizer.step(net.params, net.grads)`. It remembers what it needs (a velocity, two
decaying sums) in vectors of the same dtype, so each network needs an optimizer of its own.

Weight decay is of the *decoupled* kind here: each step also shrinks the parameters it is given by
the factor 1 - lr · weight_decay, biases included. The classic L2 penalty, which is part of the
loss and goes through the gradient, is the network's `l2`. With plain SGD the two do the same to
the weights (`l2` leaves the biases alone); with momentum and Adam they do not (Loshchilov and
Hutter, 2019).

Built in notebooks 03 (SGD), 08 (momentum; its weight decay goes through the gradient, unlike here)
and 09 (Nesterov, Adam, schedules).
"""

import math

import numpy as np

from nbhelpers.validation import above_zero, at_least_zero, below_one, true_or_false


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

    def step(self, params, grads):
        """Move `params` one step against `grads`, in place; both of shape (n_params,)."""
        check_vectors(params, grads)
        if self.momentum:
            self.velocity = remembered(self.velocity, params)
        decay(params, self.lr * self.weight_decay)
        self.t += 1
        if not self.momentum:
            for p, g in pieces(params, grads):
                p -= self.lr * g
            return
        flush(self.t, self.velocity)
        for p, g, v in pieces(params, grads, self.velocity):
            v *= self.momentum
            v -= self.lr * g
            p += self.momentum * v - self.lr * g if self.nesterov else v

    def __repr__(self):
        return (
            f"SGD(lr={self.lr:g}, momentum={self.momentum:g}, nesterov={self.nesterov}, "
            f"weight_decay={self.weight_decay:g})"
        )


class Adam:
    """Adam: a step size of its own for every parameter.

    m = β₁ m + (1 - β₁) g and v = β₂ v + (1 - β₂) g² are moving averages of the gradient and of
    its square; at step t, params -= lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε).

    The code remembers neither m nor v, but the decaying sums that they are made of,
    M = β₁ M + g and V = β₂ V + g². These are larger: m = (1 - β₁) M and v = (1 - β₂) V. The two
    factors are the same for all parameters, so they go into lr and ε, once a step: up to
    rounding the same step, with a fifth less work.

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
    M, V : ndarray of shape (n_params,), or None before the first step
        Decaying sums of the gradients and of their squares: m / (1 - β₁) and v / (1 - β₂).

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

    def step(self, params, grads):
        """Move `params` one step, in place; both of shape (n_params,)."""
        check_vectors(params, grads)
        self.M, self.V = remembered(self.M, params), remembered(self.V, params)
        decay(params, self.lr * self.weight_decay)
        self.t += 1
        lr = self.lr * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
        scale = (1 - self.beta2) ** 0.5  # √v = scale · √V
        lr, eps = lr * (1 - self.beta1) / scale, self.eps / scale
        flush(self.t, self.M)
        for p, g, M, V in pieces(params, grads, self.M, self.V):
            M *= self.beta1
            M += g
            V *= self.beta2
            V += g * g
            move = np.sqrt(V)
            move += eps
            np.divide(M, move, out=move)
            move *= lr
            p -= move  # lr · M / (√V + ε)

    def __repr__(self):
        return (
            f"Adam(lr={self.lr:g}, beta1={self.beta1:g}, beta2={self.beta2:g}, eps={self.eps:g}, "
            f"weight_decay={self.weight_decay:g})"
        )


PIECE = 32_768  # numbers
EVERY, NOTHING = 64, 1e-30


def pieces(*vectors):
    """Yield the vectors piece by piece, so short that all of them stay in the processor's cache."""
    for start in range(0, len(vectors[0]), PIECE):
        yield [vector[start : start + PIECE] for vector in vectors]


def check_vectors(params, grads):
    """Raise a ValueError unless both are arrays of floats of one shape, `params` writable."""
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


def remembered(kept, params):
    """Return the vector `kept`, zeros at the first step, or refuse parameters it doesn't fit."""
    if kept is None:
        return np.zeros_like(params)
    if kept.shape != params.shape or kept.dtype != params.dtype:
        raise ValueError(
            f"this optimizer has begun with {len(kept)} {kept.dtype} parameters and now gets "
            f"{len(params)} of {params.dtype}; make a new optimizer for each network"
        )
    return kept


def flush(t, average):
    """Every 64 steps, set what has faded below 1e-30 in a decaying sum to 0, in place.

    A sum whose gradients are 0 (those of a pixel that is always white, say) fades until its
    numbers are too small for the normal floating-point format. No result depends on such numbers,
    but a processor takes 20 to 40 times as long for each of them.
    """
    if t % EVERY == 0:
        average[np.abs(average) < NOTHING] = 0


def decay(params, amount):
    """Shrink `params` in place by the factor 1 - amount."""
    if amount:
        params *= 1 - amount


def constant(progress):
    """Return 1: the learning rate stays. `progress` runs from 0 (start) to 1 (end of training)."""
    return 1.0


def step(progress, factor=0.1, at=(0.5, 0.75)):
    """Return 1, times `factor` for each share of the training in `at` that has passed."""
    return factor ** sum(progress >= share for share in at)


def cosine(progress):
    """Return ½ (1 + cos(π · progress)): a slow start, a slow end, 0 at last.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
    """
    return 0.5 * (1 + math.cos(math.pi * progress))


def warmup_linear(progress, warmup=0.1):
    """Return a factor that rises from 0 to 1 in the first tenth, then falls in a line to 0.

    Source: Goyal et al., "Accurate, large minibatch SGD" (2017), for the warm-up.
    """
    if progress < warmup:
        return progress / warmup
    return (1 - progress) / (1 - warmup)


SCHEDULES = {f.__name__: f for f in (constant, step, cosine, warmup_linear)}
