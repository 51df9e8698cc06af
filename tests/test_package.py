import subprocess
import sys
from importlib import resources

ADDED_BY_CHAINRULE = """
import sys
import numpy
before = set(sys.modules)
import chainrule
added = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(added - sys.stdlib_module_names - {"numpy"}))
"""


def test_importing_it_imports_nothing_else_but_numpy_and_the_standard_library():
    added = subprocess.check_output([sys.executable, "-c", ADDED_BY_CHAINRULE], text=True)
    assert added.split() == ["chainrule"]


def test_type_checkers_find_its_annotations():
    assert resources.files("chainrule").joinpath("py.typed").is_file()
