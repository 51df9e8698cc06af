import pytest

from chainrule import nn
from chainrule.errors import UnknownNameError
from chainrule.nn import losses

KERAS = {
    "mse": nn.MSELoss,
    "MSE": nn.MSELoss,
    "mean_squared_error": nn.MSELoss,
    "mae": nn.L1Loss,
    "mean_absolute_error": nn.L1Loss,
    "huber": nn.HuberLoss,
    "binary_crossentropy": nn.BCELoss,
    "categorical_crossentropy": nn.CategoricalCrossEntropy,
    "sparse_categorical_crossentropy": nn.CategoricalCrossEntropy,
    "hinge": nn.HingeLoss,
    "kl_divergence": nn.KLDivergence,
    "kld": nn.KLDivergence,
    "cosine_similarity": nn.CosineSimilarityLoss,
    "nll": nn.NLLLoss,
}


@pytest.mark.parametrize("name", KERAS)
def test_a_name_means_what_it_means_in_keras(name):
    assert type(losses.get(name)) is KERAS[name]


@pytest.mark.parametrize("name", losses.loss_names())
def test_every_form_takes_what_it_says(name):
    for takes, make in losses.forms(name).items():
        assert make().takes == takes
        assert type(losses.get(name, takes)) is type(make())


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("mes", "mse"),
        ("binary-crossentropy", "binary_crossentropy"),
        ("CategoricalCrossentropy", "categorical_crossent"),
    ],
)
def test_the_nearest_name_is_suggested(name, nearest):
    with pytest.raises(UnknownNameError, match=f"no loss called '{name}'") as error:
        losses.get(name)
    assert f"did you mean '{nearest}" in str(error.value)


def test_a_form_that_a_name_does_not_have():
    with pytest.raises(UnknownNameError, match="form of the loss 'mse'"):
        losses.get("mse", "logits")
