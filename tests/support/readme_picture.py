"""Take the README's picture: the XOR playground as it looks in JupyterLab, two curves kept.

    python tests/support/readme_picture.py

Opens notebook 01 in a real browser, runs it, moves the learning rate, and stores
notebooks/images/xor_panel.png.
"""

import shutil
import tempfile
from pathlib import Path

from lab import chromium, jupyter_lab, open_notebook
from notebook_tools import FOLDER

from nbhelpers.publishing.execute import small

PICTURE = FOLDER / "images" / "xor_panel.png"


def main():
    """Open, run, play with the panel, take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(FOLDER, Path(folder) / "notebooks")
        with jupyter_lab(folder) as address, chromium() as browser:
            path = "notebooks/01_xor_loop.ipynb"
            notebook = open_notebook(browser, address, path, width=1440, height=1400)
            notebook.run_all()
            (panel,) = (p for p in notebook.panels() if p.has_picture)
            for presses in (4, 4):
                panel.button("Keep").first.click()
                handle = dict(panel.sliders())["learning rate"]
                for _ in range(presses):
                    handle.focus()
                    handle.press("ArrowRight")
                    panel.settled()
            PICTURE.parent.mkdir(exist_ok=True)
            box = panel.root.locator(".nn-panel").first
            box.scroll_into_view_if_needed()
            PICTURE.write_bytes(small(box.screenshot()))
            notebook.close()
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
