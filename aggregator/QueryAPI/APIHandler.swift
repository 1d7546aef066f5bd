import CallModel
import Logging
import NIOCore
import Runtime
import Storage
import Transport

/// Answers the query API: finds the route, checks who asks and with what, and turns every failure into problem+json.
public final class APIHandler: RequestHandler {
    public struct Configuration: Sendable {
        /// Whether anybody may read the status documents, not only those on loopback.
        public var publicStatus = false
        /// Requests to the database under way at once; more are asked to come back.
        public var concurrentQueriesMax = 64

        public init() {}
    }

    private let configuration: Configuration
    private let sources: QuerySources
    private let routes: [APIRoute]
    private let logger: Logger
    private let requests: @Sendable (Int) -> Counter
    private let openAPI: [UInt8]

    public init(_ configuration: Configuration, _ sources: QuerySources, metrics: MetricsRegistry, logger: Logger) {
        self.configuration = configuration
        self.sources = sources
        self.logger = logger
        let table = apiRoutes(sources)
        let document = openAPIDocument(table, version: sources.version)
        openAPI = document
        routes =
            table + [
                APIRoute(
                    pattern: openAPIPath, summary: "This description, as OpenAPI 3.1.", access: .open, schema: "OpenAPI"
                ) { _ in .json(document) }
            ]
        requests = { status in
            metrics.counter(
                "farwatch_api_requests_total", help: "Requests to the query API, by status.",
                labels: [("status", String(status))])
        }
    }

    public func admit(_ head: RequestHead) -> Admission {
        // No operation so far takes a body; a small one is read away so that the connection can go on.
        .collect(byteCountMax: 64 << 10)
    }

    public func handle(_ request: Request, _ responder: Responder) {
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        let route: APIRoute
        let prepared: APIRequest
        do {
            (route, prepared) = try prepare(request.head, at: now)
        } catch {
            return answer(error.response, responder)
        }
        Task {
            do {
                self.answer(try await route.handle(prepared), responder)
            } catch let problem as APIProblem {
                self.answer(problem.response, responder)
            } catch {
                self.logger.warning("a query failed", metadata: ["path": "\(prepared.head.path)", "error": "\(error)"])
                self.answer(
                    APIProblem(
                        status: 503, title: "Not available", detail: "the database does not answer",
                        headers: [("retry-after", "1")]
                    ).response, responder)
            }
        }
    }

    private func answer(_ response: Response, _ responder: Responder) {
        requests(response.status).add()
        responder.respond(response)
    }

    private func prepare(_ head: RequestHead, at now: Instant) throws(APIProblem) -> (APIRoute, APIRequest) {
        let path = head.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var found: (route: APIRoute, values: [String: String])?
        for route in routes {
            guard let values = route.match(path) else { continue }
            found = (route, values)
            break
        }
        guard let (route, values) = found else {
            throw APIProblem(
                status: 404, title: "Not found",
                detail: "there is no path \(head.path.prefix(80)); \(openAPIPath) lists them")
        }
        guard head.method == "GET" || head.method == "HEAD" else {
            throw APIProblem(
                status: 405, title: "Method not allowed", detail: "use GET", headers: [("allow", "GET, HEAD")])
        }
        let (scopes, who) = try identify(head, route.access)
        let query = try checkedQuery(head.query, route.parameters, now: now)
        return (route, APIRequest(head: head, path: values, query: query, scopes: scopes, who: who, now: now))
    }

    private func identify(_ head: RequestHead, _ access: APIRoute.Access) throws(APIProblem) -> (
        Set<TokenScope>, String
    ) {
        if let value = head.headers[first: "authorization"], access != .open {
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer",
                let (scopes, name) = sources.authorize(String(parts[1]))
            else { throw Self.unauthorized("the token is unknown, expired or revoked") }
            guard scopes.contains(.read) || scopes.contains(.admin) || scopes.contains(.operate) else {
                throw APIProblem(status: 403, title: "Forbidden", detail: "the token lacks the scope `read`")
            }
            return (scopes, name)
        }
        switch access {
        case .open: return ([], "anonymous")
        case .status where configuration.publicStatus: return ([], "anonymous")
        case .status, .read:
            guard head.peer.isLoopback else {
                throw Self.unauthorized("a bearer token with the scope `read` is needed")
            }
            return ([], "anonymous on loopback")
        }
    }

    private static func unauthorized(_ detail: String) -> APIProblem {
        APIProblem(status: 401, title: "Unauthorized", detail: detail, headers: [("www-authenticate", "Bearer")])
    }
}

let openAPIPath = "/openapi.json"
