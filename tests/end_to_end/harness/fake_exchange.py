"""A minimal exchange that lets a test send anything to the bridge.

The simulated exchange is correct; this one sends what a test specifies. Without TLS, on loopback.
"""

import base64
import hashlib
import json
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FINAL = 0x80
_HANDSHAKE_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def frame(opcode, payload, is_final=True):
    """A frame of a server, which has no mask."""
    head = bytes([(FINAL if is_final else 0) | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + bytes([126]) + struct.pack("!H", len(payload)) + payload
    return head + bytes([127]) + struct.pack("!Q", len(payload)) + payload


class WebSocket:
    """The server side of an open connection; a thread of the server reads it."""

    def __init__(self, reader, connection):
        self._reader = reader
        self._connection = connection
        self._sending = threading.Lock()
        self.is_open = True

    def send_raw(self, data):
        with self._sending:
            self._connection.sendall(data)

    def send(self, payload, opcode=TEXT):
        self.send_raw(frame(opcode, payload if isinstance(payload, bytes) else payload.encode()))

    def serve(self):
        """Answers pings and subscriptions until the client disconnects."""
        try:
            while self._serve_frame():
                pass
        except OSError:
            pass
        self.is_open = False

    def _serve_frame(self):
        head = self._reader.read(2)
        if len(head) < 2:
            return False
        size = head[1] & 0x7F
        if size == 126:
            size, = struct.unpack("!H", self._reader.read(2))
        elif size == 127:
            size, = struct.unpack("!Q", self._reader.read(8))
        mask = self._reader.read(4)
        masked = self._reader.read(size)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked))
        opcode = head[0] & 0x0F
        if opcode == CLOSE:
            self.send_raw(frame(CLOSE, payload))
            return False
        if opcode == PING:
            self.send_raw(frame(PONG, payload))
        if opcode == TEXT:
            self.send(json.dumps({"result": None, "id": json.loads(payload)["id"]}))
        return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._serve_websocket()
        else:
            self._answer()

    def do_POST(self):
        self._answer()

    do_PUT = do_DELETE = do_POST

    def _answer(self):
        path = self.path.partition("?")[0]
        reply = self.server.exchange.replies.get(path)
        if path == "/fapi/v1/time":
            reply = json.dumps({"serverTime": time.time_ns() // 1_000_000})
        body = (reply if reply is not None else '{"code":-5000,"msg":"no such path"}').encode()
        self.send_response(200 if reply is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _serve_websocket(self):
        key = self.headers["Sec-WebSocket-Key"] + _HANDSHAKE_SUFFIX
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.wfile.flush()
        websocket = WebSocket(self.rfile, self.connection)
        self.server.exchange.connected(self.path, websocket)
        websocket.serve()
        self.close_connection = True

    def log_message(self, *arguments):
        """Suppresses the access log."""


class FakeExchange:
    """One account without positions, unless `replies` are changed before the bridge starts."""

    def __init__(self):
        self.replies = {
            "/fapi/v1/listenKey": '{"listenKey":"' + "k" * 64 + '"}',
            "/fapi/v1/accountConfig": '{"dualSidePosition":false,"multiAssetsMargin":false}',
            "/fapi/v1/symbolConfig": "[]",
            "/fapi/v3/positionRisk": "[]",
        }
        self.user_streams = []
        self.market_streams = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.exchange = self
        self.address = "127.0.0.1:%d" % self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,),
                                        daemon=True)
        self._thread.start()

    def connected(self, path, websocket):
        streams = self.user_streams if path.startswith("/private/") else self.market_streams
        streams.append(websocket)

    @property
    def user(self):
        """The open user stream."""
        return self.user_streams[-1]

    @property
    def market(self):
        return self.market_streams[-1]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
