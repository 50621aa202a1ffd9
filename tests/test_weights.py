"""Networks saved in a file and opened again; damaged and foreign files are refused in words."""

import errno
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nbhelpers import weights
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD
from nbhelpers.training import train_step
from nbhelpers.validation import checked_inputs, checked_targets
from nbhelpers.weights import load, save

NETWORKS = {
    "classes": {"sizes": [4, 3, 5, 2]},
    "no hidden layer": {"sizes": [4, 2]},
    "curve": {"sizes": [4, 3, 5, 2], "activation": ["tanh", "elu"], "output": "linear"},
    "float64": {"sizes": [4, 3, 1], "output": "sigmoid", "dtype": np.float64, "l2": 0.1},
    "biases": {"sizes": [4, 3, 5, 2], "bias": [True, False, True]},
    "dropout": {"sizes": [4, 3, 5, 2], "dropout": [0.0, 0.5]},
    "half squares": {"sizes": [4, 3, 2], "output": "tanh", "loss": "half_squared_error"},
}


def network(sizes=(4, 3, 5, 2), **options):
    return MLP(sizes, rng=np.random.default_rng(1), **options)


@pytest.mark.parametrize("options", NETWORKS.values(), ids=list(NETWORKS))
def test_a_network_comes_back_to_the_last_bit_and_trains_on(options, tmp_path):
    net = network(**options)
    rng = np.random.default_rng(2)
    X, Y = rng.random((6, 4)), np.eye(net.sizes[-1])[np.zeros(6, int)]
    X, Y = checked_inputs(net, X), checked_targets(net, Y, 6)
    train_step(net, X, Y, SGD(0.1))
    opened = load(save(net, tmp_path / "net.npz"))
    assert repr(opened) == repr(net)
    assert opened.has_bias == net.has_bias
    assert opened.l2 == net.l2
    assert opened.dropout == net.dropout
    assert {type(number) for number in (opened.l2, *opened.dropout)} == {float}
    assert {type(size) for size in opened.sizes} == {int}
    net.rng, opened.rng = (np.random.default_rng(3) for _ in range(2))  # of the dropout
    for _ in range(2):
        assert np.array_equal(opened.params, net.params)
        loss, again = (train_step(n, X, Y, SGD(0.1))[0] for n in (net, opened))
        assert loss == again


@pytest.mark.parametrize("name", ["net", "digits.v2", ".hidden", "net.npz.old"])
def test_the_ending_is_added_to_any_other(name, tmp_path):
    assert save(network(), tmp_path / name) == tmp_path / (name + ".npz")
    assert os.listdir(tmp_path) == [name + ".npz"]


def test_a_network_is_found_without_the_ending(tmp_path, monkeypatch):
    net, home = network(), tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(weights, "cache_folder", lambda: home)
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "digits.v2"):
        save(net, name)
        assert np.array_equal(load(name).params, net.params)
        assert np.array_equal(load(tmp_path / name).params, net.params)
    save(net, home / "there.npz")
    assert np.array_equal(load("there").params, net.params)
    os.rename("mine.npz", "plain")
    assert np.array_equal(load("plain").params, net.params)  # its very name
    with pytest.raises(FileNotFoundError):
        load("none")


def test_where_no_file_may_be_made_the_network_goes_to_your_own_folder(
    tmp_path, monkeypatch, capsys
):
    net, home, really = network(), tmp_path / "home", os.open
    monkeypatch.setattr(weights, "cache_folder", lambda: home)
    monkeypatch.chdir(tmp_path)
    writable = {home}

    def denied(path, *arguments, **options):
        if Path(path).parent in writable:
            return really(path, *arguments, **options)
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", denied)
        path = save(net, "net.npz")
        writable.clear()
        with pytest.raises(PermissionError, match=f"neither {tmp_path} nor {home} can be written"):
            save(net, "net.npz")
    assert path == home / "net.npz"
    assert "can't be written to, so the network is in" in capsys.readouterr().out
    assert np.array_equal(load("net.npz").params, net.params)


@pytest.mark.parametrize(("flip", "compressed"), [(0xFF, False), (0x01, True)])
def test_every_flipped_byte_is_noticed_or_harmless(flip, compressed, tmp_path):
    net = network()
    path = save(net, tmp_path / "good.npz")
    if compressed:  # as another program may have written it
        with np.load(path) as arrays:
            found = dict(arrays)
        np.savez_compressed(path, **found)
    good = path.read_bytes()
    bad, noticed = tmp_path / "bad.npz", 0
    for i in range(len(good)):
        bad.write_bytes(good[:i] + bytes([good[i] ^ flip]) + good[i + 1 :])
        try:
            opened = load(bad)
        except ValueError:
            noticed += 1
        else:  # a byte that nobody reads, such as a time stamp
            assert np.array_equal(opened.params, net.params)
            assert repr(opened) == repr(net)
    assert noticed > len(good) / 2


@pytest.mark.parametrize("size", [0, 10, 500])
def test_a_cut_file_is_refused(size, tmp_path):
    path = save(network(), tmp_path / "net.npz")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"net\.npz is not a network that save\(\) wrote: it is"):
        load(path)


@pytest.mark.parametrize("size", [10**14, 10**30])
def test_a_file_that_promises_more_numbers_than_memory_holds_is_refused(size, tmp_path):
    path = save(network(), tmp_path / "net.npz")
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    promise = {"descr": "<f4", "fortran_order": False, "shape": (size,)}
    np.lib.format.write_array_header_1_0(header, promise)
    files["params.npy"] = header.getvalue() + b"1234" * 47
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(ValueError, match=r"net\.npz is not a network that save\(\) wrote"):
        load(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sizes": [4, 3, 5, 3]}, r"parameters of shape \(47,\); layers of .* need 53"),
        ({"sizes": [4, 10**9, 10**9, 2]}, r"parameters of shape \(47,\)"),
        ({"bias": [True]}, "1 answers to whether a layer has a bias"),
        ({"params": np.full(47, np.nan)}, "NaN or infinite"),
        ({"params": np.zeros(47, int)}, "dtype"),
        ({"activation": ["relu", "swish"]}, "unknown activation 'swish'"),
        ({"output": "linear"}, "does not fit"),
        ({"format": 2}, "format 2"),
        ({"sizes": np.array([{}], dtype=object)}, "(?i)object arrays|pickle"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(change, words, tmp_path):
    path = save(network(), tmp_path / "net.npz")
    with np.load(path) as arrays:
        found = dict(arrays)
    np.savez(path, **(found | change))
    with pytest.raises(ValueError, match=words):
        load(path)


def test_what_is_missing_is_named(tmp_path):
    np.savez(tmp_path / "other.npz", params=np.zeros(3))
    with pytest.raises(ValueError, match="it has no format, sizes, bias"):
        load(tmp_path / "other.npz")


def test_save_refuses_what_is_no_use():
    with pytest.raises(ValueError, match="of type list; expected an MLP"):
        save([1.0], "x.npz")
    net = network()
    net.params[0] = np.inf
    with pytest.raises(ValueError, match="NaN or infinite"):
        save(net, "x.npz")
