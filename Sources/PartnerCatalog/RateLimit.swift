import CallModel

/// What one answer tells of its partner's rate limits, in whatever dialect: read by the partner's own headers
/// (`PartnerDefinition.rateLimitHeaders`), and where they are silent by the families that many share.
public struct RateLimit: Sendable, Equatable {
    /// One limit of the partner's. Each figure is nil where the answer does not tell it.
    public struct Figure: Sendable, Equatable {
        /// The limit's name, where it has one: `burst`, `api-usage`.
        public var policy: String?
        public var limit: Int64?
        public var remaining: Int64?
        public var used: Int64?
        /// From 0 to 1 and beyond, told or worked out of the others.
        public var usedRatio: Double?
        public var resetAt: Instant?
        public var window: Duration?
        /// Which limit it was, in the partner's words.
        public var reason: String?
        /// The first header it was read from.
        public var header: String

        init(header: String, policy: String? = nil) {
            self.header = header
            self.policy = policy
        }

        var tellsAmount: Bool { limit != nil || remaining != nil || used != nil || usedRatio != nil }
    }

    public var figures: [Figure] = []
    /// From `Retry-After`: not before then (RFC 9110, section 10.2.3). It wins over a figure's `resetAt`.
    public var retryAt: Instant?

    /// Items of one header that are looked at.
    static let itemCountMax = 8
    /// Longer values are not read.
    static let valueByteCountMax = 2_048
}

extension Catalogue {
    /// Nil where the answer tells nothing. Times are relative to the end of the call, on the host's clock.
    public func rateLimit(of call: APICall, partner: String) -> RateLimit? {
        guard let response = call.response else { return nil }
        let end = call.time + (call.duration ?? .zero)
        let own = definition(of: partner)?.rateLimitHeaders ?? []
        var report = RateLimit()
        for headers in [own, RateLimitHeader.shared(beside: own)] where report.figures.isEmpty {
            report.figures = figures(of: response.headers, by: headers, at: end)
        }
        report.retryAt = response.headers.value(of: "retry-after").flatMap { LimitText.time($0, at: end) }
        return report.figures.isEmpty && report.retryAt == nil ? nil : report
    }

    private func figures(of headers: [Header], by rules: [RateLimitHeader], at end: Instant) -> [RateLimit.Figure] {
        var figures: [RateLimit.Figure] = []
        for group in RateLimitHeader.groups(rules) {
            if group[0].role == .combined {
                guard let text = headers.value(of: group[0].name) else { continue }
                for figure in LimitText.combined(text, of: group[0], at: end) { merge(figure, into: &figures) }
            } else {
                var figure: RateLimit.Figure?
                for rule in group {
                    guard let text = headers.value(of: rule.name) else { continue }
                    var read = figure ?? RateLimit.Figure(header: rule.name)
                    read.window = read.window ?? rule.window
                    read.take(text, rule.role, at: end)
                    figure = read
                }
                if let figure, figure.tellsAmount || figure.reason != nil { figures.append(figure) }
            }
        }
        return figures.map { $0.completed }
    }

    /// `RateLimit` and `RateLimit-Policy` tell of the same policies, each a part.
    private func merge(_ figure: RateLimit.Figure, into figures: inout [RateLimit.Figure]) {
        guard let name = figure.policy, let index = figures.firstIndex(where: { $0.policy == name }) else {
            return figures.append(figure)
        }
        figures[index].limit = figures[index].limit ?? figure.limit
        figures[index].remaining = figures[index].remaining ?? figure.remaining
        figures[index].window = figures[index].window ?? figure.window
        figures[index].resetAt = figures[index].resetAt ?? figure.resetAt
    }
}

extension RateLimit.Figure {
    /// What was told first stays.
    fileprivate mutating func take(_ text: String, _ role: RateLimitHeader.Role, at now: Instant) {
        guard text.utf8.count <= RateLimit.valueByteCountMax else { return }
        switch role {
        case .limit:
            limit = limit ?? LimitText.count(text)
            window = window ?? LimitText.window(text)
        case .remaining: remaining = remaining ?? LimitText.count(text)
        case .used: used = used ?? LimitText.count(text)
        case .usedRatio: usedRatio = usedRatio ?? LimitText.number(text)
        case .window: window = window ?? LimitText.count(text).map { .seconds($0) }
        case .reset: resetAt = resetAt ?? LimitText.time(text, at: now)
        case .resetMilliseconds:
            resetAt = resetAt ?? LimitText.count(text).flatMap { LimitText.later($0, .milliseconds(1), now) }
        case .usedOfLimit:
            guard let pair = LimitText.pair(text) else { return }
            (used, limit) = (used ?? pair.used, limit ?? pair.limit)
        case .reason: reason = reason ?? String(text.prefix(100))
        case .combined: break  // Its own group.
        }
    }

    fileprivate var completed: RateLimit.Figure {
        guard usedRatio == nil, let limit, limit > 0 else { return self }
        var figure = self
        if let used { figure.usedRatio = Double(used) / Double(limit) }
        if let remaining { figure.usedRatio = 1 - Double(remaining) / Double(limit) }
        return figure
    }
}

extension RateLimitHeader {
    /// Headers of one limit stand together, in the order they are written down: an amount that the limit before has already, or
    /// that counts in another window, begins a new one. A reset or a reason belongs to the limit before it; a second one of
    /// them is another spelling of the first.
    static func groups(_ headers: [RateLimitHeader]) -> [[RateLimitHeader]] {
        var groups: [[RateLimitHeader]] = []
        for header in headers {
            guard let last = groups.last, last[0].role != .combined else {
                groups.append([header])
                continue
            }
            let joins: Bool =
                switch header.role {
                case .reset, .resetMilliseconds, .reason, .window: true
                case .combined: false
                case .limit, .remaining, .used, .usedRatio, .usedOfLimit:
                    last[0].window == header.window && !last.contains { $0.role == header.role }
                }
            if joins { groups[groups.count - 1].append(header) } else { groups.append([header]) }
        }
        return groups
    }

    /// The families that many share, less what the partner's own say.
    static func shared(beside own: [RateLimitHeader]) -> [RateLimitHeader] {
        let known = Set(own.map(\.name))
        return ([RateLimitHeader].structured + .xRateLimit + .rateLimit + .xRateDashLimit).filter {
            !known.contains($0.name)
        }
    }
}
