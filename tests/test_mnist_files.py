"""The four files of MNIST: every way in which one can be bad, missing, or good in another form."""

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nbhelpers import files, mnist_files
from nbhelpers.datasets import mnist
from nbhelpers.files import cache_folder
from nbhelpers.mnist_files import FILES, LARGEST, download, find, read_verified

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES = list(FILES)
DATA = Path(__file__).resolve().parents[1] / "data"


def test_data_readme_states_the_checksums_that_the_code_uses():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for name, file in FILES.items():
        assert f"| `{name}` | {file.size:,} | `{file.sha256}` |" in text


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A private folder with the four files, a private empty cache, and no mirror."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in NAMES:
        shutil.copyfile(DATA / name, folder / name)
    monkeypatch.setenv("NBHELPERS_DATA", str(folder))
    monkeypatch.setattr(mnist_files, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(mnist_files, "MIRRORS", ())
    yield folder
    shutil.rmtree(folder)  # 11 MB a test would pile up


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


# ------------------------------------------------------------------ damaged and foreign files

PACKED = {name: (DATA / name).read_bytes() for name in NAMES}
CONTENT = {name: gzip.decompress(packed) for name, packed in PACKED.items()}


def idx(magic, count, body):
    return magic.to_bytes(4, "big") + count.to_bytes(4, "big") + body


def flipped(data, offset):
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]


def refused(data, words, tmp_path, name=TEST_LABELS):
    """A file with this in it is refused in these words; they name the file and the right one."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=words) as caught:
        read_verified(path, name)
    assert str(caught.value).startswith(str(path))
    assert FILES[name].sha256 in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_good_file_in_another_form_is_read(name, folder, tmp_path):
    forms = [CONTENT[name], gzip.compress(CONTENT[name], 1), gzip.compress(PACKED[name], 1)]
    for data in forms:  # decompressed, compressed anew, compressed twice
        (folder / name).write_bytes(data)
        assert read_verified(find(name), name) == CONTENT[name]
    (folder / name).unlink()
    (folder / name).mkdir()  # some unpack each file into a folder of its name
    plain = folder / name.removesuffix(".gz")
    plain.write_bytes(CONTENT[name])
    assert find(name) == plain
    assert read_verified(plain, name) == CONTENT[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_file_is_named(tmp_path, name):
    for part in (0.0005, 0.5, 0.99999):
        size = int(part * len(PACKED[name]))
        words = f"is cut off: it ends after {size:,} compressed bytes"
        refused(PACKED[name][:size], words, tmp_path, name)
    size = FILES[name].size
    refused(CONTENT[name][: size // 2], f"it holds {size // 2:,} of {size:,}", tmp_path, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_is_found(tmp_path, name):
    size = len(PACKED[name])
    for place in (int(0.3 * size), int(0.7 * size), size - 6, size - 2):  # data, checksum, size
        refused(flipped(PACKED[name], place), r"is damaged|: damaged", tmp_path, name)
    refused(flipped(CONTENT[name], 5000), r"that are not MNIST's", tmp_path, name)
    refused(gzip.compress(flipped(CONTENT[name], 5000), 1), "not MNIST's", tmp_path, name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (PACKED[TRAIN_LABELS], f"holds what belongs into {TRAIN_LABELS}"),
        (b"<!DOCTYPE html><title>404</title>", "holds a web page"),
        (gzip.compress(b"\n <html>sign in first</html>"), "holds a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:65a5", "is a pointer of Git LFS"),
        (b"PK\x03\x04\x14\0\0\0", "is a ZIP archive"),
        (b"hello", "holds 5 bytes that start with b'hello'"),
        (gzip.compress(gzip.compress(PACKED[TEST_LABELS])), "not an MNIST file"),
        (gzip.compress(idx(2049, 3, b"abc")), "holds an IDX file of 3 labels that are not MNIST"),
        (gzip.compress(idx(2050, 10_000, b"")), "not an MNIST file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_file_is_described(tmp_path, data, words):
    refused(data, words, tmp_path)


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    bomb = gzip.compress(bytes(300 << 20), 1)
    refused(bomb, f"unpacks to more than {LARGEST:,} bytes", tmp_path)


# ------------------------------------------------------------------ missing files, folders


@pytest.mark.parametrize("name", NAMES)
def test_without_a_network_the_error_says_which_file_to_put_where(folder, name, monkeypatch):
    (folder / name).unlink()
    monkeypatch.setattr(mnist_files, "MIRRORS", ("http://127.0.0.1:9/", "http://127.0.0.1:9/b/"))
    with pytest.raises(FileNotFoundError) as caught:
        mnist()
    message = str(caught.value)
    assert f"Put it here: {folder / name}\n" in message
    assert f"http://127.0.0.1:9/{name}" in message
    assert f"http://127.0.0.1:9/b/{name}" in message
    assert "refused" in message.lower()


def test_a_folder_that_does_not_exist_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("NBHELPERS_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=r"NBHELPERS_DATA names .*nowhere"):
        mnist()


def test_without_the_checkout_the_files_belong_into_the_cache(folder, cache, monkeypatch, tmp_path):
    monkeypatch.delenv("NBHELPERS_DATA")
    monkeypatch.setattr(mnist_files, "CHECKOUT_DATA", tmp_path / "no checkout")
    with pytest.raises(FileNotFoundError) as caught:
        mnist()
    assert f"Put it here: {cache / TRAIN_IMAGES}\n" in str(caught.value)
    shutil.copytree(DATA, cache)
    assert mnist()[1][0].shape == (10_000, 784)


def test_the_data_folder_comes_before_the_cache_and_a_bad_file_is_not_passed_over(folder, cache):
    shutil.copytree(DATA, cache)
    (folder / TEST_LABELS).write_bytes(b"")
    with pytest.raises(ValueError, match="is empty") as caught:
        mnist()
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
    assert cache_folder() == base / ending


def test_in_a_browser_the_folder_beside_the_notebooks_counts_too(folder, monkeypatch, tmp_path):
    """Simulated: JupyterLite, whose package lies elsewhere."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv("NBHELPERS_DATA", str(tmp_path))
    assert find(TEST_LABELS) is None
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert find(TEST_LABELS) == Path("../data") / TEST_LABELS


@contextlib.contextmanager
def read_only(*folders):
    """Folders and all in them that nobody may write to."""
    paths = [path for top in folders for path in (top, *top.rglob("*"))]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


HOMELESS = """
import pwd
def nobody(uid):
    raise KeyError(uid)
pwd.getpwuid = nobody
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such accounts, and other permissions")
@pytest.mark.parametrize("home", ["none", "not writable"])
def test_a_read_only_checkout_is_enough(tmp_path, home):
    """Import and load from files and folders that nobody may write, for a user without a home."""
    checkout = tmp_path / "checkout"
    package, unwanted = Path(mnist_files.__file__).parent, shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, checkout / "nbhelpers", ignore=unwanted)
    shutil.copytree(DATA, checkout / "data")
    before = {path: path.stat().st_mtime_ns for path in [checkout, *checkout.rglob("*")]}
    unwanted = ("NBHELPERS_DATA", "HOME", "XDG_CACHE_HOME")
    environment = {k: v for k, v in os.environ.items() if k not in unwanted}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": str(tmp_path)}
    if home == "not writable":
        environment |= {"HOME": os.devnull}
    code = (HOMELESS if home == "none" else "") + (
        "import nbhelpers.mnist_files as d, nbhelpers.datasets, nbhelpers.playgrounds as p\n"
        f"print(d.__file__, d.find({TRAIN_IMAGES!r}), nbhelpers.datasets.mnist()[0][0].shape)\n"
        "p.xor().png(), p.mnist(steps=1).png()"
    )
    with read_only(checkout):
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    found = f"{checkout / 'nbhelpers' / 'mnist_files.py'} {checkout / 'data' / TRAIN_IMAGES}"
    assert run.stdout.strip() == f"{found} (60000, 784)"
    assert {path: path.stat().st_mtime_ns for path in [checkout, *checkout.rglob("*")]} == before


def test_without_a_home_downloads_go_to_the_temporary_files(monkeypatch, tmp_path):
    def nowhere(cls):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", classmethod(nowhere))
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path))
    assert tmp_path in cache_folder().parents


# ------------------------------------------------------------------ download


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
        monkeypatch.setattr(mnist_files, "MIRRORS", (address,))
        _, (X, y) = mnist()
    assert (X.shape, y.shape) == ((10_000, 784), (10_000,))
    stored = {path.name: path.read_bytes() for path in cache.iterdir()}
    assert stored == {name: PACKED[name] for name in (TEST_IMAGES, TEST_LABELS)}
    shown = capsys.readouterr()
    assert f"{TEST_IMAGES}: 100%" in shown.err + shown.out
    assert sorted(path.name for path in folder.iterdir()) == sorted([TRAIN_IMAGES, TRAIN_LABELS])
    monkeypatch.setattr(mnist_files, "MIRRORS", ())
    assert len(mnist()[1][0]) == 10_000  # the second time it needs no mirror


def test_nothing_is_downloaded_while_the_files_are_there(folder, cache, monkeypatch):
    monkeypatch.setattr(mnist_files, "_fetch", lambda url: pytest.fail(f"asked for {url}"))
    mnist()
    assert not cache.exists()


def test_the_second_mirror_helps_out(folder, cache, monkeypatch, tmp_path):
    (folder / TEST_LABELS).unlink()
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    shutil.copyfile(DATA / TRAIN_LABELS, wrong / TEST_LABELS)
    with mirror(wrong) as bad, mirror(DATA) as good:
        monkeypatch.setattr(mnist_files, "MIRRORS", (bad, good))
        assert download(TEST_LABELS) == cache / TEST_LABELS
    assert (cache / TEST_LABELS).read_bytes() == PACKED[TEST_LABELS]


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
        monkeypatch.setattr(mnist_files, "MIRRORS", (address,))
        with pytest.raises(FileNotFoundError, match=words) as caught:
            mnist()
    assert str(folder / name) in str(caught.value)
    assert not cache.exists() or list(cache.iterdir()) == []
