"""Playgrounds: move a slider, watch a network learn.

`playgrounds.xor()` and its siblings return a panel; as the last expression of a cell it shows
itself. How one is made: `experiment.py` (what is trained), `picture.py` (what is seen), `panel.py`
(what is moved); `xor.py` is an example to copy.
"""

from nbhelpers.playgrounds.bias import bias
from nbhelpers.playgrounds.bowl import bowl
from nbhelpers.playgrounds.bugs import bugs
from nbhelpers.playgrounds.curve import activations, curve_bias, sgd
from nbhelpers.playgrounds.digits import digits
from nbhelpers.playgrounds.engine.digit_pad import DigitPad
from nbhelpers.playgrounds.mnist import mnist
from nbhelpers.playgrounds.optimizers import optimizers
from nbhelpers.playgrounds.regions import regions
from nbhelpers.playgrounds.remedies import remedies
from nbhelpers.playgrounds.signals import signals
from nbhelpers.playgrounds.softmax import softmax
from nbhelpers.playgrounds.xor import xor

PLAYGROUNDS = {
    "xor": xor,
    "bias": bias,
    "curve_bias": curve_bias,
    "bowl": bowl,
    "sgd": sgd,
    "activations": activations,
    "signals": signals,
    "softmax": softmax,
    "bugs": bugs,
    "regions": regions,
    "digits": digits,
    "optimizers": optimizers,
    "mnist": mnist,
    "remedies": remedies,
}

__all__ = ["PLAYGROUNDS", "DigitPad", *PLAYGROUNDS]
