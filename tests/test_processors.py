"""The number of processors follows the affinity mask and the quotas of control groups."""

import os

import pytest

from chainrule.processors import available

V2, V1 = "0::/user/job\n", "3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n1:memory:/docker/abc\n"


@pytest.fixture(autouse=True)
def eight(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        (V2, {}, 8),
        (V2, {"user/job/cpu.max": "300000 100000"}, 3),
        (V2, {"user/job/cpu.max": "max 100000", "user/cpu.max": "250000 100000"}, 2),
        (V2, {"user/job/cpu.max": "600000 100000", "cpu.max": "400000 100000"}, 4),
        (V2, {"user/job/cpu.max": "50000 100000"}, 1),
        (V2, {"user/job/cpu.max": "9900000 100000"}, 8),
        (V2, {"user/job/cpu.max": "nonsense"}, 8),
        (V1, {"cpu/docker/abc/cpu.cfs_quota_us": "200000", "cpu/docker/abc/cpu.cfs_period_us": "100000"}, 2),
        (V1, {"cpu/cpu.cfs_quota_us": "500000", "cpu/cpu.cfs_period_us": "100000"}, 5),
        (V1, {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("nonsense", {}, 8),
    ],
)
def test_quotas(tmp_path, groups, files, expected):
    for path, content in {"proc/self/cgroup": groups, **{f"sys/fs/cgroup/{k}": v for k, v in files.items()}}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    assert available(tmp_path) == expected


def test_systems_without_control_groups(tmp_path, monkeypatch):
    assert available(tmp_path) == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available(tmp_path) == 1
