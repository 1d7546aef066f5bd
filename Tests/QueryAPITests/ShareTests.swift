import CallModel
import Documents
import Storage
import Testing
import Transport

@testable import QueryAPI

/// Links for outsiders, without a database: what is refused before one is asked, and what an answer gives away.
struct ShareTests {
    private static let now = Instant(rfc3339: "2026-11-27T12:00:00Z")!

    private func sources(_ shares: ShareSources) -> QuerySources {
        var sources = QuerySources(
            status: { nil }, searchCalls: { _ in [] }, call: { _ in nil }, hosts: { [] }, metrics: { [] },
            unreadiness: { nil }, authorize: { _ in nil }, audit: { _, _, _ in }, version: "1")
        sources.shares = shares
        sources.shares.areAllowed = true
        return sources
    }

    private func request(_ path: [String: String], query: [String: String] = [:]) -> APIRequest {
        let peer = Peer(address: "203.0.113.9", port: 1, isLoopback: false, isTLS: true)
        return APIRequest(
            head: RequestHead(method: "GET", path: "/shared/x", version: .http1_1, peer: peer), path: path,
            query: query,
            scopes: [], who: "anonymous", now: Self.now)
    }

    private func view(_ key: String, format: String? = nil, _ shares: ShareSources) async throws -> Response {
        try await sharedRoute(sources(shares)).handle(
            request(["key": key], query: format.map { ["format": $0] } ?? [:]))
    }

    @Test func `keys are long, unlike each other, and kept as a hash alone`() {
        let keys = (0..<100).map { _ in ShareKey.random() }
        #expect(Set(keys.map(\.text)).count == 100)
        for key in keys {
            #expect(key.text.utf8.count == 8 + 64)
            #expect(ShareKey(key.text)?.hash == key.hash && key.hash.count == 32)
        }
    }

    @Test func `what is no key never reaches the database`() async throws {
        var shares = ShareSources()
        shares.view = { _, _ in
            Issue.record("the database was asked")
            return nil
        }
        let key = ShareKey.random().text
        for text in [
            "", "fwshare_", key + "0", String(key.dropLast()), key.uppercased(), "fw_" + key.dropFirst(8), "é",
        ] {
            let problem = await #expect(throws: APIProblem.self) { try await view(text, shares) }
            #expect(problem?.status == 404)
        }
    }

    @Test func `a viewer gets a page or HAR that nothing stores, and the view tells where it came from`() async throws {
        let (key, viewed) = (ShareKey.random(), Viewed())
        var shares = ShareSources()
        shares.view = { hash, address in
            #expect(hash == key.hash)
            await viewed.add(address)
            return EvidenceRecord(
                id: "ev_1", createdAt: Self.now, createdBy: "alice", title: "Calls <of> Monday", scope: "{}",
                callCount: 0,
                har: Array(#"{"log":{"entries":[]}}"#.utf8))
        }
        let page = try await view(key.text, shares)
        #expect(page.headers[first: "content-type"] == "text/html; charset=utf-8")
        let text = String(buffer: page.body)
        #expect(text.contains("Calls &lt;of&gt; Monday") && !text.contains("alice"))
        let har = try await view(key.text, format: "har", shares)
        #expect(String(buffer: har.body) == #"{"log":{"entries":[]}}"#)
        for answer in [page, har] {
            #expect(answer.headers[first: "cache-control"] == "no-store")
            #expect(answer.headers[first: "x-robots-tag"] == "noindex, nofollow")
            #expect(answer.headers[first: "etag"] == nil)
        }
        #expect(page.headers[first: "referrer-policy"] == "no-referrer")
        #expect(await viewed.addresses == ["203.0.113.9", "203.0.113.9"])
    }

    @Test func `a share says by itself whether it is over`() {
        var share = ShareRecord(
            id: "sh_1", evidence: "ev_1", recipient: "Stripe", createdAt: Self.now, createdBy: "alice",
            expiresAt: Self.now + .seconds(60))
        #expect(share.state(at: Self.now) == "open")
        #expect(share.state(at: Self.now + .seconds(60)) == "expired")
        share.viewCount = ShareStore.viewCountMax
        #expect(share.state(at: Self.now) == "used_up")
        share.endedAt = Self.now
        #expect(share.state(at: Self.now) == "ended")
    }

    private actor Viewed {
        private(set) var addresses: [String] = []
        func add(_ address: String) { addresses.append(address) }
    }
}
