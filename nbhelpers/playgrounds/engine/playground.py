"""A figure that anyone can open: `xor = playground(Xor, PlanePicture, ...)` declares it.

That one call makes the function `playgrounds.xor()` with its help; `playgrounds/__init__.py` takes
it into its list. `neuron = figure(Neuron, NeuronPicture, ...)` does the same for a figure in which
nothing is trained.
"""

import inspect
import re
import textwrap

from nbhelpers.playgrounds.engine.figure import Figure
from nbhelpers.playgrounds.engine.panel import Panel

HELP = """\
{title}.

{what}

Parameters
----------
settings : str, optional
    A settings string to begin with, such as "{example}".
{steps}**more
    Further options of the panel.

Returns
-------
{panel}
    {panel_what}

Raises
------
ValueError
    If the settings string is not right; it says what may be set.

Notes
-----
What can be set:

{allowed}

Used in notebook {notebook}.
"""
STEPS = """\
steps : int, optional
    How many {unit}s to train before the first picture, if the string does not say; {steps} if
    not given.
"""


def playground(
    experiment,
    picture,
    panel=Panel,
    *,
    title,
    steps,
    example,
    notebook,
    name=None,
    **options,
):
    """Declare a playground; return the function that opens it.

    Parameters
    ----------
    experiment : type
        The class of its experiment; the help quotes the beginning of its docstring.
    picture : callable
        Makes the picture: its class, or a function without arguments.
    panel : type
        The class of the panel.
    title : str
        What it shows, in a few words.
    steps : int or callable
        How far to train before the first picture. A function gets the experiment before its first
        step; its docstring says the number in words, "one epoch".
    example : str
        A settings string for the help.
    notebook : str
        The notebook that uses it, "01".
    name : str, optional
        Its name; without it that of the experiment in lower case, `CurveBias` as "curve_bias".
    **options
        For the panel: paces, pace, catch_up, new (see `Panel`).

    Returns
    -------
    callable
        f(settings=None, steps=None, **more) -> panel; `f.experiment` and `f.notebook` are as given.
    """
    first = steps

    def opened(settings=None, steps=None, **more):
        chosen, said = experiment.Settings.parse(settings or "", experiment.most_steps)
        made = experiment(chosen)
        if said is not None:
            steps = said
        elif steps is None:
            steps = first(made) if callable(first) else first
        return panel(made, picture(), title=title, steps=steps, **options, **more)

    in_words = steps.__doc__ if callable(steps) else f"{steps:,}"
    told = STEPS.format(unit=experiment.unit, steps=in_words)
    opened.experiment = experiment
    return named(
        opened, name, experiment, experiment.Settings, panel, title, told, example, notebook
    )


def figure(what, picture, kind=Figure, *, title, example, notebook, name=None):
    """Declare a live figure of settings, without a training; return the function that opens it.

    Parameters
    ----------
    what : type
        Its class of settings (see figure.py); the help quotes the beginning of its docstring.
    picture : callable
        Makes the picture.
    kind : type
        The class of the figure.
    title, example, notebook, name
        As for `playground`.

    Returns
    -------
    callable
        f(settings=None, **more) -> figure; `f.settings` and `f.notebook` are as given.
    """

    def opened(settings=None, **more):
        return kind(what.parse(settings or "", None)[0], picture(), title=title, **more)

    opened.settings = what
    return named(opened, name, what, what, kind, title, "", example, notebook)


def named(opened, name, what, settings, kind, title, steps, example, notebook):
    """Give the function that opens a figure its name and its help."""
    opened.__name__ = opened.__qualname__ = name or snake_case(what.__name__)
    opened.__module__ = what.__module__
    opened.__doc__ = HELP.format(
        title=title,
        what=inspect.getdoc(what).split("\n\n")[0],
        example=example,
        steps=steps,
        panel=kind.__name__,
        panel_what=kind.__doc__.partition("\n")[0],
        allowed="\n".join(
            textwrap.fill(f"- {key}: {allowed}", 96, subsequent_indent="  ")
            for key, allowed in settings.allowed().items()
        ),
        notebook=notebook,
    )
    opened.notebook = notebook
    return opened


def snake_case(name):
    """The name of a class in the form of a function's.

    >>> snake_case("CurveBias")
    'curve_bias'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
