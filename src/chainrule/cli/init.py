"""`chainrule init`: a file of settings for data, with comments to edit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chainrule.data.readers import read_parts
from chainrule.errors import OutputExistsError
from chainrule.files import write_bytes
from chainrule.tables.run import with_target
from chainrule.tables.schema import Schema, infer_schema
from chainrule.tables.settings import Settings, toml_key, toml_value

_REST = """\
# What else can be said; what is not is chosen by the data.
# test = "test.csv"            # data of its own for the test
# folder = "../data"           # where data and test are, from this file; CHAINRULE_DATA says another
# test_share = 0.2             # otherwise: the share of rows held out for it
# validation_share = 0.15      # of the others, the share that says when to stop
# drop = ["name"]              # columns to leave out
# skip_broken = true           # pictures that cannot be read are left out, and told of
# keep = ["name"]              # columns to keep that a check would leave out
# missing = ["?"]              # words that stand for a missing value
# group = "customer"           # rows of one customer stay together in every split
# time = "date"                # the last rows in time are the test
# folds = 5                    # train and test on so many different splits first
# model = "mlp"                # or "linear"; for pictures "cnn", "resnet" ...
# augment = ["flip", "crop:4"] # pictures: also rotate, shift, scale, jitter, cutout, mixup, cutmix ...
# flip_average = true          # what is said of a picture is the mean with its mirror image
# shift_average = 1            # and with the picture moved by a pixel, both ways
# optimizer = "adamw"
# lr = 0.001
# momentum = 0.9               # sgd's; nesterov = true looks ahead
# weight_decay = 0.0005
# norm_bias_factor = 64        # the biases of BatchNorm learn so many times as fast
# schedule = "one-cycle"       # or "cosine", "linear"; otherwise by the validation
# label_smoothing = 0.1        # for three classes or more
# batch_size = 128
# skip_easy = 0.4              # each epoch leaves out so many rows, of the easier half
# epochs = 100
# patience = 16
# class_weight = "balanced"    # every class counts the same
# time_limit = 60              # seconds; of a schedule what fits
# memory = 2000000000          # bytes beyond which data is kept in files
# out = "runs/mine"            # the run folder
seed = 0
"""


def write_settings(data: Sequence[str], target: Sequence[str], path: Path, force: bool) -> None:
    """Write the file; nothing where there is one already, unless it may be replaced."""
    if path.exists() and not force:
        raise OutputExistsError("the file is there already.", where=str(path), remedy="--force, or another --out")
    table, _ = read_parts(list(data) if len(data) > 1 else data[0])
    settings = with_target(Settings(target=tuple(target)), table)
    schema = infer_schema(table, settings.target)
    sources = [str(Path(each).resolve()) for each in data]
    head = [
        f"# How to train on {table.name}: chainrule train {path}",
        f"data = {toml_value(sources if len(sources) > 1 else sources[0])}",
        f"target = {toml_value(list(settings.target) if len(settings.target) > 1 else settings.target[0])}",
        "",
    ]
    write_bytes(path, "\n".join([*head, _REST, *_types(schema)]).encode())
    print(f"wrote {path}: edit it, and train with chainrule train {path}")


def _types(schema: Schema) -> list[str]:
    """A line for each column that is used: its type, with the reason."""
    lines = ["# What each column is: number, category, boolean, date, picture.", "[columns]"]
    for field in schema.fields:
        known = f"{toml_key(field.name)} = {toml_value(field.kind)}"
        lines.append(f"{known}  # {field.reason}" if field.role in ("input", "target") else f"# {known}")
    return [*lines, ""]
