"""Copies of the notebooks that run in seconds: solved, with shorter trainings, or a part of them.

nbval runs every notebook in full, as it is stored. Where the whole series is wanted once more, in a
real JupyterLab or with other versions of the libraries, one of these copies does.
"""

import ast

from notebook_tools import FOLDER, cells, read, solved, tags

# These cells are left out: they take long and no later cell needs them, or they compare what the
# shorter trainings below no longer reach.
LEFT_OUT = {
    "01_xor_loop.ipynb": ["xor-072", "xor-079", "xor-081"],
    "02_bias.ipynb": ["bias-048", "bias-087", "bias-093"],
    "03_sgd.ipynb": ["sgd-077", "sgd-091"],
    "04_activations.ipynb": ["activations-067", "activations-118"],
    "07_backpropagation.ipynb": ["backpropagation-051"],
    "08_digits.ipynb": ["digits-050"],
    "09_optimizers.ipynb": [f"optimizers-{n}" for n in ("048", "051", "070", "097", "100")],
    "10_mnist.ipynb": ["mnist-031", "mnist-032", "mnist-042"],
}
# And these texts are replaced, each in one cell: fewer steps, epochs, seeds and learning rates.
SHORTER = {
    "02_bias.ipynb": {"steps=20_000, lr=0.3 / 32": "steps=4_000, lr=0.3 / 32"},
    "03_sgd.ipynb": {
        "epochs=3_000, deal=shuffled": "epochs=300, deal=shuffled",
        "(1, 750), (4, 3_000), (32, 24_000)": "(1, 75), (4, 300), (32, 2_400)",
    },
    "04_activations.ipynb": {'output="linear", epochs=3_000': 'output="linear", epochs=500'},
    "05_initial_weights.ipynb": {
        "lr, epochs=3_000": "lr, epochs=500",
        "steps=250": "steps=50",
        "np.arange(5, 250, 10)": "np.arange(1, 50, 2)",
        "losses.reshape(25, 10, 5)": "losses.reshape(25, 2, 5)",
    },
    "06_softmax.ipynb": {"hidden=hidden, epochs=100": "hidden=hidden, epochs=20"},
    "07_backpropagation.ipynb": {"for lr in (0.1, 0.3, 1.0)}": "for lr in [1.0]}"},
    "08_digits.ipynb": {
        "epochs=10, batch_size=32, rng=rng)\n    return net.predict": (
            "epochs=2, batch_size=32, rng=rng)\n    return net.predict"
        ),
        '"weight_decay": decay, "epochs": 40}': '"weight_decay": decay, "epochs": 10}',
        "epochs=40, **settings) for seed in range(5)": "epochs=40, **settings) for seed in [0]",
        "run(text, seed) for seed in range(10)": "run(text, seed) for seed in range(3)",
        '"True"), seed) for seed in range(10)': '"True"), seed) for seed in range(3)',
        "for lr in (0.1, 0.3, 0.5, 1.0):": "for lr in (0.3, 0.5):",
        "for lr in (0.03, 0.1, 0.3, 1.0):": "for lr in [0.1]:",
        "one_split(seed) for seed in range(10)": "one_split(seed) for seed in range(3)",
    },
    "09_optimizers.ipynb": {
        '"epochs": 3, "batch_size": 50': '"epochs": 1, "batch_size": 50',
        "seed, schedule) for seed in (100, 101)": "seed, schedule) for seed in [100]",
    },
    "10_mnist.ipynb": {
        "0.005, 10, 128": "0.005, 1, 128",
        '"epochs": 10, "schedule"': '"epochs": 1, "schedule"',
        "for seed in range(5):\n    outputs": "for seed in [0]:\n    outputs",
    },
    "11_past_99_percent.ipynb": {
        "epochs=10, rng=rng, **recipe": "epochs=2, rng=rng, **recipe",
        "dropout=0.0, steps=600": "dropout=0.0, steps=300",
        "learn(seed, **options)[0] for seed in (100, 101)": "learn(100, **options)[0] for _ in [0]",
        "**options) for seed in range(4)": "**options) for seed in range(2)",
        "X, Y = X[:55_000], Y[:55_000]": "X, Y = X[:5_000], Y[:5_000]",
        "0.003, 14, 256": "0.003, 1, 256",
        "X, y = X_all[:55_000], y_all[:55_000]\nrng": "X, y = X_all[:5_000], y_all[:5_000]\nrng",
        '"epochs": 32': '"epochs": 1',
    },
    "12_libraries.ipynb": {
        "one_core = min(first, timed_search()[1])": "one_core = first",
        "for seed in range(3):\n        network = kind": "for seed in [0]:\n        network = kind",
        "timed_tasks(200, 0.001), timed_tasks(20, 0.1)": (
            "timed_tasks(20, 0.001), timed_tasks(2, 0.1)"
        ),
    },
}


def shortened(name, solutions=True):
    """A notebook without its longest trainings, and with every exercise solved if wanted."""
    notebook = read(FOLDER / name)
    if solutions:
        notebook = solved(notebook)
    code = cells(notebook, kind="code")
    for text, shorter in SHORTER.get(name, {}).items():
        (cell,) = (cell for cell in code if text in cell.source)
        cell.source = cell.source.replace(text, shorter)
    ids = LEFT_OUT.get(name, [])
    left_out = [cell for cell in code if cell.id in ids]
    assert len(left_out) == len(ids)
    assert not any(cell.metadata.get("tags") for cell in left_out)  # no exercise, no program
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ids]
    return notebook


def interactive(notebook):
    """The part of a notebook that a reader works on: panels, questions, exercises.

    All of its text is kept, and of its code the cells with these and what they need: every cell
    that binds or changes a name which a kept one after it reads.
    """
    kept, wanted = set(), set()
    for cell in reversed(cells(notebook, kind="code")):
        names = Names(ast.parse(cell.source))
        if worked_on(cell) or (names.bound | names.changed) & wanted:
            kept.add(cell.id)
            wanted = wanted - names.bound | names.read
    notebook.cells = [c for c in notebook.cells if c.cell_type != "code" or c.id in kept]
    return notebook


def worked_on(cell):
    """Whether a reader does more with a cell than run it."""
    shown = ("playgrounds.", "questions.", "DigitPad(", "self_test.", "lessons.recall(")
    return bool({"setup", "exercise"} & tags(cell)) or any(word in cell.source for word in shown)


class Names(ast.NodeVisitor):
    """The names of a cell: what it reads before it binds it, what it binds, what it may change.

    An object may be changed by an assignment to a part of it, by a call that stands alone (on the
    object, or with it as an argument), and wherever it is trained or shuffled. What draws or prints
    changes nothing; other functions whose value is used are taken to leave their arguments alone.
    """

    shows = frozenset({"ax", "axes", "fig", "plots", "plt", "print"})
    changers = frozenset({"fit", "partial_fit", "shuffle", "step", "train_step"})

    def __init__(self, code):
        self.read, self.bound, self.changed = set(), set(), set()
        self.visit(code)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif node.id not in self.bound:
            self.read.add(node.id)

    def visit_alias(self, node):
        self.bound.add((node.asname or node.name).split(".")[0])

    def visit_Assign(self, node):
        for part in (node.value, *node.targets):  # in the order of evaluation
            self.visit(part)

    def visit_AugAssign(self, node):
        self.changed |= roots(node.target)
        self.read |= roots(node.target) - self.bound
        self.generic_visit(node)

    def visit_For(self, node):
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_Attribute(self, node):
        if isinstance(node.ctx, ast.Store):
            self.changed |= roots(node)
        self.generic_visit(node)

    visit_Subscript = visit_Attribute

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Call) and not roots(node.value.func) & self.shows:
            self.changed |= touched(node.value)
        self.generic_visit(node)

    def visit_Call(self, node):
        if self.changes(node):
            self.changed |= touched(node)
        self.generic_visit(node)

    def changes(self, call):
        """Whether a call changes what it is made on or given, going by its name."""
        return getattr(call.func, "attr", getattr(call.func, "id", None)) in self.changers

    def visit_FunctionDef(self, node):
        """A scope of its own, whose names nobody else sees; comprehensions, too."""
        inside = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
        own = {n.id for n in inside if isinstance(n.ctx, ast.Store)}
        own |= {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        self.read |= {n.id for n in inside} - own - self.bound
        calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and self.changes(n)]
        self.changed |= set().union(*map(touched, calls)) - own
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            self.bound.add(node.name)

    visit_ClassDef = visit_Lambda = visit_FunctionDef
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_FunctionDef


def touched(call):
    """The names that a call is made on or given."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return set().union(*map(roots, [call.func, *given]))


def roots(node):
    """The name at the beginning of `name` or `name.part[0].part`, as a set; empty for others."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
