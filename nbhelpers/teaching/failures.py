"""Say in words why a function stopped: in which line, and which shapes did not fit together."""

import ast
import inspect
import linecache
import operator
import re
import traceback
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nbhelpers.boxes import code

#: an operator in Python's grammar -> its symbol, and what it does
_OPERATORS = {
    ast.MatMult: ("@", operator.matmul),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Pow: ("**", operator.pow),
    ast.Mod: ("%", operator.mod),
    ast.FloorDiv: ("//", operator.floordiv),
}
_EQUAL_RANK = (ast.MatMult, ast.Mult, ast.Div)
_OURS = str(Path(__file__).parent / "bank")

#: what Python or NumPy says -> what is most likely behind it
_CAUSES = {
    "object is not callable": "Brackets right behind a value call it: is a <code>*</code> or a "
    "<code>@</code> missing between them?",
    "can't multiply sequence": "A tuple or a list stands where an array is needed.",
    "only .* arrays can be converted": "What takes single numbers got an array: for arrays there "
    "is <code>np.exp</code>, not <code>math.exp</code>.",
    r"bitwise_xor|\^": "A power is <code>**</code>; <code>^</code> is not.",
    "only integers, slices": "What stands in the brackets has to be a whole number, a position. "
    "<code>for v in x</code> gives the values; <code>for i in range(len(x))</code> the positions.",
    "values to unpack": "A row or a list has another number of values than there are names for "
    "them.",
    "RecursionError": "It calls itself without end.",
}


@dataclass(eq=False)
class Failure:
    """What is known about an exception that a function raised.

    `error` is the last line of its traceback; `line` and `number` are the line of the function
    itself where it stopped or called what did, if its source is known, and `order` is a sentence
    about the order of `@` and `*` there. `inside` says which other function of the notebook or the
    bank it called, and the shapes there. `symbol` is the operator that failed (`"@"`) in the last
    of these, and `operands` are its two values if they could be found again.
    """

    error: str
    line: str = ""
    number: int = 0
    symbol: str = ""
    operands: tuple | None = None
    order: str = ""
    inside: str = ""

    @property
    def kind(self):
        """What one error has in common with another: `A @ B` and `np.dot(A, B)` stop alike."""
        return _inner(self.error) or self.error

    def words(self):
        """A few sentences (HTML) about what happened."""
        about = _matmul(self) or _broadcast(self) or _growth(self)
        other = f"Your function stops with an error: {code(self.error)}"
        causes = (f". {words}" for said, words in _CAUSES.items() if re.search(said, self.error))
        sentences = [about, self.order] if about else ["".join([other, *causes])]
        if self.inside and not about:
            sentences[0] = sentences[0].removesuffix(".") + "."
        return " ".join(filter(None, [*sentences, self.inside]))


def examine(function, error):
    """Return the `Failure` of a function that raised `error`."""
    failure = Failure(last_line(error))
    parts = _parts_of(function)
    home = parts[0].co_filename if parts else None
    steps, step = [], error.__traceback__
    while step is not None:
        name = step.tb_frame.f_code.co_filename
        if name == home or "ipykernel_" in name or _OURS in name:
            steps.append(step)
        step = step.tb_next
    codes = [step.tb_frame.f_code for step in steps]
    mine = [i for i, made in enumerate(codes) if made in parts]
    mine = mine or [i for i, made in enumerate(codes) if _OURS not in made.co_filename]
    if not mine:
        return failure
    at = mine[-1]
    own, last = steps[at], steps[-1]
    failure.inside = next(filter(None, (_inside(step.tb_frame) for step in steps[at + 1 :])), "")
    lines, tree = _source(own)
    if 0 < own.tb_lineno <= len(lines):
        failure.number, failure.line = own.tb_lineno, lines[own.tb_lineno - 1].strip()
    node = _node(tree, own)
    if node is not None:
        failure.order = _order(tree, node)
        if node.end_lineno > node.lineno:
            failure.line = ast.unparse(node)
    node = _node(_source(last)[1], last)
    if node is not None:
        failure.symbol, operands = _parts(node)
        values = [_value(operand, last.tb_frame) for operand in operands]
        if values and all(value is not None for value in values):
            failure.operands = tuple(values)
    return failure


def _parts_of(function):
    """The code of a function, and that of the functions and loops that are written in it."""
    made = getattr(inspect.unwrap(function), "__code__", None)
    parts = [made] if isinstance(made, types.CodeType) else []
    for part in parts:
        parts += [inner for inner in part.co_consts if isinstance(inner, types.CodeType)]
    return parts


def _source(step):
    """The lines of the file or cell that a step of a traceback is in, and their syntax tree."""
    name = step.tb_frame.f_code.co_filename
    linecache.checkcache(name)
    lines = linecache.getlines(name, step.tb_frame.f_globals)
    return lines, _parsed("".join(lines))


def _inside(frame):
    """In which function a step of a traceback is, with the shapes that it was called with."""
    made, local = frame.f_code, frame.f_locals
    arrays = {n: local.get(n) for n in made.co_varnames[: made.co_argcount]}
    shapes = [f"{code(n)} of shape {v.shape}" for n, v in arrays.items() if type(v) is np.ndarray]
    if "<" in made.co_name or not shapes:
        return ""
    return f"It was in {code(made.co_name.lstrip('_'))}, with {', '.join(shapes)}."


def last_line(error):
    """The last line of a traceback: "ValueError: what it says"."""
    return traceback.format_exception_only(error)[-1].strip()


# -- sentences --------------------------------------------------------------------------------


def _matmul(failure):
    if "matmul: Input operand" in failure.error and "enough dimensions" in failure.error:
        return f"{code('@')} multiplies arrays; for a single number it is {code('*')}."
    inner = _inner(failure.error)
    if not inner:
        return ""
    told = re.search(r"shapes (\(.*?\)) and (\(.*?\)) not aligned", failure.error)
    shapes = [str(_tuple(text)) for text in told.groups()] if told else []
    shapes = shapes or [str(np.shape(value)) for value in failure.operands or ()]
    what = "The matrix product" if told else code("@")
    these = " by ".join(shapes) or "these two arrays"
    return (
        f"{what} can't multiply {these}: the inner numbers, {' and '.join(inner)}, must be equal."
    )


def _inner(error):
    """The two inner numbers of a matrix product that didn't fit, as texts; () for other errors."""
    found = re.search(r"matmul: .*\(size (\d+) is different from (\d+)\)", error)
    aligned = re.search(r"not aligned: (\d+).*!= (\d+)", error)
    return found.groups()[::-1] if found else aligned.groups() if aligned else ()


def _broadcast(failure):
    found = re.search(r"could not be broadcast together with shapes (.*)", failure.error)
    if not found:
        return ""
    shapes = [_tuple(text) for text in re.findall(r"\([\d,]*\)", found[1])]
    for i, first in enumerate(shapes):
        for second in shapes[i + 1 :]:
            backwards = zip(reversed(first), reversed(second), strict=False)
            clash = [(a, b) for a, b in backwards if a != b and 1 not in (a, b)]
            if clash:
                what = code(failure.symbol) if failure.symbol else "Going number by number"
                end = "" if len(first) == len(second) else ", counted from the end"
                return (
                    f"{what} needs equal shapes (a 1 fits any number): in {first} and {second}"
                    f"{end}, {clash[-1][0]} meets {clash[-1][1]}."
                )
    return ""


def _growth(failure):
    pattern = r"non-broadcastable output operand with shape (\(.*?\)).* broadcast shape (\(.*?\))"
    found = re.search(pattern, failure.error)
    if not found:
        return ""
    small, large = _tuple(found[1]), _tuple(found[2])
    what = code(failure.symbol) if failure.symbol else "The result"
    return f"{what} gives shape {large}, which has no room in an array of shape {small}."


def _tuple(text):
    """The shape in a message of NumPy, "(4,2)" or "(4,)", as a tuple."""
    return tuple(int(n) for n in re.findall(r"\d+", text))


# -- the operation that failed ----------------------------------------------------------------


def _parsed(source):
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):  # no source, or not only Python
        return ast.Module([], [])


def _node(tree, step):
    """The operation or call that a step of a traceback stands at, or None."""
    position = list(step.tb_frame.f_code.co_positions())[step.tb_lasti // 2]
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.AugAssign, ast.Call)) and position == (
            node.lineno,
            node.end_lineno,
            node.col_offset,
            node.end_col_offset,
        ):
            return node
    return None


def _symbol(node):
    return _OPERATORS.get(type(node.op), ("", None))[0]


def _parts(node):
    """The operator's symbol and the two operands' nodes; ("", []) for most calls."""
    if isinstance(node, ast.BinOp):
        return _symbol(node), [node.left, node.right]
    if isinstance(node, ast.AugAssign):
        return _symbol(node) + "=", [node.target, node.value]
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in ("matmul", "dot"):
        return "", []
    operands = node.args if len(node.args) == 2 else [node.func.value, *node.args]
    return ("@", operands) if len(operands) == 2 else ("", [])


def _value(node, frame):
    """The number or array that an operand was, or None where only a second call could tell.

    Nothing that the learner has written runs again: names are looked up, and NumPy's own arrays
    know `.T`, subscripts and arithmetic.
    """
    try:
        return _number(_found(node, frame))
    except Exception:  # it cannot be found again; the message then does without it
        return None


def _found(node, frame):
    def found(part):
        return part and _found(part, frame)

    match node:
        case ast.Constant():
            return node.value
        case ast.Name():
            return {**frame.f_globals, **frame.f_locals}[node.id]
        case ast.Attribute(attr="T"):
            return _number(found(node.value)).T
        case ast.Attribute():
            return inspect.getattr_static(found(node.value), node.attr)
        case ast.Subscript():
            owner = found(node.value)
            return (owner if type(owner) in (list, tuple) else _number(owner))[found(node.slice)]
        case ast.Slice():
            return slice(found(node.lower), found(node.upper), found(node.step))
        case ast.Tuple():
            return tuple(map(found, node.elts))
        case ast.UnaryOp(op=ast.USub()):
            return -_number(found(node.operand))
        case ast.BinOp() if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)][1](*map(_number, map(found, (node.left, node.right))))
    raise LookupError("a call, or something else that could do more than compute")


def _number(value):
    """The value, if it is a plain number or one of NumPy's own arrays of numbers."""
    plain = type(value) in (bool, int, float, np.ndarray) or isinstance(value, np.generic)
    if plain and np.asarray(value).dtype.kind in "biuf":
        return value
    raise LookupError(f"{type(value).__name__} may compute in a way of its own")


def _order(tree, node):
    """A sentence if `@` and `*` stand in one row without brackets, and one of them failed."""
    if not _ranked(node):
        return ""
    top, climbing = node, True
    while climbing:
        climbing = False
        for parent in ast.walk(tree):
            if _ranked(parent) and parent.left is top and not _bracketed(parent):
                top, climbing = parent, True
    symbols, part = [_symbol(top)], top
    while _ranked(part.left) and not _bracketed(part):
        part = part.left
        symbols.append(_symbol(part))
    if "@" not in symbols or len(set(symbols)) == 1:
        return ""
    other = next(s for s in reversed(symbols) if s != "@")
    first = node.left if _ranked(node.left) and not _bracketed(node) else node
    return (
        f"{code('@')} and {code(other)} have equal rank and go from left to right: "
        f"{code(ast.unparse(first))} comes first."
    )


def _ranked(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, _EQUAL_RANK)


def _bracketed(node):
    """True if the left operand stands in brackets: the whole then starts before it."""
    start = node.lineno, node.col_offset
    return start != (node.left.lineno, node.left.col_offset)
