"""The shop's own customers: they visit, order and ask, each at a steady average rate, on every host of the shop."""

import argparse
import random
import threading
import time
import urllib.request

import serving

RATES = {("GET", "/products"): 1.0, ("POST", "/orders"): 6.0, ("POST", "/questions"): 5.0}  # a second, on each host
THREADS_PER_RATE = 4
TIMEOUT_S = 20
WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask_forever(method: str, url: str, rate: float, seed: int) -> None:
    """A Poisson process. Slow answers delay the next question by no more than the customer's patience."""
    choose = random.Random(seed)
    due = time.monotonic()
    while True:
        due = max(due + choose.expovariate(rate), time.monotonic() - 1)
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            WITHOUT_PROXY.open(urllib.request.Request(url, method=method), timeout=TIMEOUT_S).read()
        except OSError:
            time.sleep(0.5)  # The shop is starting, stopping, or in trouble of its own.


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shop", action="append", required=True, metavar="URL")
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()

    seed = arguments.seed
    for shop in arguments.shop:
        for (method, path), rate in RATES.items():
            for _ in range(THREADS_PER_RATE):
                seed += 1
                work = (method, shop + path, rate / THREADS_PER_RATE, seed)
                threading.Thread(target=ask_forever, args=work, daemon=True).start()
    serving.wait_until_told()


if __name__ == "__main__":
    main()
