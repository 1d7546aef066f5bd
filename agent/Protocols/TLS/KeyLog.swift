/// Secrets of TLS connections, by the client's random, as key logs give them.
///
/// The format is NSS's (draft-ietf-tls-keylogfile): lines of label, client random and secret, the last two in hexadecimal. Of NSS's
/// older forms `RSA` and the first eight bytes of an encrypted pre-master secret, and OpenSSL's `RSA Session-ID:… Master-Key:…`. A log may
/// be handed in piece by piece while it grows. What is not understood is counted and skipped.
public struct KeyLog: Sendable {
    /// What is known of one connection.
    struct Secrets: Sendable {
        /// TLS 1.2 and older.
        var master: [UInt8]?
        var clientEarly: [UInt8]?
        var clientHandshake: [UInt8]?
        var serverHandshake: [UInt8]?
        var clientTraffic: [UInt8]?
        var serverTraffic: [UInt8]?
    }

    /// Connections whose secrets are kept; the oldest give way.
    let entryCountMax: Int
    private let countsUnendedLine: Bool
    /// No line of a key log is longer: the labels are short, and secrets have at most 64 bytes.
    private static let lineByteCountMax = 512

    private var entries: [ClientRandom: Secrets] = [:]
    private var sessions: SessionSecrets
    /// Pre-master secrets by the beginning of what they were sent as.
    private var premasters: SessionSecrets
    /// In the order in which they came; places before `head` are gone.
    private var order: [ClientRandom] = []
    private var head = 0
    private var line: [UInt8] = []
    private var isSkippingLine = false
    /// Lines understood, and lines that were not, comments and empty ones apart.
    public private(set) var lineCount = 0
    public private(set) var unreadLineCount = 0

    /// - Parameter countsUnendedLine: see `append`; not for a file that grows, which may be read in the midst of a line.
    public init(entryCountMax: Int = 100_000, countsUnendedLine: Bool = true) {
        self.entryCountMax = max(1, entryCountMax)
        self.countsUnendedLine = countsUnendedLine
        sessions = SessionSecrets(countMax: entryCountMax)
        premasters = SessionSecrets(countMax: entryCountMax)
    }

    mutating func removeAll() { self = KeyLog(entryCountMax: entryCountMax, countsUnendedLine: countsUnendedLine) }

    public var isEmpty: Bool { entries.isEmpty }

    /// More of the log.
    ///
    /// Where it is said so a last line without an end counts already if it has the length of a whole one: logs are cut there, and
    /// rarely elsewhere.
    public mutating func append(_ text: Span<UInt8>) {
        for index in 0..<text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\n") {
                endLine()
            } else if line.count < Self.lineByteCountMax {
                line.append(byte)
            } else {
                isSkippingLine = true
            }
        }
        if countsUnendedLine, let entry = entry(of: line), Self.secretByteCounts.contains(entry.secret.count) {
            add(entry)
        }
    }

    func secrets(for random: ClientRandom) -> Secrets? { entries[random] }

    /// The master secret of a session, by the number its server gave it.
    func master(ofSession number: [UInt8]) -> [UInt8]? { sessions.master(ofSession: number) }

    /// - Parameter encrypted: as it was sent to the server.
    func premaster(sentAs encrypted: [UInt8]) -> [UInt8]? {
        premasters.master(ofSession: Array(encrypted.prefix(Self.premasterNameByteCount)))
    }

    private static let premasterNameByteCount = 8

    /// Those of SHA-256 and SHA-384; a master secret has 48 as well.
    private static let secretByteCounts = [32, 48]

    private struct Entry {
        enum Owner {
            case connection(ClientRandom, WritableKeyPath<Secrets, [UInt8]?>)
            case session([UInt8])
            case premaster([UInt8])
        }

        var owner: Owner
        var secret: [UInt8]
    }

    private mutating func endLine() {
        defer {
            line.removeAll(keepingCapacity: true)
            isSkippingLine = false
        }
        guard let first = line.first(where: { !Self.isSpace($0) }), first != UInt8(ascii: "#") else { return }
        guard !isSkippingLine, let entry = entry(of: line) else { return unreadLineCount += 1 }
        lineCount += 1
        add(entry)
    }

    private func entry(of line: [UInt8]) -> Entry? {
        let words = line.split(whereSeparator: Self.isSpace)
        guard words.count == 3 else { return nil }
        if words[0].elementsEqual("RSA".utf8) { return entryOfRSA(words[1], words[2]) }
        guard let place = Self.place(of: words[0]), let random = ClientRandom(hexadecimal: words[1]),
            let secret = bytes(hexadecimal: words[2])
        else { return nil }
        return Entry(owner: .connection(random, place), secret: secret)
    }

    /// Both secrets have 48 bytes (RFC 5246, section 8.1).
    private func entryOfRSA(_ name: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Entry? {
        let (session, master) = (Array("Session-ID:".utf8), Array("Master-Key:".utf8))
        if name.starts(with: session), text.starts(with: master) {
            guard let number = bytes(hexadecimal: name.dropFirst(session.count)), number.count <= 32,
                let secret = bytes(hexadecimal: text.dropFirst(master.count)), secret.count == 48
            else { return nil }
            return Entry(owner: .session(number), secret: secret)
        }
        guard let name = bytes(hexadecimal: name), name.count == Self.premasterNameByteCount,
            let secret = bytes(hexadecimal: text), secret.count == 48
        else { return nil }
        return Entry(owner: .premaster(name), secret: secret)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\t")
    }

    private mutating func add(_ entry: Entry) {
        switch entry.owner {
        case .session(let number): sessions.learn(entry.secret, ofSession: number)
        case .premaster(let name): premasters.learn(entry.secret, ofSession: name)
        case .connection(let random, let place):
            if entries[random] == nil {
                order.append(random)
                if entries.count >= entryCountMax { dropOldest() }
            }
            entries[random, default: Secrets()][keyPath: place] = entry.secret
        }
    }

    private mutating func dropOldest() {
        entries[order[head]] = nil
        head += 1
        if head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
    }

    private static func place(of label: ArraySlice<UInt8>) -> WritableKeyPath<Secrets, [UInt8]?>? {
        switch String(decoding: label, as: UTF8.self) {
        case "CLIENT_RANDOM": \.master
        case "CLIENT_EARLY_TRAFFIC_SECRET": \.clientEarly
        case "CLIENT_HANDSHAKE_TRAFFIC_SECRET": \.clientHandshake
        case "SERVER_HANDSHAKE_TRAFFIC_SECRET": \.serverHandshake
        case "CLIENT_TRAFFIC_SECRET_0": \.clientTraffic
        case "SERVER_TRAFFIC_SECRET_0": \.serverTraffic
        // Later traffic secrets follow from these (RFC 8446, section 7.2); exporter secrets open no record.
        default: nil
        }
    }
}

/// The 32 random bytes of a ClientHello, which name a connection in a key log.
struct ClientRandom: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// - Returns: nil unless there are 32 bytes.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        var parts: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.enumerated() { parts[index / 8] = parts[index / 8] << 8 | UInt64(byte) }
        words = (parts[0], parts[1], parts[2], parts[3])
    }

    init?(hexadecimal text: ArraySlice<UInt8>) {
        guard text.count == 64, let read = bytes(hexadecimal: text) else { return nil }
        self.init(read)
    }

    static func == (left: ClientRandom, right: ClientRandom) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

private func bytes(hexadecimal text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 2 == 0, !text.isEmpty else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 2)
    var high: UInt8?
    for digit in text {
        let value: UInt8
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
        default: return nil
        }
        if let upper = high {
            result.append(upper << 4 | value)
            high = nil
        } else {
            high = value
        }
    }
    return result
}
