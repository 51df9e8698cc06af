"""What tutorials write of tensors, word for word but for the library's name."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import functional as F


def test_numpys_argument_names():
    x = cr.arange(6.0).reshape(2, 3)
    assert x.sum(axis=0).tolist() == [3, 5, 7]
    assert x.sum(axis=[0, 1], keepdims=True).shape == (1, 1)
    assert x.mean(1, keepdims=True).shape == (2, 1)
    assert cr.cat((x, x), axis=1).shape == (2, 6)
    assert x.argmax(axis=1).tolist() == [2, 2]
    assert cr.softmax(x, axis=1).sum().item() == pytest.approx(2)
    with pytest.raises(TypeError, match="ax"):
        x.sum(ax=0)


def test_first_steps():
    x = cr.tensor([[1, 2], [3, 4]])
    ones, random = cr.ones_like(x), cr.rand_like(x, dtype=cr.float)
    assert (ones.shape, random.dtype) == ((2, 2), cr.float32)
    t = cr.ones(4, 4)
    t[:, 1] = 0
    t1 = cr.cat([t, t, t], dim=1)
    assert t1[..., -1].shape == (4,)
    y1, y2 = t @ t.T, t.matmul(t.T)
    assert cr.equal(y1, y2)
    assert (t * t).sum().item() == 12
    t.add_(5)
    assert t[0].tolist() == [6, 5, 6, 6]
    assert cr.from_numpy(np.ones(5)).dtype == cr.float64


def test_shapes_and_types():
    x = cr.arange(1.0, 10.0)
    stacked = cr.stack([x, x, x, x], dim=0)
    assert stacked.reshape(4, 1, 9).squeeze().unsqueeze(dim=0).shape == (1, 4, 9)
    picture = cr.rand(size=(224, 20, 3))
    assert picture.permute(2, 0, 1).shape == cr.permute(picture, (2, 0, 1)).shape == (3, 224, 20)
    assert cr.arange(start=0, end=100, step=10).type(cr.float32).mean().item() == 45
    assert cr.zeros_like(input=x).shape == x.shape
    cr.manual_seed(seed=42)
    first = cr.rand(3, 4)
    cr.manual_seed(seed=42)
    assert (first == cr.rand(3, 4)).all()
    with cr.inference_mode():
        assert not (cr.ones(2, requires_grad=True) * 2).requires_grad


def test_a_polynomial_fitted_by_hand():
    device, dtype = cr.device("cpu"), cr.float
    x = cr.linspace(-np.pi, np.pi, 2000, device=device, dtype=dtype)
    y = cr.sin(x)
    a, b = (cr.full((), 0.1, device=device, dtype=dtype, requires_grad=True) for _ in range(2))
    for _ in range(100):
        loss = (a * x + b * x**3 - y).pow(2).sum()
        loss.backward()
        with cr.no_grad():
            a -= 1e-6 * a.grad
            b -= 1e-6 * b.grad
            a.grad = None
            b.grad = None
    assert loss.item() < 500


def test_softmax_regression_from_scratch():
    W = cr.normal(0, 0.01, size=(4, 3), requires_grad=True)
    b = cr.zeros(3, requires_grad=True)
    X, y = cr.ones((2, 4)), cr.tensor([0, 2])

    def softmax(X):
        X_exp = cr.exp(X)
        return X_exp / X_exp.sum(1, keepdims=True)

    y_hat = softmax(cr.matmul(X.reshape((-1, W.shape[0])), W) + b)
    loss = -cr.log(y_hat[list(range(len(y_hat))), y]).mean()
    loss.backward()
    assert W.grad.shape == (4, 3)
    compared = y_hat.argmax(axis=1).type(y.dtype) == y
    assert 0 <= float(compared.type(y.dtype).sum()) <= 2
    W.grad.data.zero_()
    W.data += -50 * W.grad
    assert W.is_leaf


def test_counting_pairs_of_letters_and_drawing_from_them():
    N = cr.zeros((3, 3), dtype=cr.int32)
    for i, j in [(0, 1), (1, 2), (0, 1), (2, 0)]:
        N[i, j] += 1
    assert N.tolist() == [[0, 2, 0], [0, 0, 1], [1, 0, 0]]
    p = N.float()
    p /= p.sum(1, keepdims=True)
    g = cr.Generator().manual_seed(2147483647)
    assert cr.multinomial(p[0], num_samples=1, replacement=True, generator=g).item() == 1
    xenc = F.one_hot(cr.tensor([0, 1]), num_classes=3).float()
    W = cr.randn((3, 3), generator=g, requires_grad=True)
    counts = (xenc @ W).exp()
    probs = counts / counts.sum(1, keepdims=True)
    (-probs[cr.arange(2), cr.tensor([1, 2])].log().mean()).backward()
    assert W.grad.shape == (3, 3)


def test_backpropagation_by_hand():
    logits = cr.randn(4, 5, generator=cr.Generator(1), requires_grad=True)
    y = cr.tensor([0, 2, 1, 4])
    maxes = logits.max(1, keepdim=True).values
    counts = (logits - maxes).exp()
    probs = counts * counts.sum(1, keepdims=True) ** -1
    probs.retain_grad()
    loss = -probs.log()[range(4), y].mean()
    loss.backward()
    dlogits = F.softmax(logits.detach(), 1)
    dlogits[range(4), y] -= 1
    dlogits /= 4
    assert cr.allclose(dlogits, logits.grad, atol=1e-7)
    assert (dlogits - logits.grad).abs().max().item() < 1e-7
    assert probs.grad.shape == (4, 5)


def test_attention_with_a_causal_mask():
    B, T, C = 2, 4, 6
    g = cr.Generator(0)
    qkv = cr.randn(B, T, 3 * C, generator=g)
    q, k, v = (part.view(B, T, 2, C // 2).transpose(1, 2) for part in qkv.split(C, dim=2))
    att = (q @ k.transpose(-2, -1)) * k.size(-1) ** -0.5
    tril = cr.tril(cr.ones(T, T)).view(1, 1, T, T)
    att = F.softmax(att.masked_fill(tril[:, :, :T, :T] == 0, float("-inf")), dim=-1)
    assert att[0, 0, 0].tolist() == [1, 0, 0, 0]
    y = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
    assert y.shape == (B, T, C)
    data = cr.arange(20)
    batch = cr.stack([data[i : i + 4] for i in cr.randint(len(data) - 4, (3,), generator=g)])
    assert batch.shape == (3, 4)
    logits = cr.randn(2, 9, generator=g)
    values, _ = cr.topk(logits, min(3, logits.size(-1)))
    logits[logits < values[:, [-1]]] = -float("Inf")
    assert logits.isfinite().sum().item() == 6
