"""Data: read, check, split, preprocess, batch.

Every reader gives a `Dataset` (or a `Split` of them), whatever the data was, and everything after it works on
those: a new kind of data is a reader in a file of its own.

The files, in the order in which data flows:

- `readers` make a table of whatever a user has; `digits` and `idx` read the bundled digits and MNIST's files.
- `table` says what a table is, `values` what stands in a column of it; `writing` writes rows.
- `pictures` reads files of pictures, `cifar` the batches of CIFAR (`plain_pickle`: as data, not as code); `ahead` makes
  things ahead of their use.
- `dataset` says what they give; `checks` looks for mistakes in what a user hands over.
- `splitting` parts rows into training, validation and test, `folds` into parts that are each the test once.
- `preprocessing` learns from the training part how to change inputs. Encoders of categories and texts will stand
  beside it.
- `batches` cuts rows into batches, `harder` those that there is still something to learn from; `randomness` is where
  all their and the splits' random numbers come from.
"""

from chainrule.data.batches import Batches
from chainrule.data.checks import (
    check_class_indices,
    check_inputs,
    check_lengths,
    check_sample_weight,
    check_several_classes,
    check_targets,
    check_training_classes,
)
from chainrule.data.cifar import is_cifar_folder, load_cifar_folder
from chainrule.data.dataset import Dataset, Split
from chainrule.data.digits import load_digits
from chainrule.data.folds import k_fold
from chainrule.data.harder import HarderBatches
from chainrule.data.idx import is_idx_folder, load_idx_folder, read_idx
from chainrule.data.pictures import PictureFiles
from chainrule.data.preprocessing import Preprocessor, Scale, Standardize, State, preprocessor_from_state
from chainrule.data.readers import Options, read_parts, read_table, stream_tables
from chainrule.data.splitting import (
    group_split,
    random_split,
    split_dataset,
    stratified_split,
    time_split,
    train_test_split,
    validation_split,
)
from chainrule.data.table import ArrayTable, Table
from chainrule.data.values import Values
from chainrule.data.writing import RowWriter, check_output

__all__ = [
    "ArrayTable",
    "Batches",
    "Dataset",
    "HarderBatches",
    "Options",
    "PictureFiles",
    "Preprocessor",
    "RowWriter",
    "Scale",
    "Split",
    "Standardize",
    "State",
    "Table",
    "Values",
    "check_class_indices",
    "check_inputs",
    "check_lengths",
    "check_output",
    "check_sample_weight",
    "check_several_classes",
    "check_targets",
    "check_training_classes",
    "group_split",
    "is_cifar_folder",
    "is_idx_folder",
    "k_fold",
    "load_cifar_folder",
    "load_digits",
    "load_idx_folder",
    "preprocessor_from_state",
    "random_split",
    "read_idx",
    "read_parts",
    "read_table",
    "split_dataset",
    "stratified_split",
    "stream_tables",
    "time_split",
    "train_test_split",
    "validation_split",
]
