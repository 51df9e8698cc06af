"""The transformations, alone and composed, against derivatives worked out by hand, differences and PyTorch."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, GradientError, ShapeError


def vector(*values: float) -> cr.Tensor:
    return cr.tensor(values, dtype=cr.float64)


def cubes(x: cr.Tensor) -> cr.Tensor:
    return (x**3).sum()


def mixed(x: cr.Tensor, y: cr.Tensor) -> cr.Tensor:
    return (x.sin() * y**2).sum() + x.prod()


def close(got: cr.Tensor, expected: object, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(got.detach().numpy(), np.asarray(expected), rtol=tolerance, atol=tolerance)


class TestGrad:
    def test_of_one_argument(self):
        x = vector(1.0, -2.0)
        close(cr.grad(cubes)(x), [3, 12])
        assert x.grad is None
        assert not x.requires_grad

    def test_of_several_arguments(self):
        x, y = vector(0.5, 1.5), vector(2.0, 3.0)
        gx, gy = cr.grad(mixed, argnums=(0, 1))(x, y)
        close(gx, np.cos([0.5, 1.5]) * [4, 9] + [1.5, 0.5])
        close(gy, 2 * np.sin([0.5, 1.5]) * [2, 3])
        close(cr.grad(mixed, argnums=-1)(x, y), gy.numpy())

    def test_of_lists_and_dicts(self):
        def loss(weights, x):
            return (weights["w"] * x + weights["b"][0]).sum()

        found = cr.grad(loss)({"w": vector(1.0, 2.0), "b": [vector(3.0)]}, vector(5.0, 6.0))
        close(found["w"], [5, 6])
        close(found["b"][0], [2])

    def test_with_the_value_and_with_more(self):
        def loss(x):
            return (x * x).sum(), {"double": x * 2, "name": "x"}

        (value, aux), gradient = cr.value_and_grad(loss, has_aux=True)(vector(3.0))
        close(value, 9)
        close(gradient, [6])
        close(aux["double"], [6])
        assert aux["name"] == "x"
        assert not aux["double"].requires_grad
        gradient, aux = cr.grad(loss, has_aux=True)(vector(3.0))
        close(gradient, [6])

    def test_keyword_arguments_are_passed_on(self):
        close(cr.grad(lambda x, power: (x**power).sum())(vector(2.0), power=3), [12])

    def test_an_argument_that_is_not_used_has_the_gradient_zero(self):
        gx, gy = cr.grad(lambda x, y: x.sum(), argnums=(0, 1))(vector(1.0), vector(1.0, 2.0))
        close(gx, [1])
        close(gy, [0, 0])
        close(cr.grad(lambda x: cr.tensor(3.0))(vector(1.0)), [0])

    def test_within_no_grad(self):
        with cr.no_grad():
            close(cr.grad(cubes)(vector(2.0)), [12])
            close(cr.grad(lambda x: cr.grad(cubes)(x).sum())(vector(2.0)), [12])

    def test_results_are_cut_off(self):
        value, gradient = cr.value_and_grad(cubes)(vector(2.0))
        assert not value.requires_grad
        assert not gradient.requires_grad
        assert gradient.is_leaf

    @pytest.mark.parametrize(
        ("function", "argument", "text"),
        [
            (lambda x: x * 2, vector(1.0, 2.0), "one floating number"),
            (lambda x: x.argmax(), vector(1.0, 2.0), "one floating number"),
            (lambda x: 3.0, vector(1.0), "float"),
            (cubes, cr.tensor([1, 2]), "floating tensors"),
        ],
    )
    def test_what_has_no_gradient(self, function, argument, text):
        with pytest.raises(GradientError, match=text):
            cr.grad(function)(argument)

    def test_an_argument_that_was_not_given(self):
        for transform in (cr.grad, cr.jacobian):
            with pytest.raises(ArgumentError, match="argnums"):
                transform(cubes, argnums=1)(vector(1.0))


class TestClosures:
    """Functions that close over weights which require a gradient themselves."""

    def test_the_gradient_leads_on_to_the_weight(self):
        w = cr.tensor([2.0, 3.0], dtype=cr.float64, requires_grad=True)
        gradient = cr.grad(lambda x: (w * x * x).sum())(vector(1.0, 1.0))
        close(gradient, [4, 6])
        gradient.sum().backward()
        close(w.grad, [2, 2])

    def test_the_weight_gets_no_gradient_by_the_transformation_alone(self):
        w = cr.tensor([2.0], dtype=cr.float64, requires_grad=True)
        cr.grad(lambda x: (w * x).sum())(vector(1.0))
        assert w.grad is None

    def test_a_gradient_penalty(self):
        w = cr.tensor(1.5, dtype=cr.float64, requires_grad=True)
        gradient = cr.grad(lambda x: (w * x).sin())(vector(0.3).reshape(()))
        ((gradient - 1) ** 2).backward()
        # d/dw (w cos(wx) - 1)²
        g = 1.5 * math.cos(0.45)
        close(w.grad, 2 * (g - 1) * (math.cos(0.45) - 1.5 * 0.3 * math.sin(0.45)))

    def test_the_hessian_of_a_closure(self):
        a = cr.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=cr.float64, requires_grad=True)
        found = cr.hessian(lambda x: x @ a @ x / 2)(vector(1.0, -1.0))
        close(found, [[2, 1], [1, 3]])

    def test_a_leaf_itself_as_the_argument(self):
        w = cr.tensor(3.0, requires_grad=True)
        gradient = cr.grad(lambda x: x * x)(w)
        gradient.backward()
        assert w.grad.item() == 2


class TestVjp:
    def test_pulls_back(self):
        y, pull_back = cr.vjp(lambda x: x * x, vector(1.0, 3.0))
        close(y, [1, 9])
        close(pull_back(vector(1.0, 10.0))[0], [2, 60])
        close(pull_back(vector(0.0, 1.0))[0], [0, 6])

    def test_several_results_and_arguments(self):
        _, pull_back = cr.vjp(lambda x, y: (x * y, x.sum()), vector(1.0, 2.0), vector(3.0, 4.0))
        gx, gy = pull_back((vector(1.0, 1.0), vector(10.0).reshape(())))
        close(gx, [13, 14])
        close(gy, [1, 2])

    def test_the_wrong_gradients(self):
        _, pull_back = cr.vjp(lambda x: x * x, vector(1.0, 3.0))
        with pytest.raises(ShapeError, match=r"expected: +\(2,\)"):
            pull_back(vector(1.0, 2.0, 3.0))
        with pytest.raises(ShapeError, match="one gradient a result"):
            pull_back((vector(1.0, 2.0), vector(1.0, 2.0)))

    def test_is_linear_in_the_gradient_and_differentiable_by_it(self):
        _, pull_back = cr.vjp(lambda x: x.exp(), vector(0.0, 1.0))
        found = cr.grad(lambda g: (pull_back(g)[0] * vector(1.0, 2.0)).sum())(vector(5.0, 6.0))
        close(found, [1, 2 * math.e])


class TestJvp:
    def test_pushes_forward(self):
        y, moved = cr.jvp(lambda x: x**3, (vector(1.0, 2.0),), (vector(1.0, 10.0),))
        close(y, [1, 8])
        close(moved, [3, 120])
        assert not moved.requires_grad

    def test_several_arguments_and_results(self):
        x, y = vector(1.0, 2.0), vector(3.0, 4.0)
        _, (da, db) = cr.jvp(lambda x, y: (x * y, x.sum()), (x, y), (vector(1.0, 0.0), vector(0.0, 1.0)))
        close(da, [3, 2])
        close(db, 1)

    def test_a_result_that_does_not_depend_on_the_argument(self):
        _, moved = cr.jvp(lambda x: cr.ones(3), (vector(1.0),), (vector(1.0),))
        close(moved, [0, 0, 0])

    def test_the_wrong_tangents(self):
        with pytest.raises(ShapeError, match="tangent"):
            cr.jvp(cubes, (vector(1.0),), (vector(1.0, 2.0),))
        with pytest.raises(GradientError, match="floating"):
            cr.jvp(lambda x: x > 0, (vector(1.0),), (vector(1.0),))


class TestJacobianAndHessian:
    def test_of_vectors(self):
        def polar(x):
            return cr.stack([x[0] * x[1].cos(), x[0] * x[1].sin()])

        close(
            cr.jacobian(polar)(vector(2.0, 0.5)),
            [[math.cos(0.5), -2 * math.sin(0.5)], [math.sin(0.5), 2 * math.cos(0.5)]],
        )

    def test_shapes(self):
        found = cr.jacobian(lambda x: (x @ cr.ones(3, 4, dtype=cr.float64)).sum(dim=0))(cr.ones(2, 3, dtype=cr.float64))
        assert found.shape == (4, 2, 3)
        close(found, np.ones((4, 2, 3)))
        assert cr.jacobian(lambda x: x[:0])(vector(1.0, 2.0)).shape == (0, 2)
        assert cr.jacobian(cubes)(vector(1.0, 2.0)).shape == (2,)

    def test_by_another_argument(self):
        x, y = vector(1.0, 2.0), vector(3.0, 4.0)
        for argnums in (1, -1):
            close(cr.jacobian(lambda a, b: a * b, argnums)(x, y), np.diag([1.0, 2.0]))
            close(cr.hessian(lambda a, b: (a * b**2).sum(), argnums)(x, y), np.diag([2.0, 4.0]))

    def test_keyword_arguments_are_passed_on(self):
        close(cr.jacobian(lambda x, power: x**power)(vector(2.0), power=3), [[12]])

    def test_the_hessian_is_symmetric(self):
        def rosenbrock(x):
            return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

        x = vector(-1.2, 1.0, 0.7)
        found = cr.hessian(rosenbrock)(x).numpy()
        np.testing.assert_allclose(found, found.T)
        np.testing.assert_allclose(found[0, 0], 1200 * 1.44 - 400 + 2)

    def test_a_result_that_is_no_tensor(self):
        with pytest.raises(GradientError, match="one tensor"):
            cr.jacobian(lambda x: (x, x))(vector(1.0))


class TestComposed:
    """Every transformation of every other, at one point of one function."""

    point = 0.7

    @staticmethod
    def f(x):
        return x.sin() * x**2

    def scalar(self):
        return cr.tensor(self.point, dtype=cr.float64)

    second = 2 * math.sin(0.7) + 4 * 0.7 * math.cos(0.7) - 0.49 * math.sin(0.7)
    third = 6 * math.cos(0.7) - 6 * 0.7 * math.sin(0.7) - 0.49 * math.cos(0.7)

    def test_grad_of_grad_of_grad(self):
        close(cr.grad(cr.grad(self.f))(self.scalar()), self.second)
        close(cr.grad(cr.grad(cr.grad(self.f)))(self.scalar()), self.third)

    def test_jvp_of_grad_and_grad_of_jvp(self):
        one = cr.tensor(1.0, dtype=cr.float64)
        close(cr.jvp(cr.grad(self.f), (self.scalar(),), (one,))[1], self.second)
        close(cr.grad(lambda x: cr.jvp(self.f, (x,), (one,))[1])(self.scalar()), self.second)

    def test_jvp_of_jvp(self):
        one = cr.tensor(1.0, dtype=cr.float64)

        def along(x):
            return cr.jvp(self.f, (x,), (one,))[1]

        close(cr.jvp(along, (self.scalar(),), (one,))[1], self.second)

    def test_vjp_of_grad_and_grad_of_vjp(self):
        one = cr.tensor(1.0, dtype=cr.float64)
        close(cr.vjp(cr.grad(self.f), self.scalar())[1](one)[0], self.second)
        close(cr.grad(lambda x: cr.vjp(self.f, x)[1](one)[0])(self.scalar()), self.second)

    def test_jacobian_of_grad_and_hessian(self):
        close(cr.jacobian(cr.grad(self.f))(self.scalar()), self.second)
        close(cr.hessian(self.f)(self.scalar()), self.second)
        close(cr.grad(lambda x: cr.hessian(self.f)(x))(self.scalar()), self.third)
        close(cr.jacobian(cr.jacobian(self.f))(self.scalar()), self.second)

    def test_a_hessian_vector_product_both_ways(self):
        x, v = vector(0.3, -0.8), vector(2.0, 1.0)
        whole = cr.hessian(mixed_with_itself)(x).numpy() @ v.numpy()
        close(cr.jvp(cr.grad(mixed_with_itself), (x,), (v,))[1], whole)
        close(cr.grad(lambda x: (cr.grad(mixed_with_itself)(x) * v).sum())(x), whole)

    def test_the_inner_derivative_does_not_see_the_outer_variable(self):
        # d/dx [x * d/dy (x + y)] = 1: the perturbations must not be confused.
        def outer(x):
            return x * cr.grad(lambda y: x + y)(self.scalar())

        close(cr.grad(outer)(self.scalar()), 1)

    def test_backward_through_a_transformation(self):
        x = cr.tensor(self.point, dtype=cr.float64, requires_grad=True)
        cr.grad(self.f)(x).backward()
        close(x.grad, self.second)

    def test_a_transformation_of_a_function_that_calls_backward(self):
        def inner(x):
            leaf = cr.tensor(2.0, dtype=cr.float64, requires_grad=True)
            (leaf * leaf).backward()
            return leaf.grad * x

        close(cr.grad(inner)(self.scalar()), 4)


def mixed_with_itself(x: cr.Tensor) -> cr.Tensor:
    return (x.exp() * x.flip(0)).sum()
