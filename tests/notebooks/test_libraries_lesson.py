"""What notebook 12 claims: the same numbers in other libraries, and on other cores and machines."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import time
import types
import warnings

import joblib
import numpy as np
import pytest
from lab import until
from notebook_tools import cells, notebooks, plain_text, read
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nbhelpers import datasets, weights
from nbhelpers.estimators import MLPClassifier as Ours
from nbhelpers.network import MLP
from nbhelpers.optimizers import SGD, Adam
from nbhelpers.teaching import bank

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

NOTEBOOK = next(path for path in notebooks() if path.stem == "12_libraries")
HAS_DASK = importlib.util.find_spec("distributed") is not None
HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_dask = pytest.mark.skipif(
    not HAS_DASK and not os.environ.get("REQUIRE_DASK"),
    reason="Dask is optional: pip install -e '.[cluster]'; REQUIRE_DASK=1 demands it",
)
needs_torch = pytest.mark.skipif(
    not HAS_TORCH and not os.environ.get("REQUIRE_TORCH"),
    reason="PyTorch is optional: pip install -e '.[torch]'; REQUIRE_TORCH=1 demands it",
)


def source(*words):
    """The code of the notebook's one cell that has all these words in it."""
    found = [c.source for c in cells(read(NOTEBOOK), kind="code")]
    (code,) = [text for text in found if all(word in text for word in words)]
    return code


def stored(words):
    """The stored text of the notebook's one output that has these words in it."""
    texts = [plain_text(o) for cell in cells(read(NOTEBOOK), kind="code") for o in cell.outputs]
    (text,) = [text for text in texts if words in text]
    return text


# ---------------------------------------------------------------- the same weights, the same step
def small_digits(n=128, dtype=np.float64):
    X, y = datasets.digits(dtype=dtype)
    return X[:n], y[:n]


def pair(sizes=(64, 20, 12, 10), dtype=np.float64, n=128, **settings):
    """Our network and scikit-learn's with the same weights, biases not zero; and examples."""
    X, y = small_digits(n, dtype)
    rng = np.random.default_rng(3)
    net = MLP(sizes, rng=rng, dtype=dtype)
    net.params += rng.normal(scale=0.05, size=net.params.size).astype(dtype)
    model = Theirs(hidden_layer_sizes=sizes[1:-1], batch_size=n, **settings)
    model.partial_fit(X, y, classes=range(10))
    model.coefs_ = [w.copy() for w in net.W]
    model.intercepts_ = [b.copy() for b in net.b]
    return net, model, X, y


def flat(model):
    return np.concatenate([p.ravel() for p in model.coefs_ + model.intercepts_])


def test_l2_is_alpha_over_the_size_of_the_batch():
    """The answer of "On your own": l2=0.01 on 128 examples is alpha=1.28."""
    net, model, X, y = pair(solver="sgd", learning_rate_init=0.1, momentum=0, alpha=1.28)
    net.l2 = 0.01
    A = net.forward(X)
    loss = net.loss(A, y)
    net.backward(A, y)
    SGD(0.1).step(net.params, net.grads)
    model.partial_fit(X, y)
    np.testing.assert_allclose(net.params, flat(model), rtol=1e-12, atol=1e-14)
    assert loss == pytest.approx(model.loss_, rel=1e-12)


def reordered_adam(p, g, m, v, t, lr=0.002):
    """scikit-learn's own update: ε beside √v, the corrections in the learning rate."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    rate = lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return p - rate * m / (np.sqrt(v) + 1e-8), m, v


def paper_adam(p, g, m, v, t, lr=0.002):
    """Algorithm 1 of the paper, PyTorch's update: ε beside the corrected √v."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    return p - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def test_equal_next_steps_of_adam():
    """Three ways: the package, scikit-learn, its formula; five steps on the same examples."""
    net, model, X, y = pair(
        solver="adam", learning_rate_init=0.002, alpha=0, shuffle=False, max_iter=5, warm_start=True
    )
    start, adam = net.params.copy(), Adam(0.002)
    p, m, v = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for t in range(1, 6):
        net.backward(net.forward(X), y)
        p, m, v = reordered_adam(p, net.grads, m, v, t)
        adam.step(net.params, net.grads)
    model.fit(X, y)  # a new optimizer, five epochs of one batch
    assert np.abs(net.params - start).max() > 0.005
    np.testing.assert_allclose(net.params, p, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(net.params, flat(model), rtol=1e-12, atol=1e-13)


def mnist_gradient():
    (X, y), _ = datasets.mnist()
    net = MLP([784, 128, 10], rng=np.random.default_rng(0), dtype=np.float64)
    net.backward(net.forward(X[:128].astype(float)), y[:128])
    return net.grads


def test_the_two_adams_differ_by_most_of_a_step_where_gradients_are_tiny():
    g, zero = mnist_gradient(), 0 * mnist_gradient()
    paper, *_ = paper_adam(zero, g, zero, zero, 1)
    reordered, *_ = reordered_adam(zero, g, zero, zero, 1)
    apart = np.abs(paper - reordered) / 0.002
    assert apart.max() > 0.5
    assert 0.005 < np.mean(apart > 0.01) < 0.05
    large = np.abs(g) > 1e-3
    assert apart[large].max() < 1e-3
    assert float(re.search(r"difference: ([\d.]+) of a step", stored("of the weights"))[1]) > 0.5


def test_the_programs_have_the_papers_adam():
    line = "p -= rate * (m_p / (1 - 0.9**step)) / (np.sqrt(v_p / (1 - 0.999**step)) + 1e-8)"
    programs = [cells(read(path), "program", "code") for path in notebooks()]
    late = [p[0].source for path, p in zip(notebooks(), programs, strict=True) if p][-3:]
    assert all(line in program for program in late)


def test_the_exercise_is_the_papers_adam():
    """The bank's own step, over twenty steps, against the formula (and PyTorch, further down)."""
    step = bank.exercise("libraries.adam_step").reference
    rng = np.random.default_rng(0)
    p = rng.standard_normal(50)
    mine = theirs = p, 0 * p, 0 * p
    for t in range(1, 21):
        g = rng.standard_normal(50) * 10 ** rng.uniform(-9, 0, 50)
        mine = step(mine[0], g, *mine[1:], t, 0.002)
        theirs = paper_adam(theirs[0], g, *theirs[1:], t)
        np.testing.assert_allclose(mine, theirs, rtol=1e-13)


def test_arrays_that_are_not_copied_are_shared():
    net, model, X, y = pair(solver="sgd", alpha=0)
    model.coefs_ = list(net.W)
    before = net.W[0].copy()
    model.partial_fit(X, y)
    assert np.abs(net.W[0] - before).max() > 1e-6


def test_dialects():
    """The table's lines about scikit-learn: initial numbers, momentum, when it stops."""
    fresh = Theirs(hidden_layer_sizes=(30,), random_state=0, learning_rate_init=1e-12)
    fresh.partial_fit(*small_digits(), classes=range(10))
    for W, b in zip(fresh.coefs_, fresh.intercepts_, strict=True):
        glorot = np.sqrt(6 / sum(W.shape))
        assert 0.9 * glorot < np.abs(W).max() < glorot + 1e-9
        assert 0.5 * glorot < np.abs(b).max() < glorot + 1e-9
    defaults = Theirs().get_params()
    assert defaults["nesterovs_momentum"]
    assert defaults["n_iter_no_change"] == 10
    assert (defaults["solver"], defaults["alpha"]) == ("adam", 1e-4)


# ---------------------------------------------------------------- what the stored page says
def test_the_stored_page_names_no_address():
    for cell in cells(read(NOTEBOOK), kind="code"):
        for output in cell.outputs:
            text = output.get("text", "") + str(
                {k: v for k, v in output.get("data", {}).items() if k != "image/png"}
            )
            assert not re.search(r"127\.0\.0\.1|localhost|tcp://|https?://|:\d{4,5}\b", text), text


def test_the_stored_run_had_dask_and_no_pytorch():
    assert stored("threads in all").strip() == "workers: 2, threads in all: 2"
    assert stored("cluster, once more").count("the same scores") == 2
    assert stored("PyTorch is ").startswith("PyTorch is not installed here")


def run(names, *codes):
    """Run cells in these names; return what they print."""
    out = []
    names = {**names, "print": lambda *a, **k: out.append(" ".join(map(str, a)))}
    for code in codes:
        exec(code, names)
    return "\n".join(out), names


def test_what_is_stored_does_not_depend_on_the_saved_network(tmp_path, monkeypatch):
    """With notebook 11's file, or another one, or none, the page is the same."""
    code = [
        c.source
        for c in cells(read(NOTEBOOK), kind="code")
        if not re.search(r"(lessons|questions|answers|checks|plots)\.|REPOSITORY|^def ", c.source)
    ]
    last = next(i for i, text in enumerate(code) if "after the step" in text)
    code = [text for text in code[: last + 1] if "for seed in range(5)" not in text]
    code = [text for text in code if "pairs" not in text and "titles" not in text]
    names = {"np": np, "datasets": datasets, "os": os}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "own")
    monkeypatch.setitem(os.environ, "PYTHONWARNINGS", "")
    with warnings.catch_warnings():
        none, _ = run(names, *code)
        other = MLP([784, 40, 30, 20, 10], l2=0.01, dropout=0.3, rng=np.random.default_rng(5))
        weights.save(other, "digits_99.npz")
        theirs, left = run(names, *code)
    assert left["net"].sizes == [784, 40, 30, 20, 10]
    assert none == theirs
    assert "10,000 of 10,000" in none


@pytest.mark.parametrize(
    ("package", "words", "said"),
    [
        ("dask.distributed", "from dask.distributed import", "Dask isn't installed here"),
        ("torch", "    import torch", "PyTorch is not installed here"),
    ],
)
def test_a_clean_sentence_where_a_library_is_missing(package, words, said, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)  # its import now fails
    printed, names = run({"np": np}, source(words))
    assert said in printed
    assert names.get("Client") is names.get("torch") is None
    if package == "torch":
        printed, _ = run(names, source("compare_with_pytorch(net, batch"))
        assert "isn't installed here" in printed


def test_the_clusters_cells_do_nothing_where_no_cluster_was_started():
    """Without Dask, or where the cell that starts it was left out."""
    words = ("show_link = False", 'measured("cluster")', "local.close()")
    for Client in (None, object):
        names = {"joblib": joblib, "client": None, "Client": Client, "taken": {}}
        start = [source("machines = LocalCluster")] if Client is None else []
        printed, names = run(names, *start, *[source(word) for word in words])
        assert printed == ""
    printed, _ = run(names, source("d, begin = "))
    assert printed == "to hand out one task: about 5 ms; to start: 2.0 s"


@pytest.mark.parametrize(("off", "said"), [(0, "the same scores"), (0.002, "by up to 0.0020")])
def test_a_search_elsewhere_says_whether_its_scores_are_the_same(off, said):
    scores = np.array([0.9, 0.95])
    names = {"np": np, "scores": scores, "one_core": 6.0, "joblib": joblib}
    names["timed_search"] = lambda: (scores + off, 2.0)
    printed, _ = run(names, source("def measured(words)"), "measured('here')")
    assert printed.count("3.0 times as fast") == printed.count(said) == 2


# ---------------------------------------------------------------- PyTorch
@needs_torch
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_pytorch_twin_has_the_same_loss_and_gradients(dtype):
    import torch

    (X, y), _ = datasets.mnist()
    X, y = X[:128].astype(dtype), y[:128]
    net = MLP([784, 64, 32, 10], rng=np.random.default_rng(0), dtype=dtype)
    names = {"torch": torch, "np": np}
    code = [source("def twin_in_pytorch"), source("def compare_with_pytorch")]
    _, names = run(names, *code)
    mine, its, off, apart = names["compare_with_pytorch"](net, X, y)
    tolerance = 1e-6 if dtype == np.float32 else 1e-14
    assert mine == pytest.approx(its, rel=tolerance)
    assert max(off, apart) < tolerance
    assert np.abs(net.grads).max() > 1e-3
    printed, _ = run(
        {**names, "net": net, "batch": X, "classes": y}, source("compare_with_pytorch(net, batch")
    )
    assert printed.count("True") == 3


@needs_torch
def test_pytorchs_steps_are_those_of_the_table():
    """Adam is the paper's; momentum keeps gradients; weights are (n_out, n_in), small, uniform."""
    import torch

    rng = np.random.default_rng(0)
    start = rng.standard_normal(50)
    for make, step in (
        (lambda p: torch.optim.Adam([p], lr=0.002), bank.exercise("libraries.adam_step").reference),
        (
            lambda p: torch.optim.SGD([p], lr=0.002, momentum=0.9),
            lambda p, g, m, v, t, lr: (p - lr * (0.9 * m + g), 0.9 * m + g, v),
        ),
    ):
        p = torch.nn.Parameter(torch.tensor(start))
        optimizer = make(p)
        mine = start, 0 * start, 0 * start
        for t in range(1, 11):
            g = rng.standard_normal(50) * 10 ** rng.uniform(-9, 0, 50)
            p.grad = torch.tensor(g)
            optimizer.step()
            mine = step(mine[0], g, *mine[1:], t, 0.002)
            np.testing.assert_allclose(mine[0], p.detach().numpy(), rtol=1e-12, atol=1e-14)
    linear = torch.nn.Linear(400, 30)
    assert tuple(linear.weight.shape) == (30, 400)
    assert 0.04 < linear.weight.abs().max().item() <= 0.05
    assert 0 < linear.bias.abs().max().item() <= 0.05


# ---------------------------------------------------------------- inside scikit-learn's tools
def search(n_jobs=None):
    """A small search over settings and seeds."""
    pipe = make_pipeline(StandardScaler(), Ours(batch_size=32, max_iter=3))
    grid = {
        "mlpclassifier__hidden_layer_sizes": [(8,), (16,)],
        "mlpclassifier__learning_rate_init": [0.003, 0.03],
        "mlpclassifier__random_state": [0, 1],
    }
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return GridSearchCV(pipe, grid, cv=folds, refit=False, n_jobs=n_jobs)


@pytest.fixture(scope="module")
def serial():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return search().fit(*small_digits(600)).cv_results_["mean_test_score"]


def test_columns_chosen_first_predict_a_coin():
    """Over five draws of the noise: far above one half outside the pipeline, not so inside."""
    network = Ours((16,), learning_rate_init=0.01, batch_size=20, max_iter=20, random_state=0)
    outside, inside = [], []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((100, 5000)), rng.integers(2, size=100)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        chosen = SelectKBest(k=50).fit_transform(X, y)
        outside.append(cross_val_score(network, chosen, y, cv=folds).mean())
        piped = make_pipeline(SelectKBest(k=50), network)
        inside.append(cross_val_score(piped, X, y, cv=folds).mean())
    assert min(outside) > 0.8, outside
    assert abs(np.mean(inside) - 0.5) < 0.1, inside


def test_a_search_varies_the_seed_fastest(serial):
    names = [tuple(p.values()) for p in search().fit(*small_digits(90)).cv_results_["params"]]
    assert [name[2] for name in names] == [0, 1] * 4
    assert [name[0] for name in names] == [(8,)] * 4 + [(16,)] * 4
    assert len(set(serial)) > 4


def test_all_cores_find_the_same_scores(serial):
    assert np.array_equal(search(2).fit(*small_digits(600)).cv_results_["mean_test_score"], serial)


def test_the_number_of_networks_counts_folds_and_refit():
    """Exercise 4 in small: 1 size, 2 rates, 2 seeds, 3 folds and the refit are 13."""
    count = 0

    class Counting(Ours):
        def fit(self, X, y):
            nonlocal count
            count += 1
            return super().fit(X, y)

    grid = {"learning_rate_init": [0.003, 0.03], "random_state": [0, 1]}
    GridSearchCV(Counting((4,), max_iter=1), grid, cv=3).fit(*small_digits(120))
    assert count == 2 * 2 * 3 + 1
    assert bank.exercise("libraries.networks").reference == 3 * 4 * 5 * 5 + 1


# ---------------------------------------------------------------- the cluster
SCRIPT = """
import re
import sys
import time

import joblib
import psutil
import test_libraries_lesson as lesson


def is_tracker(process):  # Python's own, which ends with the Python that started it
    try:
        return "tracker" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # gone, or a zombie
        return False


if __name__ == "__main__":
    names = {"time": time, "joblib": joblib}
    exec(lesson.source("from dask.distributed import"), names)
    start = lesson.source("machines = LocalCluster")
    if sys.argv[1:]:  # as the notebook says: the address takes the place of LocalCluster(...)
        start = re.sub("machines = .*", f"machines = {sys.argv[1]!r}", start)
    exec(start, names)
    link = names["client"].dashboard_link
    with joblib.parallel_config(backend="dask"):
        found = lesson.search().fit(*lesson.small_digits(600)).cv_results_["mean_test_score"]
    exec(lesson.source("local.close()"), names)
    others = [p for p in psutil.Process().children(recursive=True) if not is_tracker(p)]
    left = psutil.wait_procs(others, timeout=10)[1]  # a process takes a moment to end
    assert not left, left
    print(link)
    print(found.tolist())
"""


def run_script(folder, *arguments):
    """Run SCRIPT in a Python of its own; return what it printed: workers, the link, the scores."""
    (folder / "search.py").write_text(SCRIPT, encoding="utf-8")
    tests = NOTEBOOK.parents[1] / "tests"
    here = os.pathsep.join(str(tests / folder) for folder in ("notebooks", "support"))
    others = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([here, *others]),
        "PYTHONWARNINGS": "ignore",
        "PYTHONUTF8": "1",
    }
    command = [sys.executable, str(folder / "search.py"), *arguments]
    done = subprocess.run(
        command, env=env, capture_output=True, encoding="utf-8", timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    workers, link, scores = done.stdout.splitlines()
    return workers, link, np.array(eval(scores))


@needs_dask
def test_a_local_cluster_finds_the_same_scores_and_leaves_no_process(serial, tmp_path):
    workers, link, scores = run_script(tmp_path)
    assert workers == "workers: 2, threads in all: 2"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/status", link)
    assert np.array_equal(scores, serial)


@needs_dask
def test_a_scheduler_and_workers_from_the_command_line_find_the_same_scores(serial, tmp_path):
    """What a lecturer does: a scheduler, workers that know its address, and a client."""
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    started = [subprocess.Popen([*dask, *scheduler, "--scheduler-file", str(file)], **quiet)]
    try:
        until(lambda: file.exists() and file.read_text().endswith("}"), 120)
        address = json.loads(file.read_text())["address"]
        worker = ["worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]
        started.append(subprocess.Popen([*dask, *worker], **quiet))
        wait_for_workers(address, 2)
        for _ in range(2):  # the notebook's last cell leaves other people's machines alone
            workers, _, scores = run_script(tmp_path, address)
            assert workers == "workers: 2, threads in all: 2"
            assert np.array_equal(scores, serial)
        assert [process.poll() for process in started] == [None, None]
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


def wait_for_workers(address, n):
    """Return when that many workers have reported to the scheduler."""
    code = "import sys; from dask.distributed import Client; "
    code += "Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=120)"
    subprocess.run([sys.executable, "-c", code, address, str(n)], check=True, timeout=180)


def test_tasks_that_wait_are_run_two_at_a_time():
    """The notebook's stand-ins for work; here each one waits until another one runs beside it."""
    beside = threading.Barrier(2)
    clock = types.SimpleNamespace(perf_counter=time.perf_counter, sleep=lambda s: beside.wait(60))
    _, names = run({"time": clock, "joblib": joblib}, source("def wait(seconds)"))
    with joblib.parallel_config("threading", n_jobs=2):
        assert names["timed_tasks"](10, 0.1) > 0
