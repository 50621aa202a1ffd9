"""What a declaration makes: the functions of `nbhelpers.playgrounds`, and their help."""

import inspect
import re
from pathlib import Path

import pytest

from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.engine.panel import Panel
from nbhelpers.playgrounds.engine.playground import playground
from nbhelpers.playgrounds.xor import PlanePicture, Xor

ROOT = Path(__file__).parents[2]


def test_the_readme_lists_them_in_the_order_of_the_notebooks():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = readme.partition("playground** is one line")[2].partition(". Its text")[0]
    assert re.findall(r"`(?:playgrounds\.)?(\w+)(?:\(\))?`", listed) == list(PLAYGROUNDS)


@pytest.mark.parametrize("name", PLAYGROUNDS)
def test_each_has_help_that_is_true(name):
    function = PLAYGROUNDS[name]
    experiment = function.experiment
    assert inspect.getmodule(function) is inspect.getmodule(experiment)
    assert str(inspect.signature(function)).startswith("(settings=None, steps=None")
    example = re.search(r'such as "(.+?)"', function.__doc__)[1]
    assert experiment.Settings.parse(example, experiment.most_steps)
    assert all(f"- {key}: " in function.__doc__ for key in experiment.Settings.allowed())
    assert max(map(len, function.__doc__.splitlines())) <= 100
    (notebook,) = (ROOT / "notebooks").glob(f"{function.notebook}_*.ipynb")
    shown = f"playgrounds.{name}(" in notebook.read_text(encoding="utf-8")
    assert shown, f"no cell of {notebook.name}, which its declaration names, calls {name}()"


def test_a_declaration_of_ones_own():
    class Toy(Xor):
        """Nothing new."""

    class ToyPanel(Panel):
        """Loud or not."""

        def __init__(self, *args, loud=False, **options):
            super().__init__(*args, **options)
            self.loud = loud

    def one_a_unit(experiment):
        """as many as there are hidden units"""
        return experiment.settings.hidden

    toy = playground(
        Toy,
        PlanePicture,
        ToyPanel,
        title="A toy",
        steps=one_a_unit,
        example="hidden=2",
        notebook="01",
        new="Again",
        catch_up=90.0,
    )
    assert toy.__name__ == "toy"
    assert toy.__doc__.startswith("A toy.\n\nNothing new.\n")
    assert "as many as there are hidden units if\n" in toy.__doc__
    assert "ToyPanel\n    Loud or not.\n" in toy.__doc__
    panel = toy("hidden=4", loud=True)
    assert (panel.experiment.steps, panel.loud, panel.CATCH_UP) == (4, True, 90.0)
    assert panel.buttons["new_weights"].description == "Again"
    assert toy("hidden=4,steps=1", 2).experiment.steps == 1
    assert toy("hidden=4", 2).experiment.steps == 2
    with pytest.raises(TypeError, match="quiet"):
        toy(quiet=True)
    with pytest.raises(ValueError, match="hidden must be a whole number from 1 to 8, got '9'"):
        toy("hidden=9")
