"""Initial weights: the random numbers that a network starts from.

Each function makes the weights of one layer, an array of shape (fan_in, fan_out): `fan_in`
numbers flow into every unit, and the layer has `fan_out` units. Biases always start at zero.

Built in notebook 05, which derives the scales in four lines each.
"""

import numpy as np

from nbhelpers.activations import ACTIVATIONS


def zeros(fan_in, fan_out, rng):
    """All weights 0: every unit of a layer starts, and stays, the same as its neighbours.

    Parameters
    ----------
    fan_in, fan_out : int
        Number of inputs of the layer, number of its units.
    rng : numpy.random.Generator
        Source of the random numbers (unused here; the same arguments everywhere).

    Returns
    -------
    ndarray of shape (fan_in, fan_out), float64
    """
    return np.zeros((fan_in, fan_out))


def uniform(fan_in, fan_out, rng):
    """Uniform on [0, 1), the start of notebook 01. Parameters and result as in `zeros`."""
    return rng.random((fan_in, fan_out))


def normal(fan_in, fan_out, rng):
    """Normal with standard deviation 1/√fan_in. Parameters and result as in `zeros`.

    Keeps the variance of a linear layer's outputs equal to that of its inputs.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), section 4.6.
    """
    return rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)


def xavier_normal(fan_in, fan_out, rng):
    """Normal with standard deviation √(2 / (fan_in + fan_out)), for tanh and sigmoid.

    A compromise between keeping the variance on the way forward (1/fan_in) and on the way back
    (1/fan_out). Parameters and result as in `zeros`.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks" (2010), equation 12.
    """
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / (fan_in + fan_out))


def xavier_uniform(fan_in, fan_out, rng):
    """Uniform with the variance of `xavier_normal`: ±√(6 / (fan_in + fan_out)).

    Parameters and result as in `zeros`. Source: Glorot and Bengio (2010), equation 16.
    """
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out))


def he_normal(fan_in, fan_out, rng):
    """Normal with standard deviation √(2 / fan_in), for ReLU, which drops half of the signal.

    Parameters and result as in `zeros`.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), equation 10.
    """
    return rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)


def he_uniform(fan_in, fan_out, rng):
    """Uniform with the variance of `he_normal`: ±√(6 / fan_in).

    Parameters and result as in `zeros`. Source: He, Zhang, Ren and Sun (2015).
    """
    limit = np.sqrt(6 / fan_in)
    return rng.uniform(-limit, limit, (fan_in, fan_out))


INITIALIZERS = {
    f.__name__: f
    for f in (zeros, uniform, normal, xavier_normal, xavier_uniform, he_normal, he_uniform)
}
SUITED = {a.name: a.initializer for a in ACTIVATIONS.values()}  # the start for each activation
