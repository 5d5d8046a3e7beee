"""Who asks: the API key, the signature and the time of a request."""

import hashlib
import hmac
import time
import urllib.parse

DEFAULT_WINDOW_MS = 5000
AHEAD_MS = 1000


class Refused(Exception):
    """An answer that is an error: HTTP status, code and message as the exchange words them."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def account_of(accounts, request):
    """The account whose API key the request carries."""
    api_key = request.headers.get("x-mbx-apikey", "")
    if not api_key:
        raise Refused(401, -2014, "API-key format invalid.")
    for account in accounts.values():
        if account.api_key == api_key:
            return account
    raise Refused(401, -2015, "Invalid API-key, IP, or permissions for action.")


def check_signature(account, request):
    """What is signed is every byte before `signature`, which is last."""
    signed, found, signature = request.query.rpartition("&signature=")
    if not found:
        raise Refused(400, -1102, "Mandatory parameter 'signature' was not sent, was empty/null, "
                                  "or malformed.")
    expected = hmac.new(account.api_secret.encode(), (signed + request.body).encode(),
                        hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature.lower()):
        raise Refused(400, -1022, "Signature for this request is not valid.")
    _check_time(dict(urllib.parse.parse_qsl(signed)))


def _check_time(parameters):
    now = int(time.time() * 1000)
    sent = int(parameters.get("timestamp", "0"))
    window = int(parameters.get("recvWindow", DEFAULT_WINDOW_MS))
    if sent >= now + AHEAD_MS:
        raise Refused(400, -1021, "Timestamp for this request was 1000ms ahead of the server's "
                                  "time.")
    if now - sent > window:
        raise Refused(400, -1021, "Timestamp for this request is outside of the recvWindow.")
