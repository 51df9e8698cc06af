"""What recipes need, and the recipes themselves: read, and begun on data that only looks like theirs."""

import os
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import augment, nn
from chainrule.cli.train import _in_folder
from chainrule.data.table import ArrayTable
from chainrule.errors import ArgumentError, MissingFileError, UnknownNameError
from chainrule.tables.choosing import choose
from chainrule.tables.preparation import Preparation
from chainrule.tables.schema import infer_schema
from chainrule.tables.settings import parse, read_settings
from chainrule.tables.training import _whiten

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))
# The shape that each one's pictures come in, and how many classes there are.
SHAPES = {"mnist": ((28, 28), 10), "cifar10": ((32, 32, 3), 10), "cats-dogs": ((48, 64, 3), 2)}


@pytest.fixture(autouse=True)
def compiled(tmp_path_factory, monkeypatch):
    """Programs that several of these tests need are compiled once."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path_factory.getbasetemp() / "compiled"))


def pictures(shape=(8, 8, 3), classes=3, rows=60):
    rng = np.random.default_rng(0)
    return {"picture": rng.integers(0, 256, (rows, *shape), np.uint8), "class": np.arange(rows) % classes}


def trained(table, **settings):
    return cr.train(table, target="class", verbose=False, columns={"class": "category"}, **settings)


def fitted(table):
    table = ArrayTable(table)
    return table, infer_schema(table, ["class"], kinds={"class": "category"}), np.arange(len(table))


SOON = {"model": "mlp", "epochs": 2, "batch_size": 16}


def test_what_is_said_of_the_optimizer_reaches_it():
    said = {"optimizer": "sgd", "lr": 0.5, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
    network = trained(pictures(), **SOON, **said).network
    [group] = network._compiled.optimizer.param_groups
    assert {name: group[name] for name in said if name not in ("optimizer", "lr")} == {
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.01,
    }


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "linear"])
def test_a_schedule_ends_near_nothing_after_all_epochs(schedule, capsys):
    network = cr.train(
        pictures(), target="class", columns={"class": "category"}, **SOON, lr=0.5, schedule=schedule
    ).network
    assert network._compiled.optimizer.lr < 1e-4
    assert f"2 epochs, to the end; the learning rate goes by the batch: {schedule}" in capsys.readouterr().out


def test_a_schedule_knows_of_the_rows_that_are_left_out(capsys):
    settings = {**SOON, "epochs": 4, "lr": 0.5, "schedule": "cosine", "skip_easy": 0.4}
    network = cr.train(pictures(), target="class", columns={"class": "category"}, **settings).network
    # 40 rows to train on: 3 batches, then 24 // 16 = 1 three times.
    assert "3 iterations in the first epoch, then 1" in capsys.readouterr().out
    assert network._compiled.optimizer.lr < 1e-8


def test_labels_are_smoothed():
    model = trained(pictures(), **SOON, label_smoothing=0.2)
    assert model.network._compiled.objective.loss.label_smoothing == 0.2
    assert "labels smoothed by 0.2" in model.preparation.targets["class"].describe()


def test_augmentation_stands_before_the_network_and_fills_with_the_mean():
    table = pictures()
    model = trained(table, **SOON, augment=["flip", "cutout:3"])
    flip, cutout = model.network[0]
    assert isinstance(flip, augment.RandomHorizontalFlip)
    np.testing.assert_allclose(cutout.fill, table["picture"].mean((0, 1, 2)), rtol=0.1)
    x = cr.tensor(np.full((1, 8, 8, 3), cutout.fill, np.float32))
    assert model.network[:2](x).abs().max().item() < 1e-2
    # In evaluation nothing is changed.
    assert (model.predict(table) == model.predict(table)).all()


def test_a_picture_and_its_mirror_image_are_seen_alike():
    table = pictures()
    model = trained(table, **SOON, flip_average=True)
    mirrored = {"picture": np.ascontiguousarray(table["picture"][:, :, ::-1])}
    np.testing.assert_allclose(model.predict_proba(table), model.predict_proba(mirrored), rtol=1e-5)
    assert model.network.train()(cr.tensor(table["picture"])).shape == (60, 3)


def test_a_picture_is_seen_where_it_is_and_moved():
    table = pictures()
    model = trained(table, **SOON, shift_average=1)
    network = model.network.eval()
    x = table["picture"][:4]
    around = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    looks = [x, around[:, :8, :8], around[:, 2:, 2:]]
    alone = nn.Sequential(dict(network.named_children())).eval()
    expected = np.mean([alone(cr.tensor(np.ascontiguousarray(look))).detach().numpy() for look in looks], axis=0)
    np.testing.assert_allclose(network(cr.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_biases_of_batch_norm_learn_faster():
    said = {"optimizer": "sgd", "lr": 0.5, "weight_decay": 0.01, "norm_bias_factor": 10}
    plan = choose(Preparation.fit(*fitted(pictures())), 60, parse(said | {"target": "class"}, "here"))
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    others, faster = plan.optimizer_of(network).param_groups
    assert [id(bias) for bias in faster["params"]] == [id(network[1].bias)]
    assert len(others["params"]) == 3
    assert (faster["lr"], faster["weight_decay"]) == (5.0, 0.001)


def test_the_biases_of_batch_norm_learn_faster_than_what_is_beside_muon():
    said = {"optimizer": "muon", "lr": 0.5, "weight_decay": 0.01, "norm_bias_factor": 10}
    plan = choose(Preparation.fit(*fitted(pictures())), 60, parse(said | {"target": "class"}, "here"))
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    groups = [group for group in plan.optimizer_of(network).param_groups if group["params"]]
    assert [(len(group["params"]), group["lr"]) for group in groups] == [(1, 0.5), (2, 0.5), (1, 5.0)]


def test_airbench_is_shown_the_training_pictures():
    x = pictures((16, 16, 3))["picture"]
    network = nn.Sequential(augment.Normalize.of(x), cr.models.get("airbench", (16, 16, 3), 3))
    _whiten(network, x)
    whitening = network[-1].whitening
    assert not whitening.weight.requires_grad
    # Half of the filters, which the others mirror: uncorrelated, and of variance 1.
    inside = whitening(network[0](cr.tensor(x)))[:, :-1, :-1]  # without the windows that reach into the padding
    found = (inside - whitening.bias).detach().numpy()[..., :12].reshape(-1, 12)
    np.testing.assert_allclose(found.T @ found / len(found), np.eye(12), atol=0.01)


BESIDE = {**pictures(), "size": np.arange(60.0)}


@pytest.mark.parametrize(
    ("table", "settings", "error", "said"),
    [
        (pictures(), {"momentum": 0.9}, ArgumentError, "the optimizer 'adam' has no momentum"),
        (pictures(), {"optimizer": "sgd", "nesterov": True}, ArgumentError, "needs momentum"),
        (pictures(), {"augment": ["fip"]}, UnknownNameError, "did you mean 'flip'"),
        (pictures(), {"augment": ["crop:x"]}, ArgumentError, "no number"),
        (pictures(), {"schedule": "onecycle"}, cr.errors.FileFormatError, "one-cycle"),
        (pictures(), {"label_smoothing": 1.0}, ArgumentError, "no share"),
        (pictures(), {"skip_easy": 0.7}, ArgumentError, "skip_easy: so many rows cannot be left out"),
        (pictures(), {"skip_easy": 0.3, "batch_size": 0}, ArgumentError, "one batch holds all rows"),
        (pictures(classes=2), {"label_smoothing": 0.1}, ArgumentError, "several classes"),
        (BESIDE, {"augment": ["flip", "mixup"]}, ArgumentError, "mixed or averaged where they are all"),
        (BESIDE, {"flip_average": True}, ArgumentError, "mixed or averaged where they are all"),
        (BESIDE, {"shift_average": 1}, ArgumentError, "mixed or averaged where they are all"),
        (pictures(), {"shift_average": -1}, ArgumentError, "too small"),
        (pictures(), {"shift_average": 8}, ArgumentError, r"(?s)at most 7, for pictures of 8 × 8.*shift_average$"),
        (pictures(), {"optimizer": "sgd", "momentum": 5}, ArgumentError, "momentum: so much momentum"),
        ({name: BESIDE[name] for name in ("size", "class")}, {"augment": ["flip"]}, ArgumentError, "only pictures"),
    ],
)
def test_what_cannot_be(table, settings, error, said):
    with pytest.raises(error, match=said):
        trained(table, epochs=1, **settings)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", "viele", "a whole number"),
        ("epochs", 1.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("seed", False, "a whole number"),
        ("lr", "fast", "a number"),
        ("lr", True, "a number"),
        ("nesterov", "perhaps", "true or false"),
        ("group", 3, "a text"),
        ("drop", 3, "a text, or a list of texts"),
        ("drop", [3], "a text"),
        ("columns", ["age"], "the types of columns by their names"),
        ("columns", {"age": 3}, "a text"),
        ("decimal", ";", "'.' or ','"),
        ("class_weight", "even", "'balanced'"),
        ("schedule", True, "'one-cycle', 'cosine' or 'linear'"),
    ],
)
def test_what_a_setting_is_to_be_is_said_in_plain_words(name, value, expected):
    with pytest.raises(cr.errors.FileFormatError) as raised:
        parse({name: value}, "run.toml")
    assert str(raised.value.where).startswith(f"run.toml, {name}")
    assert raised.value.expected == expected


def test_a_flag_is_a_flag():
    assert parse({"nesterov": True, "header": False, "skip_broken": True}, "here").header is False


def test_pictures_beside_other_columns_are_augmented_too():
    network = trained(BESIDE, epochs=1, augment="flip").network
    assert any(isinstance(module, augment.RandomHorizontalFlip) for module in network.modules())


# The data of a file of settings


def test_data_stands_in_the_folder_that_the_file_names(tmp_path, monkeypatch):
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    (tmp_path / "data" / "mnist").mkdir(parents=True)
    said = {"folder": "../data", "data": "mnist", "epochs": 3}
    assert _in_folder(said, tmp_path / "recipes" / "a.toml") == {
        "data": [str(tmp_path / "data" / "mnist")],
        "epochs": 3,
    }
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "data"))
    assert _in_folder(said, Path("elsewhere/a.toml"))["data"] == [str(tmp_path / "data" / "mnist")]


@pytest.mark.parametrize(("data", "got"), [("mnist", "nothing of this name"), (["a", "b"], "nothing of this name")])
def test_data_that_is_not_there(tmp_path, monkeypatch, data, got):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    with pytest.raises(MissingFileError, match="CHAINRULE_DATA=FOLDER") as caught:
        _in_folder({"folder": "data", "data": data}, Path("a.toml"))
    assert caught.value.got == got


# The recipes


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_begun(recipe):
    said = read_settings(recipe)
    given = {name: value for name, value in said.items() if name not in ("folder", "data", "test", "out", "columns")}
    assert parse(given, str(recipe)).seed == 0
    shape, classes = SHAPES[recipe.stem]
    rows = 6 * classes
    model = trained(pictures(shape, classes, rows), **given | {"epochs": 1, "batch_size": rows // 2})
    assert {"augment", "standardize", said["model"]} == {name for name, _ in model.network.named_children()}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_the_data_of_a_recipe(recipe):
    try:
        found = _in_folder(read_settings(recipe), recipe)
    except MissingFileError as error:
        pytest.skip(str(error).replace("\n", " "))
    assert all(os.path.exists(path) for path in found["data"])
