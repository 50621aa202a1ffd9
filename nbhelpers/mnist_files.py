"""The four files of MNIST: where they are looked for, how they are read, verified and downloaded.

A file is recognized by the SHA-256 of what it holds, so it does not matter who has compressed it,
or whether it is compressed at all.
"""

import hashlib
import http.client
import os
import sys
import urllib.request
import zlib
from pathlib import Path
from typing import NamedTuple

from nbhelpers.files import cache_folder, replacing


class File(NamedTuple):
    """What an MNIST file holds once it is decompressed: its size in bytes and its SHA-256."""

    size: int
    sha256: str


FILES = {
    "train-images-idx3-ubyte.gz": File(
        47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    "train-labels-idx1-ubyte.gz": File(
        60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    "t10k-images-idx3-ubyte.gz": File(
        7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    "t10k-labels-idx1-ubyte.gz": File(
        10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
CHECKOUT_DATA = Path(__file__).resolve().parents[1] / "data"
GZIP = b"\x1f\x8b"  # how a gzip file begins
LARGEST = max(file.size for file in FILES.values())


def data_folder():
    """The folder with the four files: what ``NBHELPERS_DATA`` names, else the checkout's data/."""
    named = os.environ.get("NBHELPERS_DATA")
    if not named:
        return CHECKOUT_DATA
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"NBHELPERS_DATA names {named!r}, which is not a folder")
    return folder


def find(name):
    """The path of one of the `FILES` on this machine, or None; ".gz" may be missing in its name."""
    folders = [data_folder, cache_folder]  # the second is looked for only if it is needed
    if sys.platform == "emscripten":  # in a browser, beside the notebooks that are open
        folders.insert(1, lambda: Path("../data"))
    for folder in folders:
        for path in (folder() / name, folder() / name.removesuffix(".gz")):
            if os.path.isfile(path):
                return path
    return None


def read_verified(path, name):
    """Read a file; return its decompressed bytes if they are those that `name` stands for.

    The checksum covers the decompressed bytes, as the published ones do, so it does not matter who
    compressed the file, or whether a browser has decompressed it.

    Raises
    ------
    ValueError
        Names the file and says what it looks like.
    """
    try:
        return _verified(Path(path).read_bytes(), name)
    except ValueError as error:
        raise ValueError(
            f"{path} {error}. Delete it and call mnist() again to download it, or put the right "
            f"file in its place: {name}, which holds {FILES[name].size:,} bytes with SHA-256 "
            f"{FILES[name].sha256} when decompressed."
        ) from None


def _verified(data, name):
    """The bytes of a file, decompressed up to twice, if they are those that `name` stands for."""
    for _ in range(2):
        if data.startswith(GZIP):
            data = _unpack(data)
    if hashlib.sha256(data).hexdigest() != FILES[name].sha256:
        raise ValueError(_describe(data))
    return data


def _unpack(packed):
    """Decompress the bytes of a gzip file; no more than the largest file is unpacked."""
    unzip = zlib.decompressobj(wbits=31)  # 31: gzip format, with its own check of the content
    try:
        data = unzip.decompress(packed, LARGEST + 1)
    except zlib.error as error:
        raise ValueError(f"is damaged ({error})") from None
    if len(data) > LARGEST:
        raise ValueError(f"unpacks to more than {LARGEST:,} bytes: damaged, or not an MNIST file")
    if not unzip.eof:
        raise ValueError(f"is cut off: it ends after {len(packed):,} compressed bytes")
    return data


def _describe(data):
    """What wrong bytes look like, in words that follow the file's name."""
    if not data:
        return "is empty"
    digest = hashlib.sha256(data).hexdigest()
    for name, file in FILES.items():
        if digest == file.sha256:
            return f"holds what belongs into {name}"
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "holds a web page or a server's message, not data"
    if start.startswith(b"version https://git-lfs"):
        return 'is a pointer of Git LFS, for which "git lfs pull" gets the file'
    if start.startswith(b"pk\x03\x04"):
        return "is a ZIP archive, not the file in it"
    magic, count = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
    if magic in (2049, 2051) and len(data) >= 8:
        kind, size = ("labels", 8 + count) if magic == 2049 else ("images", 16 + 784 * count)
        if len(data) < size in {file.size for file in FILES.values()}:
            return f"is cut off: it holds {len(data):,} of {size:,} bytes"
        return f"holds an IDX file of {count:,} {kind} that are not MNIST's"
    return f"holds {len(data):,} bytes that start with {data[:8]!r}, not an MNIST file"


def download(name):
    """Fetch one of the `FILES` into the cache folder; return its path.

    The bytes are verified, then written under a temporary name, then moved to their own, so that
    no interruption leaves half a file behind.

    Raises
    ------
    FileNotFoundError
        No mirror gave the right file, or it could not be stored: says which file to put where.
    """
    folder, failures = cache_folder(), []
    wanted = data_folder() if data_folder().is_dir() else folder
    for mirror in MIRRORS:
        try:
            packed = _fetch(mirror + name)
            _verified(packed, name)
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"  {mirror}{name} ({error})")
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with replacing(folder / name) as file:
                file.write(packed)
            return folder / name
        except OSError as error:  # the disk is full, say: another mirror wouldn't help
            raise FileNotFoundError(
                f"{name} is missing. It has been downloaded, but couldn't be stored in {folder} "
                f"({error}).\nMake room there, or put the file here: {wanted / name}"
            ) from error
    raise FileNotFoundError(
        f"{name} is missing and could not be downloaded.\n"
        f"Put it here: {wanted / name}\n"
        f"It is in the data/ folder of the project, and at these addresses (in brackets: what went "
        f"wrong just now):\n" + "\n".join(failures)
    )


def _fetch(url):
    """The bytes behind a URL, with a progress bar."""
    from tqdm.auto import tqdm

    packed = bytearray()
    with urllib.request.urlopen(url, timeout=20) as response:
        total = int(response.headers.get("Content-Length") or 0) or None
        with tqdm(total=total, unit="B", unit_scale=True, desc=url.rsplit("/", 1)[-1]) as bar:
            while chunk := response.read(1 << 16):
                packed += chunk
                bar.update(len(chunk))
                if len(packed) > LARGEST:
                    raise ValueError("sends more bytes than the largest MNIST file has")
    return bytes(packed)
