"""What becomes of errors: one readable text on standard error, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from chainrule.errors import ChainruleError

# What the user can mend; and, as the shell has it, what Ctrl-C ended.
MENDABLE, INTERRUPTED = 1, 130


@contextmanager
def readable() -> Iterator[None]:
    """Within the block, or the decorated function, errors are told and end the command.

    Characters that the terminal's encoding does not have are written as escapes, rather than failing; and every line at
    once, so that nobody waits for it behind a pipe.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    try:
        yield
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has seen enough. What is still buffered must not fail at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except (ChainruleError, OSError) as error:
        _end(f"error: {error}", MENDABLE)
    except MemoryError as error:
        _end(f"error: there is not enough memory: {error}\n  remedy:   a smaller --batch-size or model", MENDABLE)
    except KeyboardInterrupt:
        _end("\ninterrupted: nothing was written", INTERRUPTED)


def _end(text: str, code: int) -> NoReturn:
    print(text, file=sys.stderr)
    raise SystemExit(code) from None
