"""Derivatives under the names that PyTorch's tutorials use: `cr.autograd.grad(loss, weights)`. Names only."""

from chainrule.autodiff.functional import hessian, jacobian, jvp, vjp
from chainrule.autodiff.of_tensors import grad
from chainrule.core.modes import enable_grad, no_grad, set_grad_enabled

__all__ = ["enable_grad", "grad", "hessian", "jacobian", "jvp", "no_grad", "set_grad_enabled", "vjp"]
