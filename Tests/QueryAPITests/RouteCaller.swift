import CallModel
import Documents
import NIOCore
import Storage
import Synchronization
import Transport

@testable import QueryAPI

/// Asks a route table as the handler does, without a server: path, query and body are checked, a problem becomes its answer.
struct RouteCaller {
    static let now = Instant(rfc3339: "2026-11-24T12:00:00Z")!

    var routes: [APIRoute]
    var who = "ann"

    struct Answer {
        var status: Int
        var headers: Headers
        var text: String

        /// The pointers of a problem's faults.
        var pointers: [String] {
            let pointers = try? JSONParser().parse(Array(text.utf8)) { problem in
                var pointers: [String] = []
                problem.member("errors")?.forEachElement { pointers.append($0.member("pointer")?.string ?? "") }
                return pointers
            }
            return pointers ?? []
        }

        func member(_ name: StaticString) throws -> String? {
            try JSONParser().parse(Array(text.utf8)) { document in
                document.member(name).map { value in
                    var bytes: [UInt8] = []
                    value.serialize(into: &bytes)
                    return String(decoding: bytes, as: UTF8.self)
                }
            }
        }
    }

    func ask(_ method: String, _ target: String, _ body: String = "") async throws -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1)
        let path = parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for route in routes where route.method == method {
            guard let values = route.match(path) else { continue }
            let response = try await answer(route, values, parts, body)
            return Answer(
                status: response.status, headers: response.headers, text: String(buffer: response.body))
        }
        return Answer(status: 404, headers: Headers(), text: "no route")
    }

    private func answer(
        _ route: APIRoute, _ values: [String: String], _ target: [Substring], _ body: String
    ) async throws -> Response {
        do {
            let query = try checkedQuery(target.count > 1 ? String(target[1]) : nil, route.parameters, now: Self.now)
            let peer = Peer(address: "127.0.0.1", port: 1, isLoopback: true, isTLS: false)
            let head = RequestHead(method: route.method, path: String(target[0]), version: .http1_1, peer: peer)
            var request = APIRequest(
                head: head, path: values, query: query, scopes: [.operate], who: who, now: Self.now)
            if let fields = route.body, !body.isEmpty || !route.isBodyOptional {
                request.fields = try checkedBody(Array(body.utf8), fields, now: Self.now)
            }
            return try await route.handle(request)
        } catch let problem as APIProblem {
            return problem.response
        }
    }
}

/// Sources that give nothing, and remember what was audited.
func emptySources(audited: @escaping @Sendable (String, String, String) -> Void = { _, _, _ in }) -> QuerySources {
    QuerySources(
        status: { nil }, searchCalls: { _ in [] }, call: { _ in nil }, hosts: { [] }, metrics: { [] },
        unreadiness: { nil }, authorize: { _ in nil }, audit: audited, version: "1")
}

/// A value that closures of several tasks share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
    func get() -> Value { value.withLock { $0 } }
    func change<R: Sendable>(_ body: @Sendable (inout sending Value) -> R) -> R { value.withLock { body(&$0) } }
}
