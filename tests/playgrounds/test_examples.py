"""The smallest example at the head of each part of the engine runs as it stands."""

from importlib import import_module

import pytest
from examples import blocks, example, used

PARTS = (
    *("engine.figure", "engine.goals", "engine.graph", "engine.loss_surface", "engine.plane"),
    *("engine.recording", "glass_box"),
)


@pytest.mark.parametrize("part", PARTS)
def test_it_runs(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = import_module(f"nbhelpers.playgrounds.{part}")
    code = blocks(module)
    assert code[0].startswith(("from ", "import "))  # it can be copied
    for block in code:
        assert len([line for line in block.splitlines() if line]) < 30
    tried, wrong = used(module, example(module))
    assert tried
    assert not wrong, wrong
