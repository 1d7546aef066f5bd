"""Certificate authorities of one's own, by openssl, for tests in which the ends of a connection prove who they are."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass
class Pair:
    certificate: Path
    key: Path

    def context(self, authority: Path) -> ssl.SSLContext:
        """For a client that shows it."""
        context = ssl.create_default_context(cafile=str(authority))
        context.load_cert_chain(self.certificate, self.key)
        return context


class Authority:
    """Signs certificates; its own is `certificate`."""

    def __init__(self, folder: Path, name: str = "authority"):
        self.folder, self.name = folder, name
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        run("req", "-x509", *CURVE, "-days", "30", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, file: str, common_name: str, names: str = "", use: str = "", days: int = 30) -> Pair:
        """`names` and `use` as openssl writes alternative names and extended key usage; a certificate of -1 days has expired."""
        key, request, certificate, extensions = (self.folder / f"{file}.{end}" for end in ("key", "csr", "pem", "ext"))
        run("req", "-new", *CURVE, "-subj", f"/CN={common_name}", "-keyout", key, "-out", request)
        lines = [f"subjectAltName={names}"] * bool(names) + [f"extendedKeyUsage={use}"] * bool(use)
        extensions.write_text("\n".join(lines) + "\n")
        run("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", str(days),
            "-extfile", extensions, "-out", certificate)  # fmt: skip
        for file in (key, certificate):
            file.chmod(0o644)
        return Pair(certificate, key)


def run(*arguments) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments[0]}: {done.stderr}")
