// Runs tests of the checkout in Pyodide: CPython and NumPy as WebAssembly, with 32-bit indices.
//     node wasm_tests.mjs PYODIDE PACKAGES CHECKOUT [pytest's arguments]
// PACKAGES is a folder with pytest and hypothesis. Exit status: pytest's.
const [pyodide, packages, checkout, ...asked] = process.argv.slice(2);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const py = await loadPyodide({ indexURL: pyodide });
await py.loadPackage(["numpy", "packaging"], { messageCallback: () => {} });
for (const [from, to] of [[packages, "/packages"], [checkout, "/checkout"]]) {
  py.FS.mkdirTree(to);
  py.FS.mount(py.FS.filesystems.NODEFS, { root: from }, to);
}
py.globals.set("asked", py.toPy(asked));
process.exit(await py.runPythonAsync(`
import os
import sys

sys.path[:0] = ["/packages", "/checkout"]
sys.dont_write_bytecode = True
os.chdir("/checkout")

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")


class Shared:  # of tests/conftest.py, which needs a kernel and a browser
    @pytest.fixture
    def rng(self):
        return np.random.default_rng(0)


int(pytest.main(list(asked), plugins=[Shared()]))
`));
