import CallModel
import Documents
import Storage
import Testing

@testable import QueryAPI

struct RateLimitListTests {
    private let now = Instant(rfc3339: "2026-11-27T12:00:00Z")!

    private func stored(_ id: String, _ headers: [Header], secondsAgo: Int64) -> StoredCall {
        var call = APICall(
            time: now - .seconds(secondsAgo), request: .init(method: "GET", url: "https://api.github.com/x"),
            source: .json)
        call.partner = "github"
        call.host = "app-\(id)"
        call.response = .init(status: 200, headers: headers)
        return StoredCall(id: id, call: call, cursor: CallCursor(timeMicroseconds: 0, block: 0, row: 0))
    }

    @Test func `of each limit the latest figure is told, with where it was seen`() throws {
        let bytes = rateLimitList(
            [
                stored("3", [Header("x-ratelimit-resource", "core")], secondsAgo: 1),
                stored("2", [Header("x-ratelimit-limit", "60"), Header("x-ratelimit-remaining", "12")], secondsAgo: 2),
                stored("1", [Header("x-ratelimit-limit", "60"), Header("x-ratelimit-remaining", "13")], secondsAgo: 3),
            ], "github", at: now)
        try JSONParser().parse(bytes) { list in
            var told: [String] = []
            list.member("data")?.forEachElement { figure in
                let remaining = figure.member("remaining")?.int64.map(String.init) ?? "-"
                told.append(
                    "\(figure.member("call")?.string ?? "?") \(remaining) \(figure.member("host")?.string ?? "?")")
            }
            #expect(told == ["3 - app-3", "2 12 app-2"])
            #expect(list.member("calls_read")?.int64 == 3)
        }
    }

    @Test func `a call's document says what its answer told`() throws {
        let call = stored(
            "1", [Header("x-ratelimit-limit", "60"), Header("x-ratelimit-remaining", "0")], secondsAgo: 0)
        var document = Array(#"{"id":"1"}"#.utf8)
        append(try #require(rateLimit(of: call.call)), toObject: &document)
        try JSONParser().parse(document) { root in
            var ratios: [Double?] = []
            root.member("rate_limit")?.member("limits")?.forEachElement {
                ratios.append($0.member("used_ratio")?.double)
            }
            #expect(root.member("id")?.string == "1" && ratios == [1])
        }
    }
}
