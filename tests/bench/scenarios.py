# SPDX-License-Identifier: ISC
# scenarios.py: what is measured, and with whom. The bars are in bars.py.
import importlib.util

import bars
import configs
from measures import (client_rate, dripping_line, file_transfer, forwarded_file, handshakes,
                      idle_memory, line_latency, lines, pipe_transfer, rate_beside_idle, serve_echo,
                      start_up)

# In a command line {liu}, {load}, {python}, {bufferevent}, {echo} and other names of yard_* are
# programs, {port} is a port. A server with {port} in its line is given a free one; others choose
# and say. {backend} is the port that a server forwards to, {config} a file with the text that
# follows the line.
LIU_ECHO = "{liu} echo 127.0.0.1:0"
LIU_ECHO_TLS = "{liu} echo tls:127.0.0.1:0 --cert {cert} --key {key}"
ASYNCIO_ECHO = "{python} {source}/asyncio_echo.py"
UVLOOP_LINES = {"uvloop": f"{ASYNCIO_ECHO} uvloop"} if importlib.util.find_spec("uvloop") else {}
BUFFEREVENT_ECHO = "{bufferevent} echo"
BUFFEREVENT_ECHO_TLS = "{bufferevent} echo-tls {cert} {key}"
SOCAT_ECHO = "socat TCP-LISTEN:{port},bind=127.0.0.1,fork,backlog=128 PIPE"
SOCAT_ECHO_64K = "socat -b 65536 TCP-LISTEN:{port},bind=127.0.0.1,fork,backlog=128,nodelay PIPE"
SOCAT_TO = "TCP-LISTEN:{port},bind=127.0.0.1"
SOCAT_TLS_TO = "OPENSSL-LISTEN:{port},bind=127.0.0.1,cert={pem},verify=0"
SOCAT_TLS_FROM = "OPENSSL:127.0.0.1:{port},verify=0"

PLAIN_TRANSFER = {
    "liu": ("{liu} listen 127.0.0.1:0", "{liu} connect 127.0.0.1:{port}"),
    "nc": ("nc -l 127.0.0.1 {port}", "nc -N 127.0.0.1 {port}"),
    "ncat": ("ncat -l --recv-only 127.0.0.1 {port}", "ncat --send-only 127.0.0.1 {port}"),
    "socat": (f"socat -u {SOCAT_TO} STDOUT", "socat -u STDIN TCP:127.0.0.1:{port}"),
    "splice": ("{splice} listen", "{splice} connect {port}"),
}
TLS_TRANSFER = {
    "liu": ("{liu} listen tls:127.0.0.1:0 --cert {cert} --key {key}",
            "{liu} connect --cacert {cert} tls:127.0.0.1:{port}"),
    "ncat": ("ncat -l --recv-only --ssl --ssl-cert {cert} --ssl-key {key} 127.0.0.1 {port}",
             "ncat --send-only --ssl 127.0.0.1 {port}"),
    "socat": (f"socat -u {SOCAT_TLS_TO} STDOUT", f"socat -u STDIN {SOCAT_TLS_FROM}"),
    "socat -b 65536": (f"socat -b 65536 -u {SOCAT_TLS_TO} STDOUT",
                       f"socat -b 65536 -u STDIN {SOCAT_TLS_FROM}"),
    "bufferevent": ("{bufferevent} listen-tls {cert} {key}", "{bufferevent} connect-tls {port}"),
    "SSL_read/write": ("{tls} listen {cert} {key}", "{tls} connect {port}"),
}

# With a backlog for 1,000 clients at once: SYNs that it has no room for come again a second later.
LIU_TO = "{liu} listen -k --backlog 4096 127.0.0.1:0 to 127.0.0.1:{backend}"
LIU_TLS_TO = "{liu} listen -k tls:127.0.0.1:0 --cert {cert} --key {key} to 127.0.0.1:{backend}"
SOCAT_FORK = "TCP-LISTEN:{port},bind=127.0.0.1,fork,backlog=4096"
FORWARDERS = {
    "liu": LIU_TO,
    "socat": f"socat {SOCAT_FORK} TCP:127.0.0.1:{{backend}}",
    "haproxy": ("haproxy -db -q -f {config}", configs.HAPROXY_COPY),
    "haproxy, splice": ("haproxy -db -q -f {config}", configs.HAPROXY_SPLICE),
    "nginx": ("nginx -c {config}", configs.NGINX),
    "read/write": "{forward} copy {backend}",
    "splice": "{forward} splice {backend}",
}
TLS_FORWARDERS = {
    "liu": LIU_TLS_TO,
    "stunnel": ("stunnel4 {config}", configs.STUNNEL),
    "haproxy": ("haproxy -db -q -f {config}", configs.HAPROXY_TLS),
    "SSL_read/write": "{tls} forward {cert} {key} {backend}",
}
TCPSERVER = "tcpserver -H -R -D -l 0 -c 200 -b 4096 127.0.0.1 {port}"


def some(forwarders, *names):
    return {name: forwarders[name] for name in ("liu", *names)}


class Scenario:
    """`peers` maps names to what `measure` takes, liu first. `limit` is the yardstick.
    `rounds`: no more of them. `slow`: not in the quick run.
    `few`: peers far from their bars that take long; they get the few rounds of those without."""

    def __init__(self, name, title, unit, measure, peers, limit=None, more_is_better=True,
                 rounds=None, slow=False, few=()):
        self.name = name
        self.title = title
        self.unit = unit
        self.measure = measure
        self.peers = peers
        self.bars = dict(bars.FACTORS.get(name, {}))
        self.most = bars.FIGURES.get(name)
        self.above_limit = bars.ABOVE_LIMIT.get(name)
        self.limit = limit
        self.more_is_better = more_is_better
        self.rounds = rounds
        self.slow = slow
        self.few = few

    def needs_all_rounds(self, peer):
        return peer in self.bars and peer not in self.few or peer in (self.limit, "liu", BEFORE)

    def compare_with_before(self):
        """Measure another liu, {before}, next to this one. A rate has a bar: it may not fall."""
        ours, *others = self.peers.items()
        self.peers = dict([ours, (BEFORE, of_before(ours[1])), *others])
        if self.more_is_better:
            self.bars[BEFORE] = bars.BEFORE_IN.get(self.name, bars.BEFORE)


BEFORE = "liu before"


def of_before(peer):
    """What `measure` takes, for the other liu."""
    if isinstance(peer, tuple):
        return tuple(map(of_before, peer))
    return peer.replace("{liu}", "{before}") if isinstance(peer, str) else peer


def idle(connections, slow):
    return Scenario(
        f"idle-{connections}", f"{connections:,} idle connections: memory of each", "B",
        idle_memory(connections),
        {"liu": LIU_ECHO, "asyncio": ASYNCIO_ECHO, "bufferevent": BUFFEREVENT_ECHO,
         "epoll": "{echo}"},
        more_is_better=False, rounds=1, slow=slow)


def idle_tls(connections, slow, others):
    return Scenario(
        f"idle-tls-{connections}", f"{connections:,} idle TLS connections: memory of each", "B",
        idle_memory(connections, "tls"),
        {"liu": LIU_ECHO_TLS, **others, "bare SSL": "{tls} idle {cert} {key}"},
        limit="bare SSL", more_is_better=False, rounds=1, slow=slow)


SCENARIOS = [
    Scenario(
        "file", "file -> TCP -> /dev/null", "GB/s", file_transfer("file"), PLAIN_TRANSFER,
        limit="splice"),
    Scenario(
        "pipe", "pipe -> TCP -> pipe", "GB/s", pipe_transfer,
        {name: PLAIN_TRANSFER[name] for name in ("liu", "nc", "socat", "splice")},
        limit="splice"),
    Scenario(
        "tls", "file -> TLS -> /dev/null", "GB/s", file_transfer("half"), TLS_TRANSFER,
        limit="SSL_read/write"),
    Scenario(
        "echo-64", "echo, 100 connections, 64 bytes", "messages/s",
        client_rate("{load} pingpong {port} 100 64 {seconds}"),
        {"liu": LIU_ECHO, "asyncio": ASYNCIO_ECHO, "bufferevent": BUFFEREVENT_ECHO,
         "socat": SOCAT_ECHO, "epoll": "{echo}"},
        limit="epoll", few=("asyncio",)),
    Scenario(
        "echo-64k", "echo, 50 connections, 64 KiB", "messages/s",
        client_rate("{load} pingpong {port} 50 65536 {seconds}"),
        {"liu": LIU_ECHO, "asyncio": ASYNCIO_ECHO, "bufferevent": BUFFEREVENT_ECHO,
         "socat": SOCAT_ECHO, "socat -b 65536": SOCAT_ECHO_64K, "epoll": "{echo}"},
        limit="epoll", few=("socat",)),
    Scenario(
        "echo-tls", "echo over TLS, 50 connections, 1 KiB", "messages/s",
        client_rate("{load} pingpong {port} 50 1024 {seconds} tls"),
        {"liu": LIU_ECHO_TLS, "bufferevent": BUFFEREVENT_ECHO_TLS}),
    Scenario(
        "server-lines", "readline, write, loop: 100 clients", "lines/s",
        client_rate("{load} pingpong {port} 100 64 {seconds}"),
        {"liu": f"{{liu}} listen -k 127.0.0.1:0 readline write {'x' * 63}\\n loop",
         "asyncio": f"{ASYNCIO_ECHO} asyncio", **UVLOOP_LINES, "epoll": "{echo} print"},
        limit="epoll", few=("asyncio",)),
    Scenario(
        "short", "connect, a byte, its echo, reset: 16 at once", "connections/s",
        client_rate("{load} short {port} 16 {seconds}"),
        {"liu": LIU_ECHO, "asyncio": ASYNCIO_ECHO, "socat": SOCAT_ECHO,
         "epoll": "{echo}"},
        limit="epoll", few=("socat",)),
    Scenario(
        "probe", "start-up: probe a port", "ms", start_up("{echo}", 100),
        {"liu": "{liu} connect 127.0.0.1:{port} close", "nc": "nc -z 127.0.0.1 {port}",
         "ncat": "ncat -z 127.0.0.1 {port}", "socat": "socat -u /dev/null TCP:127.0.0.1:{port}",
         "openssl version": "openssl version"},
        limit="openssl version", more_is_better=False),
    Scenario(
        "head", "start-up: headers of a local URL", "ms", start_up("{load} respond", 100),
        {"liu": "{liu} head http://127.0.0.1:{port}/", "curl": "curl -sI http://127.0.0.1:{port}/"},
        more_is_better=False),
    Scenario(
        "lines", "2 million lines of 60 bytes", "M lines/s", lines,
        {"liu": "{liu} connect 127.0.0.1:{port} readline {count}",
         "asyncio": "{python} {source}/asyncio_lines.py {port} {count}",
         "nc | head": "nc 127.0.0.1 {port} | head -n {count}",
         "memchr": "{lines} {port} {count}"},
        limit="memchr", few=("asyncio",)),
    Scenario(
        "line-latency", "a line that comes alone: until it is out", "us", line_latency,
        {"liu": "{liu} connect 127.0.0.1:{port} readline {count}",
         "nc": "nc 127.0.0.1 {port}"},
        more_is_better=False),
    Scenario(
        "drip", "256 KiB line, a byte at a time (quick: 64)", "s of user time", dripping_line,
        {"liu": ("{liu} connect --limit 1M unix:{path} readline", 256),
         "liu, half as long": ("{liu} connect --limit 1M unix:{path} readline", 128)},
        more_is_better=False, rounds=3),
    idle(1000, slow=False),
    idle(10000, slow=True),
    idle_tls(1000, slow=False, others={"bufferevent": BUFFEREVENT_ECHO_TLS}),
    idle_tls(10000, slow=True, others={}),  # its handshakes take long
    Scenario(
        "to-bulk", "forwarding: file -> TCP -> TCP -> /dev/null", "GB/s",
        forwarded_file("file", "{splice} connect {port}"),
        some(FORWARDERS, "socat", "nginx", "haproxy", "haproxy, splice", "splice"),
        limit="splice", rounds=5),
    Scenario(
        "to-64", "forwarding, 1,000 connections, 64 bytes", "messages/s",
        client_rate("{load} pingpong {port} 1000 64 {seconds}", serve_echo),
        some(FORWARDERS, "socat", "haproxy", "read/write"),
        limit="read/write", rounds=5, few=("socat",)),
    Scenario(
        "to-64k", "forwarding, 1,000 connections, 64 KiB", "messages/s",
        client_rate("{load} pingpong {port} 1000 65536 {seconds}", serve_echo),
        some(FORWARDERS, "socat", "haproxy", "haproxy, splice", "splice"),
        limit="splice", rounds=5, slow=True, few=("socat",)),
    Scenario(
        "to-short", "forwarding: a byte, echo, reset: 16 at once", "connections/s",
        client_rate("{load} short {port} 16 {seconds}", serve_echo),
        some(FORWARDERS, "socat", "haproxy", "read/write"),
        limit="read/write", rounds=5),
    Scenario(
        "to-idle", "forwarding: memory of an idle pair of 1,000", "B",
        idle_memory(1000, start=serve_echo),
        some(FORWARDERS, "haproxy", "read/write"), more_is_better=False, rounds=1),
    Scenario(
        "to-tls", "TLS termination: file -> TLS -> /dev/null", "GB/s",
        forwarded_file("half", "{tls} connect {port}"), TLS_FORWARDERS,
        limit="SSL_read/write", rounds=5),
    Scenario(
        "handshakes", "TLS termination: new connections", "per s of processor", handshakes,
        TLS_FORWARDERS, limit="SSL_read/write", rounds=5),
    Scenario(
        "exec-cat", "exec cat: there and back", "GB/s",
        client_rate("{load} roundtrip {port} {size}"),
        {"liu": "{liu} listen -k 127.0.0.1:0 exec cat", "socat": f"socat {SOCAT_FORK} EXEC:cat",
         "tcpserver": f"{TCPSERVER} cat", "posix_spawn": "{exec} cat"},
        limit="posix_spawn", rounds=5),
    Scenario(
        "exec-true", "exec true: 8 connections at once", "connections/s",
        client_rate("{load} ended {port} 8 {seconds}"),
        {"liu": "{liu} listen -k 127.0.0.1:0 exec true", "socat": f"socat {SOCAT_FORK} SYSTEM:true",
         "tcpserver sh": f"{TCPSERVER} sh -c true", "posix_spawn": "{exec} true"},
        limit="posix_spawn", rounds=5),
    Scenario(
        "broker", "broker: 64 bytes from one to 99 others", "received/s",
        client_rate("{load} broker {port} 100 64 {seconds}"),
        {"liu": "{liu} listen -k 127.0.0.1:0 broker",
         "ncat": "ncat --broker -m 200 -l 127.0.0.1 {port}", "epoll": "{broker}"},
        limit="epoll", rounds=5),
    Scenario(
        "beside-idle", "10 echo connections beside 10,000 idle", "messages/s", rate_beside_idle,
        {"liu": (LIU_ECHO, 10000), "liu beside 1,000": (LIU_ECHO, 1000),
         "liu beside none": (LIU_ECHO, 0), "epoll": ("{echo}", 10000)},
        rounds=3, slow=True),
]
