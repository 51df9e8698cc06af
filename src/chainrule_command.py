"""Where the command `chainrule` begins: outside of the package, which takes a while to import.

Ctrl-C in that time ends the command as it does later; so hardly anything is imported before `main`.
"""

import sys

# As the shell has it: 128 and the signal's number.
INTERRUPTED, TERMINATED = 130, 143


def main() -> None:
    """Import the command, and run it."""
    try:
        import signal

        # An ordinary end, at which what is in the temporary directory is removed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        from chainrule.cli import main as command
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    command()
