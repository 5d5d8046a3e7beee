"""The server's end of a WebSocket (RFC 6455)."""

import asyncio
import base64
import collections
import hashlib
import struct
import time
import zlib

from exchange import http1

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MESSAGES_A_SECOND = 10


async def accept(writer, request, habits):
    """Answers the handshake."""
    key = request.headers["sec-websocket-key"] + _GUID
    digest = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {digest}"]
    if "lower-headers" in habits:
        lines[1:] = [line.partition(":")[0].lower() + ":" + line.partition(":")[2]
                     for line in lines[1:]]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    await writer.drain()


class WebSocket:
    def __init__(self, reader, writer, habits):
        self._reader = reader
        self._writer = writer
        self._habits = habits
        self._received = collections.deque(maxlen=MESSAGES_A_SECOND)
        self._frame = asyncio.Lock()
        self._message = asyncio.Lock()  # fragments of two messages must not mix
        self.last_pong = time.monotonic()
        self.pongs = 0

    async def receive(self):
        """The next message as text; None when the connection is over."""
        parts = []
        while True:
            try:
                opcode, final, payload = await self._read_frame()
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            if self._is_too_much():
                await self.close(1008, "Too many requests")
                return None
            if opcode == PING:
                await self._send_frame(PONG, payload)
            elif opcode == PONG:
                self.last_pong = time.monotonic()
                self.pongs += 1
            elif opcode == CLOSE:
                await self._send_frame(CLOSE, payload)
                return None
            else:
                parts.append(payload)
                if final:
                    return b"".join(parts).decode()

    async def send(self, text):
        async with self._message:
            await self._send_message(text.encode())

    async def _send_message(self, data):
        opcode = BINARY if "binary-frames" in self._habits else TEXT
        if "compressed-frames" in self._habits:
            deflate = zlib.compressobj(wbits=-15)
            data = (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
            await self._send_frame(opcode, data, reserved=0x40)
        elif "fragments" in self._habits and len(data) > 2:
            third = len(data) // 3
            await self._send_frame(opcode, data[:third], final=False)
            await self._send_frame(PING, b"between")
            await self._send_frame(CONTINUATION, data[third:2 * third], final=False)
            await self._send_frame(CONTINUATION, data[2 * third:])
        else:
            await self._send_frame(opcode, data)

    async def ping(self):
        await self._send_frame(PING, str(int(time.time() * 1000)).encode())

    async def close(self, code, reason=""):
        await self._send_frame(CLOSE, struct.pack("!H", code) + reason.encode())
        self._writer.close()

    def abort(self):
        """Ends the connection without a word."""
        self._writer.transport.abort()

    def _is_too_much(self):
        now = time.monotonic()
        full = len(self._received) == MESSAGES_A_SECOND and now - self._received[0] < 1
        self._received.append(now)
        return full

    async def _read_frame(self):
        first, second = await self._reader.readexactly(2)
        length = second & 0x7f
        if length == 126:
            length, = struct.unpack("!H", await self._reader.readexactly(2))
        elif length == 127:
            length, = struct.unpack("!Q", await self._reader.readexactly(8))
        if not second & 0x80:
            raise ConnectionError("a client has to mask its frames")
        mask = await self._reader.readexactly(4)
        masked = await self._reader.readexactly(length)
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))
        return first & 0x0f, bool(first & 0x80), payload

    async def _send_frame(self, opcode, payload, final=True, reserved=0):
        head = bytes([(0x80 if final else 0) | reserved | opcode])
        if len(payload) < 126:
            head += bytes([len(payload)])
        elif len(payload) < 65536:
            head += struct.pack("!BH", 126, len(payload))
        else:
            head += struct.pack("!BQ", 127, len(payload))
        async with self._frame:
            await http1.send(self._writer, head + payload, self._habits)
