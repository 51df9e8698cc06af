"""Who predicts: each learns from the rows for training, and says what it predicts for those of the test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.tabular.tasks import Task

Predict = Callable[[Task, Any, Any, int], Any]


def chainrule(task: Task, training: Any, test: Any, seed: int) -> Any:
    """Ours by default: with its checks of the data, its baselines and its own test."""
    import chainrule as cr

    model = cr.train(training, target=task.target, test=test, columns=dict(task.columns), seed=seed, verbose=False)
    return model.predict(test)


def mlp(task: Task, training: Any, test: Any, seed: int) -> Any:
    """scikit-learn's perceptron behind the usual preparation; numbers to be predicted are standardised, as it needs."""
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    texts = categories(training.drop(columns=task.target))
    numbers = [name for name in training.columns if name not in (*texts, task.target)]
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), texts),
    )
    if task.has_classes:
        network = MLPClassifier(max_iter=1000, random_state=seed)
    else:
        network = TransformedTargetRegressor(
            MLPRegressor(max_iter=1000, random_state=seed), transformer=StandardScaler()
        )
    return learned(make_pipeline(prepared, network), task, training, test)


def boosting(task: Task, training: Any, test: Any, seed: int) -> Any:
    """scikit-learn's gradient-boosted trees, which take gaps and categories as they are."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task.has_classes else HistGradientBoostingRegressor
    as_categories = dict.fromkeys(categories(training.drop(columns=task.target)), "category")
    model = kind(categorical_features="from_dtype", random_state=seed)
    return learned(model, task, training.astype(as_categories), test.astype(as_categories))


def learned(model: Any, task: Task, training: Any, test: Any) -> Any:
    """What a model of scikit-learn predicts for the test."""
    model.fit(training.drop(columns=task.target), training[task.target])
    return model.predict(test.drop(columns=task.target))


def categories(frame: Any) -> list[str]:
    """The columns that are no numbers."""
    from pandas.api.types import is_numeric_dtype

    return [name for name in frame.columns if not is_numeric_dtype(frame[name])]


CONTESTANTS: dict[str, tuple[str, Predict]] = {
    "chainrule": ("chainrule", chainrule),
    "mlp": ("scikit-learn, MLP pipeline", mlp),
    "boosting": ("scikit-learn, HistGradientBoosting", boosting),
}
