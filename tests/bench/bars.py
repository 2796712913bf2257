# SPDX-License-Identifier: ISC
# bars.py: what liu has to reach. A bar is never lowered to be met: who misses it says why in HACKING.

# scenario: peer: at least so many times its figure, or at most where less is better.
FACTORS = {
    "file": {"nc": 3, "ncat": 4, "socat": 4, "splice": 0.85},
    "pipe": {"nc": 1.25, "socat": 2, "splice": 0.9},
    "tls": {"ncat": 1.5, "socat": 1.5, "socat -b 65536": 1.0, "SSL_read/write": 0.95},
    "echo-64": {"epoll": 0.85, "socat": 2, "asyncio": 1.7, "bufferevent": 1.15},
    "echo-64k": {"epoll": 0.8, "asyncio": 1.5, "socat": 20},
    "short": {"epoll": 0.8, "socat": 4, "asyncio": 1.6},
    "probe": {"nc": 2.2},
    "head": {"curl": 0.4},
    "lines": {"asyncio": 12, "nc | head": 1, "memchr": 0.6},
    "server-lines": {"asyncio": 1.7, "uvloop": 1.3, "epoll": 0.8},
    "to-bulk": {"socat": 4, "haproxy": 2.5, "haproxy, splice": 0.75, "splice": 0.8},
    "to-64": {"socat": 1.5, "haproxy": 0.9, "read/write": 0.8},
    "to-64k": {"socat": 2, "haproxy": 1.5, "splice": 0.8},
    "to-short": {"haproxy": 0.9},
    "to-tls": {"stunnel": 1.0, "haproxy": 0.95},
    "handshakes": {"haproxy": 0.9},
    "exec-cat": {"socat": 2},
    "exec-true": {"socat": 1.3},
    "broker": {"epoll": 0.8, "ncat": 0.95},
    # How cost grows: linear in a line that drips, nothing for connections that idle.
    "drip": {"liu, half as long": 2.5},
    "beside-idle": {"liu beside none": 0.9},
}

# scenario: a figure.
FIGURES = {
    "idle-1000": 1638,
    "idle-10000": 1638,
    "line-latency": 1000,
    "to-idle": 4096,
}

# scenario: a figure above that of the limit.
ABOVE_LIMIT = {
    "idle-tls-1000": 2304,
    "idle-tls-10000": 2304,
}

# Where a rate is measured: of that of another liu (--against).
BEFORE = 0.9
BEFORE_IN = {"lines": 0.8}
