"""The source of what a notebook defines, as typed, and of all that it needs to run alone.

`collect("one_step", one_step, globals())` gives statements in an order in which they run: imports,
values and functions that `one_step` needs, then itself.
"""

import ast
import builtins
import inspect
import linecache
import symtable
import sys
import textwrap
import types

from nbhelpers.teaching import bank

OWN = "my_network"  # the module that these statements are written to
LONGEST = 1000  # characters of a value that is written out


def collect(name, value, namespace):
    """A dict name -> statement that ends with `name`, and a list of what can't come along.

    `namespace` is the notebook's. What the reader's own file has already gives no statement. Where
    the value itself can't be written down, the dict has no `name`.
    """
    found, missing, seen = {}, [], set()

    def visit(name, value):
        seen.add(name)
        text, own = _statement(name, value, namespace)
        if text is None:
            missing.append(f"{name} ({type(value).__name__})")
            return
        for needed in _needs(text) if own else ():
            if needed in namespace and needed not in seen:
                visit(needed, namespace[needed])
            elif needed not in namespace and not hasattr(builtins, needed):
                missing.append(f"{needed} (not defined)")
        if text:
            found[name] = text

    visit(name, value)
    return found, list(dict.fromkeys(missing))


def name_in(namespace, value, otherwise):
    """The name that a value has in a notebook: its own, if it is bound there, or another one."""
    names = [n for n, v in namespace.items() if v is value and not n.startswith("_")]
    own = getattr(value, "__name__", "")
    return own if own in names else next(iter(names), otherwise)


def _statement(name, value, namespace):
    """The statement that binds the name to the value, and whether it uses the notebook's names.

    It is "" where none is needed, and None where there is none.
    """
    if isinstance(value, types.ModuleType):
        return _import(name, value), False
    literal = _literal(value)
    if literal is not None:
        return f"{name} = {literal}", False
    module = getattr(value, "__module__", None)
    if module == OWN:
        known = getattr(value, "__name__", name)
        return ("" if known == name else f"{name} = {known}"), False
    if module == namespace.get("__name__") or getattr(value, "__globals__", None) is namespace:
        return _definition(name, value), True
    if str(module).startswith(f"{bank.__name__}."):
        lesson = module.rpartition(".")[2]
        for short, exercise in bank.exercises(lesson).items():
            if exercise.reference is value:
                reference = f'{name} = bank.exercise("{lesson}.{short}").reference'
                return f"from nbhelpers.teaching import bank\n\n{reference}", False
    return _import_from(name, value, module), False


def _import(name, module):
    package, _, last = module.__name__.rpartition(".")
    if module.__name__ == name:
        return f"import {name}"
    if package and last == name:
        return f"from {package} import {name}"
    return f"import {module.__name__} as {name}"


def _import_from(name, value, module):
    """An import of something that a module has under its own name; None if none has."""
    known = getattr(value, "__name__", None)
    for place in (module, "numpy"):  # NumPy's ufuncs don't say where they are from
        if isinstance(place, str) and getattr(sys.modules.get(place), str(known), None) is value:
            return f"from {place} import {known}" + ("" if known == name else f" as {name}")
    return None


def _literal(value):
    """A number, text, True, False, None, or a tuple of these, as Python writes it; else None."""
    if type(value) is tuple:
        parts = [_literal(part) for part in value]
        text = None if None in parts else f"({', '.join(parts)}{',' * (len(parts) == 1)})"
    elif type(value) in (int, str, bytes, bool, type(None)):
        text = repr(value)
    elif type(value) in (float, complex):
        text = repr(value) if abs(value) < float("inf") else None  # nor NaN
    else:
        text = None
    return text if text is not None and len(text) <= LONGEST else None


def _needs(statement):
    """Names that a statement takes from around it, in the order of their names."""
    bound, needed, tables = set(), set(), [symtable.symtable(statement, "<block>", "exec")]
    top = tables[0]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is top and symbol.is_assigned():
                bound.add(symbol.get_name())
            if symbol.is_referenced() and (table is top or symbol.is_global()):
                needed.add(symbol.get_name())
    return sorted(needed - bound)


# -- as typed ---------------------------------------------------------------------------------


def _definition(name, value):
    """The statement of a notebook that defines a function or a class; None if it isn't known."""
    made = _typed(value)
    if made is None:
        return None
    text, known = made
    if known is None:
        return f"{name} = {text}"
    return text if known == name else f"{text}\n\n\n{name} = {known}"


def _typed(value):
    """Source and name of what a cell defines at its outermost level, decorators included.

    The name is None for a bare lambda; all is None where there is no source.
    """
    wrapped = inspect.unwrap(value)
    code = _code(wrapped)
    if code is None:
        return None
    if "<locals>" in wrapped.__qualname__:  # made by another function: a decorator, if it is known
        cells = [cell.cell_contents for cell in wrapped.__closure__ or ()]
        inner = [f for f in cells if isinstance(f, types.FunctionType)]
        made = _typed(inner[0]) if len(inner) == 1 else None
        return made if made and made[0].startswith("@") else None
    lines = linecache.getlines(code.co_filename)
    tree = ast.parse("".join(lines))
    if isinstance(wrapped, type):
        wanted = [n for n in ast.walk(tree) if _spans(n, ast.ClassDef, code)]
        wanted = [n for n in wanted if n.name == wrapped.__name__]
    elif code.co_name == "<lambda>":
        return _lambda(tree, lines, code)
    else:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        wanted = [n for n in ast.walk(tree) if isinstance(n, kinds) and n.name == code.co_name]
        wanted = [n for n in wanted if _first(n) == code.co_firstlineno]
    if len(wanted) != 1 or (wrapped is not value and not wanted[0].decorator_list):
        return None
    text = "".join(lines[_first(wanted[0]) - 1 : wanted[0].end_lineno])
    return textwrap.dedent(text).rstrip(), wanted[0].name


def _code(value):
    """The code of a function, or of a method that a class has of its own."""
    if not isinstance(value, type):
        return value.__code__ if isinstance(value, types.FunctionType) else None
    own = [getattr(f, "__code__", None) for f in map(inspect.unwrap, vars(value).values())]
    return next((c for c in own if c and c.co_filename != "<string>"), None)


def _first(node):
    return min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _spans(node, kind, code):
    return isinstance(node, kind) and node.lineno <= code.co_firstlineno <= node.end_lineno


def _lambda(tree, lines, code):
    """The whole assignment, if the function is all that is assigned; otherwise the lambda alone."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda)]
    found = [n for n in found if n.lineno == code.co_firstlineno]
    if len(found) != 1:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value is found[0]:
            target = node.targets[0]
            if len(node.targets) == 1 and isinstance(target, ast.Name):
                return ast.get_source_segment("".join(lines), node), target.id
    text = ast.get_source_segment("".join(lines), found[0])
    return f"({text})" if "\n" in text else text, None
