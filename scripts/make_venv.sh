#!/bin/sh
# Make the virtual environment named by the argument anew, with the first Python on the PATH that is recent enough.
set -eu

found=
for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
    # A candidate may be missing, too old, or a launcher with nothing behind it.
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    found=$python
    # Debian and Ubuntu ship Python without what a virtual environment needs.
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || continue
    echo "Making $1 with $("$python" --version) ..."
    exec "$python" -m venv --clear "$1"
done

if [ -n "$found" ]; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$found (Python $version) cannot make virtual environments: its module ensurepip is missing." >&2
    echo "On Debian and Ubuntu install it with: sudo apt install python$version-venv" >&2
else
    echo "chainrule needs Python 3.11 or later, and there is none on the PATH." >&2
    echo "Install one from your system's packages or from https://www.python.org/downloads/, then run make again." >&2
fi
exit 1
