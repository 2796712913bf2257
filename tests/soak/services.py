# SPDX-License-Identifier: ISC
# services.py: the listeners of the soak, and what clients do with them.
import asyncio
import contextlib
import os

import hostile
from peers import NOISE, Client, Target, dial
from server import SECONDS, Failure, Server

CLOSE_SECONDS = 1
THANKS = "thank you\n" * 100


def noise(chance, most):
    """Up to `most` bytes, mostly few."""
    length = int(most ** chance.random())
    start = chance.randrange(len(NOISE) - length + 1)
    return NOISE[start : start + length]


# --- What a client of a service does once --------------------------------------------


async def converses(service, target, chance):
    client = await Client.open(target)
    for _ in range(chance.randint(1, 5)):
        question = service.question(chance, 20000)
        await client.ask(question, service.answer(question))
    await client.end()


async def sends_much(service, target, chance):
    client = await Client.open(target)
    question = b"".join(service.question(chance, 60000) for _ in range(chance.randint(1, 40)))
    await client.ask(question, service.answer(question))
    await client.end()


async def reads_slowly(service, target, chance):
    client = await Client.open(target, small=True)
    client.writer.transport.pause_reading()
    question = b"".join(service.question(chance, 60000) for _ in range(10))
    client.writer.write(question)
    await asyncio.sleep(chance.random() / 10)
    client.writer.transport.resume_reading()
    await client.ask(b"", service.answer(question))
    await client.end()


async def resets(service, target, chance):
    """Anywhere between the first byte and the whole answer."""
    client = await Client.open(target)
    question = service.question(chance, 200000)
    client.writer.write(question)
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(client.reader.read(len(question)), chance.random() / 50)
    client.reset()


async def leaves(service, target, chance):
    """Without a word, or with an answer that it does not read."""
    peer = dial(target)
    if chance.random() < 0.5:
        peer.send(service.question(chance, 1000))
    peer.close()


async def misbehaves(service, target, chance):
    """As in the test of isolation, for a moment."""
    kind = chance.choice([k for k in hostile.KINDS if k.address == ("tls:" in target.address)])
    held = None
    with contextlib.suppress(asyncio.TimeoutError):
        held = await asyncio.wait_for(kind.behave(target), 0.1)
    await asyncio.sleep(chance.random() / 10)
    if isinstance(held, asyncio.Future):
        held.cancel()
    elif held:
        held.close()


async def sends_and_is_reset(service, target, chance):
    client = await Client.open(target)
    client.writer.write(noise(chance, 20000))
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(client.reader.read(), 0.1)
    client.reset()


async def meets_others(service, target, chance):
    """Three at a time: what one says the other two hear."""
    if service.meeting:
        return
    service.meeting = True

    async def say(sender):
        said = noise(chance, 100000)
        sender.writer.write(said)
        for member in members:
            if member is not sender:
                await member.ask(b"", said)

    members = [await Client.open(target) for _ in range(3)]
    for sender in reversed(members):  # they are accepted in order: the last one meets all others
        await say(sender)
    first = members[0]
    first.writer.write_eof()
    await say(members[1])
    members.remove(first)
    first.reset()
    for _ in range(2):  # a write to it fails once the reset has come
        await say(members[1])
    for member in members:
        member.reset()
    service.meeting = False


GOOD = (converses, sends_much, reads_slowly, meets_others)

# --- The services ------------------------------------------------------------------------


class Service(Server):
    """A listener that answers each question with the same bytes."""

    DOES = [converses] * 4 + [sends_much, reads_slowly, resets, leaves, misbehaves]
    GREETING = b""

    def __init__(self, directory, name, words, addresses, *steps):
        words = [*words, "--close-timeout", str(CLOSE_SECONDS), addresses[0]]
        for address in addresses[1:]:
            words += ["--address", address]
        super().__init__(directory, name, *words, *steps)
        self.targets = [Target(address, greeting=self.GREETING) for address in self.addresses]
        self.met = 0

    def question(self, chance, most):
        return noise(chance, most)

    def answer(self, question):
        return question

    async def meet_client(self, chance):
        """What a good client gets is as expected; the others are left to their fate."""
        act = chance.choice(self.DOES)
        target = chance.choice(self.targets)
        try:
            await asyncio.wait_for(act(self, target, chance), SECONDS)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            if act in GOOD:
                last = self.said()[-1000:]
                raise Failure(f"{self.name}, {target.address}, {act.__name__}: {error!r}\n{last}") from error
        self.met += 1


class Lines(Service):
    """Each line is thanked for."""

    def question(self, chance, most):
        return noise(chance, most).replace(b"\n", b" ") + b"\n"

    def answer(self, question):
        return THANKS.encode() * question.count(b"\n")


class Proxied(Service):
    """The clients come through a load balancer."""

    GREETING = b"PROXY TCP4 127.0.0.1 127.0.0.1 1234 5678\r\n"


class Broken(Service):
    """It resets its clients."""

    DOES = [sends_and_is_reset, resets, leaves, misbehaves]


class Broker(Service):
    DOES = [meets_others]

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.meeting = False


def start_services(directory, *options):
    """Those that others dial come first."""

    def start(kind, name, words, addresses, *steps):
        return kind(directory, name, [*words.split(), *options], addresses, *steps)

    plain, tls = "127.0.0.1:0", "tls:127.0.0.2:0"
    unix = "unix:" + os.path.join(directory, "echo.socket")
    echo = start(Service, "echo", "echo", [plain, tls, unix])
    inner = echo.addresses
    listen = "listen -k"
    return [
        echo,
        start(Lines, "lines", listen, [plain, tls], "readline", "write", THANKS, "loop"),
        start(Service, "to", listen, [plain], "to", inner[0]),
        start(Service, "to-unix", listen, [tls], "to", inner[2]),
        start(Service, "to-tls", f"{listen} --insecure", [plain], "to", inner[1]),
        start(Service, "exec", listen, [plain, tls], "exec", "exec cat"),
        start(Service, "exec-pipe", listen, [plain], "exec", "cat | cat"),
        start(Broker, "broker", listen, [plain], "broker"),
        start(Proxied, "accept-proxy", "echo --accept-proxy", [plain, tls]),
        start(Service, "slow", "echo --fault delay=1ms --fault chunk=10K", [plain, tls]),
        start(Broken, "reset", "echo --fault reset-after=2000", [plain, tls]),
    ]
