import CallModel
import Protocols

extension FuzzTarget {
    /// TLS records of connections whose secrets are known, and the calls inside: see `StreamEvents`. The ciphers are stand-ins that leave
    /// the bytes as they are (`Sources/Crypto`), so that what is behind them is reached.
    static let tls = FuzzTarget(
        name: "tls",
        run: { bytes in
            let calls = CallReader(sink: Calls(), configuration: Bounds.protocols)
            var records = TLSReader(consumer: calls, configuration: Bounds.tls)
            records.keyLog(Array(keyLog.utf8).span)
            StreamEvents.play(bytes, into: &records)
            // Those that are closed wait a while more.
            records.finish()
            must(!records.isWaiting, "closed connections still wait for secrets")
            calls.finish()
            mustHaveLetGo(calls)
        },
        seeds: { [modern, retried, legacy, unknown] })

    private static let random = [UInt8](repeating: 0xc1, count: 32)
    private static let request = Array("GET /a HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)

    /// Secrets of both kinds for the one client random that the seeds have.
    private static var keyLog: String {
        let hex = String(repeating: "c1", count: 32)
        let secret = String(repeating: "07", count: 32)
        let labels =
            ["CLIENT_HANDSHAKE", "SERVER_HANDSHAKE", "CLIENT_EARLY"].map { "\($0)_TRAFFIC_SECRET" }
            + ["CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"]
        return labels.map { "\($0) \(hex) \(secret)\n" }.joined()
            + "CLIENT_RANDOM \(hex) \(String(repeating: "09", count: 48))\n"
    }

    // MARK: Seeds

    /// TLS 1.3: a handshake, a call, a key update, a call, and close_notify.
    private static var modern: [UInt8] {
        let flight = sealed(22, message(8, [0, 0]) + message(11, [0, 0, 0, 0]) + message(20, random))
        return StreamEvents.chunk(0x1c, record(22, clientHello()))
            + StreamEvents.chunk(0x1d, record(22, serverHello(0x1301, isModern: true)) + record(20, [1]) + flight)
            + StreamEvents.chunk(0x1c, record(20, [1]) + sealed(22, message(20, random)) + sealed(23, request))
            + StreamEvents.chunk(
                0x1d, sealed(23, answer) + sealed(22, message(24, [0])) + sealed(22, message(4, random)))
            + StreamEvents.chunk(0x1c, sealed(23, request)) + StreamEvents.chunk(0x1d, sealed(23, answer))
            + StreamEvents.chunk(0x1d, sealed(21, [1, 0])) + [0x14, 0]
    }

    /// A HelloRetryRequest before the true hello, by the other suite (RFC 8446, section 4.1.3).
    private static var retried: [UInt8] {
        let retry: [UInt8] = [
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
            0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
        ]
        return StreamEvents.chunk(0x1c, record(22, clientHello()))
            + StreamEvents.chunk(0x1d, record(22, serverHello(0x1303, isModern: true, random: retry)))
            + StreamEvents.chunk(0x1c, record(22, clientHello()))
            + StreamEvents.chunk(
                0x1d, record(22, serverHello(0x1303, isModern: true)) + sealed(22, message(20, random)))
            + StreamEvents.chunk(0x1c, sealed(22, message(20, random)) + sealed(23, request)) + [0x01, 40]
            + StreamEvents.chunk(0x1d, sealed(23, answer)) + [0x14, 1]
    }

    /// TLS 1.2 with AES-GCM, whose records carry eight bytes of nonce.
    private static var legacy: [UInt8] {
        let nonce = [UInt8](repeating: 1, count: 8)
        let tag = [UInt8](repeating: 2, count: 16)
        func sealed(_ type: UInt8, _ content: [UInt8]) -> [UInt8] { record(type, nonce + content + tag) }
        return StreamEvents.chunk(0x1c, record(22, clientHello()))
            + StreamEvents.chunk(
                0x1d, record(22, serverHello(0xc02f, isModern: false) + message(11, [0, 0, 0]) + message(14, [])))
            + StreamEvents.chunk(
                0x1c, record(22, message(16, random)) + record(20, [1]) + sealed(22, message(20, random)))
            + StreamEvents.chunk(0x1d, record(20, [1]) + sealed(22, message(20, random)))
            + StreamEvents.chunk(0x1c, sealed(23, request)) + StreamEvents.chunk(0x1d, sealed(23, answer)) + [0x14, 0]
    }

    /// A handshake that an alert ends, and bytes that are no TLS.
    private static var unknown: [UInt8] {
        StreamEvents.chunk(0x1c, record(22, clientHello())) + StreamEvents.chunk(0x1d, record(21, [2, 40])) + [0x14, 1]
            + StreamEvents.chunk(0x1e, request) + StreamEvents.chunk(0x1f, answer)
    }

    private static func clientHello() -> [UInt8] {
        let name = Array("api.example.com".utf8)
        let names = bigEndian(UInt16(name.count + 3)) + [0] + bigEndian(UInt16(name.count)) + name
        let fields = bigEndian(UInt16(0)) + bigEndian(UInt16(names.count)) + names + [0, 43, 0, 5, 4, 3, 4, 3, 3]
        return message(
            1, [3, 3] + random + [0, 0, 4, 0x13, 1, 0xc0, 0x2f, 1, 0] + bigEndian(UInt16(fields.count)) + fields)
    }

    private static func serverHello(_ suite: UInt16, isModern: Bool, random: [UInt8] = random) -> [UInt8] {
        let fields: [UInt8] = isModern ? [0, 43, 0, 2, 3, 4] : []
        return message(2, [3, 3] + random + [0] + bigEndian(suite) + [0] + bigEndian(UInt16(fields.count)) + fields)
    }

    private static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + bigEndian(UInt32(body.count)).dropFirst() + body
    }

    private static func record(_ type: UInt8, _ fragment: [UInt8]) -> [UInt8] {
        [type, 3, 3] + bigEndian(UInt16(fragment.count)) + fragment
    }

    /// A record of TLS 1.3: the content's type stands behind it, and the tag behind that.
    private static func sealed(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        record(23, content + [type] + [UInt8](repeating: 2, count: 16))
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }
}

extension Bounds {
    static var tls: TLSConfiguration {
        var bounds = TLSConfiguration()
        bounds.connectionsMax = 4
        bounds.handshakeByteCountMax = 2_048
        bounds.waitsForKeys = true
        bounds.waitingByteCountMax = 2_048
        bounds.waitingByteCountTotalMax = 4_096
        return bounds
    }
}
