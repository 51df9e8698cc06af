"""What PyTorch and scikit-learn say, as an oracle for our own results.

Where the reference library is installed, it is asked live, and the recorded answer must agree with the live
one, so that recordings never go stale. Elsewhere the recorded answer is used: running the tests needs no
second framework.

A family of cases is a file `cases_<family>.py` here, its answers are `recorded/<family>.safetensors`. To add
a case, write it once, in the reference's own words (the first argument is the library; import nothing):

    # tests/oracle/cases_ops.py
    from tests.oracle.case import Cases, integers, normal, uniform

    cases = Cases("torch")

    cases.add("softmax", lambda torch, x: torch.softmax(x, dim=-1), x=normal(3, 4))
    for dim in (0, 1):
        cases.add(f"sum-dim{dim}", lambda torch, x, dim=dim: torch.sum(x, dim=dim), x=normal(3, 4))

    def adam(torch, w):
        optimizer = torch.optim.Adam([w], lr=0.1)
        ...
        return {"after_1": first, "after_9": last}  # detached copies: values only, no gradients

    cases.add("adam", adam, w=normal(5))

then record it and commit both files:

    python -m tests.oracle.record ops

Inputs are drawn with a seed made of the case's and the input's name, in float64 unless `dtype=` says
otherwise; a NumPy array may stand in place of a draw. A function returns a tensor (called "out"), a tuple
("out_0", "out_1", ...) or a dict. Where outputs depend on the inputs, the gradient of
`sum(output * oracle.cotangent(output.shape))` with respect to each floating input x is kept as "grad_x".
Where layouts differ (our pictures are channels-last), let the case permute on its way in and out, so that
its inputs, outputs and gradients are laid out as ours.

A test compares in one of two ways. If our code reads the same as PyTorch's, run the same function on both:

    @pytest.mark.parametrize("name", oracle.names("ops"))
    def test_agrees_with_torch(name):
        oracle.example("ops", name).check_library(chainrule)

and if it does not, take the inputs and check what you have (each name given is compared; leave out others):

    example = oracle.example("ops", "softmax")
    x = cr.tensor(example.inputs["x"], requires_grad=True)
    y = cr.nn.Softmax(dim=-1)(x)
    (y * cr.tensor(oracle.cotangent(y.shape))).sum().backward()
    example.check(out=y, grad_x=x.grad)

`example.expected` holds the answers as NumPy arrays. Shapes and dtypes must be equal, integers and bools
exactly so, float64 to 1e-10 and float32 to 1e-5 (relative). scikit-learn's cases begin with
`Cases("sklearn.metrics")`: their functions take that module and NumPy arrays, and return arrays or numbers;
there are no gradients.
"""

from tests.oracle.asking import Example, cotangent, example, families, names

__all__ = ["Example", "cotangent", "example", "families", "names"]
