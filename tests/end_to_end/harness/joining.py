"""A subscriber that joins while messages fly: how soon it knows everything, and whether it misses
something afterwards."""

import dataclasses
import time

import msgpack
import zmq

from harness.subscriber import snapshot_topic


@dataclasses.dataclass
class Joining:
    seconds: float    # from the wish to connect until the snapshot was there
    accounts: int
    followed: int     # messages after the snapshot that were looked at
    holes: int        # of those, how many did not follow the one before


def join(endpoint, accounts, follow, keys=None, server_key=None, patience=10.0):
    """Joins, gets the snapshot of so many accounts, and looks at `follow` messages after it."""
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
        holes = followed = 0
        while followed < follow:
            _, payload = socket.recv_multipart()
            body = msgpack.unpackb(payload)
            followed += 1
            if body["account_seq"] != last[body["account"]] + 1:
                holes += 1
            last[body["account"]] = body["account_seq"]
        return Joining(seconds, len(last), followed, holes)
    finally:
        socket.close(linger=0)
        context.term()
