"""Functions as code, for the scripts of *Show code* that define f(Z), slope(A) and softmax(Z)."""

FUNCTION = {  # the body of def f(Z)
    "sigmoid": """\
    small = np.exp(-np.abs(Z))  # so that nothing overflows
    return np.where(Z >= 0, 1, small) / (1 + small)""",
    "tanh": "    return np.tanh(Z)",
    "relu": "    return np.maximum(Z, 0)",
    "leaky_relu": "    return np.maximum(Z, 0.01 * Z)",
    "elu": "    return np.maximum(Z, 0) + np.expm1(np.minimum(Z, 0))",
}
SLOPE = {  # the derivative, in terms of the output A
    "sigmoid": "A * (1 - A)",
    "tanh": "1 - A * A",
    "relu": "A > 0",
    "leaky_relu": "np.where(A > 0, 1, 0.01)",
    "elu": "np.minimum(A, 0) + 1",
}
FUNCTIONS = """\
def f(Z):
{function}


def slope(A):  # of f, from its output
    return {slope}


def softmax(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
"""  # a part of a script: `function` and `slope` are from above
