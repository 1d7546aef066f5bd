import CallModel
import Documents
import PartnerCatalog
import Protocols
import Runtime
import Testing

@testable import AgentApp

/// Which connections are seen, whose calls are read, and how heartbeats tell of it.
@Suite struct PartnerCoverageTests {
    private static let ours = SocketEndpoint(ipv4: 0xcb00_7105, port: 40_000)  // 203.0.113.5
    private static let stripe = SocketEndpoint(ipv4: 0xc633_6407, port: 443)  // 198.51.100.7
    private static let clear = SocketEndpoint(ipv4: 0xc633_6408, port: 80)
    private let naming = LayeredCatalogue(.builtIn)

    private func makeReader() -> CallReader<PacketSink> {
        let settings = AgentSettings(SettingsDocument(yaml: "", file: "agent.yaml").root, ownHostName: "app-1")
        var sink = PacketSink(settings, ProtocolConfiguration())
        sink.addresses = LocalAddresses([SocketEndpoint(high: Self.ours.high, low: Self.ours.low, port: 0)])
        return CallReader(sink: sink)
    }

    private func open(_ reader: CallReader<PacketSink>, _ id: UInt64, to server: SocketEndpoint) -> ConnectionID {
        let connection = ConnectionID(rawValue: id)
        let origin = ConnectionOrigin(client: Self.ours, server: server, isClientKnown: true, source: .packets)
        reader.opened(connection, origin, at: .epoch)
        return connection
    }

    private func exchange(_ reader: CallReader<PacketSink>, on id: ConnectionID, host: String) {
        reader.chunk(Array("GET / HTTP/1.1\r\nhost: \(host)\r\n\r\n".utf8).span, of: id, .toServer, at: .epoch)
        let answer = Array("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".utf8)
        reader.chunk(answer.span, of: id, .toClient, at: .epoch)
    }

    private func secure(_ reader: CallReader<PacketSink>, _ id: ConnectionID, isReadable: Bool = false) {
        let hello = SecureSession(serverName: "api.stripe.com")
        reader.secured(id, hello, at: .epoch)
        var answered = hello
        answered.version = 0x0304
        answered.isReadable = isReadable
        reader.secured(id, answered, at: .epoch)
    }

    @Test func `TLS that nobody opens is seen, by the name asked for, and not read`() {
        let reader = makeReader()
        secure(reader, open(reader, 1, to: Self.stripe))
        #expect(reader.sink.connections.byServer == ["https://api.stripe.com": .init(seen: 1, read: 0)])
    }

    @Test func `a connection counts once, however many calls it carries`() {
        let reader = makeReader()
        let opened = open(reader, 1, to: Self.stripe)
        secure(reader, opened, isReadable: true)
        let inClear = open(reader, 2, to: Self.clear)
        for _ in 0..<3 {
            exchange(reader, on: opened, host: "api.stripe.com")
            exchange(reader, on: inClear, host: "api.bank.example")
        }
        #expect(
            reader.sink.connections.byServer == [
                "https://api.stripe.com": .init(seen: 1, read: 1), "http://api.bank.example": .init(seen: 1, read: 1),
            ])
    }

    @Test func `a server that never answered is no connection`() {
        let reader = makeReader()
        reader.secured(open(reader, 1, to: Self.stripe), SecureSession(serverName: "api.stripe.com"), at: .epoch)
        #expect(reader.sink.connections.byServer.isEmpty)
    }

    private func seen(_ count: UInt64) -> ConnectionCounts {
        let reader = makeReader()
        for id in 0..<count { secure(reader, open(reader, id + 1, to: Self.stripe)) }
        return reader.sink.connections
    }

    @Test func `what packets see and probes read is one share`() {
        var sources = PartnerCoverage.Sources()
        sources.packets = seen(4)
        let reader = makeReader()
        let id = open(reader, 9, to: Self.stripe)
        exchange(reader, on: id, host: "api.stripe.com:443")
        sources.probes = reader.sink.connections
        sources.connects = ["api.stripe.com": 3, "db.internal": 9]
        let figures = PartnerCoverage().figures(sources, naming, at: .epoch)
        #expect(figures.partners == ["stripe": .init(seen: 4, read: 1, calls: 0)])
    }

    @Test func `only the last hour counts`() {
        let coverage = PartnerCoverage()
        var sources = PartnerCoverage.Sources()
        sources.packets = seen(2)
        sources.calls = ["stripe": 1]
        #expect(coverage.figures(sources, naming, at: .epoch).partners["stripe"] == .init(seen: 2, read: 0, calls: 1))
        let half = PartnerCoverage.halfWindow
        #expect(coverage.figures(sources, naming, at: .epoch + half).partners["stripe"]?.seen == 2)
        sources.packets = seen(5)
        #expect(coverage.figures(sources, naming, at: .epoch + half * 2).partners["stripe"]?.seen == 3)
        #expect(coverage.figures(sources, naming, at: .epoch + half * 3).partners.isEmpty)
    }

    @Test func `a partner is out of sight where connections go and no call is known from anybody`() {
        typealias Partner = PartnerCoverage.Figures.Partner
        #expect(Partner(seen: 3, read: 0, calls: 0).isBlind)
        #expect(!Partner(seen: 3, read: 0, calls: 2).isBlind, "the application reports them")
        #expect(!Partner(seen: 3, read: 1, calls: 0).isBlind && !Partner().isBlind)
    }

    @Test func `an address without a name is told apart`() {
        let reader = makeReader()
        let id = open(reader, 1, to: SocketEndpoint(ipv4: 0x0808_0808, port: 443))
        reader.secured(id, SecureSession(version: 0x0303), at: .epoch)
        var sources = PartnerCoverage.Sources()
        sources.packets = reader.sink.connections
        let figures = PartnerCoverage().figures(sources, naming, at: .epoch)
        #expect(figures == .init(partners: [:], unnamed: 1))
    }
}
