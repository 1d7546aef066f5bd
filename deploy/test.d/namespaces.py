"""This process in a network of its own, and another host at the end of a cable.

What is tested there travels as real packets between two addresses, not round the loopback interface, and nobody
else's traffic is among it. The network goes with the process; children are in it, threads that ran before are not. Needs root.
"""

import ctypes
import os

from faults import AGENT_ADDRESS, AGGREGATOR_ADDRESS, Network

HERE, FAR = AGENT_ADDRESS, AGGREGATOR_ADDRESS
NOWHERE = "10.214.0.1"  # The far host has no way to it, and tells nobody: what is sent there vanishes.
CLONE_NEWNET = 0x40000000  # From <sched.h>.


def enter() -> Network:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"no network namespace: {os.strerror(ctypes.get_errno())}")
    return Network()
