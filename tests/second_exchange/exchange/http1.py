"""HTTP/1.1 with the habits of a server."""

import asyncio
import dataclasses
import email.utils
import gzip
import http
import urllib.parse

PIECE = 7  # bytes, of an answer that dribbles


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict  # by names in lower case
    body: str

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return self.target.partition("?")[2]

    def parameters(self):
        return dict(urllib.parse.parse_qsl(self.query, keep_blank_values=True))


@dataclasses.dataclass
class Answer:
    status: int
    body: bytes
    headers: dict = dataclasses.field(default_factory=dict)
    kind: str = "application/json;charset=UTF-8"


async def read_request(reader):
    """None when the client has gone."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in
                   (line.partition(":") for line in lines[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
        return None
    return Request(method, target, headers, body.decode())


async def send_answer(writer, answer, habits):
    """Returns whether the connection stays open."""
    body = answer.body
    headers = {"Content-Type": answer.kind, "Server": "second"} | answer.headers
    if "no-date" not in habits:
        headers["Date"] = email.utils.formatdate(usegmt=True)
    if "gzip" in habits:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body)
    if "chunked" in habits:
        headers["Transfer-Encoding"] = "chunked"
        body = _chunks(body)
    else:
        headers["Content-Length"] = str(len(body))
    if "connection-close" in habits:
        headers["Connection"] = "close"
    phrase = http.HTTPStatus(answer.status).phrase
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{_cased(name, habits)}: {value}" for name, value in headers.items()]
    await send(writer, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body, habits)
    return "connection-close" not in habits and "silent-close" not in habits


async def send(writer, data, habits):
    """Sends bytes; in pieces, where that is the habit."""
    if "slow-bytes" not in habits:
        writer.write(data)
        await writer.drain()
        return
    # The first bytes one after the other: heads and lengths are torn apart.
    for start in range(0, min(len(data), 40 * PIECE), PIECE):
        writer.write(data[start:start + PIECE])
        await writer.drain()
        await asyncio.sleep(0.001)
    writer.write(data[40 * PIECE:])
    await writer.drain()


def _chunks(body, size=100):
    parts = [body[start:start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _cased(name, habits):
    if "lower-headers" in habits:
        return name.lower()
    return name.upper() if "upper-headers" in habits else name
