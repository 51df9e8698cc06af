"""Taking a hook away again."""

from __future__ import annotations

from typing import Any

from chainrule.core.changes import changes


class RemovableHook:
    """What registering a hook gives back: `remove()` takes the hook away."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks = hooks
        self._hook = hook

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)
            changes.steering += 1
