import CallModel
import Compression
import Logging
import NIOCore
import Runtime
import Testing
import Transport

@testable import QueryAPI

/// The status as it is served: bytes made before anybody asked.
struct StatusDocumentTests {
    private static let path = "/api/v1/status"
    private static let small = #"{"as_of":"2026-11-24T12:00:00Z","stale":false,"partners":[]}"#
    private static let large = small.dropLast(2) + String(repeating: #"{"id":"a"},"#, count: 9_000) + #"{"id":"b"}]}"#

    private func response(
        _ document: some StringProtocol, age: Duration = .zero, _ headers: Headers = Headers()
    ) throws -> Response {
        let status = PublishedStatus(asOf: RouteCaller.now - age, contents: [Self.path: Array(document.utf8)])
        var sources = emptySources()
        sources.status = { status }
        let route = try #require(
            apiRoutes(
                sources, CallTail(sources, metrics: .init(), logger: .init(label: "test")), RouteMemory(.init())
            ).first {
                $0.pattern == Self.path
            })
        let answer = try #require(route.handleAtOnce)
        let peer = Peer(address: "127.0.0.1", port: 1, isLoopback: true, isTLS: false)
        let head = RequestHead(method: "GET", path: Self.path, headers: headers, version: .http1_1, peer: peer)
        return try answer(
            APIRequest(head: head, path: [:], query: [:], scopes: [], who: "anonymous", now: RouteCaller.now))
    }

    @Test func `a large document goes compressed to who takes that, under a tag of its own`() throws {
        let plain = try response(Self.large)
        let zipped = try response(Self.large, ["accept-encoding": "br, gzip"])
        #expect(plain.headers[first: "content-encoding"] == nil)
        #expect(String(buffer: plain.body) == Self.large)
        #expect(zipped.headers[first: "content-encoding"] == "gzip")
        #expect(zipped.body.readableBytes < plain.body.readableBytes / 20)
        let unzipped = try Array(buffer: zipped.body).withUnsafeBytes { try Gzip.decompress($0, byteCountMax: 1 << 20) }
        #expect(String(decoding: unzipped, as: UTF8.self) == Self.large)
        let tag = try #require(zipped.headers[first: "etag"])
        #expect(tag != plain.headers[first: "etag"])
        let known: Headers = ["accept-encoding": "gzip", "if-none-match": tag]
        #expect(try response(Self.large, known).status == 304)
        #expect(zipped.headers[first: "vary"] == "accept-encoding")
    }

    @Test func `a small one, or for who refuses gzip, goes as it is`() throws {
        #expect(try response(Self.small, ["accept-encoding": "gzip"]).headers[first: "content-encoding"] == nil)
        for refusal in ["gzip;q=0", "gzip; q=0.00", "identity", "gzipped"] {
            #expect(try response(Self.large, ["accept-encoding": refusal]).headers[first: "content-encoding"] == nil)
        }
        #expect(
            try response(Self.large, ["accept-encoding": "gzip;q=0.5"]).headers[first: "content-encoding"] == "gzip")
    }

    @Test func `an old one says so, compressed or not`() throws {
        let stale = try response(Self.large, age: .seconds(16), ["accept-encoding": "gzip"])
        #expect(stale.headers[first: "content-encoding"] == nil)
        #expect(String(buffer: stale.body).contains("\"stale\":true "))
        #expect(stale.body.readableBytes == Self.large.utf8.count)
        #expect(try #require(stale.headers[first: "etag"]).hasPrefix("\"stale-"))
    }
}
