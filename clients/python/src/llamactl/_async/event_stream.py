"""The stream of events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from .._address import is_loopback
from .._answers import answer_error, excerpt, told_object
from .._event_place import EventPlace
from .._failures import LOST, late, meaning_of
from .._model import model_of
from .._options import OnInterruption, OnOpen
from .._retry import retry_delay
from ..errors import ConnectionError, Error, ProtocolError, UnauthorizedError
from ..models import EventType, Frame
from .resumption import Resumption
from .socket import EventSocket
from .transport import Transport

# Seconds within which a server that has events sends a first frame.
SETTLED = 10.0
# Close codes after which retrying does not help.
_REFUSALS = (1002, 1003, 1007, 1008, 1009, 1010)
_UNAUTHORIZED = 4401


async def stream_events(
    transport: Transport,
    *,
    instances: Iterable[str] | None,
    types: Iterable[EventType] | None,
    after_seq: int | None,
    on_open: OnOpen,
    on_interruption: OnInterruption,
) -> AsyncGenerator[Frame, None]:
    """Yield events across lost connections and restarts of the server, without missing or repeated ones."""
    # A single name is also a sequence, of its letters.
    names = [instances] if isinstance(instances, str) else None if instances is None else list(instances)
    kinds = None if types is None else list(types)
    place = EventPlace(names, kinds, after_seq)
    resumption = Resumption(transport, on_interruption)
    wish = {"type": "subscribe", "instances": names, "types": kinds}
    greeting = json.dumps({name: value for name, value in wish.items() if value is not None})
    address = transport.options.address
    has_been_open = False
    is_fresh = not transport.is_token_asked
    retries = 0
    while True:
        socket = None
        try:
            socket = await _open(transport, place)
            await socket.send(greeting)
            has_been_open = True
            is_fresh = not transport.is_token_asked
            if on_open is not None:
                on_open()
            while True:
                message = await socket.receive(None if place.is_known else SETTLED)
                if message is None:
                    place.waited()
                    continue
                frame = told_object(message, address, "event")
                if "type" not in frame or "seq" not in frame:
                    raise ProtocolError(f"{address} sent something that is no event: {excerpt(message)}", url=address)
                resumption.succeeded()
                if place.take(frame):
                    typed: Frame = model_of(Frame, frame)
                    yield typed
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                # A gap comes first, and a close frame last.
                place.waited()
            failure = _ending(closed, address)
            if isinstance(failure, UnauthorizedError) and transport.is_token_asked:
                # The token expired after the handshake. The next handshake checks the next token.
                await resumption.ended()
                continue
        except UnauthorizedError as error:
            if not is_fresh:
                is_fresh = True
                continue
            failure = error
        except Error as error:
            failure = error
        finally:
            if socket is not None:
                await socket.close()
        transport.connections.check()
        if has_been_open:
            await resumption.failed(failure)
            continue
        delay = retry_delay("GET", failure, retries, transport.options.retries, transport.timing.random())
        if delay is None:
            raise failure
        retries += 1
        await transport.sleep(delay)


async def _open(transport: Transport, place: EventPlace) -> EventSocket:
    options = transport.options
    transport.connections.check()
    url = f"{options.address}/api/ws"
    try:
        return await EventSocket.open(
            f"{url.replace('http', 'ws', 1)}?after_seq={place.after_seq}",
            headers=await transport.headers(),
            timeout=options.timeout,
            ssl_context=options.ssl_context,
            uses_proxy=not is_loopback(options.address),
            connections=transport.connections,
        )
    except InvalidStatus as refused:
        response = refused.response
        text = response.body.decode("utf-8", "replace") if response.body else ""
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        if response.status_code in (400, 426):
            message = f"{url} answers, but opens no WebSocket. Does a proxy on the way let them through?"
            raise ConnectionError(message, url=url) from refused
        raise answer_error(url, response.status_code, headers, text) from refused
    except InvalidMessage as error:
        message = f"No answer from {options.address}: {LOST}"
        raise ConnectionError(message, url=url) from error
    except InvalidHandshake as error:
        message = f"{url} answers, but opens no WebSocket ({error}). Does a proxy on the way let them through?"
        raise ConnectionError(message, url=url) from error
    except TimeoutError as error:
        raise late(url, options.timeout) from error
    except OSError as error:
        message = f"No answer from {options.address}: {meaning_of(error)}"
        raise ConnectionError(message, url=url, is_unsent=True) from error


def _ending(closed: ConnectionClosed, address: str) -> Error:
    """Return why a connection ended."""
    # A close frame of this side, such as after unanswered pings, was sent and not received.
    end = closed.rcvd
    code, reason = (1006, "") if end is None else (end.code, end.reason)
    said = f": {reason}" if reason else ""
    if code == _UNAUTHORIZED:
        message = reason or "The token is no longer valid; log in again."
        return UnauthorizedError(message, status=401, code="TOKEN_EXPIRED")
    if code in _REFUSALS:
        return ProtocolError(f"{address} ended the events ({code}){said}", url=address)
    return ConnectionError(f"The events of {address} ended ({code}){said}", url=address)
