"""From a graph to kernels: an ordered list of named passes."""
