"""The team of threads survives what happens to processes: changes of its size, forks, signals, the end."""

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.native import threads
from tests.native.programs import shareable, started

ROOT = Path(__file__).parents[2]

can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch):
    monkeypatch.setattr("chainrule.config._num_threads", None)
    yield
    cr.config.threads_changed()


def said(script, timeout=120):
    """What a script prints, in a process of its own that must end by itself and well."""
    head = """
        import chainrule as cr
        from tests.native.programs import shareable, started
        """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]), "CHAINRULE_CACHE": "off"}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(head) + textwrap.dedent(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout.split()


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("chainrule ")]


def test_one_team_of_the_size_that_was_asked_for():
    running, other = started(*shareable()), started(*shareable())
    for count in (3, 1, 2, 4):
        cr.set_num_threads(count)
        running.executable.run()
        other.executable.run()
        if count > 1:
            assert len(workers()) == count - 1
    assert running.content() == other.content()


def test_fewer_threads_if_the_system_gives_no_more(monkeypatch):
    class Refused(threading.Thread):
        def start(self):
            if len(workers()) >= 1:
                raise RuntimeError("can't start new thread")
            super().start()

    expected = started(*shareable())
    cr.set_num_threads(1)
    expected.executable.run()
    monkeypatch.setattr(threading, "Thread", Refused)
    cr.set_num_threads(6)
    running = started(*shareable())
    running.executable.run()
    assert len(workers()) == 1
    assert running.content() == expected.content()
    running.executable.run()
    expected.executable.run()
    assert running.content() == expected.content()


def test_workers_that_sleep_are_woken(monkeypatch):
    """Without spinning they fall asleep after every section, with all chances to miss the next."""
    monkeypatch.setattr(threads, "_SPIN_SECONDS", 0)
    monkeypatch.setattr(threads, "_YIELD_SECONDS", 0)
    running, expected = started(*shareable()), started(*shareable())
    expected.executable.run(300)
    threads.current_team(3).stop()
    cr.set_num_threads(3)
    running.executable.run(300)
    threads.current_team(3).stop()
    assert running.content() == expected.content()


@can_fork
def test_a_child_has_threads_of_its_own_and_the_parent_keeps_its_own():
    output = said(
        """
        import os, threading
        cr.set_num_threads(3)
        running, twin = started(*shareable()), started(*shareable())
        running.executable.run(5)
        twin.executable.run(5)
        twin.executable.lock.acquire()  # as another thread might have, which the child has not
        child = os.fork()
        if child == 0:
            with twin.executable.lock:
                twin.executable.run(5)
            running.executable.run(5)
            same = twin.content() == running.content()
            os._exit(0 if same and threading.active_count() == 3 else 1)
        print(os.waitpid(child, 0)[1])
        running.executable.run(5)
        twin.executable.run(5)
        print(running.content() == twin.content())
        """
    )
    assert output == ["0", "True"]


@can_fork
def test_fork_while_another_thread_runs_a_step():
    output = said(
        """
        import os, threading
        cr.set_num_threads(2)
        busy, running = started(*shareable()), started(*shareable())
        stop = threading.Event()
        def work():
            while not stop.is_set():
                busy.executable.run(20)
        thread = threading.Thread(target=work)
        thread.start()
        running.executable.run()
        for _ in range(5):
            child = os.fork()
            if child == 0:
                running.executable.run(3)
                os._exit(0)
            print(os.waitpid(child, 0)[1])
        stop.set()
        thread.join()
        """
    )
    assert output == ["0"] * 5


def test_the_interpreter_ends_with_workers_that_wait():
    output = said(
        """
        cr.set_num_threads(4)
        running = started(*shareable())
        running.executable.run()
        print("done")
        """
    )
    assert output == ["done"]


def test_the_interpreter_ends_while_another_thread_runs_a_step():
    output = said(
        """
        import threading, time
        cr.set_num_threads(2)
        running = started(*shareable())
        running.executable.run()
        threading.Thread(target=running.executable.run, args=(10**9,), daemon=True).start()
        time.sleep(0.2)
        print("done")
        """
    )
    assert output == ["done"]
