"""The data sets: their shapes and seeds, and every way in which an MNIST file can be bad."""

import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from nbhelpers import datasets

NAMES = list(datasets.FILES)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES
DATA = Path(__file__).resolve().parents[1] / "data"


def rng(seed=0):
    return np.random.default_rng(seed)


# ------------------------------------------------------------------ points drawn on the spot


def test_xor_is_the_truth_table():
    X, Y = datasets.xor()
    assert X.shape == (4, 2)
    assert Y.shape == (4, 1)
    assert X.dtype == Y.dtype == np.float32
    for (a, b), (target,) in zip(X.astype(int), Y.astype(int), strict=True):
        assert target == a ^ b


@pytest.mark.parametrize("name", datasets.CURVES)
def test_every_curve_spans_its_domain_and_is_finite(name):
    X, Y = datasets.curve(name, 50)
    assert X.shape == Y.shape == (50, 1)
    assert X.dtype == Y.dtype == np.float32
    low, high = datasets.CURVES[name].domain
    assert X[0, 0] == np.float32(low)
    assert X[-1, 0] == np.float32(high)
    assert np.allclose(np.diff(X[:, 0]), (high - low) / 49, atol=1e-5)
    assert np.isfinite(Y).all()
    assert Y.std() > 0.1
    assert np.abs(Y).max() < 2
    assert datasets.CURVES[name].formula


def test_sine_is_the_sine():
    X, Y = datasets.sine(9, dtype=np.float64)
    assert X.dtype == Y.dtype == np.float64
    assert np.array_equal(Y, np.sin(X))
    assert Y[2, 0] == pytest.approx(1)
    assert Y[6, 0] == pytest.approx(-1)


def test_shift_gives_the_points_halfway_between():
    X, _ = datasets.sine(32, domain=(0, 6.28), dtype=np.float64)
    between, Y = datasets.sine(32, domain=(0, 6.28), shift=0.5, dtype=np.float64)
    assert between.shape == (31, 1)
    assert np.allclose(between, (X[1:] + X[:-1]) / 2)
    assert np.allclose(Y, np.sin(between))


def test_noise_has_the_size_asked_for_and_comes_from_rng():
    clean = datasets.sine(5000)[1]
    noisy = datasets.sine(5000, rng(3), noise=0.2)[1]
    assert (noisy - clean).std() == pytest.approx(0.2, rel=0.05)
    assert np.array_equal(noisy, datasets.sine(5000, rng(3), noise=0.2)[1])


def test_clouds_lie_around_their_means():
    X, y = datasets.clouds(rng=rng())
    assert X.shape == (1500, 2)
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    assert np.bincount(y).tolist() == [500, 500, 500]
    for label, mean in enumerate([(0, -2), (2, 2), (-2, 2)]):
        cloud = X[y == label]
        assert np.allclose(cloud.mean(axis=0), mean, atol=0.2)
        assert np.allclose(cloud.std(axis=0), 1, atol=0.12)


def test_moons_without_noise_are_two_half_circles():
    X, y = datasets.moons(50, rng=rng(), noise=0)
    assert X.shape == (100, 2)
    assert y.tolist() == [0] * 50 + [1] * 50
    upper, lower = X[y == 0], X[y == 1]
    assert np.allclose(np.hypot(*upper.T), 1, atol=1e-6)
    assert (upper[:, 1] > -1e-6).all()
    assert np.allclose(np.hypot(*(lower - [1, 0.5]).T), 1, atol=1e-6)
    assert (lower[:, 1] < 0.5 + 1e-6).all()


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_spirals_have_one_arm_a_class(n_classes):
    X, y = datasets.spirals(n_classes, 80, rng=rng(), noise=0)
    assert X.shape == (80 * n_classes, 2)
    assert np.bincount(y).tolist() == [80] * n_classes
    turn = 2 * np.pi / n_classes
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    assert np.allclose(X[y == 0] @ rotation, X[y == 1], atol=1e-6)
    assert np.hypot(*X.T).max() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("make", [datasets.clouds, datasets.moons, datasets.spirals])
def test_the_same_seed_gives_the_same_points(make):
    X, _ = make(rng=rng(1))
    again, _ = make(rng=rng(1))
    other, _ = make(rng=rng(2))
    assert np.array_equal(X, again)
    assert not np.array_equal(X, other)
    assert make(rng=rng(1), dtype=np.float64)[0].dtype == np.float64
    with pytest.raises(ValueError, match="default_rng"):
        make(rng=7)


def test_digits_are_scaled():
    X, y = datasets.digits()
    assert X.shape == (1797, 64)
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    assert X.min() == 0
    assert X.max() == 1
    assert set(y) == set(range(10))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.curve("sinus"), "'sinus' is unknown; the names are sine, two waves"),
        (lambda: datasets.sine(1), "n is 1; expected an integer of 2 or more"),
        (lambda: datasets.sine(10.5), "n is 10.5"),
        (lambda: datasets.sine(noise=0.1), "rng is None"),
        (lambda: datasets.sine(noise=-1), "noise is -1"),
        (lambda: datasets.sine(noise=float("nan")), "noise is nan"),
        (lambda: datasets.sine(domain=(1, 0)), r"domain is \(1, 0\)"),
        (lambda: datasets.sine(shift=1), "shift is 1"),
        (lambda: datasets.spirals(1, rng=rng()), "n_classes is 1"),
        (lambda: datasets.clouds(0, rng=rng()), "n is 0"),
        (lambda: datasets.clouds(True, rng=rng()), "n is True"),
        (lambda: datasets.clouds(5, rng=rng(), means=[1, 2]), r"means has shape \(2,\)"),
        (lambda: datasets.moons(rng=rng(), noise=-0.1), "noise is -0.1"),
    ],
)
def test_impossible_requests_say_what_is_expected(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ------------------------------------------------------------------ split


@pytest.mark.parametrize("size", [5, 0.25])
def test_split_sets_examples_apart_and_loses_none(size):
    X, y = np.arange(40).reshape(20, 2), np.arange(20)
    (X_rest, y_rest), (X_apart, y_apart) = datasets.split(X, y, size, rng=rng())
    assert len(y_rest) == 15
    assert len(y_apart) == 5
    assert sorted([*y_rest, *y_apart]) == list(range(20))
    assert y_apart.tolist() != list(range(5))
    for rows, labels in [(X_rest, y_rest), (X_apart, y_apart)]:
        assert np.array_equal(rows, X[labels])
    again = datasets.split(X, y, size, rng=rng())[1][1]
    assert np.array_equal(y_apart, again)


@pytest.mark.parametrize("size", [0, 20, 0.0, 1.0, 0.01, -3, 1.5])
def test_split_refuses_an_empty_part(size):
    with pytest.raises(ValueError, match=r"expected a whole number from 1 to 19"):
        datasets.split(np.zeros((20, 2)), np.zeros(20), size, rng=rng())


def test_split_wants_as_many_labels_as_rows():
    with pytest.raises(ValueError, match="X has 20 rows and y has 19"):
        datasets.split(np.zeros((20, 2)), np.zeros(19), 5, rng=rng())


# ------------------------------------------------------------------ MNIST: the real files


@pytest.fixture(scope="module")
def whole_mnist():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NBHELPERS_DATA", raising=False)
        yield datasets.mnist()


def test_mnist_is_whole(whole_mnist):
    for (X, y), n in zip(whole_mnist, (60_000, 10_000), strict=True):
        assert X.shape == (n, 784)
        assert X.dtype == np.float32
        assert y.shape == (n,)
        assert y.dtype == np.int64
        assert X.min() == 0
        assert X.max() == 1
        assert X.flags.writeable
        assert y.flags.writeable
        assert X.flags.c_contiguous
        assert np.bincount(y).min() > 0.08 * n
        assert len(np.bincount(y)) == 10
    (X_train, y_train), (_, y_test) = whole_mnist
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert y_test[:5].tolist() == [7, 2, 1, 0, 4]
    # the mean and the standard deviation that everybody normalizes with
    assert X_train.mean(dtype=float) == pytest.approx(0.1307, abs=5e-5)
    assert X_train.std(dtype=float) == pytest.approx(0.3081, abs=5e-5)


def test_mnist_pixels_are_the_bytes_over_255(whole_mnist):
    with gzip.open(DATA / TEST_IMAGES) as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16)
    assert np.array_equal(whole_mnist[1][0].ravel(), pixels.astype(np.float32) / np.float32(255))


def test_mnist_gives_fresh_arrays_each_time(whole_mnist, monkeypatch):
    monkeypatch.delenv("NBHELPERS_DATA", raising=False)
    start = time.process_time()
    (X, y), _ = datasets.mnist()
    seconds = time.process_time() - start
    assert not np.shares_memory(X, whole_mnist[0][0])
    assert not np.shares_memory(y, whole_mnist[0][1])
    assert seconds < 2, "half a second of one processor's time is usual"


def test_data_readme_states_the_checksums_that_the_code_uses():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for name, file in datasets.FILES.items():
        assert f"| `{name}` | {file.size:,} | `{file.sha256}` |" in text


# ------------------------------------------------------------------ MNIST: faults


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A private folder with the four files, a private empty cache, and no mirror."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in NAMES:
        shutil.copyfile(DATA / name, folder / name)
    monkeypatch.setenv("NBHELPERS_DATA", str(folder))
    monkeypatch.setattr(datasets, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(datasets, "MIRRORS", ())
    yield folder
    shutil.rmtree(folder)  # 11 MB a test would pile up


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def flip_bit(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def idx(magic, count, body):
    return magic.to_bytes(4, "big") + count.to_bytes(4, "big") + body


def content(name):
    return gzip.decompress((DATA / name).read_bytes())


def test_a_copy_of_the_folder_loads(folder, cache):
    (X, _), (_, y) = datasets.mnist()
    assert len(X) == 60_000
    assert len(y) == 10_000
    assert not cache.exists()


def test_the_files_may_be_compressed_anew(folder):
    (folder / TEST_LABELS).write_bytes(gzip.compress(content(TEST_LABELS), 1))
    assert len(datasets.read_verified(folder / TEST_LABELS, TEST_LABELS)) == 10_008


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", [0.0, 0.0005, 0.5, 0.99999])
def test_a_truncated_file_is_named(folder, name, part):
    path = folder / name
    size = int(part * path.stat().st_size)
    os.truncate(path, size)
    words = "is empty" if size == 0 else f"is cut off: it ends after {size:,} compressed bytes"
    with pytest.raises(ValueError, match=words) as caught:
        datasets.read_verified(path, name)
    assert str(path) in str(caught.value)
    assert datasets.FILES[name].sha256 in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [0.3, 0.7, -6, -2])  # in the data, in its checksum, in its size
def test_a_flipped_bit_is_found(folder, name, place):
    path = folder / name
    size = path.stat().st_size
    flip_bit(path, int(place * size) if place > 0 else size + place)
    with pytest.raises(ValueError, match=r"is damaged|: damaged") as caught:
        datasets.read_verified(path, name)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (TRAIN_IMAGES, TEST_IMAGES),
        (TEST_IMAGES, TRAIN_IMAGES),
        (TRAIN_LABELS, TEST_LABELS),
        (TEST_LABELS, TRAIN_IMAGES),
    ],
)
def test_a_swapped_file_is_recognized(folder, name, other):
    shutil.copyfile(DATA / other, folder / name)
    with pytest.raises(ValueError, match=f"holds what belongs into {other}") as caught:
        datasets.mnist()
    assert str(folder / name) in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><title>404</title>", "holds a web page"),
        (gzip.compress(b"\n <html>sign in first</html>"), "holds a web page"),
        (b"hello", "holds 5 bytes that start with b'hello'"),
        (gzip.compress(b"hello"), "holds 5 bytes that start with b'hello'"),
        (gzip.compress(idx(2049, 3, b"abc")), "holds an IDX file of 3 labels that are not MNIST"),
        (gzip.compress(idx(2051, 7, b"")), "holds an IDX file of 7 images that are not MNIST"),
        (gzip.compress(idx(2050, 10_000, b"")), "not an MNIST file"),
    ],
    ids=["page", "zipped page", "text", "zipped text", "labels", "images", "other magic"],
)
def test_a_wrong_file_is_described(folder, data, words):
    (folder / TEST_LABELS).write_bytes(data)
    with pytest.raises(ValueError, match=words) as caught:
        datasets.mnist()
    assert str(folder / TEST_LABELS) in str(caught.value)


def test_one_changed_label_is_found_even_in_a_sound_gzip_file(folder):
    labels = bytearray(content(TEST_LABELS))
    labels[500] = (labels[500] + 1) % 10
    (folder / TEST_LABELS).write_bytes(gzip.compress(labels))
    with pytest.raises(ValueError, match="IDX file of 10,000 labels that are not MNIST's"):
        datasets.mnist()


def test_a_file_already_decompressed_is_recognized(folder):
    (folder / TEST_LABELS).write_bytes(content(TEST_LABELS))
    with pytest.raises(ValueError, match="holds what belongs into") as caught:
        datasets.mnist()
    assert str(folder / TEST_LABELS) in str(caught.value)


def test_a_gzip_bomb_is_not_unpacked(folder):
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    (folder / TEST_LABELS).write_bytes(packed.getvalue())
    with pytest.raises(ValueError, match=f"unpacks to more than {datasets.LARGEST:,} bytes"):
        datasets.mnist()


# ------------------------------------------------------------------ MNIST: missing files, folders


@pytest.mark.parametrize("name", NAMES)
def test_without_a_network_the_error_says_which_file_to_put_where(folder, name, monkeypatch):
    (folder / name).unlink()
    monkeypatch.setattr(datasets, "MIRRORS", ("http://127.0.0.1:9/", "http://127.0.0.1:9/b/"))
    with pytest.raises(FileNotFoundError) as caught:
        datasets.mnist()
    message = str(caught.value)
    assert f"Put it here: {folder / name}\n" in message
    assert f"http://127.0.0.1:9/{name}" in message
    assert f"http://127.0.0.1:9/b/{name}" in message
    assert "refused" in message.lower()


def test_a_folder_that_does_not_exist_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("NBHELPERS_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"NBHELPERS_DATA names .*nowhere"):
        datasets.mnist()


def test_without_the_checkout_the_files_belong_into_the_cache(folder, cache, monkeypatch, tmp_path):
    monkeypatch.delenv("NBHELPERS_DATA")
    monkeypatch.setattr(datasets, "CHECKOUT_DATA", tmp_path / "no checkout")
    with pytest.raises(FileNotFoundError) as caught:
        datasets.mnist()
    assert f"Put it here: {cache / TRAIN_IMAGES}\n" in str(caught.value)
    shutil.copytree(DATA, cache)
    assert datasets.mnist()[1][0].shape == (10_000, 784)


def test_the_cache_fills_in_for_a_missing_file(folder, cache):
    cache.mkdir()
    (folder / TEST_LABELS).rename(cache / TEST_LABELS)
    assert datasets.find(TEST_LABELS) == cache / TEST_LABELS
    assert datasets.mnist()[1][1].shape == (10_000,)


def test_the_data_folder_comes_before_the_cache_and_a_bad_file_is_not_passed_over(folder, cache):
    shutil.copytree(DATA, cache)
    (folder / TEST_LABELS).write_bytes(b"")
    with pytest.raises(ValueError, match="is empty") as caught:
        datasets.mnist()
    assert str(folder / TEST_LABELS) in str(caught.value)


@pytest.mark.parametrize(
    ("platform", "variable", "ending"),
    [
        ("linux", "XDG_CACHE_HOME", "nbhelpers"),
        ("linux", None, ".cache/nbhelpers"),
        ("darwin", None, "Library/Caches/nbhelpers"),
        ("win32", "LOCALAPPDATA", "nbhelpers"),
        ("win32", None, "AppData/Local/nbhelpers"),
    ],
)
def test_the_cache_folder_of_each_system(monkeypatch, tmp_path, platform, variable, ending):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", classmethod(lambda cls: tmp_path))
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    base = tmp_path
    if variable:
        base = tmp_path / "elsewhere"
        monkeypatch.setenv(variable, str(base))
    assert datasets.cache_folder() == base / ending


def test_a_read_only_checkout_is_enough(tmp_path):
    """Import and load from files and folders that nobody may write, with no writable home."""
    checkout = tmp_path / "checkout"
    package = Path(datasets.__file__).parent
    shutil.copytree(
        package, checkout / "nbhelpers", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    shutil.copytree(DATA, checkout / "data")
    everything = [checkout, *checkout.rglob("*")]
    before = {path: path.stat().st_mtime_ns for path in everything}
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    environment = {k: v for k, v in os.environ.items() if k != "NBHELPERS_DATA"}
    environment |= {"XDG_CACHE_HOME": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    code = (
        "import nbhelpers.datasets as d; print(d.__file__); "
        f"print(d.find({TRAIN_IMAGES!r})); print(d.mnist()[0][0].shape)"
    )
    try:
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path in everything:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        str(checkout / "nbhelpers" / "datasets.py"),
        str(checkout / "data" / TRAIN_IMAGES),
        "(60000, 784)",
    ]
    assert {path: path.stat().st_mtime_ns for path in [checkout, *checkout.rglob("*")]} == before


# ------------------------------------------------------------------ MNIST: download


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Breaks(Quiet):
    """Announces the whole file, sends half of it and hangs up."""

    def do_GET(self):
        data = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])


class Endless(Quiet):
    """Sends zeros for as long as somebody listens."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            while True:
                self.wfile.write(bytes(1 << 20))


@contextlib.contextmanager
def mirror(folder, handler=Quiet):
    """A web server on this machine that serves a folder; gives its address."""
    make = functools.partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), make) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def test_missing_files_are_downloaded_into_the_cache_with_a_bar(folder, cache, monkeypatch, capsys):
    for name in (TEST_IMAGES, TEST_LABELS):
        (folder / name).unlink()
    with mirror(DATA) as address:
        monkeypatch.setattr(datasets, "MIRRORS", (address,))
        _, (X, y) = datasets.mnist()
    assert X.shape == (10_000, 784)
    assert y.shape == (10_000,)
    assert {path.name for path in cache.iterdir()} == {TEST_IMAGES, TEST_LABELS}
    for name in (TEST_IMAGES, TEST_LABELS):
        assert (cache / name).read_bytes() == (DATA / name).read_bytes()
    shown = capsys.readouterr()
    assert f"{TEST_IMAGES}: 100%" in shown.err + shown.out
    assert sorted(path.name for path in folder.iterdir()) == sorted([TRAIN_IMAGES, TRAIN_LABELS])
    monkeypatch.setattr(datasets, "MIRRORS", ())
    assert len(datasets.mnist()[1][0]) == 10_000  # the second time it needs no mirror


def test_nothing_is_downloaded_while_the_files_are_there(folder, cache, monkeypatch):
    monkeypatch.setattr(datasets, "_fetch", lambda url: pytest.fail(f"asked for {url}"))
    datasets.mnist()
    assert not cache.exists()


def test_the_second_mirror_helps_out(folder, cache, monkeypatch, tmp_path):
    (folder / TEST_LABELS).unlink()
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    shutil.copyfile(DATA / TRAIN_LABELS, wrong / TEST_LABELS)
    with mirror(wrong) as bad, mirror(DATA) as good:
        monkeypatch.setattr(datasets, "MIRRORS", (bad, good))
        assert datasets.download(TEST_LABELS) == cache / TEST_LABELS
    assert hashlib.sha256(gzip.decompress((cache / TEST_LABELS).read_bytes())).hexdigest() == (
        datasets.FILES[TEST_LABELS].sha256
    )


@pytest.mark.parametrize(
    ("name", "handler", "words"),
    [
        (TEST_IMAGES, Breaks, "is cut off"),
        (TEST_LABELS, Endless, "more bytes than the largest"),
        ("missing", Quiet, "404"),
        ("swapped", Quiet, f"holds what belongs into {TRAIN_LABELS}"),
    ],
)
def test_a_download_that_goes_wrong_leaves_nothing_behind(
    folder, cache, monkeypatch, tmp_path, name, handler, words
):
    served = DATA
    if name in ("missing", "swapped"):
        served = tmp_path / "served"
        served.mkdir()
        if name == "swapped":
            shutil.copyfile(DATA / TRAIN_LABELS, served / TEST_LABELS)
        name = TEST_LABELS
    (folder / name).unlink()
    with mirror(served, handler) as address:
        monkeypatch.setattr(datasets, "MIRRORS", (address,))
        with pytest.raises(FileNotFoundError, match=words) as caught:
            datasets.mnist()
    assert str(folder / name) in str(caught.value)
    assert not cache.exists() or list(cache.iterdir()) == []


def test_an_interrupt_while_the_file_is_stored_leaves_nothing_behind(folder, cache, monkeypatch):
    def interrupted(source, target):
        assert list(cache.iterdir()) == [Path(source)]  # the temporary file is there by now
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with mirror(DATA) as address:
        monkeypatch.setattr(datasets, "MIRRORS", (address,))
        with pytest.raises(KeyboardInterrupt):
            datasets.download(TEST_LABELS)
    assert list(cache.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_is_named(folder, cache, monkeypatch):
    (folder / TEST_LABELS).unlink()
    cache.write_text("a file where the folder should be")
    with mirror(DATA) as address:
        monkeypatch.setattr(datasets, "MIRRORS", (address,))
        with pytest.raises(FileNotFoundError) as caught:
            datasets.mnist()
    assert str(cache) in str(caught.value)
    assert str(folder / TEST_LABELS) in str(caught.value)


def test_real_mirrors_are_encrypted_and_end_with_a_slash():
    assert len(datasets.MIRRORS) >= 2
    for address in datasets.MIRRORS:
        assert address.startswith("https://")
        assert address.endswith("/")


# ------------------------------------------------------------------ what importing costs


def test_importing_the_data_sets_imports_neither_scikit_learn_nor_pictures():
    code = (
        "import sys, nbhelpers.datasets; "
        "print([m for m in ('sklearn', 'matplotlib', 'ipywidgets', 'tqdm') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
