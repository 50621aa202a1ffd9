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
{more}
Returns
-------
{panel}

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
    more=None,
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
    more : dict of str to str, optional
        What further parameters of the function mean; they are parameters of the panel's class.
    **options
        For the panel: paces, pace, catch_up, new (see `Panel`).

    Returns
    -------
    callable
        f(settings=None, steps=None) -> panel; `f.experiment` and `f.notebook` are as given.
    """
    more, most_steps = more or {}, experiment.most_steps
    signature = signature_of(panel, more)

    def opened(*args, **kwargs):
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        settings, asked, *_ = given.args
        chosen, said = experiment.Settings.parse(settings or "", most_steps)
        made = experiment(chosen)
        first = steps(made) if callable(steps) else steps
        at = said if said is not None else first if asked is None else asked
        extras = {key: given.arguments[key] for key in more}
        return panel(made, picture(), title=title, steps=at, **options, **extras)

    opened.__name__ = opened.__qualname__ = name or snake_case(experiment.__name__)
    opened.__module__, opened.__signature__ = experiment.__module__, signature
    opened.__doc__ = HELP.format(
        title=title,
        what=inspect.getdoc(experiment).split("\n\n")[0],
        example=example,
        unit=experiment.unit,
        steps=steps.__doc__ if callable(steps) else f"{steps:,}",
        more="".join(described(key, signature.parameters[key], more[key]) for key in more),
        panel=panel.__name__,
        allowed="\n".join(
            textwrap.fill(f"- {key}: {allowed}", 96, subsequent_indent="  ")
            for key, allowed in experiment.Settings.allowed().items()
        ),
        notebook=notebook,
    )
    opened.experiment, opened.notebook = experiment, notebook
    return opened


def signature_of(panel, more):
    """What the function takes: settings, steps, and parameters of the panel's class."""
    defaults = {"settings": None, "steps": None}
    defaults |= {key: inspect.signature(panel).parameters[key].default for key in more}
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [inspect.Parameter(key, kind, default=value) for key, value in defaults.items()]
    )


def described(name, parameter, words):
    """A parameter in the form of the help."""
    words = textwrap.fill(words, 96, initial_indent="    ", subsequent_indent="    ")
    return f"{name} : {type(parameter.default).__name__}, optional\n{words}\n"


def snake_case(name):
    """The name of a class in the form of a function's.

    >>> snake_case("CurveBias")
    'curve_bias'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
