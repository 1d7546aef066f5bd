import CallModel
import Crypto
import Logging
import NIOCore
import Runtime
import Storage
import Synchronization
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
    /// Those whose pattern is one path alone, by it: they win over patterns that match as well.
    private let fixedRoutes: [String: [APIRoute]]
    private let logger: Logger
    private let requests: @Sendable (Int) -> Counter
    private let openAPI: [UInt8]
    private let queriesUnderWay = Atomic(0)

    /// - Parameter pages: what is served beside the API, for people.
    public init(
        _ configuration: Configuration, _ sources: QuerySources, pages: [WebPage] = [], metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.configuration = configuration
        self.sources = sources
        self.logger = logger
        let tail = CallTail(sources, metrics: metrics, logger: logger)
        let table = apiRoutes(sources, tail, RouteMemory(metrics)) + pages.map { $0.route(sources) }
        let document = openAPIDocument(table, version: sources.version)
        openAPI = document
        routes =
            table + [
                APIRoute(
                    pattern: openAPIPath, summary: "This description, as OpenAPI 3.1.", access: .open, schema: "OpenAPI"
                ) { _ in .json(document) }
            ]
        fixedRoutes = Dictionary(grouping: routes.filter(\.isFixed), by: \.pattern)
        requests = { status in
            metrics.counter(
                "farwatch_api_requests_total", help: "Requests to the query API, by status.",
                labels: [("status", String(status))])
        }
    }

    public func admit(_ head: RequestHead) -> Admission {
        // Where no body is wanted a small one is read away, so that the connection can go on.
        .collect(byteCountMax: bodyByteCountMax)
    }

    public func handle(_ request: Request, _ responder: Responder) {
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        if let response = preflight(request.head) { return answer(response, responder) }
        let route: APIRoute
        let prepared: APIRequest
        do {
            (route, prepared) = try prepare(request, at: now)
        } catch {
            return answer(error.response, responder)
        }
        if let handleAtOnce = route.handleAtOnce {
            do throws(APIProblem) {
                return answer(try handleAtOnce(prepared), responder)
            } catch {
                return answer(error.response, responder)
            }
        }
        guard queriesUnderWay.wrappingAdd(1, ordering: .relaxed).newValue <= configuration.concurrentQueriesMax else {
            queriesUnderWay.wrappingSubtract(1, ordering: .relaxed)
            return answer(
                APIProblem(
                    status: 503, title: "Too busy", detail: "as many requests are under way as may be",
                    headers: [("retry-after", "1")]
                ).response, responder)
        }
        Task {
            let response = await self.response(route, prepared)
            self.queriesUnderWay.wrappingSubtract(1, ordering: .relaxed)
            self.answer(response, responder)
        }
    }

    private func response(_ route: APIRoute, _ request: APIRequest) async -> Response {
        do {
            let response = try await route.handle(request)
            return route.hasEntityTag ? tagged(response, request.head) : response
        } catch let problem as APIProblem {
            return problem.response
        } catch is QueryTookTooLong {
            return APIProblem(
                status: 503, title: "Took too long", detail: "as many calls match that reading them takes too long",
                hint: "ask for less: a shorter time, one partner, one route"
            ).response
        } catch {
            // The path itself may hold the key of a share.
            logger.warning("a query failed", metadata: ["path": "\(route.pattern)", "error": "\(error)"])
            return APIProblem(
                status: 503, title: "Not available", detail: "the database does not answer",
                headers: [("retry-after", "1")]
            ).response
        }
    }

    private func answer(_ response: Response, _ responder: Responder) {
        requests(response.status).add()
        responder.respond(response)
    }

    /// Larger answers are not worth the hash.
    private static let taggedByteCountMax = 1 << 20

    /// Adds an entity tag to an answer that has none, and leaves out what the client has already.
    private func tagged(_ response: Response, _ head: RequestHead) -> Response {
        guard response.status == 200, response.stream == nil, response.headers[first: "etag"] == nil,
            response.body.readableBytes <= Self.taggedByteCountMax
        else { return response }
        let tag = entityTag(of: Array(buffer: response.body))
        var response = response
        response.headers.add("etag", tag)
        guard head.hasAlready(tag) else { return response }
        response.headers.remove("content-type")
        return Response(status: 304, headers: response.headers)
    }

    /// Browsers ask before they read from another origin (Fetch standard, CORS-preflight): only the status is for all.
    private func preflight(_ head: RequestHead) -> Response? {
        guard head.method == "OPTIONS", head.headers[first: "access-control-request-method"] != nil else { return nil }
        let path = segments(head.path)
        guard routes.contains(where: { $0.access == .status && $0.match(path) != nil }) else { return nil }
        return Response(
            status: 204,
            headers: [
                "access-control-allow-origin": "*", "access-control-allow-methods": "GET, HEAD",
                "access-control-allow-headers": "authorization, if-none-match", "access-control-max-age": "86400",
            ])
    }

    private func segments(_ path: String) -> [Substring] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    private func prepare(_ request: Request, at now: Instant) throws(APIProblem) -> (APIRoute, APIRequest) {
        let head = request.head
        let path = segments(head.path)
        let method = head.method == "HEAD" ? "GET" : head.method
        var found: (route: APIRoute, values: [String: String])?
        var methods: [String] = []
        for route in fixedRoutes[head.path] ?? routes {
            guard let values = route.match(path) else { continue }
            // `/calls/stream` is not the call of that name: the fixed path comes first in the table.
            if let found, found.route.pattern != route.pattern { break }
            methods += route.method == "GET" ? ["GET", "HEAD"] : [route.method]
            if route.method == method || found == nil { found = (route, values) }
        }
        guard let (route, values) = found else {
            let known = routes.map(\.pattern).filter { !$0.contains("{") }
            throw APIProblem(
                status: 404, title: "Not found",
                detail: "there is no path \(head.path.prefix(80)); \(openAPIPath) lists them",
                errors: [Problem.Item(pointer: "/path", detail: "no such path")],
                hint: Spelling.nearest(to: String(head.path.prefix(80)), among: known).map { "did you mean `\($0)`?" })
        }
        guard route.method == method else {
            let allowed = methods.joined(separator: ", ")
            throw APIProblem(
                status: 405, title: "Method not allowed", detail: "use \(allowed)", headers: [("allow", allowed)])
        }
        let (scopes, who) = try identify(head, route.access)
        let query = try checkedQuery(head.query, route.parameters, now: now)
        var prepared = APIRequest(head: head, path: values, query: query, scopes: scopes, who: who, now: now)
        if let fields = route.body, request.body.readableBytes > 0 || !route.isBodyOptional {
            let type = head.headers[first: "content-type"]?.split(separator: ";").first
            guard type?.lowercased() == "application/json" else {
                throw APIProblem(
                    status: 415, title: "Unsupported media type", detail: "send application/json",
                    headers: [("accept", "application/json")])
            }
            prepared.fields = try checkedBody(Array(buffer: request.body), fields, now: now)
        }
        return (route, prepared)
    }

    private func identify(_ head: RequestHead, _ access: APIRoute.Access) throws(APIProblem) -> (
        Set<TokenScope>, String
    ) {
        if let value = head.headers[first: "authorization"], access != .open {
            let parts = value.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer",
                let (scopes, name) = sources.authorize(String(parts[1]))
            else { throw Self.unauthorized("the token is unknown, expired or revoked") }
            let needed = Self.needed(access)
            guard scopes.contains(.admin) || !scopes.isDisjoint(with: needed) else {
                throw APIProblem(
                    status: 403, title: "Forbidden", detail: "the token lacks the scope `\(needed[0].rawValue)`",
                    hint: "farwatch-aggregator token create --scope \(needed[0].rawValue)")
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
        case .operate, .admin:
            throw Self.unauthorized("a bearer token with the scope `\(Self.needed(access)[0].rawValue)` is needed")
        }
    }

    /// The scopes of which one is needed; `admin` always does.
    private static func needed(_ access: APIRoute.Access) -> [TokenScope] {
        switch access {
        case .open, .status, .read: [.read, .operate]
        case .operate: [.operate]
        case .admin: [.admin]
        }
    }

    private static func unauthorized(_ detail: String) -> APIProblem {
        APIProblem(status: 401, title: "Unauthorized", detail: detail, headers: [("www-authenticate", "Bearer")])
    }
}

let openAPIPath = "/openapi.json"

/// A strong entity tag, quotes included (RFC 9110, section 8.8.3).
func entityTag(of bytes: [UInt8]) -> String {
    let digest = SHA256.hash(data: bytes).prefix(8).reduce(into: UInt64(0)) { $0 = $0 << 8 | UInt64($1) }
    return "\"\(hexText(digest))\""
}
