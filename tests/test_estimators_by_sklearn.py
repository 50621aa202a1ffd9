"""scikit-learn's own tests of its multilayer perceptrons, run on ours.

They are taken from the scikit-learn that is installed: its test module is executed once more, with
our classes in the place of its own. What we don't offer is listed with the reason; such a test has
to fail, so that the list stays true.
"""

from importlib.util import find_spec, module_from_spec

import numpy as np
import pytest
import sklearn
from sklearn import neural_network

from nbhelpers.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore")  # each test says itself which it expects

VERSION = "1.9"  # of scikit-learn, whose tests are all in these two lists
OFFERED = [
    "early_stopping",
    "early_stopping_stratified",
    "minimum_input_sample_size",
    "mlp_classifier_dtypes_casting",
    "mlp_early_stopping_string_labels",
    "mlp_loading_from_joblib_partial_fit",
    "mlp_param_dtypes",
    "mlp_partial_fit_after_fit",
    "mlp_regressor_dtypes_casting",
    "mlp_warm_start_no_convergence",
    "mlp_warm_start_with_early_stopping",
    "n_iter_no_change",
    "n_iter_no_change_inf",
    "partial_fit_classes_error",
    "partial_fit_classification",
    "partial_fit_regression",
    "partial_fit_unseen_classes",
    "predict_proba_binary",
    "predict_proba_multiclass",
    "preserve_feature_names",
    "shuffle",
    "tolerance",
    "warm_start_full_iteration",
]
LBFGS = "solver='lbfgs': ours are the optimizers of the series, sgd and adam"
RATES = "learning_rate, power_t: the rate of ours stays as it is"
NOT_OFFERED = {
    "adaptive_learning_rate": RATES,
    "alpha": "seed 1 draws other weights here, whose last layer grows beyond epoch 200",
    "fit": "sets the weights and private attributes of an estimator before its first fit",
    "gradient": LBFGS,
    "lbfgs_classification": LBFGS,
    "lbfgs_classification_maxfun": LBFGS,
    "lbfgs_regression": LBFGS,
    "lbfgs_regression_maxfun": LBFGS,
    "learning_rate_warmstart": RATES,
    "mlp_diverging_loss": "a loss that isn't finite is an error here, and never a NaN in a list",
    "mlp_sample_weight_with_early_stopping": "sample_weight",
    "mlp_vs_poisson_glm_equivalent": "loss='poisson'",
    "mlp_warm_start_no_convergence[lbfgs-MLPClassifier]": LBFGS,
    "mlp_warm_start_no_convergence[lbfgs-MLPRegressor]": LBFGS,
    "multilabel_classification": LBFGS,
    "multioutput_regression": LBFGS,
    "nonfinite_params": "numbers without bounds are a FloatingPointError here, in other words",
    "partial_fit_errors": LBFGS,
    "predict_proba_multilabel": LBFGS,
    "preserve_feature_names[MLPClassifier]": "its y has one class only, which ours refuses",
    "sparse_matrices": LBFGS,
    "verbose_sgd": "verbose shows a progress bar here, not lines with the word Iteration",
    "warm_start": LBFGS,
}


def their_tests():
    """scikit-learn's test functions by name, without the leading "test_"; our classes in them."""
    spec = find_spec("sklearn.neural_network.tests.test_mlp")
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neural_network, "MLPClassifier", MLPClassifier)
        patch.setattr(neural_network, "MLPRegressor", MLPRegressor)
        spec.loader.exec_module(module)
    return {
        name.removeprefix("test_"): value
        for name, value in vars(module).items()
        if name.startswith("test_")
    }


THEIRS = their_tests()
LISTED = {*OFFERED, *(name.partition("[")[0] for name in NOT_OFFERED)}
for name in sorted(LISTED):  # xdist wants the same order in every process
    if name in THEIRS:  # an older scikit-learn has fewer
        globals()["test_" + name] = THEIRS[name]


@pytest.fixture(autouse=True)
def as_listed(request):
    """Where a test is listed with a reason, its failure is expected, and its success an error."""
    np.random.seed(0)  # noqa: NPY002 - some of them have no random_state
    test = request.node.name.removeprefix("test_")
    reason = NOT_OFFERED.get(test) or NOT_OFFERED.get(test.partition("[")[0])
    if reason:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture
def global_random_seed():
    """scikit-learn's conftest has it."""
    return 42


def test_each_of_them_is_in_a_list():
    if not sklearn.__version__.startswith(VERSION):
        pytest.skip(f"the lists are those of scikit-learn {VERSION}")
    assert set(THEIRS) == LISTED
