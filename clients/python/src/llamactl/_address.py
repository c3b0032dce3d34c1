"""Where a server is."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from ._options import QueryValue

DEFAULT_URL = "http://127.0.0.1:8080"


def address_of(url: str) -> str:
    """What paths are put behind: without a slash at its end, and without the `/api` of the documentation's base URL.

    Of a server whose `base_path` ends in `/api`, that is there twice.

    Raises:
        ValueError: it is no address.
    """
    # What people type may lack the protocol: `localhost:8080`.
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no address; it looks like {DEFAULT_URL}.") from error
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{url} is no address of HTTP or HTTPS.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("Credentials belong into `token`, not into the address.")
    if not parts.hostname or any(character.isspace() for character in url):
        raise ValueError(f"{url!r} is no address; it looks like {DEFAULT_URL}.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix("/api")
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{path}"


def origin_of(url: str) -> str:
    """Protocol, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(address: str) -> bool:
    """Whether it is of this machine, to which no proxy leads."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def step(name: str) -> str:
    """A name as one step of a path, encoded, so that none leads elsewhere.

    Raises:
        ValueError: no URL can carry it there: nothing at all, `.` and `..`.
    """
    if name in ("", ".", ".."):
        raise ValueError(f"{name!r} is no name: it must begin with a letter or digit.")
    # A lone half of a surrogate pair cannot be encoded.
    return quote(name, safe="", errors="replace")


def target_of(path: str, query: dict[str, QueryValue]) -> str:
    """A path, which may hold a query already, with a query; what is `None` is left out."""
    given = {name: _word(value) for name, value in query.items() if value is not None}
    if not given:
        return path
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}"


def query_of(target: str) -> dict[str, str]:
    """What stands behind a path, and may stand in it already."""
    return dict(parse_qsl(urlsplit(target).query))


def _word(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
