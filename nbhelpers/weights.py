"""Save a network in a file, and open it again: in another notebook, on another day.

The file is NumPy's own `.npz`: plain arrays, which `np.load` opens anywhere. Nothing in it is
ever executed (no pickle), so a file from somebody else can do no harm.

Used in notebooks 10, 11 and 12.
"""

import errno
import io
import itertools
import os
import zipfile
from pathlib import Path

import numpy as np

from nbhelpers.files import cache_folder, replacing
from nbhelpers.network import MLP
from nbhelpers.validation import all_finite

FORMAT = 1
READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)  # you may not write there, or nobody
ARRAYS = ("format", "params", "sizes", "bias", "activation", "output", "loss", "l2", "dropout")


def save(net, path):
    """Write a network's weights, and what is needed to rebuild it, to a `.npz` file.

    The file appears whole or not at all: one of the same name is replaced at the very end.

    Parameters
    ----------
    net : MLP
    path : str or Path
        Where to; ".npz" is added if it doesn't end so. A name alone means the present folder or,
        if that can't be written to, your own folder (`files.cache_folder`); it says so then.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        Not an MLP; weights that are NaN or infinite.
    OSError
        The folder doesn't exist or can't be written to, the disk is full.
    """
    if not isinstance(net, MLP):
        raise ValueError(f"net is of type {type(net).__name__}; expected an MLP")
    if not all_finite(net.params):
        raise ValueError(
            "the network has weights that are NaN or infinite; there is no use in them"
        )
    path = with_ending(path)
    *hidden, output = (activation.name for activation in net.activations)
    arrays = {
        "format": FORMAT,
        "params": net.params,
        "sizes": net.sizes,
        "bias": net.has_bias,
        "activation": np.array(hidden, dtype=str),
        "output": output,
        "loss": net.loss_function.name,
        "l2": net.l2,
        "dropout": np.array(net.dropout, dtype=float),
    }
    try:
        write(arrays, path)
    except OSError as error:
        if error.errno not in READ_ONLY or path.parent != Path():
            raise
        here, path = Path.cwd(), cache_folder() / path.name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(arrays, path)
        except OSError as another:
            raise OSError(
                error.errno,
                f"neither {here} nor {path.parent} can be written to; name another folder",
                path.name,
            ) from another
        print(f"{here} can't be written to, so the network is in {path}.")
        print(f'load("{path.name}") finds it there.')
    return path


def write(arrays, path):
    """Write the arrays to a `.npz` file: as a whole, or not at all."""
    with replacing(path) as file:
        np.savez(file, **arrays)


def with_ending(path):
    """The path, with ".npz" added if it doesn't end so."""
    path = Path(path)
    return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")


def load(path):
    """Open a network that `save` has written.

    Parameters
    ----------
    path : str or Path
        The file; ".npz" is added, as `save` does it, if there is none without. A name alone means
        the present folder and your own, to which `save` falls back; if it is in both, the newer.

    Returns
    -------
    MLP
        With the same sizes, activations, loss, L2 penalty, dropout, dtype and weights, to the last
        bit. Its `rng`, from which dropout draws, is a new one with the seed 0.

    Raises
    ------
    OSError
        No such file (`FileNotFoundError`), or one that can't be read.
    ValueError
        Not a file of `save`, damaged, or numbers in it that don't fit each other; it says which.
    """
    path = Path(path) if Path(path).is_file() else with_ending(path)
    found = [place for place in (path, cache_folder() / path.name) if os.path.exists(place)]
    if path.parent == Path() and found:
        path = max(found, key=os.path.getmtime)
    file = io.BytesIO(path.read_bytes())
    try:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is not an .npz archive")
        with np.load(file, allow_pickle=False) as arrays:
            missing = [name for name in ARRAYS if name not in arrays]
            if missing:
                raise ValueError(f"it has no {', '.join(missing)}")
            found = {name: arrays[name] for name in ARRAYS}
        return rebuild(**found)
    except Exception as error:  # of zipfile, zlib, NumPy or MLP: the file has been read, it is bad
        raise ValueError(f"{path.name} is not a network that save() wrote: {error}") from error


def rebuild(format, params, sizes, bias, activation, output, loss, l2, dropout):
    """The network with these arrays, the ones in the file; ValueError if they don't fit."""
    if format != FORMAT:
        raise ValueError(f"format {format}; this version of nbhelpers knows {FORMAT}")
    sizes, bias = sizes.tolist(), bias.tolist()
    if len(bias) != len(sizes) - 1:
        raise ValueError(f"{len(bias)} answers to whether a layer has a bias, for sizes {sizes}")
    layers = zip(itertools.pairwise(sizes), bias, strict=True)
    expected = sum(n_in * n_out + n_out * on for (n_in, n_out), on in layers)
    if params.shape != (expected,):  # before a network of that size is made
        raise ValueError(
            f"parameters of shape {params.shape}; layers of {sizes} units need {expected:,}"
        )
    if not all_finite(params):
        raise ValueError("NaN or infinite weights")
    net = MLP(
        sizes,
        activation=activation.tolist(),
        output=str(output),
        loss=str(loss),
        initializer="zeros",
        bias=bias,
        l2=float(l2),
        dropout=dropout.tolist(),
        rng=np.random.default_rng(0),
        dtype=params.dtype,
    )
    net.params[...] = params
    return net
