"""Training on tables as scikit-learn does it: `fit`, `predict`, pipelines, grid search, cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import assert_all_finite, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.data.readers import read_table
from chainrule.data.splitting import random_split, stratified_split
from chainrule.data.table import ArrayTable, Table
from chainrule.data.values import Values
from chainrule.tables.choosing import Plan
from chainrule.tables.model import TableModel
from chainrule.tables.network import build
from chainrule.tables.preparation import Preparation
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import Settings, as_size, parse
from chainrule.tables.splits import Parts
from chainrule.tables.telling import silent
from chainrule.tables.training import train_on


class _TableEstimator(BaseEstimator):  # type: ignore[misc]
    """What the two estimators have in common. See `ChainruleClassifier`."""

    def __init__(
        self,
        *,
        model: str | None = None,
        optimizer: str | None = None,
        lr: float | None = None,
        batch_size: int | None = None,
        epochs: int | None = None,
        patience: int | None = None,
        validation_share: float = 0.15,
        columns: Mapping[str, str] | None = None,
        time_limit: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.lr = lr
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation_share = validation_share
        self.columns = columns
        self.time_limit = time_limit
        self.random_state = random_state
        self.verbose = verbose

    def _train(self, inputs: Table, kind: str, y: NDArray[Any]) -> Self:
        """Train on a table and what is true of its rows, a target of this kind."""
        target = _free_name("target", inputs)
        table = ArrayTable(
            {**{name: inputs.column(name) for name in inputs.names}, target: Values.of(y)}, folder=inputs.folder
        )
        settings = self._settings(target)
        schema = infer_schema(table, settings.target, kinds={**settings.columns, target: kind})
        split = stratified_split if kind == "category" else _split_rows
        with as_size("validation_share"):
            training, validation = split(y, settings.validation_share, seed=settings.seed)
        parts = Parts(training, validation, test=np.zeros(0, np.int64))
        trained = train_on(table, None, schema, parts, settings, print if self.verbose else silent)
        if trained.interrupted:
            warnings.warn("Training was interrupted by the user.", stacklevel=3)
        self.model_, self._plan, self.history_ = trained.model, trained.plan, trained.history
        self.n_iter_ = len(trained.history)
        return self

    def _settings(self, target: str) -> Settings:
        said = {name: value for name, value in self.get_params(deep=False).items() if name not in _OWN}
        given = {**said, "columns": dict(self.columns or {}), "target": target, "seed": self._seed()}
        return parse(given, type(self).__name__)

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _learning(self, X: Any, y: Any, **expected: Any) -> tuple[Table, NDArray[Any]]:
        """The inputs as a table, and what is true of its rows."""
        # Only this says, in scikit-learn's words, that there is no y.
        validate_data(self, X, y, skip_check_array=True)
        table = self._read(X, reset=True, ensure_min_samples=2)
        truth = column_or_1d(y, warn=True, **expected)
        check_consistent_length(X, truth)
        assert_all_finite(truth, input_name="y")
        return table, truth

    def _predicted(self, X: Any, predict: Callable[[Table], ArrayLike]) -> NDArray[np.float32]:
        check_is_fitted(self)
        return np.asarray(predict(self._read(X, reset=False)), np.float32)

    def _read(self, X: Any, reset: bool, ensure_min_samples: int = 1) -> Table:
        if hasattr(X, "columns"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return read_table(X)
        array = validate_data(
            self,
            X,
            reset=reset,
            dtype=None,
            ensure_all_finite="allow-nan",
            ensure_min_samples=ensure_min_samples,
        )
        return ArrayTable({f"x{number}": _column(array[:, number]) for number in range(array.shape[1])}, name="X")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            state["model_"] = _packed(state["model_"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "model_" in state:
            state = {**state, "model_": _unpacked(state["model_"], state["_plan"])}
        super().__setstate__(state)


class ChainruleClassifier(ClassifierMixin, _TableEstimator):  # type: ignore[misc]
    """Predicts classes from the columns of a table, as an estimator of scikit-learn.

    Whatever stands in the columns needs no preparation: of a DataFrame (of pandas or polars) numbers, categories, dates
    and truth values are told apart, and gaps are filled, as `cr.train` does it; a NumPy array has a column for each
    feature. A share of the rows is held out for validation, and training stops when it no longer becomes better.

    Args:
        model: "mlp" or "linear". Default: by the data, as everything here that is None.
        optimizer: Its name: "adamw", "sgd", ...
        lr: Its learning rate.
        batch_size: Rows an update.
        epochs: At most so many.
        patience: Epochs without improvement before training stops.
        validation_share: The share of rows held out for validation.
        columns: The types of columns, by name, where they are not what their values look like: {"zip": "category"}. The
            columns of an array are called x0, x1, ...
        time_limit: Seconds after which training stops; a schedule goes its whole way in what fits.
        random_state: What all random numbers come from: a whole number, a `RandomState`, or None for NumPy's
            global one.
        verbose: Whether training is told.

    Attributes:
        classes_: The classes, in order.
        model_: The trained `TableModel`.
        history_: What was measured in each epoch.
        n_iter_: How many epochs were trained.
        n_features_in_: How many columns there were.
        feature_names_in_: Their names, where they had some.

    Example:
        >>> from sklearn.model_selection import cross_val_score
        >>> X = np.random.default_rng(0).normal(size=(200, 2))
        >>> y = np.where(X[:, 0] > 0, "yes", "no")
        >>> scores = cross_val_score(cr.ChainruleClassifier(random_state=0), X, y, cv=2)
        >>> bool(scores.mean() > 0.9)
        True
    """

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Learn from rows.

        Args:
            X: The rows: a DataFrame, or an array (N, F).
            y: The class of each, (N,).

        Raises:
            ValueError: For what cannot be learned from. chainrule's own errors name row and column.
        """
        inputs, labels = self._learning(X, y)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        return self._train(inputs, "category", numbers)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, (N,)."""
        probabilities = self.predict_proba(X)
        found: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return found

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """The probability of each class for each row, (N, C), in the order of `classes_`."""
        return self._predicted(X, lambda table: self.model_.predict_proba(table))


class ChainruleRegressor(RegressorMixin, _TableEstimator):  # type: ignore[misc]
    """Predicts numbers from the columns of a table, as an estimator of scikit-learn.

    Arguments and attributes are those of `ChainruleClassifier`, without `classes_`.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> model = cr.ChainruleRegressor(random_state=0).fit(X, 3 * X[:, 0] - X[:, 1])
        >>> model.score(X, 3 * X[:, 0] - X[:, 1]) > 0.9
        True
    """

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Learn from rows.

        Args:
            X: The rows: a DataFrame, or an array (N, F).
            y: The number that belongs to each, (N,).

        Raises:
            ValueError: For what cannot be learned from. chainrule's own errors name row and column.
        """
        inputs, numbers = self._learning(X, y, dtype=np.float64)
        return self._train(inputs, "number", numbers)

    def predict(self, X: Any) -> NDArray[np.float32]:
        """The number of each row, (N,), as precise as the network computes: float32."""
        return self._predicted(X, lambda table: self.model_.predict(table))


# Arguments that are no settings of the same name.
_OWN = ("columns", "random_state", "verbose")


def _column(values: NDArray[Any]) -> NDArray[Any]:
    """A column of an array, as numbers where its objects are numbers."""
    if values.dtype != object:
        return values
    try:
        return values.astype(np.float64)
    except ValueError:
        return values


def _free_name(name: str, table: Table) -> str:
    """A name that no column has."""
    while name in table.names:
        name += "_"
    return name


def _split_rows(y: NDArray[Any], share: float, *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return random_split(len(y), share, seed=seed)


def _packed(model: TableModel) -> dict[str, Any]:
    """A model as data, without code: what is pickled."""
    return {
        "weights": {name: np.array(tensor) for name, tensor in model.network.state_dict().items()},
        "preparation": model.preparation.to_state(),
        "schema": model.schema,
        "settings": model.settings,
    }


def _unpacked(packed: Mapping[str, Any], plan: Plan) -> TableModel:
    preparation = Preparation.from_state(packed["preparation"])
    network = build(preparation, plan.architecture)
    network.load_state_dict(packed["weights"])
    return TableModel(network.eval(), preparation, packed["schema"], packed["settings"])
