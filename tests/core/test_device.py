import pytest

import chainrule as cr
from chainrule.errors import DeviceError


def test_what_tutorials_ask_first():
    device = cr.device("cuda" if cr.cuda.is_available() else "cpu")
    assert device == "cpu"
    assert device.type == "cpu"
    assert cr.accelerator.device_count() == 0
    x = cr.ones(2, device=device).to(device)
    assert x.device == device
    assert cr.randn(2, 3, device="cpu").cpu().shape == (2, 3)


@pytest.mark.parametrize(
    "use",
    [
        lambda: cr.device("cuda:0"),
        lambda: cr.ones(2).to("cuda"),
        lambda: cr.ones(2).to(device="mps"),
        lambda: cr.zeros(2, device="cuda"),
        lambda: cr.randn(2, device="cuda"),
        lambda: cr.tensor([1], device="cuda"),
        lambda: cr.randint(3, (2,), device="cuda"),
    ],
)
def test_other_devices_are_refused(use):
    with pytest.raises(DeviceError, match="CPU"):
        use()
