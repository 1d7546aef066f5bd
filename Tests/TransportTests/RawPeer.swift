import Glibc

/// The far end of a connection with nothing in between: sends what no client would.
///
/// Blocking, with timeouts; used on threads of the tests' own.
final class RawPeer {
    private let socket: Int32

    init?(port: Int) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return nil }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 {
            Glibc.close(socket)
            return nil
        }
    }

    deinit { Glibc.close(socket) }

    /// False when the other end has closed, or takes nothing for twenty seconds.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// What there is to read, at least a byte; empty at the end, nil when nothing comes for twenty seconds.
    func receive(byteCountMax: Int = 65_536) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        let count = recv(socket, &bytes, byteCountMax, 0)
        if count < 0 { return errno == EAGAIN ? nil : [] }
        return Array(bytes.prefix(count))
    }

    /// Whether the other end closes within twenty seconds of its last byte.
    func isClosedByPeer() -> Bool {
        while let bytes = receive() {
            if bytes.isEmpty { return true }
        }
        return false
    }

    /// Everything up to the end, or to a silence of twenty seconds.
    func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while let bytes = receive(), !bytes.isEmpty { all += bytes }
        return all
    }

    func endOutput() { shutdown(socket, Int32(SHUT_WR)) }
}

/// RFC 9113, section 4.1.
func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    let length = UInt32(payload.count)
    var bytes: [UInt8] = [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: stream >> UInt32(shift))) }
    return bytes + payload
}

enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
}

/// Preface and empty settings.
let http2Preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(FrameType.settings)

/// GET or POST http://far/ by the static table alone (RFC 7541, appendix A).
let getBlock: [UInt8] = [0x82, 0x86, 0x84, 0x41, 3] + Array("far".utf8)
let postBlock: [UInt8] = [0x83, 0x86, 0x84, 0x41, 3] + Array("far".utf8)

/// Types and streams of the frames in what a server sent.
func frames(in bytes: [UInt8]) -> [(type: UInt8, stream: UInt32, payload: [UInt8])] {
    var found: [(type: UInt8, stream: UInt32, payload: [UInt8])] = []
    var rest = bytes[...]
    while rest.count >= 9 {
        let head = Array(rest.prefix(9))
        let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        guard rest.count >= 9 + length else { break }
        let stream = head[5...8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        found.append((head[3], stream, Array(rest.dropFirst(9).prefix(length))))
        rest = rest.dropFirst(9 + length)
    }
    return found
}
