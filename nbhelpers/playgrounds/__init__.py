"""Playgrounds: move a slider, watch a network learn.

`playgrounds.xor()` and its siblings return a panel; as the last expression of a cell it shows
itself. How one is made: `experiment.py` (what is trained), `picture.py` (what is seen), `panel.py`
(what is moved); `xor.py` is an example to copy.
"""

from nbhelpers.playgrounds.mnist import mnist
from nbhelpers.playgrounds.xor import xor

PLAYGROUNDS = {"xor": xor, "mnist": mnist}

__all__ = ["PLAYGROUNDS", *PLAYGROUNDS]
