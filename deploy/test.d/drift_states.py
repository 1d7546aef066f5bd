"""What drift has learned, as the aggregator keeps it (`DriftCore+State.swift`), made older: a test cannot wait for the half hour in which
answers are learnt, nor for the hour that a latency must hold."""

import ctypes
import ctypes.util
import struct

ZSTD = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
for name in ("ZSTD_decompress", "ZSTD_compress", "ZSTD_compressBound", "ZSTD_isError"):
    getattr(ZSTD, name).restype = ctypes.c_size_t
OPENED_MAX = 64 << 20


def age(installation, seconds: int) -> None:
    """Moves every time in the kept state back, and has the aggregator take it up as the state of another one before it."""
    packed = bytes.fromhex(installation.sql("SELECT encode(bytes, 'hex') FROM farwatch.snapshots WHERE name = 'drift'")[0][0])
    older = _packed(Ageing(_opened(packed), seconds).result())
    installation.sql(f"UPDATE farwatch.snapshots SET bytes = decode('{older.hex()}', 'hex') WHERE name = 'drift'; "
                     "UPDATE farwatch.leases SET holder = 'another', until = now() - interval '1 second' WHERE name = 'drift'")  # fmt: skip


class Ageing:
    """Reads the state from its beginning to its end, and writes its times anew where they stand."""

    def __init__(self, state: bytes, seconds: int):
        self.state, self.at, self.step = bytearray(state), 0, seconds * 10**9

    def result(self) -> bytes:
        assert self.number("<I") == 1, "another version of the state: see DriftCore+State.swift"
        self.number("<q")
        for _ in range(self.number("<I")):
            self.text(2)
            self.route()
            self.many(self.followed)
        assert self.at == len(self.state), "the state ends elsewhere"
        return bytes(self.state)

    def number(self, form: str):
        (value,) = struct.unpack_from(form, self.state, self.at)
        self.at += struct.calcsize(form)
        return value

    def time(self) -> None:
        (value,) = struct.unpack_from("<q", self.state, self.at)
        struct.pack_into("<q", self.state, self.at, value - self.step)
        self.at += 8

    def text(self, count: int = 1) -> None:
        for _ in range(count):
            size = self.number("<I")
            self.at += size

    def many(self, read) -> None:
        for _ in range(self.number("<I")):
            read()

    def maybe(self, read) -> None:
        if self.number("<B"):
            read()

    def route(self) -> None:
        self.time()
        self.many(lambda: (self.text(), self.family()))
        self.at += 9 * 8  # Three times three numbers of the latency.
        self.time()
        self.many(lambda: (self.text(), self.time()))
        self.many(self.text)

    def family(self) -> None:
        self.at += 8
        self.time()
        self.at += 8
        self.many(self.feature)

    def feature(self) -> None:
        self.text()
        self.at += 16
        self.time()
        self.at += 8
        self.maybe(self.candidate)

    def candidate(self) -> None:
        self.at += 1 + 8
        self.time()
        self.at += 24
        self.many(self.text)
        self.many(self.text)

    def followed(self) -> None:
        self.text(4)
        self.maybe(self.text)
        self.maybe(self.text)
        # What a notice says of its time stays what it says.
        self.maybe(lambda: self.number("<q"))
        self.time()
        self.time()
        self.at += 24
        self.many(self.text)
        self.at += 1
        self.text()
        self.many(self.text)


def _opened(packed: bytes) -> bytes:
    room = ctypes.create_string_buffer(OPENED_MAX)
    size = ZSTD.ZSTD_decompress(room, ctypes.c_size_t(OPENED_MAX), packed, ctypes.c_size_t(len(packed)))
    assert not ZSTD.ZSTD_isError(ctypes.c_size_t(size)), "the state is not what zstd wrote"
    return room.raw[:size]


def _packed(opened: bytes) -> bytes:
    bound = ZSTD.ZSTD_compressBound(ctypes.c_size_t(len(opened)))
    room = ctypes.create_string_buffer(bound)
    size = ZSTD.ZSTD_compress(room, ctypes.c_size_t(bound), opened, ctypes.c_size_t(len(opened)), 1)
    assert not ZSTD.ZSTD_isError(ctypes.c_size_t(size))
    return room.raw[:size]
