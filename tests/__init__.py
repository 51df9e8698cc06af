"""The tests, which mirror the tree of `src/chainrule`; a package, so that they can share `tests.oracle`."""
