"""Derivatives: the reverse walk, and what is built on it."""

from chainrule.autodiff.functional import grad, hessian, jacobian, jvp, value_and_grad, vjp
from chainrule.autodiff.gradcheck import gradcheck

__all__ = ["grad", "gradcheck", "hessian", "jacobian", "jvp", "value_and_grad", "vjp"]
