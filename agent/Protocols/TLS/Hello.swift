/// What is read of a ClientHello (RFC 8446, section 4.1.2).
struct ClientHello: Equatable {
    var random: [UInt8]
    var serverName: String?
    var offersEarlyData = false
    var isTLS13Offered = false
    /// What a session of TLS 1.2 and older is resumed with.
    var sessionNumber: [UInt8]
    var ticket: [UInt8] = []

    /// - Parameter message: the handshake message without its header of four bytes.
    init?(_ message: [UInt8]) {
        var reader = HandshakeReader(message)
        guard reader.uint16() != nil, let random = reader.take(32), let session = reader.vector8(), session.count <= 32,
            let suites = reader.vector16(), suites.count % 2 == 0, !suites.isEmpty, reader.vector8() != nil
        else { return nil }
        self.random = Array(random)
        sessionNumber = Array(session)
        // Extensions came with TLS 1.2, in effect; older hellos end here.
        guard let extensions = reader.vector16() else { return }
        var fields = HandshakeReader(Array(extensions))
        while let type = fields.uint16(), let body = fields.vector16() {
            switch type {
            case 0: serverName = Self.serverName(Array(body))
            case 35: ticket = Array(body)
            case 42: offersEarlyData = true
            case 43: isTLS13Offered = Array(body.dropFirst()).chunkedPairs.contains(0x0304)
            default: break
            }
        }
    }

    /// RFC 6066, section 3: a list of which only the first host name counts.
    private static func serverName(_ body: [UInt8]) -> String? {
        var reader = HandshakeReader(body)
        guard reader.uint16() != nil, reader.uint8() == 0, let name = reader.vector16(), !name.isEmpty,
            name.count <= 255, name.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return nil }
        return String(decoding: name, as: UTF8.self).lowercased()
    }
}

/// What is read of a ServerHello (RFC 8446, section 4.1.3; RFC 5246, section 7.4.1.3).
struct ServerHello: Equatable {
    var random: [UInt8]
    var version: UInt16
    var suite: UInt16
    var applicationProtocol: String?
    var encryptThenMAC = false
    /// The master secret is made of the handshake's messages (RFC 7627).
    var hasExtendedMaster = false
    var sessionNumber: [UInt8]

    /// The random that marks a HelloRetryRequest: SHA-256 of its name.
    private static let retryRandom: [UInt8] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
        0x11,
        0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ]

    var isRetryRequest: Bool { random == Self.retryRandom }

    init?(_ message: [UInt8]) {
        var reader = HandshakeReader(message)
        guard let version = reader.uint16(), let random = reader.take(32), let session = reader.vector8(),
            session.count <= 32, let suite = reader.uint16(), reader.uint8() != nil
        else { return nil }
        self.random = Array(random)
        self.version = version
        self.suite = suite
        sessionNumber = Array(session)
        guard let extensions = reader.vector16() else { return }
        var fields = HandshakeReader(Array(extensions))
        while let type = fields.uint16(), let body = fields.vector16() {
            switch type {
            case 16: applicationProtocol = protocolName(Array(body))
            case 22: encryptThenMAC = true
            case 23: hasExtendedMaster = true
            case 43 where body.count == 2: self.version = UInt16(body.first!) << 8 | UInt16(body.last!)
            default: break
            }
        }
    }
}

/// What is read of EncryptedExtensions (RFC 8446, section 4.3.1).
struct EncryptedExtensions {
    var applicationProtocol: String?
    var acceptsEarlyData = false

    init(_ message: [UInt8]) {
        var reader = HandshakeReader(message)
        guard let extensions = reader.vector16() else { return }
        var fields = HandshakeReader(Array(extensions))
        while let type = fields.uint16(), let body = fields.vector16() {
            if type == 16 { applicationProtocol = protocolName(Array(body)) }
            if type == 42 { acceptsEarlyData = true }
        }
    }
}

/// The one name in a server's ALPN extension (RFC 7301, section 3.1).
private func protocolName(_ body: [UInt8]) -> String? {
    var reader = HandshakeReader(body)
    guard reader.uint16() != nil, let name = reader.vector8(), !name.isEmpty,
        name.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else { return nil }
    return String(decoding: name, as: UTF8.self)
}

extension [UInt8] {
    fileprivate var chunkedPairs: [UInt16] {
        stride(from: 0, to: count - 1, by: 2).map { UInt16(self[$0]) << 8 | UInt16(self[$0 + 1]) }
    }
}

/// Reads the presentation language of TLS (RFC 8446, section 3). Every read past the end is nil.
struct HandshakeReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func take(_ byteCount: Int) -> ArraySlice<UInt8>? {
        guard byteCount <= bytes.count - offset else { return nil }
        defer { offset += byteCount }
        return bytes[offset..<offset + byteCount]
    }

    mutating func uint8() -> UInt8? { take(1)?.first }

    mutating func uint16() -> UInt16? { take(2).map { UInt16($0.first!) << 8 | UInt16($0.last!) } }

    mutating func uint24() -> Int? { take(3).map { $0.reduce(0) { $0 << 8 | Int($1) } } }

    mutating func vector8() -> ArraySlice<UInt8>? { uint8().flatMap { take(Int($0)) } }

    mutating func vector16() -> ArraySlice<UInt8>? { uint16().flatMap { take(Int($0)) } }
}
