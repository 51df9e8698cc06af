"""The operations on tensors: primitives, one family a file, and what is composed of them.

From the ground up: `movement`, `convert`, `elementwise` and its families, `reduce`, `statistics`, `layout`, `index`,
`creation`, `indexing`, `sorting`, `contraction`, `einsum`, `convolution`, `pooling`, `interpolation`, `random`.
A primitive stands as an instance in capitals (`EXP`), the function that users call in small letters (`exp`).
"""
