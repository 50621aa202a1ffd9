"""A site with JupyterLite (nbhelpers/publishing/site.py), made ready for tests and opened by them.

The lab's kernel (0.8.6) asks for a newer Pyodide than the one that can be had whole here. Of all
that it loads, only its installer of packages doesn't run there; the site's lock file leaves it
nothing to install, and here an empty module takes its place.
"""

import functools
import hashlib
import http.server
import json
import threading
import zipfile
from contextlib import contextmanager, suppress

from lab import OPEN, OpenNotebook


def make_ready(site):
    """Change a built site for tests: it shows them the lab's program, and runs with our Pyodide."""
    without_installer(site / "lab" / "packages")
    file = site / "lab" / "jupyter-lite.json"
    config = json.loads(file.read_text("utf-8"))
    config["jupyter-config-data"]["exposeAppInBrowser"] = True  # for lab.py
    file.write_text(json.dumps(config), "utf-8")


def without_installer(packages):
    """Empty the lab's piplite, which needs a newer micropip than this Pyodide's."""
    lock = json.loads((packages / "pyodide-lock.json").read_text("utf-8"))
    entry = lock["packages"]["piplite"]
    wheel = packages / entry["file_name"]
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, b"" if name.endswith(".py") else data)
    entry["sha256"] = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (packages / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")


class Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012, what some systems' tables don't know
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *words):
        pass

    def copyfile(self, source, target):
        with suppress(ConnectionError):  # a page that was closed
            super().copyfile(source, target)


@contextmanager
def served(site):
    """Serve a site on this machine; yields its address."""
    handler = functools.partial(Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def lab(address, path):
    """The address of a notebook in a site's lab."""
    return f"{address}/lab/lab/index.html?path={path}"


NEW = """async ([path, sources]) => {
  const cells = sources.map(source => ({
    cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null}));
  const kernelspec = {name: 'python', display_name: 'Python', language: 'python'};
  const content = {cells, metadata: {kernelspec}, nbformat: 4, nbformat_minor: 4};
  await window.jupyterapp.serviceManager.contents.save(
    path, {type: 'notebook', format: 'json', content});
}"""
SECONDS = 400  # until a kernel is there, at most
SETUP = "from nbhelpers.notebook import *"


def open_new(notebook, *sources, name="new"):
    """Open these cells as a new notebook, in the page of another one; returns it."""
    path = f"notebooks/{name}.ipynb"
    notebook.page.evaluate(NEW, [path, [SETUP, *sources]])
    page = notebook.leave()
    new = OpenNotebook(page)
    page.evaluate(OPEN, path)
    return new.ready(SECONDS)


def run_new(notebook, *sources, name="new"):
    """The same, and run it whole; nothing may go wrong."""
    new = open_new(notebook, *sources, name=name)
    new.run_all(seconds=600)
    assert [*new.errors(), *new.said(), *new.console] == []
    return new
