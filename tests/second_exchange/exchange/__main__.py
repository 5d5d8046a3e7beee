"""python3 -m exchange: serves until it is told to end. See README.md beside this folder."""

import argparse
import asyncio
import signal
import socket
import ssl
import struct
import time

from exchange import http1, websocket
from exchange.account import Account
from exchange.control import Control
from exchange.exchange import Exchange
from exchange.habits import HABITS, Habits
from exchange.streams import Connection

PONG_WITHIN_S = 600


class Server:
    def __init__(self, exchange):
        self._exchange = exchange

    async def serve(self, reader, writer):
        """One connection, for as long as it lasts."""
        try:
            while request := await self._next_request(reader, writer):
                if "sec-websocket-key" in request.headers:
                    await self._stream(reader, writer, request)
                    break
                answer = self._exchange.rest.answer(request)
                if not await http1.send_answer(writer, answer, self._exchange.habits):
                    break
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _next_request(self, reader, writer):
        """None at the end of the connection, which an idle one may meet soon."""
        idle = float(self._exchange.habits.value("reset-idle", "0")) or None
        try:
            return await asyncio.wait_for(http1.read_request(reader), idle)
        except asyncio.TimeoutError:
            # With nothing left to linger for, the end of a connection is a reset.
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return None

    async def _stream(self, reader, writer, request):
        habits = self._exchange.habits
        route = request.path.split("/")[1]
        stream = websocket.WebSocket(reader, writer, habits)
        connection = Connection(stream, route, habits)
        if route not in ("private", "market") or not connection.read_address(request.target):
            await http1.send_answer(writer, http1.Answer(404, b""), habits)
            return
        await websocket.accept(writer, request, habits)
        self._exchange.connections.add(connection)
        try:
            while (text := await stream.receive()) is not None:
                await connection.obey(text)
        finally:
            self._exchange.connections.discard(connection)


async def tick(exchange):
    while True:
        await asyncio.sleep(1 - time.time() % 1)
        await exchange.tick()


async def ping(exchange, interval):
    while True:
        await asyncio.sleep(interval)
        for connection in list(exchange.connections):
            if time.monotonic() - connection.websocket.last_pong > PONG_WITHIN_S:
                connection.websocket.abort()
            else:
                await exchange.to_each(lambda each: each.websocket.ping(), [connection])


def parse_arguments():
    parser = argparse.ArgumentParser(prog="exchange", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--account", action="append", required=True,
                        help="NAME:API_KEY:API_SECRET[:hedge]")
    parser.add_argument("--habit", action="append", default=[], metavar="NAME[=VALUE]",
                        help="; ".join(f"{name}: {text}" for name, text in HABITS.items()))
    parser.add_argument("--ping-interval", type=float, default=180.0)
    parser.add_argument("--certificate", help="a PEM file with key and certificate: TLS")
    return parser.parse_args()


async def main():
    arguments = parse_arguments()
    accounts = []
    for text in arguments.account:
        name, key, secret, *mode = text.split(":")
        accounts.append(Account(name, key, secret, hedge=mode == ["hedge"]))
    exchange = Exchange(Habits(arguments.habit), accounts)
    tls = None
    if arguments.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.certificate)
    await asyncio.start_server(Server(exchange).serve, "127.0.0.1", arguments.port, ssl=tls)
    await asyncio.start_server(Control(exchange).serve, "127.0.0.1", arguments.control_port,
                               limit=2 ** 20)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    tasks = [asyncio.ensure_future(task) for task in (
        ended.wait(), tick(exchange), ping(exchange, arguments.ping_interval))]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    for task in done:
        task.result()


asyncio.run(main())
