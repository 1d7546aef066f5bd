"""What lies in bytes as Zstandard frames (RFC 8878), wherever they begin: for tests that look for a text in what is compressed."""

import ctypes

MAGIC = b"\x28\xb5\x2f\xfd"
BYTE_COUNT_MAX = 256 << 20

_library = ctypes.CDLL("libzstd.so.1")
for _name in ("ZSTD_findFrameCompressedSize", "ZSTD_decompress"):
    getattr(_library, _name).restype = ctypes.c_size_t
_library.ZSTD_decompressBound.restype = ctypes.c_ulonglong


def unpacked(content: bytes) -> bytes:
    """The contents of all whole frames, one after the other."""
    found, at = [], content.find(MAGIC)
    while at >= 0:
        rest = content[at:]
        size = _library.ZSTD_findFrameCompressedSize(rest, ctypes.c_size_t(len(rest)))
        if not _library.ZSTD_isError(ctypes.c_size_t(size)):
            bound = _library.ZSTD_decompressBound(rest, ctypes.c_size_t(size))
            if bound > BYTE_COUNT_MAX:
                raise ValueError(f"a frame of {bound} bytes")
            buffer = ctypes.create_string_buffer(bound or 1)
            count = _library.ZSTD_decompress(buffer, ctypes.c_size_t(bound), rest, ctypes.c_size_t(size))
            if not _library.ZSTD_isError(ctypes.c_size_t(count)):
                found.append(buffer.raw[:count])
        at = content.find(MAGIC, at + 1)
    return b"".join(found)
