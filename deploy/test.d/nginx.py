"""nginx as an application that knows nothing of Farwatch: a proxy that calls a partner by TLS, and a server of webhooks."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

CONFIGURATION = """
daemon off;
master_process off;
user root;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{proxy_port};
        location / {{
            proxy_pass {upstream};
            proxy_http_version 1.1;
            proxy_ssl_server_name on;
            proxy_set_header Host {host};
        }}
        location /taken/ {{ return 202 "taken"; }}
    }}
    server {{
        listen 127.0.0.1:{hook_port} ssl http2;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        # Read to its end before it is answered, as an application does.
        location / {{ proxy_pass http://127.0.0.1:{proxy_port}/taken/; }}
    }}
}}
"""
READY_WITHIN_S = 120


class Nginx:
    def __init__(self, upstream: str, key: Path, certificate: Path, proxy_port: int, hook_port: int):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin")
        assert program, "these tests need nginx (Debian: nginx-light)"
        self.proxy, self.hooks = f"http://127.0.0.1:{proxy_port}", f"https://127.0.0.1:{hook_port}"
        self._folder = tempfile.TemporaryDirectory(prefix="farwatch-nginx-")
        folder = Path(self._folder.name)
        settings = folder / "nginx.conf"
        settings.write_text(CONFIGURATION.format(
            folder=folder, proxy_port=proxy_port, hook_port=hook_port, upstream=upstream,
            host=upstream.removeprefix("https://"), key=key, certificate=certificate))
        self._process = subprocess.Popen(
            [program, "-c", settings, "-p", folder, "-e", folder / "error.log"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self._wait_until_it_listens(hook_port, folder)

    def _wait_until_it_listens(self, port: int, folder: Path) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError(f"nginx does not start: {(folder / 'error.log').read_text()}") from None
                time.sleep(0.05)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
