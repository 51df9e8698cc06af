"""Where tensors live: always the CPU. What tutorials say of devices is understood, and other devices are refused."""

from __future__ import annotations

from chainrule.errors import DeviceError

_KNOWN = ("cpu", "cuda", "mps", "xpu", "gpu", "tpu")


class Device(str):
    """The name of a device.

    >>> cr.device("cpu").type
    'cpu'
    """

    __slots__ = ()

    @property
    def type(self) -> str:
        """Its kind: the name without a number."""
        return self.partition(":")[0]


def device(device: str = "cpu") -> Device:
    """The device of that name, which must be the CPU.

    Raises:
        DeviceError: For any other device.

    >>> cr.device("cpu")
    'cpu'
    """
    if str(device).partition(":")[0] != "cpu":
        raise DeviceError("chainrule computes on the CPU.", expected="'cpu'", got=repr(device))
    return CPU


def is_device(name: object) -> bool:
    """Whether `name` is that of a device, rather than of a dtype."""
    return isinstance(name, str) and name.partition(":")[0] in _KNOWN


class NoAccelerator:
    """What a program asks before it chooses a device, as `cr.cuda` or `cr.accelerator`: there is none.

    >>> "cuda" if cr.cuda.is_available() else "cpu"
    'cpu'
    """

    @staticmethod
    def is_available() -> bool:
        """Whether there is such a device: never."""
        return False

    @staticmethod
    def device_count() -> int:
        """How many there are: none."""
        return 0


CPU = Device("cpu")
