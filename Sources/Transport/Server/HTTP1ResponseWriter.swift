import NIOCore
import NIOHTTP1

/// Writes the head of an HTTP/1.1 response (RFC 9112, section 4).
enum HTTP1ResponseWriter {
    struct Manner {
        var keepsAlive: Bool
        /// HEAD: the length is told, the body is not sent.
        var isForHead: Bool
        /// HTTP/1.0 closes unless told otherwise.
        var isHTTP1_0: Bool
        var date: String
    }

    static func appendHead(of response: Response, _ manner: Manner, to bytes: inout ByteBuffer) {
        let phrase = HTTPResponseStatus(statusCode: response.status).reasonPhrase
        bytes.writeString("HTTP/1.1 \(response.status) \(phrase)\r\n")
        var announced: String?
        for (name, value) in response.headers.fields where !Headers.isOfConnection(name) && name != "date" {
            if name == "content-length" {
                announced = value
                continue
            }
            bytes.writeString(Headers.sanitized(name))
            bytes.writeStaticString(": ")
            bytes.writeString(Headers.sanitized(value))
            bytes.writeStaticString("\r\n")
        }
        bytes.writeString("date: \(manner.date)\r\n")
        if response.stream != nil {
            // HTTP/1.0 knows no chunks: there the body ends with the connection.
            if !manner.isHTTP1_0, !manner.isForHead { bytes.writeStaticString("transfer-encoding: chunked\r\n") }
        } else if response.mayHaveBody {
            // An answer to HEAD may know a length that it does not carry.
            let known = manner.isForHead && response.body.readableBytes == 0 ? announced.flatMap { Int($0) } : nil
            bytes.writeString("content-length: \(known ?? response.body.readableBytes)\r\n")
        }
        if !manner.keepsAlive {
            bytes.writeStaticString("connection: close\r\n")
        } else if manner.isHTTP1_0 {
            bytes.writeStaticString("connection: keep-alive\r\n")
        }
        bytes.writeStaticString("\r\n")
    }
}
