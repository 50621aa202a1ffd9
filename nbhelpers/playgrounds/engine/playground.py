"""A figure that anyone can open: `xor = playground(Xor, PlanePicture, ...)` declares it.

That one call makes the function `playgrounds.xor()` with its help; `playgrounds/__init__.py` takes
it into its list.
"""

import inspect
import re
import textwrap

from nbhelpers.playgrounds.engine.panel import Panel

HELP = """\
{title}.

{what}

Parameters
----------
settings : str, optional
    A settings string to begin with, such as "{example}".
steps : int, optional
    How many {unit}s to train before the first picture, if the string does not say; {steps} if
    not given.
**more
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

    opened.__name__ = opened.__qualname__ = name or snake_case(experiment.__name__)
    opened.__module__ = experiment.__module__
    opened.__doc__ = HELP.format(
        title=title,
        what=inspect.getdoc(experiment).split("\n\n")[0],
        example=example,
        unit=experiment.unit,
        steps=steps.__doc__ if callable(steps) else f"{steps:,}",
        panel=panel.__name__,
        panel_what=panel.__doc__.partition("\n")[0],
        allowed="\n".join(
            textwrap.fill(f"- {key}: {allowed}", 96, subsequent_indent="  ")
            for key, allowed in experiment.Settings.allowed().items()
        ),
        notebook=notebook,
    )
    opened.experiment, opened.notebook = experiment, notebook
    return opened


def snake_case(name):
    """The name of a class in the form of a function's.

    >>> snake_case("CurveBias")
    'curve_bias'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
