"""The machine's limit: what a loop of nothing but fused multiply-adds reaches, on as many threads."""

from __future__ import annotations

import argparse
import json

from benchmarks.threads import pin


def main() -> None:
    """Print the limit in floating-point operations a second, as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    pin(threads)
    from chainrule.native.limit import fma_limit

    print(json.dumps({"flops": fma_limit(threads)}))


if __name__ == "__main__":
    main()
