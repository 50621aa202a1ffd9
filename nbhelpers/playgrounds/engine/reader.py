"""The reader's own functions in a figure: whose one is, and what is said of it."""


def whose(function):
    """Return "your", or "our" for a function of this package, such as a reference.

    >>> from nbhelpers.activations import sigmoid
    >>> whose(sigmoid), whose(lambda Z: Z)
    ('our', 'your')
    """
    return "our" if str(getattr(function, "__module__", "")).startswith("nbhelpers.") else "your"
