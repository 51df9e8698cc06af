"""The mathematical functions of the elementwise primitives, as vector code without calls to any library."""
