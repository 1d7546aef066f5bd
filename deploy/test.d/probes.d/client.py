"""Calls a URL with Python: requests over one connection, and asyncio, whose TLS runs over memory instead of sockets.

`failing` is an application whose partner answers for ten seconds and then fails for good: ten calls a second until it is ended.
"""

import asyncio
import ssl
import sys
import time
import warnings

import requests

warnings.simplefilter("ignore")


def with_requests(base: str) -> None:
    session = requests.Session()
    session.trust_env = False
    for number in range(3):
        session.post(f"{base}/requests/{number}?n={500 + number}&s={200 + number * 100}", json={"a": number}, verify=False,
                     allow_redirects=False)


def with_a_failing_partner(base: str) -> None:
    began = time.monotonic()
    while True:
        status = 200 if time.monotonic() < began + 10 else 503
        requests.get(f"{base}/v1/things?s={status}", verify=False)
        time.sleep(0.1)


async def with_asyncio(base: str, number: int) -> None:
    name, port = base.removeprefix("https://").split(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(name, int(port), ssl=context)
    writer.write(f"GET /asyncio/{number}?n={700 + number} HTTP/1.1\r\nhost: {name}:{port}\r\nconnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()


async def all_at_once(base: str) -> None:
    await asyncio.gather(*(with_asyncio(base, number) for number in range(4)))


if __name__ == "__main__":
    if sys.argv[2] == "requests":
        with_requests(sys.argv[1])
    elif sys.argv[2] == "failing":
        with_a_failing_partner(sys.argv[1])
    else:
        asyncio.run(all_at_once(sys.argv[1]))
