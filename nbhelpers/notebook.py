"""What the setup cell of every notebook imports; a missing package is told in words."""

import logging
import sys

# Where matplotlib was never used before, in a browser for one, it says so on stderr.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

try:
    import matplotlib.pyplot as plt
    import numpy as np

    from nbhelpers import datasets, playgrounds, plots
    from nbhelpers.teaching import answers, checks, lessons, questions
except ModuleNotFoundError as error:  # not the Python that README.md sets up
    raise ModuleNotFoundError(
        f"{error.name} is missing in {sys.executable}, the Python behind this notebook. Choose the "
        "kernel that has it, or run %pip install -e .. in a new cell and restart the kernel."
    ) from None

__all__ = [
    "answers",
    "checks",
    "datasets",
    "lessons",
    "np",
    "playgrounds",
    "plots",
    "plt",
    "questions",
]
