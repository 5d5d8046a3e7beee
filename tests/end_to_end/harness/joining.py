"""A subscriber that joins a busy bus: how soon it has all positions, and whether it misses messages
afterwards."""

import dataclasses
import time

import msgpack
import zmq

from harness.subscriber import snapshot_topic


@dataclasses.dataclass
class Joining:
    seconds: float    # from before connecting until the snapshot arrived
    accounts: int
    followed: int     # checked messages after the snapshot
    gaps: int        # how many of them do not continue the sequence


def join(endpoint, accounts, follow, keys=None, server_key=None, patience=10.0):
    """Joins, receives the snapshot of all accounts, and checks `follow` messages after it."""
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    try:
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.RCVTIMEO, int(patience * 1000))
        if keys:
            socket.curve_secretkey = keys.secret.encode()
            socket.curve_publickey = keys.public.encode()
            socket.curve_serverkey = server_key.encode()
        topic = snapshot_topic("all").encode()
        begin = time.monotonic()
        socket.connect(endpoint)
        for filter_ in (b"position.update.", b"account.status.", topic):
            socket.subscribe(filter_)
        last = {}
        while len(last) < accounts:
            subject, payload = socket.recv_multipart()
            if subject == topic:
                body = msgpack.unpackb(payload)
                last[body["account"]] = body["account_seq"]
        seconds = time.monotonic() - begin
        socket.unsubscribe(topic)
        gaps = followed = 0
        while followed < follow:
            _, payload = socket.recv_multipart()
            body = msgpack.unpackb(payload)
            followed += 1
            if body["account_seq"] != last[body["account"]] + 1:
                gaps += 1
            last[body["account"]] = body["account_seq"]
        return Joining(seconds, len(last), followed, gaps)
    finally:
        socket.close(linger=0)
        context.term()
