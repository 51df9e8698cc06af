"""The whole state of a training in one file, so that it goes on with the same bits."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from chainrule._tensor import Tensor
from chainrule.core.rewind import undone_if_failing
from chainrule.data import HarderBatches
from chainrule.errors import ChainruleError, FileFormatError, VersionError
from chainrule.nn.files import load_with_metadata, save
from chainrule.ops.convert import constant
from chainrule.ops.random import default_generator
from chainrule.training.history import History

if TYPE_CHECKING:
    from chainrule.training.session import Session

FORMAT = 1


def save_checkpoint(path: str | os.PathLike[str], session: Session) -> None:
    """Write weights, the optimizer's state, the random state, the epoch and the history: whole or not at all."""
    state = session.optimizer.state_dict()
    tensors = {f"model.{name}": tensor for name, tensor in session.model.state_dict().items()}
    for index, remembered in state["state"].items():
        tensors |= {f"optimizer.{index}.{name}": tensor for name, tensor in remembered.items()}
    tensors["random"] = default_generator().state
    if isinstance(session.batches, HarderBatches):
        tensors["losses"] = constant(session.batches.losses)
    about = {
        "format": FORMAT,
        "epoch": session.epoch,
        "param_groups": state["param_groups"],
        "history": session.history.to_dict(),
        "seed": session.batches.seed,
        "rows": session.batches.n_rows,
        "batch_size": session.batches.batch_size,
        "skip_easy": _skipped(session),
    }
    save(tensors, path, metadata={"chainrule.checkpoint": json.dumps(about)})


def resume(path: str | os.PathLike[str], session: Session) -> int:
    """Put a checkpoint's state back into `session`; the epoch to go on with.

    Raises:
        FileFormatError: If the file is broken or no checkpoint, or was made over other batches.
        VersionError: If a later version of chainrule wrote it.
        StateDictError: If its weights do not fit the model.
    """
    tensors, metadata = load_with_metadata(path)
    try:
        about = json.loads(metadata["chainrule.checkpoint"])
        if about["format"] > FORMAT:
            raise VersionError(
                "the checkpoint was written by a later version.",
                where=str(path),
                expected=f"format {FORMAT} or older",
                got=f"format {about['format']}",
                remedy="update: pip install -U chainrule",
            )
        _check_batches(path, about, session)
        history, epoch = History.from_dict(about["history"]), int(about["epoch"])
        with undone_if_failing():
            _restore(tensors, about["param_groups"], session)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ChainruleError):
            raise
        raise FileFormatError(
            "the file is no checkpoint.",
            where=str(path),
            expected="a file that ModelCheckpoint wrote",
            got="other tensors" if "chainrule.checkpoint" not in metadata else f"one that is broken: {error!r}",
        ) from None
    vars(session.history).update(vars(history))
    return epoch + 1


def _check_batches(path: str | os.PathLike[str], about: dict[str, Any], session: Session) -> None:
    """The order of the rows can only go on over the same batches."""
    given = (about["seed"], about["rows"], about["batch_size"], about.get("skip_easy", 0.0))
    own = (session.batches.seed, session.batches.n_rows, session.batches.batch_size, _skipped(session))
    if given != own:
        raise FileFormatError(
            "the checkpoint was made over other batches, so that the order would differ.",
            where=str(path),
            expected="seed {}, {} rows, batches of {}, skip_easy {:g}".format(*given),
            got="seed {}, {} rows, batches of {}, skip_easy {:g}".format(*own),
            remedy="give fit the same data, batch_size, seed and skip_easy, or load only the weights",
        )


def _skipped(session: Session) -> float:
    return session.batches.skip if isinstance(session.batches, HarderBatches) else 0.0


def _restore(tensors: dict[str, Tensor], param_groups: list[dict[str, Any]], session: Session) -> None:
    session.model.load_state_dict(_under("model.", tensors))
    remembered: dict[int, dict[str, Tensor]] = {}
    for key, tensor in _under("optimizer.", tensors).items():
        index, _, name = key.partition(".")
        remembered.setdefault(int(index), {})[name] = tensor
    random = tensors["random"]
    if isinstance(session.batches, HarderBatches):
        session.batches.losses[:] = tensors["losses"].numpy()
    session.optimizer.load_state_dict({"state": remembered, "param_groups": param_groups})
    default_generator().state.rebind(random.node)


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
