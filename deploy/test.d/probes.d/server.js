// A TLS server for the tests of probes: HTTP/1.1 and HTTP/2 on one port. `?n=` is the size of the answer, `?s=` its status, `?wait=`
// the milliseconds until it comes. Node has OpenSSL compiled in or loads it, depending on who built it: both are to be seen.
const fs = require("fs");
const http2 = require("http2");

const [, , key, certificate, address] = process.argv;
const server = http2.createSecureServer(
  { key: fs.readFileSync(key), cert: fs.readFileSync(certificate), allowHTTP1: true },
  (request, response) => {
    const query = new URL(request.url, "https://localhost").searchParams;
    const body = Buffer.alloc(Number(query.get("n") || 2), "x");
    request.resume().on("end", () =>
      setTimeout(() => {
        response.writeHead(Number(query.get("s") || 200), { "content-type": "text/plain", "content-length": body.length });
        response.end(body);
      }, Number(query.get("wait") || 0)));
  });
server.listen(0, address, () => console.log(server.address().port));
