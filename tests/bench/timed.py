"""Runs a command to its end and prints its status, its seconds and its largest resident memory in MiB.

A process of its own because Linux counts as a child's memory also what its parent held when it was started:
this one is small enough for that to be no matter. What the command prints is dropped.
"""

import os
import sys
import time

NOWHERE = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]

os.sync()
started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=NOWHERE)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
# macOS counts bytes where Linux counts KiB.
mib = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
print(os.waitstatus_to_exitcode(status), seconds, mib)
