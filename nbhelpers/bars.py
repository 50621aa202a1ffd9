"""Progress bars: tqdm's, which is imported only when somebody wants one."""

import sys
from contextlib import nullcontext

AFTER = 5  # seconds, in a browser


def progress_bar(epochs, verbose):
    """A bar over the epochs of a training, in a `with` statement.

    In a browser, which has no way to interrupt a cell, a training has one while it takes long,
    whether anybody wants one or not.
    """
    if verbose:
        from tqdm.auto import tqdm

        return tqdm(total=epochs, unit="epoch")
    if sys.platform != "emscripten":
        return nullcontext()
    return as_text(total=epochs, unit="epoch", delay=AFTER)


def over(items):
    """Go through a list or a range, with a bar: for cells that take minutes in a browser."""
    return as_text(items)


def as_text(*items, **options):
    """A bar of text, which costs nothing where there are many, and is gone at the end."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # it would be a thread, and a browser has none
    return tqdm(*items, **options, leave=False, file=sys.stdout)
