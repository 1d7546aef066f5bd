"""Ports and settings files for one run of the quickstart."""

import atexit
import socket
from dataclasses import dataclass
from pathlib import Path

DEFAULTS = {"receivers": 4318, "health": 7070, "ingest": 7443, "api": 7080}

AGGREGATOR = """\
state_directory: {state}/aggregator
ingest:
  listen: 127.0.0.1:{ingest}
partner_pages:
  enabled: false
api:
  listen: 127.0.0.1:{api}
"""

PAGER = """\
notifiers:
  pager:
    type: webhook
    url: http://127.0.0.1:{pager}/farwatch
    secrets: ["{pager_secret}"]
    allow_private: true
"""

# One agent stands for three hosts here, so it has to believe the host names in their spans: never do so in production.
AGENT = """\
state_directory: {state}/agent
receive:
  listen: 127.0.0.1:{receivers}
  trust_host: true
health:
  listen: 127.0.0.1:{health}
forward:
  endpoints: ["http://127.0.0.1:{ingest}"]
  token: file:{state}/agent.token
host:
  name: quickstart
  region: eu-west-1
  environment: quickstart
"""


# Only what goes out by this one port: the calls of the other hosts are reported, and would be seen a second time.
CAPTURE = """\
capture:
  packets: "on"
  interface: lo
  ports: [{watched}]
"""


@dataclass
class Ports:
    receivers: int
    health: int
    ingest: int
    api: int

    @staticmethod
    def choose(say) -> "Ports":
        """The documented ports where they are free, else any: all loopback."""
        return Ports(**{name: _free_port(name, port, say) for name, port in DEFAULTS.items()})


def _free_port(name: str, wanted: int, say) -> int:
    if _can_listen(wanted):
        return wanted
    port = free_port()
    say(f"port {wanted} ({name}) is taken: using {port}")
    return port


_reserved: list[socket.socket] = []


def free_port() -> int:
    """Given to nobody else on this machine while this process lives, and nobody listens there until somebody is told to.

    The kernel gives a port that is bound neither to those who ask for any nor to connections; a server, which allows the
    address to be used again as all of ours do, may listen there.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    _reserved.append(reserved)
    return reserved.getsockname()[1]


@atexit.register
def _give_back() -> None:
    while _reserved:
        _reserved.pop().close()


def _can_listen(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def write(
    state: Path, ports: Ports, pager: int | None = None, pager_secret: str = "", watched: int | None = None
) -> None:
    """Without the port of a pager nobody is woken; `watched` is a port whose packets the agent reads."""
    values = {"state": state, "pager": pager, "pager_secret": pager_secret, "watched": watched, **vars(ports)}
    (state / "aggregator.yaml").write_text((AGGREGATOR + (PAGER if pager else "")).format(**values))
    (state / "agent.yaml").write_text((AGENT + (CAPTURE if watched else "")).format(**values))


def write_token(state: Path, token: str) -> None:
    path = state / "agent.token"
    path.touch(mode=0o600)
    path.write_text(token)
