// Calls a URL with node: four at once over HTTP/1.1, or over one HTTP/2 connection where the second argument says so.
const http2 = require("http2");
const https = require("https");

const [, , base, version] = process.argv;
const paths = [0, 1, 2, 3].map((number) => `/node${version}/${number}?n=${1000 + number}`);

function withHTTP1(path) {
  return new Promise((resolve, reject) => {
    const request = https.request(base + path, { method: "POST", rejectUnauthorized: false }, (response) =>
      response.resume().on("end", resolve));
    request.on("error", reject).end("a=" + "b".repeat(50));
  });
}

async function withHTTP2() {
  const session = http2.connect(base, { rejectUnauthorized: false });
  await Promise.all(paths.map((path) => new Promise((resolve, reject) => {
    const stream = session.request({ ":path": path, ":method": "POST" });
    stream.on("error", reject).on("end", resolve).resume();
    stream.end("a=" + "b".repeat(50));
  })));
  session.close();
}

(version === "2" ? withHTTP2() : Promise.all(paths.map(withHTTP1))).catch((error) => {
  console.error(error);
  process.exit(1);
});
