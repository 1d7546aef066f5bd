"""Control groups made by hand (cgroups(7)), as a service manager or a container runtime makes them for what it starts."""

import os
from pathlib import Path

# The unified hierarchy: by itself, or beside those of version 1.
ROOTS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified"))


class NoControlGroups(Exception):
    """They cannot be made here."""


class ControlGroup:
    """Use as a context; `enter` is for `preexec_fn`."""

    def __init__(self, name: str):
        self.name = name
        self._made: list[Path] = []

    def __enter__(self) -> "ControlGroup":
        root = next((root for root in ROOTS if (root / "cgroup.controllers").exists()), None)
        if root is None:
            raise NoControlGroups("there is no unified hierarchy of control groups")
        self.path = root
        try:
            for part in self.name.split("/"):
                self.path /= part
                if not self.path.exists():
                    self.path.mkdir()
                    self._made.append(self.path)
            with open(self.path / "cgroup.procs", "w"):
                pass
        except OSError as error:
            self.__exit__()
            raise NoControlGroups(str(error)) from error
        return self

    def __exit__(self, *_) -> None:
        for path in reversed(self._made):
            path.rmdir()

    def enter(self) -> None:
        """Puts the process that calls it there, and what that starts."""
        with open(self.path / "cgroup.procs", "w") as file:
            file.write(str(os.getpid()))
