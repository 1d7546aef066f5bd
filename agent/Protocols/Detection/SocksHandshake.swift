/// Follows a SOCKS handshake (version 4, 4a and 5, RFC 1928 and 1929) to the point where the tunnel begins.
struct SocksHandshake {
    private enum Phase { case greeting, method, credentials, credentialsAnswer, request, answer }

    enum Result: Equatable {
        case needsMore
        /// The proxy has agreed: the tunnel begins with `clientRest` and `proxyRest`.
        case established
        case failed
    }

    private var phase = Phase.greeting
    private var isVersion4 = false
    /// What came and was not read; once the tunnel is there, what belongs to it.
    private var fromClient: [UInt8] = []
    private var fromProxy: [UInt8] = []
    /// Where the tunnel leads to; the name is empty where the client resolved it itself.
    private(set) var host = ""
    private(set) var port: UInt16 = 0

    private static let heldByteCountMax = 1_024

    /// Whether a client greets; one that does not wait for the answer may have sent more already.
    ///
    /// In version 5 one of the methods must be "none" (0) or "user and password" (2): no others can be followed.
    static func isGreeting(_ bytes: Span<UInt8>) -> FirstBytes {
        guard bytes.count >= 2 else { return .needsMore }
        if bytes[0] == 4 { return bytes[1] == 1 ? .socks : .unknown }
        let methodCount = Int(bytes[1])
        guard bytes[0] == 5, (1...16).contains(methodCount) else { return .unknown }
        guard bytes.count >= 2 + methodCount else { return .needsMore }
        return (2..<(2 + methodCount)).contains { bytes[$0] == 0 || bytes[$0] == 2 } ? .socks : .unknown
    }

    /// Bytes of both ends may come in any order, the proxy's answer before the whole request too.
    mutating func bytesArrived(_ bytes: Span<UInt8>, fromClient isClient: Bool) -> Result {
        if isClient {
            fromClient.append(bytes, in: 0..<bytes.count)
        } else {
            fromProxy.append(bytes, in: 0..<bytes.count)
        }
        while let step = step() {
            if step != .needsMore { return step }
        }
        return max(fromClient.count, fromProxy.count) <= Self.heldByteCountMax ? .needsMore : .failed
    }

    /// What the client sent behind its request, and the proxy behind its answer.
    var clientRest: [UInt8] { fromClient }
    var proxyRest: [UInt8] { fromProxy }

    /// Goes one message on; nil where that message is not whole yet.
    private mutating func step() -> Result? {
        switch phase {
        case .greeting: greeting()
        case .method: method()
        case .credentials: credentials()
        case .credentialsAnswer: credentialsAnswer()
        case .request: request()
        case .answer: answer()
        }
    }

    private mutating func greeting() -> Result? {
        guard fromClient.count >= 2 else { return nil }
        isVersion4 = fromClient[0] == 4
        if isVersion4 { return request4() }
        let length = 2 + Int(fromClient[1])
        guard fromClient.count >= length else { return nil }
        fromClient.removeFirst(length)
        phase = .method
        return .needsMore
    }

    private mutating func request4() -> Result? {
        guard fromClient.count >= 9, let userEnd = fromClient[8...].firstIndex(of: 0) else { return nil }
        var end = userEnd + 1
        port = UInt16(fromClient[2]) << 8 | UInt16(fromClient[3])
        // 4a: an address of 0.0.0.x stands for a name behind the user.
        if fromClient[4] == 0, fromClient[5] == 0, fromClient[6] == 0, fromClient[7] != 0 {
            guard let nameEnd = fromClient[end...].firstIndex(of: 0) else { return nil }
            host = String(decoding: fromClient[end..<nameEnd], as: UTF8.self)
            end = nameEnd + 1
        }
        guard end <= Self.heldByteCountMax else { return .failed }
        fromClient.removeFirst(end)
        phase = .answer
        return .needsMore
    }

    private mutating func method() -> Result? {
        guard fromProxy.count >= 2 else { return nil }
        guard fromProxy[0] == 5, fromProxy[1] == 0 || fromProxy[1] == 2 else { return .failed }
        phase = fromProxy[1] == 2 ? .credentials : .request
        fromProxy.removeFirst(2)
        return .needsMore
    }

    private mutating func credentials() -> Result? {
        guard fromClient.count >= 2 else { return nil }
        let passwordAt = 2 + Int(fromClient[1])
        guard fromClient.count > passwordAt else { return nil }
        let length = passwordAt + 1 + Int(fromClient[passwordAt])
        guard fromClient.count >= length else { return nil }
        fromClient.removeFirst(length)
        phase = .credentialsAnswer
        return .needsMore
    }

    private mutating func credentialsAnswer() -> Result? {
        guard fromProxy.count >= 2 else { return nil }
        guard fromProxy[1] == 0 else { return .failed }
        fromProxy.removeFirst(2)
        phase = .request
        return .needsMore
    }

    private mutating func request() -> Result? {
        guard fromClient.count >= 5 else { return nil }
        guard fromClient[0] == 5, fromClient[1] == 1, let addressLength = length(of: fromClient, at: 3) else {
            return .failed
        }
        let length = 4 + addressLength + 2
        guard fromClient.count >= length else { return nil }
        if fromClient[3] == 3 { host = String(decoding: fromClient[5..<(length - 2)], as: UTF8.self) }
        port = UInt16(fromClient[length - 2]) << 8 | UInt16(fromClient[length - 1])
        fromClient.removeFirst(length)
        phase = .answer
        return .needsMore
    }

    private mutating func answer() -> Result? {
        guard !isVersion4 else { return answer4() }
        guard fromProxy.count >= 5 else { return nil }
        guard fromProxy[0] == 5, fromProxy[1] == 0, let addressLength = length(of: fromProxy, at: 3) else {
            return .failed
        }
        let length = 4 + addressLength + 2
        guard fromProxy.count >= length else { return nil }
        fromProxy.removeFirst(length)
        return .established
    }

    private mutating func answer4() -> Result? {
        guard fromProxy.count >= 8 else { return nil }
        guard fromProxy[0] == 0, fromProxy[1] == 0x5A else { return .failed }
        fromProxy.removeFirst(8)
        return .established
    }

    /// The bytes an address takes behind its type; a name has its length before it.
    private func length(of bytes: [UInt8], at index: Int) -> Int? {
        switch bytes[index] {
        case 1: 4
        case 3: 1 + Int(bytes[index + 1])
        case 4: 16
        default: nil
        }
    }
}
