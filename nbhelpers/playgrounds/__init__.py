"""Playgrounds: move a slider, watch a network learn.

`playgrounds.xor()` and its siblings return a panel; as the last expression of a cell it shows
itself. How one is made: `engine/experiment.py` (what is trained), `engine/picture.py` (what is
seen), `engine/playground.py` (how it is declared); `xor.py` is an example to copy.
"""

from nbhelpers.playgrounds.bias import bias
from nbhelpers.playgrounds.bowl import bowl
from nbhelpers.playgrounds.bugs import bugs
from nbhelpers.playgrounds.curve import activations, curve_bias, sgd
from nbhelpers.playgrounds.digits import digits
from nbhelpers.playgrounds.downhill import one_weight, two_weights
from nbhelpers.playgrounds.engine.digit_pad import DigitPad
from nbhelpers.playgrounds.glass_box import glass_box
from nbhelpers.playgrounds.mnist import mnist
from nbhelpers.playgrounds.neurons import neuron, pinned, three_neurons
from nbhelpers.playgrounds.one_delta import one_delta
from nbhelpers.playgrounds.optimizers import optimizers
from nbhelpers.playgrounds.regions import regions
from nbhelpers.playgrounds.remedies import remedies
from nbhelpers.playgrounds.signals import signals
from nbhelpers.playgrounds.softmax import softmax
from nbhelpers.playgrounds.starts import xor_starts
from nbhelpers.playgrounds.steps import five_steps, steep_place
from nbhelpers.playgrounds.xor import xor, xor_recorded

IN_ORDER = (  # of the notebooks
    *(glass_box, xor, bias, curve_bias, bowl, sgd, activations, signals, softmax, regions, bugs),
    *(digits, optimizers, mnist, remedies),
)
PLAYGROUNDS = {function.__name__: function for function in IN_ORDER}
# Nothing is trained in front of the reader in these.
LIVE = (
    *(neuron, three_neurons, one_weight, one_delta, two_weights, xor_recorded, xor_starts),
    *(pinned, steep_place, five_steps),
)
FIGURES = {function.__name__: function for function in LIVE}

__all__ = ["FIGURES", "PLAYGROUNDS", "DigitPad", *FIGURES, *PLAYGROUNDS]
