import CallModel
import Documents
import PartnerCatalog
import Storage
import Transport

// How much of a partner's rate limits is used: read out of the answers' headers where somebody asks, so that nothing more is
// kept of a call than its headers. An operator's own header names are known to the hosts alone; of partners that only they
// define, the families that many share are read.

func rateLimit(of call: APICall) -> RateLimit? {
    Catalogue.builtIn.rateLimit(of: call, partner: call.partner ?? "")
}

/// Adds `rate_limit` to a call's document, which is an object with members.
func append(_ limit: RateLimit, toObject document: inout [UInt8]) {
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("retry_at", limit.retryAt)
        writer.array("limits") { writer in
            for figure in limit.figures { writer.object { append(figure, to: &$0) } }
        }
    }
    guard document.last == UInt8(ascii: "}") else { return }
    document.removeLast()
    document += Array(",\"rate_limit\":".utf8) + writer.bytes + Array("}".utf8)
}

private func append(_ figure: RateLimit.Figure, to writer: inout JSONWriter) {
    writer.member("source_header", figure.header)
    writer.member("policy", figure.policy)
    writer.member("limit", figure.limit)
    writer.member("remaining", figure.remaining)
    writer.member("used", figure.used)
    writer.member("used_ratio", figure.usedRatio, decimals: 4)
    writer.member("reset_at", figure.resetAt)
    writer.member("window_s", figure.window?.inSeconds, decimals: 3)
    writer.member("reason", figure.reason)
}

/// Calls looked at, newest first.
private let callsReadMax = 200

func rateLimitRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/partners/{id}/rate-limits",
            summary: "How much of a partner's rate limits is used, as its latest answers of the last hour tell it.",
            access: .read, schema: "RateLimitList"
        ) { request in
            var filter = CallFilter(since: request.now - .seconds(3_600), until: request.now + .seconds(60))
            filter.partner = String(request.path["id"]!.prefix(Limits.nameByteCountMax))
            filter.limit = callsReadMax
            filter.newest = request.now + .seconds(1)
            let page = try await sources.callPage(filter)
            return .json(rateLimitList(page.calls, filter.partner!, at: request.now))
        }
    ]
}

/// Of each limit the latest figure. Where a call says nothing of a limit, an earlier one still does.
///
/// - Parameter calls: Newest first.
func rateLimitList(_ calls: [StoredCall], _ partner: String, at now: Instant) -> [UInt8] {
    var seen: Set<String> = []
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("as_of", now)
        writer.member("partner", partner)
        writer.array("data") { writer in
            for stored in calls {
                for figure in rateLimit(of: stored.call)?.figures ?? []
                where seen.insert(figure.header + " " + (figure.policy ?? "")).inserted {
                    writer.object {
                        append(figure, to: &$0)
                        $0.member("observed_at", stored.call.time)
                        $0.member("call", stored.id)
                        $0.member("host", stored.call.host)
                    }
                }
            }
        }
        writer.member("calls_read", calls.count)
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}
