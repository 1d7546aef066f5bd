import CallModel
import PartnerCatalog
import Testing

/// What partners really send, as they themselves write it down, is understood.
@Suite struct PartnerVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var partner: String
        var kind: String
        var source: String
        var status = 200
        var headers: [Header] = []
        var body: String?
        var expected = ""

        var testDescription: String { "\(partner) \(kind): \(source)" }

        init(_ block: [Substring]) {
            let words = block[0].split(separator: " ", maxSplits: 2).map(String.init)
            (partner, kind, source) = (words[0], words[1], words[2])
            for line in block.dropFirst() {
                if line.hasPrefix("= ") {
                    expected = String(line.dropFirst(2))
                } else if line.hasPrefix("HTTP ") {
                    status = Int(line.dropFirst(5)) ?? 0
                } else if line.hasPrefix("{") {
                    body = String(line)
                } else if let colon = line.firstIndex(of: ":") {
                    headers.append(Header(line[..<colon].lowercased(), String(line[colon...].dropFirst(2))))
                }
            }
        }
    }

    static let vectors: [Vector] = partnerVectors.split(separator: "\n", omittingEmptySubsequences: false)
        .split(separator: "").map { Vector(Array($0)) }

    @Test(arguments: vectors.filter { $0.kind == "webhook" })
    func `a webhook is its sender's, and tells what it tells`(_ vector: Vector) {
        let webhook = call("POST", "https://us.example/hooks", headers: vector.headers, direction: .inbound)
        let resolution = Catalogue.builtIn.resolve(webhook)
        #expect(resolution == .partner(id: vector.partner, route: "POST /hooks", isWebhook: true))
        let details = Catalogue.builtIn.webhookDetails(of: webhook, partner: vector.partner)
        let told = [
            details?.eventType?.replacing(" ", with: "_"), details?.deliveryID, details?.attempt.map { "\($0)" },
            details?.subscription,
        ].map { $0 ?? "-" }
        #expect(told.joined(separator: " ") == vector.expected)
    }

    @Test(arguments: vectors.filter { $0.kind == "limit" })
    func `what is left of a limit is read`(_ vector: Vector) throws {
        let read = Catalogue.builtIn.rateLimit(
            of: answered(vector.status, headers: vector.headers), partner: vector.partner)
        let figure = try #require(read?.figures.first)
        let told = [figure.limit, figure.remaining, figure.resetAt.map { $0.nanosecondsSinceEpoch / 1_000_000_000 }]
        #expect(told.map { $0.map(String.init) ?? "-" }.joined(separator: " ") == vector.expected)
    }

    @Test(arguments: vectors.filter { $0.kind == "answer" })
    func `an answer ends the call as the partner means it`(_ vector: Vector) throws {
        let partner = try #require(Catalogue.builtIn.definition(of: vector.partner))
        let host = try #require(partner.hosts.first)
        let url = "https://\(host.isWildcard ? "acme." : "")\(host.host)/v1/things"
        let answer = answered(vector.status, vector.body, headers: vector.headers, url: url)
        #expect(Catalogue.builtIn.outcome(of: answer, partner: vector.partner).name == vector.expected)
    }

    @Test func `twenty partners and more speak for themselves`() {
        #expect(Set(Self.vectors.map(\.partner)).count >= 20)
        #expect(Set(Self.vectors.map(\.kind)) == ["webhook", "limit", "answer"])
        #expect(Self.vectors.allSatisfy { $0.source.contains(".") && !$0.expected.isEmpty })
    }
}
