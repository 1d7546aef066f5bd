import CProbes
import CallModel

/// A name an application looked up, and what came of it: `fw_lookup` with the name behind it.
///
/// The C library's function is where names are seen whatever resolves them (DNS, over TLS too, a cache, /etc/hosts). It is told
/// on as the DNS messages it amounts to (RFC 1035, section 4), one question for each kind of address, so that packets and probes
/// speak of names in the same words.
struct ProbeLookup: Equatable {
    struct Message: Equatable {
        var question: [UInt8]
        var answer: [UInt8]
    }

    private static let typeA: UInt16 = 1
    private static let typeAAAA: UInt16 = 28
    private static let labelByteCountMax = 63
    private static let nameByteCountMax = 253

    let name: String
    private let responseCode: UInt8
    private var ipv4: [[UInt8]] = []
    private var ipv6: [[UInt8]] = []

    /// Nil for what is no name of a host, and for failures that are not the name's.
    /// - Parameter error: 0, or the negative EAI_ number of glibc and musl, as 32 bits.
    init?(_ bytes: Span<UInt8>, error: UInt32) {
        let head = MemoryLayout<fw_lookup>.size
        guard bytes.count > head, let code = Self.responseCode(Int32(bitPattern: error)) else { return nil }
        responseCode = code
        name = String(decoding: (head..<bytes.count).map { bytes[$0] }, as: UTF8.self).lowercased()
        guard Self.isName(name) else { return nil }
        let count = min(Int(bytes.integer(at: 0) as UInt32), Int(FW_LOOKUP_ADDRESS_MAX))
        for index in 0..<count {
            let address = (0..<16).map { bytes[8 + index * 16 + $0] }
            let isIPv4 = address[..<10].allSatisfy { $0 == 0 } && address[10] == 0xff && address[11] == 0xff
            if isIPv4 { ipv4.append(Array(address[12...])) } else { ipv6.append(address) }
        }
    }

    /// The addresses found, with port 0.
    var endpoints: [SocketEndpoint] {
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return ipv4.map { SocketEndpoint(ipv4: UInt32(number($0[...])), port: 0) }
            + ipv6.map { SocketEndpoint(high: number($0[..<8]), low: number($0[8...]), port: 0) }
    }

    func messages(id: UInt16) -> [Message] {
        if responseCode != 0 { return [message(id, Self.typeA, [])] }
        var messages: [Message] = []
        if !ipv4.isEmpty { messages.append(message(id, Self.typeA, ipv4)) }
        if !ipv6.isEmpty { messages.append(message(id, Self.typeAAAA, ipv6)) }
        return messages
    }

    private func message(_ id: UInt16, _ type: UInt16, _ addresses: [[UInt8]]) -> Message {
        var asked = DNSWriter()
        for label in name.split(separator: ".") { asked.append(label: label) }
        asked.append(byte: 0)
        asked.append(type, 1)  // Class IN.
        var question = DNSWriter()
        question.append(id, 0x0100, 1, 0, 0, 0)
        question.bytes += asked.bytes
        var answer = DNSWriter()
        answer.append(id, 0x8180 | UInt16(responseCode), 1, UInt16(addresses.count), 0, 0)
        answer.bytes += asked.bytes
        for address in addresses {
            // The name is the one at byte 12; the time to live is nobody's business here.
            answer.append(0xc00c, type, 1, 0, 0, UInt16(address.count))
            answer.bytes += address
        }
        return Message(question: question.bytes, answer: answer.bytes)
    }

    /// EAI_NONAME and EAI_NODATA: there is no such name. EAI_AGAIN and EAI_FAIL: nobody could say.
    private static func responseCode(_ error: Int32) -> UInt8? {
        switch error {
        case 0: 0
        case -2, -5: 3
        case -3, -4: 2
        default: nil
        }
    }

    /// Labels as hosts have them, with a letter somewhere: an address looked up is no name.
    private static func isName(_ name: String) -> Bool {
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return name.utf8.count <= nameByteCountMax
            && labels.allSatisfy { (1...labelByteCountMax).contains($0.count) && $0.allSatisfy(isLabelByte) }
            && name.utf8.contains { (97...122).contains($0) } && !name.utf8.contains(UInt8(ascii: ":"))
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}

/// Writes numbers as the network has them, most significant byte first.
private struct DNSWriter {
    var bytes: [UInt8] = []

    mutating func append(byte: UInt8) { bytes.append(byte) }

    mutating func append(_ values: UInt16...) {
        for value in values {
            bytes.append(UInt8(value >> 8))
            bytes.append(UInt8(truncatingIfNeeded: value))
        }
    }

    mutating func append(label: Substring) {
        bytes.append(UInt8(label.utf8.count))
        bytes += Array(label.utf8)
    }
}
