"""Looking inside: where the time of a step goes."""

from chainrule.inspect.profile import KernelTime, LayerTime, Profile, profile

__all__ = ["KernelTime", "LayerTime", "Profile", "profile"]
