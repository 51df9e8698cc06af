"""`chainrule cache`: the compiled programs that are kept on disk."""

from __future__ import annotations

from chainrule import config
from chainrule.native.cache import Contents, clear, contents


def show_cache() -> None:
    """Print where compiled programs are kept, how many there are, and their size."""
    folder = config.cache_folder()
    if folder is None:
        print("compiled programs are not kept: CHAINRULE_CACHE is off, or there is no home folder")
        return
    print(f"folder    {folder}")
    print(f"programs  {_text(contents(folder))}")
    print(f"limit     {config.cache_megabytes():,} MB")


def clear_cache() -> None:
    """Remove all compiled programs."""
    folder = config.cache_folder()
    removed = clear(folder) if folder is not None else Contents(0, 0)
    print(f"removed {_text(removed)}")


def _text(found: Contents) -> str:
    return f"{found.entries:,}, {found.size / 1e6:,.1f} MB"
