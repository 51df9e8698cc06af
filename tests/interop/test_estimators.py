"""scikit-learn's estimators: its own checks, its own tools, and tables with columns of every type."""

import copy
import pickle
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import chainrule as cr

sklearn = pytest.importorskip("sklearn", minversion="1.6", reason="scikit-learn is not installed")

from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

from chainrule.errors import ArgumentError, ColumnTypeError, EmptyDataError, MissingDependencyError  # noqa: E402

ESTIMATORS = [cr.ChainruleClassifier, cr.ChainruleRegressor]


@pytest.fixture(scope="module", autouse=True)
def kept_programs(tmp_path_factory):
    """The checks train on the same few shapes many times: each is compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHAINRULE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def people():
    """Columns of every type, with gaps: who is older than 50 says yes."""
    random = np.random.default_rng(0)
    age = random.uniform(20, 80, 200)
    city = random.choice(["Rome", "Oslo", "Paris"], 200).astype(object)
    answers = np.where(age > 50, "yes", "no")
    age[::17] = np.nan
    city[::23] = None
    since = np.datetime64("2020-01-01") + random.integers(0, 900, 200)
    return {"age": age, "city": city, "since": since, "member": age > 60}, answers


# What scikit-learn itself skips: the first without SCIPY_ARRAY_API, the others without pandas.
NEED_MORE = {"check_array_api_input"}
if find_spec("pandas") is None:
    NEED_MORE |= {"check_classifier_data_not_an_array", "check_regressor_data_not_an_array"}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_keeps_the_contract(estimator):
    # The contract is not about how long they learn; as long as they please takes four times as long.
    results = check_estimator(estimator(epochs=15), on_skip=None)
    assert {result["check_name"] for result in results if result["status"] == "skipped"} <= NEED_MORE


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_table_needs_no_preparation(library, people):
    columns, answers = people
    columns = columns | {"city": columns["city"].tolist()}
    frame = pytest.importorskip(library, reason=f"{library} is not installed").DataFrame(columns)
    model = cr.ChainruleClassifier(random_state=0).fit(frame, answers)
    kinds = {field.name: field.kind for field in model.model_.schema.inputs}
    assert kinds == {"age": "number", "city": "category", "since": "date", "member": "boolean"}
    assert list(model.feature_names_in_) == list(columns)
    assert model.score(frame, answers) > 0.85


def test_types_can_be_said(people):
    X = np.arange(60)[:, None] % 3
    model = cr.ChainruleClassifier(columns={"x0": "category"}, epochs=2).fit(X, np.where(X[:, 0] == 1, "b", "a"))
    assert model.model_.schema.inputs[0].kind == "category"
    assert model.n_iter_ == 2


def test_texts_in_an_array(people):
    columns, answers = people
    X = np.stack([columns["age"], columns["city"]], axis=1)
    assert cr.ChainruleClassifier(random_state=0).fit(X, answers).score(X, answers) > 0.85


def test_scikit_learns_tools(capsys):
    X = np.random.default_rng(0).normal(size=(300, 3))
    pipeline = make_pipeline(StandardScaler(), cr.ChainruleRegressor(epochs=40, random_state=0))
    search = GridSearchCV(pipeline, {"chainruleregressor__lr": [1e-5, 1e-2]}, cv=2).fit(X, X[:, 0])
    assert search.best_params_ == {"chainruleregressor__lr": 1e-2}
    assert (cross_val_score(cr.ChainruleClassifier(epochs=40, random_state=0), X, X[:, 0] > 0, cv=2) > 0.9).all()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_predicts_the_same(people, copied):
    columns, answers = people
    frame = pytest.importorskip("pandas", reason="pandas is not installed").DataFrame(columns)
    model = cr.ChainruleClassifier(epochs=2).fit(frame, answers)
    np.testing.assert_array_equal(copied(model).predict_proba(frame), model.predict_proba(frame))


def test_the_seed_is_that_of_a_run_and_by_default_numpys():
    X = np.random.default_rng(0).normal(size=(60, 2))

    def predicted(random_state):
        model = cr.ChainruleRegressor(epochs=2, random_state=random_state).fit(X, X[:, 0])
        return model.predict(X), model.model_.settings.seed

    assert predicted(3)[1] == 3
    np.testing.assert_array_equal(predicted(3)[0], predicted(3)[0])
    np.testing.assert_array_equal(predicted(np.random.RandomState(1))[0], predicted(np.random.RandomState(1))[0])
    assert predicted(None)[1] != predicted(None)[1]


def test_mistakes_are_errors_of_scikit_learn_or_name_the_column(people):
    columns, answers = people
    with pytest.raises(NotFittedError):
        cr.ChainruleClassifier().predict([[1.0]])
    with pytest.raises(EmptyDataError, match="no column to learn from"):
        cr.ChainruleClassifier().fit(np.full((20, 2), np.nan), np.arange(20) % 2)
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    model = cr.ChainruleClassifier(epochs=1).fit(pandas.DataFrame(columns), answers)
    with pytest.raises(ColumnTypeError, match="row 1, column 'age'"):
        model.predict(pandas.DataFrame({**columns, "age": "old"}))


@pytest.mark.parametrize("estimator", [cr.interop.ChainruleClassifier, cr.interop.ChainruleRegressor])
def test_a_share_that_leaves_nothing_is_named_as_it_was_given(estimator):
    with pytest.raises(ArgumentError) as raised:
        estimator(validation_share=0.999).fit(np.zeros((20, 1)), np.arange(20) % 2)
    assert raised.value.where == "validation_share"


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name == "sklearn" or name.startswith("sklearn.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "chainrule.interop.estimators")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(MissingDependencyError, match=r"pip install \"chainrule\[scikit-learn\]\""):
        _ = cr.ChainruleClassifier
