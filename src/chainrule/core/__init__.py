"""The ground floor: what a value is, and how an operation is applied to values.

- `dtype`: the six dtypes and how they combine.
- `shape`: broadcasting and axes.
- `node`: `Node`, an immutable value with its origin, and `Handle`, the mutable reference that a tensor is.
- `primitive`: the rules that define an operation, and applying it under the current interpreter.
- `modes`: what steers the applying: gradient mode, the interpreter (evaluate by default), the layer at work.
- `abstract`: the interpreter that works out shapes only.
- `types`: how operations speak of tensors, which stand above them.
- `device`: the CPU, by name.
- `tree`: lists, tuples and dicts of tensors.
"""
