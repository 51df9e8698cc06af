"""The command `chainrule`. Heavy imports (typer, rich) happen only when it runs."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command; the exit code is 0, 1 for what the user can mend, 2 for wrong usage, 130 after Ctrl-C."""
    from chainrule.cli.reporting import readable

    with readable():
        from chainrule.cli.app import app

        app(prog_name="chainrule")
