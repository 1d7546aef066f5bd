import Attribution
import BatchFormat
import CallModel
import Compression
import Express
import PartnerCatalog
import Protocols
import Redaction
import Testing

/// Calls read from the wire: the row that is filled from their bytes against the call that is made of them.
struct SeenCallTests {
    private static let now = Instant(secondsSinceEpoch: 1_795_100_000)

    /// Has the lane take each call's row, and the general way each call that was taken.
    private final class Desk {
        let lane: ExpressLane
        var general: GeneralWay
        var batch = BatchBuilder(catalogueVersion: "")
        var report = ExpressReport()
        var (seenCount, leftCount) = (0, 0)
        /// As which calls came apart, and what the general way made of these.
        var apart: [(short: APICall, general: APICall?)] = []
        var isAlone: (CallRow) -> Bool = { _ in true }

        init(_ settings: ExpressSettings) {
            final class Told { var report = ExpressReport() }
            let told = Told()
            lane = ExpressLane(settings) { told.report = $0 }
            general = GeneralWay(settings, at: SeenCallTests.now)
            readReport = { told.report }
            lane.begin(at: SeenCallTests.now)
        }

        private let readReport: () -> ExpressReport

        func observed(_ observed: ObservedCall) {
            seenCount += 1
            let configuration = ProtocolConfiguration()
            var row: APICall?
            let isTaken = lane.take({ observed.fill(&$0, arena: $1, configuration: configuration) }) {
                guard !isAlone($0) else { return true }
                row = APICall($0)
                return false
            }
            guard isTaken else { return leftCount += 1 }
            var call = observed.makeCall(.outbound, configuration: configuration)
            call.adoptTraceParent()
            let processed = general.processed(call)
            if let row {
                apart.append((row, processed))
            } else if let processed {
                batch.append(processed)
            }
        }

        /// What both ways wrote.
        func finish() -> (short: [UInt8], general: [UInt8]) {
            let taken = lane.finish()
            report = readReport()
            let empty = BatchBuilder(catalogueVersion: "")
            return ((taken?.encoded.batch ?? empty).journalRecord(), batch.journalRecord())
        }
    }

    private struct Sink: CallSink {
        let desk: Desk
        func observed(_ call: ObservedCall) { desk.observed(call) }
    }

    private static func settings() -> ExpressSettings {
        var rules: [AttributedField: [AttributionRule]] = [:]
        for field in AttributedField.allCases { rules[field] = [AttributionRule(.attribute)] }
        rules[.region] = [AttributionRule(.attribute), AttributionRule(.constant("eu-1"))]
        return ExpressSettings(
            catalogue: LayeredCatalogue(.builtIn), redaction: .failClosed, attribution: rules, hostName: "app-1")
    }

    private struct Exchange {
        var request: [UInt8]
        var response: [UInt8]

        init(_ request: String, _ response: String) {
            (self.request, self.response) = (Array(request.utf8), Array(response.utf8))
        }

        init(
            _ line: String, host: String = "api.stripe.com", fields: String = "", body: String = "",
            status: String = "200 OK", answerFields: String = "content-type: application/json\r\n", answer: [UInt8]
        ) {
            let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            self.init("\(line) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\(length)\r\n\(body)", "")
            response =
                Array("HTTP/1.1 \(status)\r\n\(answerFields)content-length: \(answer.count)\r\n\r\n".utf8) + answer
        }
    }

    /// Each exchange on a connection of its own, to a server of that port.
    private static func see(_ exchanges: [Exchange], _ desk: Desk, isEncrypted: Bool = false) {
        let reader = CallReader(sink: Sink(desk: desk))
        for (index, exchange) in exchanges.enumerated() {
            let id = ConnectionID(rawValue: UInt64(index + 1))
            var time = now + .milliseconds(index)
            let origin = ConnectionOrigin(
                client: SocketEndpoint(ipv4: 0x0A00_0001, port: 40_000),
                server: SocketEndpoint(ipv4: 0xC633_6407, port: isEncrypted ? 443 : 80), isClientKnown: true,
                source: isEncrypted ? .keylog : .packets)
            reader.opened(id, origin, at: time)
            reader.chunk(exchange.request.span, of: id, .toServer, at: time)
            time = time + .microseconds(1_234)
            reader.chunk(exchange.response.span, of: id, .toClient, at: time)
            reader.closed(id, .finished, at: time + .milliseconds(1))
        }
    }

    private func expectSame(_ desk: Desk, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation)
    {
        let written = desk.finish()
        #expect(written.short == written.general, comment, sourceLocation: sourceLocation)
        let redactions = desk.general.redactor.counts.filter { $0.value > 0 }
        #expect(desk.report.redactions == redactions, comment, sourceLocation: sourceLocation)
        #expect(desk.report.notOurs == desk.general.notOurs, comment, sourceLocation: sourceLocation)
        var attributor = desk.general.attributor
        let attributed = attributor.takeCounts()
        #expect(desk.report.attribution == attributed, comment, sourceLocation: sourceLocation)
    }

    private static let json = Array(#"{"id":"ch_1","object":"charge","amount":99,"notes":["paid","paid"]}"#.utf8)

    private static var usual: [Exchange] {
        let gzip = "content-type: application/json\r\nContent-Encoding: gzip\r\n"
        return [
            Exchange(
                "POST /v1/charges/ch_1?expand=x&email=anna@example.org",
                fields:
                    "Content-Type: application/json\r\nAuthorization: Bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc\r\nX-Own: 7\r\n",
                body: #"{"amount":99,"coin":"euro"}"#, answer: json),
            Exchange(
                "GET /v1/charges", status: "402 Payment Required",
                answer: Array(#"{"error":{"code":"card_declined"}}"#.utf8)),
            Exchange("GET /v1/charges", answerFields: gzip, answer: gzipped(json)),
            Exchange("GET /v1/charges", answerFields: gzip, answer: Array("no gzip".utf8)),
            Exchange("DELETE /v1/charges/4242424242424242", status: "204 No Content", answerFields: "", answer: []),
            Exchange(
                "POST /v1/tokens", fields: "content-type: application/x-www-form-urlencoded\r\n",
                body: "card=4242424242424242&a=b", answerFields: "content-type: text/html\r\n",
                answer: Array("<html>anna@example.org</html>".utf8)),
            Exchange(
                "GET /v1 HTTP/1.1\r\nHost: api.stripe.com\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"),
            Exchange("GET /x", host: "intranet", answer: json), Exchange("GET /x", host: "10.0.0.7:8080", answer: json),
            Exchange(
                "GET /x", host: "partner.example", fields: "Set-Cookie: a=1\r\nset-cookie: b=2\r\nEmpty:\r\n",
                answerFields: "", answer: json),
            Exchange("HEAD /x", host: "partner.example:8443", answerFields: "", answer: []),
            Exchange(
                "GET /a/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl/b", host: "hooks.slack.com",
                answer: Array("ok".utf8)),
            Exchange(
                "GET /", host: "api.github.com", answerFields: "x-ratelimit-remaining: 12\r\nretry-after: 3\r\n",
                answer: Array([0xff, 0xfe, 0x00])),
        ]
    }

    private static func gzipped(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Gzip.compress($0) } }

    @Test(arguments: [false, true]) func `usual calls are taken, and encoded as the general way does`(isEncrypted: Bool)
    {
        let desk = Desk(Self.settings())
        // Twice: what is remembered of the first time decides the second.
        for _ in 0..<2 { Self.see(Self.usual, desk, isEncrypted: isEncrypted) }
        #expect(desk.seenCount == 2 * Self.usual.count)
        #expect(desk.leftCount <= 4, "bodies that say they are JSON and are not")
        expectSame(desk)
        #expect(desk.report.keptCount > 12 && !desk.report.notOurs.isEmpty)
    }

    @Test func `mutated calls are taken as the general way does, or left`() {
        var generator = SeededGenerator(state: 20_261_128)
        var takenCount = 0
        for round in 0..<60 {
            let desk = Desk(Self.settings())
            Self.see(Self.usual.map { Self.mutated($0, &generator) }, desk)
            takenCount += desk.seenCount - desk.leftCount
            expectSame(desk, "round \(round)")
        }
        #expect(takenCount > 200)
    }

    private static func mutated(_ exchange: Exchange, _ generator: inout SeededGenerator) -> Exchange {
        var mutated = exchange
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
            change(&mutated.request, &generator)
            change(&mutated.response, &generator)
        }
        return mutated
    }

    /// One byte becomes another.
    private static func change(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[at] =
            Bool.random(using: &generator)
            ? UInt8.random(in: 0x20..<0x7F, using: &generator) : UInt8.random(in: 0...255, using: &generator)
    }

    @Test(arguments: [
        Exchange(
            "GET /v1 HTTP/1.1\r\nHost: api.stripe.com\r\nX: a\r\n b\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Exchange("GET /v1 HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Exchange(
            "GET http://api.stripe.com/v1 HTTP/1.1\r\nHost: api.stripe.com\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Exchange(
            "GET /v1 HTTP/1.1\r\nHost: api.stripe.com\r\nX: \u{e9}\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Exchange(
            "GET /v1 HTTP/1.1\r\nHost: api.stripe.com\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        Exchange("GET /v1 HTTP/1.1\r\nHost: api.stripe.com\r\n\r\n", ""),
    ]) private func `what is unusual is left, and nothing of it counted`(exchange: Exchange) {
        let desk = Desk(Self.settings())
        Self.see([exchange], desk)
        #expect(desk.seenCount == 1 && desk.leftCount == 1)
        _ = desk.finish()
        #expect(desk.report.leftCount == 1 && desk.report.keptCount == 0)
        #expect(desk.report.redactions.isEmpty && desk.report.attribution == Attributor.Counts())
    }

    @Test func `a call that others told of comes as the call the general way makes`() {
        let desk = Desk(Self.settings())
        desk.isAlone = { _ in false }
        Self.see(Self.usual, desk)
        #expect(desk.apart.count > 6)
        for (short, general) in desk.apart { #expect(short == general) }
        expectSame(desk)
        #expect(desk.report.apartCount == desk.apart.count && desk.report.keptCount == 0)
        #expect(desk.report.partners.isEmpty)
    }

    @Test func `rules that look into calls leave no call without names to it`() {
        #expect(ExpressLane(Self.settings()) { _ in }.takesUnnamed)
        var settings = Self.settings()
        settings.attribution[.customer] = [AttributionRule(.attribute), AttributionRule(.header("x-customer"))]
        #expect(!ExpressLane(settings) { _ in }.takesUnnamed)
    }
}
