/// Handshake messages and key-log lines, as a test wants them.
struct Peers {
    var suite: Suite
    var clientRandom = [UInt8](repeating: 0xc1, count: 32)
    var serverRandom = [UInt8](repeating: 0x5e, count: 32)
    var serverName: String? = "api.example.com"
    var offersEarlyData = false
    /// The body of the server's Certificate message.
    var certificate = [UInt8](repeating: 7, count: 2_000)
    /// TLS 1.2: what the session is resumed by, as the hellos say; and the ticket that the server gives.
    var sessionNumber: [UInt8] = []
    var ticket: [UInt8] = []
    var newTicket: [UInt8] = []
    var premaster: [UInt8]?

    var master: [UInt8] {
        guard let premaster else { return (0..<48).map { UInt8($0 * 5 + 1) } }
        return Sealer.pseudorandom(premaster, Array("master secret".utf8) + clientRandom + serverRandom, 48, suite)
    }
    /// As the client sends it.
    let encryptedPremaster = [UInt8](repeating: 9, count: 64)

    func secret(_ seed: UInt8) -> [UInt8] {
        (0..<suite.hash.byteCount).map { UInt8(truncatingIfNeeded: $0 * 3) ^ seed }
    }
    var clientEarly: [UInt8] { secret(1) }
    var clientHandshake: [UInt8] { secret(2) }
    var serverHandshake: [UInt8] { secret(3) }
    var clientTraffic: [UInt8] { secret(4) }
    var serverTraffic: [UInt8] { secret(5) }

    static func message(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type] + bigEndian(UInt32(body.count)).dropFirst() + body
    }

    private static func field(_ type: UInt16, _ body: [UInt8]) -> [UInt8] {
        bigEndian(type) + bigEndian(UInt16(body.count)) + body
    }

    var clientHelloMessage: [UInt8] {
        var fields: [UInt8] = []
        if let serverName {
            let name = Array(serverName.utf8)
            fields += Self.field(
                0, bigEndian(UInt16(name.count + 3)) + [0] + bigEndian(UInt16(name.count)) + name)
        }
        fields += Self.field(43, [4, 3, 4, 3, 3])
        if offersEarlyData { fields += Self.field(42, []) }
        if !ticket.isEmpty { fields += Self.field(35, ticket) }
        return Self.message(
            1,
            [3, 3] + clientRandom + [UInt8(sessionNumber.count)] + sessionNumber + [0, 2] + bigEndian(suite.number) + [
                1, 0,
            ] + bigEndian(UInt16(fields.count))
                + fields)
    }

    var clientHello: [UInt8] { record(22, clientHelloMessage, version: 0x0301) }

    var serverHelloMessage: [UInt8] { serverHelloMessage(random: serverRandom) }

    private func serverHelloMessage(random: [UInt8]) -> [UInt8] {
        var fields: [UInt8] = []
        if suite.version == 0x0304 { fields += Self.field(43, [3, 4]) }
        if suite.encryptThenMAC { fields += Self.field(22, []) }
        if suite.version < 0x0304 { fields += Self.field(16, [0, 9, 8] + Array("http/1.1".utf8)) }
        return Self.message(
            2,
            bigEndian(min(suite.version, 0x0303)) + random + [UInt8(sessionNumber.count)] + sessionNumber
                + bigEndian(suite.number) + [0]
                + bigEndian(UInt16(fields.count)) + fields)
    }

    var serverHello: [UInt8] { record(22, serverHelloMessage) }

    /// RFC 8446, section 4.1.3.
    var helloRetryRequest: [UInt8] {
        record(
            22,
            serverHelloMessage(random: [
                0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
                0xa2,
                0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
            ]))
    }

    static func encryptedExtensions(_ name: String = "h2", acceptsEarlyData: Bool = false) -> [UInt8] {
        let name = Array(name.utf8)
        var fields = field(16, bigEndian(UInt16(name.count + 1)) + [UInt8(name.count)] + name)
        if acceptsEarlyData { fields += field(42, []) }
        return message(8, bigEndian(UInt16(fields.count)) + fields)
    }

    var finished: [UInt8] { Self.message(20, [UInt8](repeating: 0xf1, count: suite.hash.byteCount)) }

    static let changeCipherSpec = record(20, [1])

    var keyLog: String {
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let random = hex(clientRandom)
        guard suite.version == 0x0304 else { return "CLIENT_RANDOM \(random) \(hex(master))\n" }
        return """
            CLIENT_EARLY_TRAFFIC_SECRET \(random) \(hex(clientEarly))
            CLIENT_HANDSHAKE_TRAFFIC_SECRET \(random) \(hex(clientHandshake))
            SERVER_HANDSHAKE_TRAFFIC_SECRET \(random) \(hex(serverHandshake))
            CLIENT_TRAFFIC_SECRET_0 \(random) \(hex(clientTraffic))
            SERVER_TRAFFIC_SECRET_0 \(random) \(hex(serverTraffic))

            """
    }
}

/// A conversation up to where application data goes, and the sealers to go on with.
struct Talk {
    var steps: [(fromClient: Bool, bytes: [UInt8])]
    var client: Sealer
    var server: Sealer

    /// TLS 1.3: one round trip.
    static func modern(_ peers: Peers) -> Talk {
        var serverFlight = Sealer(secret: peers.serverHandshake, peers.suite)
        var clientFlight = Sealer(secret: peers.clientHandshake, peers.suite)
        let certificate = Peers.message(11, peers.certificate)
        let server =
            peers.serverHello + Peers.changeCipherSpec + serverFlight.seal(22, Peers.encryptedExtensions())
            + serverFlight.seal(22, certificate + peers.finished, padding: 13)
        let client = Peers.changeCipherSpec + clientFlight.seal(22, peers.finished)
        return Talk(
            steps: [(true, peers.clientHello), (false, server), (true, client)],
            client: Sealer(secret: peers.clientTraffic, peers.suite),
            server: Sealer(secret: peers.serverTraffic, peers.suite))
    }

    /// TLS 1.2 and older, whole or resumed: the server changes its cipher last or first (RFC 5246, section 7.3).
    static func legacy(_ peers: Peers, isResumed: Bool = false) -> Talk {
        var (client, server) = Sealer.pair(
            master: peers.master, peers.clientRandom, peers.serverRandom, peers.suite)
        let certificate = record(22, Peers.message(11, peers.certificate) + Peers.message(14, []))
        let exchange = record(22, Peers.message(16, [0, 64] + peers.encryptedPremaster))
        let ticket = bigEndian(UInt16(peers.newTicket.count)) + peers.newTicket
        let given = peers.newTicket.isEmpty ? [] : record(22, Peers.message(4, [0, 0, 1, 0] + ticket))
        let serverEnd = given + Peers.changeCipherSpec + server.seal(22, peers.finished)
        let clientEnd = Peers.changeCipherSpec + client.seal(22, peers.finished)
        let steps: [(Bool, [UInt8])] =
            isResumed
            ? [(true, peers.clientHello), (false, peers.serverHello + serverEnd), (true, clientEnd)]
            : [
                (true, peers.clientHello), (false, peers.serverHello + certificate), (true, exchange + clientEnd),
                (false, serverEnd),
            ]
        return Talk(steps: steps, client: client, server: server)
    }

    static func make(_ peers: Peers) -> Talk { peers.suite.version == 0x0304 ? modern(peers) : legacy(peers) }

    mutating func send(_ text: String) { steps.append((true, client.seal(23, Array(text.utf8)))) }
    mutating func answer(_ text: String) { steps.append((false, server.seal(23, Array(text.utf8)))) }
    mutating func alert(fromClient: Bool, _ bytes: [UInt8]) {
        steps.append((fromClient, fromClient ? client.seal(21, bytes) : server.seal(21, bytes)))
    }
}
