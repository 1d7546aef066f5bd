import CallModel
import Detection

/// What was learned, as it is kept over a restart.
extension DriftCore {
    private static let version: UInt32 = 1

    public func encoded() -> [UInt8] {
        var writer = StateWriter(version: Self.version)
        writer.put(answers)
        writer.put(routes.sorted { ($0.key.partner, $0.key.route) < ($1.key.partner, $1.key.route) }) { writer, entry in
            writer.put(entry.key.partner)
            writer.put(entry.key.route)
            entry.value.encode(into: &writer)
            writer.put(followed[entry.key] ?? []) { $1.encode(into: &$0) }
        }
        return writer.bytes
    }

    /// - Throws: for bytes of another version or that are damaged; whoever has them begins anew.
    public init(_ bytes: [UInt8], _ configuration: Configuration = Configuration()) throws(StateError) {
        self.init(configuration)
        var reader = try StateReader(bytes, version: Self.version)
        answers = try reader.next()
        let count: UInt32 = try reader.next()
        for _ in 0..<count {
            let key = RouteKey(partner: try reader.text(), route: try reader.text())
            routes[key] = try RouteDrift(&reader)
            let findings = try reader.array { (reader) throws(StateError) in try Followed(&reader) }
            if !findings.isEmpty { followed[key] = findings }
        }
        try reader.finish()
        recount()
    }
}

extension StateWriter {
    fileprivate mutating func put(_ time: Instant) { put(time.nanosecondsSinceEpoch) }
    fileprivate mutating func put(_ texts: Set<String>) { put(texts.sorted()) { $0.put($1) } }
    fileprivate mutating func put(_ moments: Moments) {
        put(moments.count)
        put(moments.mean)
        put(moments.squares)
    }
}

extension StateReader {
    fileprivate mutating func time() throws(StateError) -> Instant { Instant(nanosecondsSinceEpoch: try next()) }
    fileprivate mutating func integer() throws(StateError) -> Int { Int(try next() as Int64) }
    fileprivate mutating func texts() throws(StateError) -> [String] {
        try array { (reader) throws(StateError) in try reader.text() }
    }
    fileprivate mutating func optionalText() throws(StateError) -> String? {
        try optional { (reader) throws(StateError) in try reader.text() }
    }
    fileprivate mutating func moments() throws(StateError) -> Moments {
        Moments(count: try double(), mean: try double(), squares: try double())
    }
}

extension RouteDrift {
    func encode(into writer: inout StateWriter) {
        writer.put(lastSeen)
        writer.put(families.sorted { $0.key < $1.key }) { writer, entry in
            writer.put(entry.key)
            entry.value.encode(into: &writer)
        }
        for moments in [latency.reference, latency.block, latency.off] { writer.put(moments) }
        writer.put(latency.offSince)
        writer.put(hosts.sorted { $0.key < $1.key }) { writer, entry in
            writer.put(entry.key)
            writer.put(entry.value)
        }
        writer.put(notices) { $0.put($1) }
    }

    init(_ reader: inout StateReader) throws(StateError) {
        self.init(at: try reader.time())
        let count: UInt32 = try reader.next()
        for _ in 0..<count { families[try reader.text()] = try FeatureFamily(&reader) }
        (latency.reference, latency.block, latency.off) = (
            try reader.moments(), try reader.moments(), try reader.moments()
        )
        latency.offSince = try reader.time()
        let hostCount: UInt32 = try reader.next()
        for _ in 0..<hostCount { hosts[try reader.text()] = try reader.time() }
        notices = try reader.texts()
    }
}

extension FeatureFamily {
    func encode(into writer: inout StateWriter) {
        writer.put(Int64(answers))
        writer.put(since)
        writer.put(Int64(refusedCount))
        writer.put(stats.sorted { $0.key.text < $1.key.text }) { writer, entry in
            writer.put(entry.key.text)
            writer.put(Int64(entry.value.first))
            writer.put(Int64(entry.value.last))
            writer.put(entry.value.lastTime)
            writer.put(Int64(entry.value.count))
            writer.put(entry.value.candidate) { $1.encode(into: &$0) }
        }
    }

    init(_ reader: inout StateReader) throws(StateError) {
        let answers = try reader.integer()
        self.init(since: try reader.time())
        self.answers = answers
        refusedCount = try reader.integer()
        let count: UInt32 = try reader.next()
        for _ in 0..<count {
            let feature = Feature(text: try reader.text())
            guard feature.text.utf8.count > 2 else { throw .malformed("a feature") }
            var stat = Stat(
                first: try reader.integer(), last: try reader.integer(), lastTime: try reader.time(),
                count: try reader.integer())
            stat.candidate = try reader.optional { (reader) throws(StateError) in try Candidate(&reader) }
            stats[feature] = stat
        }
    }
}

extension FeatureFamily.Candidate {
    func encode(into writer: inout StateWriter) {
        writer.put(isMissing)
        writer.put(Int64(firstAnswer))
        writer.put(firstTime)
        for number in [countBefore, trialsBefore, count] { writer.put(Int64(number)) }
        writer.put(hosts)
        writer.put(samples) { $0.put($1) }
    }

    init(_ reader: inout StateReader) throws(StateError) {
        isMissing = try reader.bool()
        firstAnswer = try reader.integer()
        firstTime = try reader.time()
        (countBefore, trialsBefore, count) = (try reader.integer(), try reader.integer(), try reader.integer())
        hosts = Set(try reader.texts())
        samples = try reader.texts()
    }
}

extension DriftCore.Followed {
    func encode(into writer: inout StateWriter) {
        for text in [finding.partner, finding.route, finding.kind.rawValue, finding.subject] { writer.put(text) }
        for text in [finding.before, finding.after] { writer.put(text) { $0.put($1) } }
        writer.put(finding.effectiveAt) { $0.put($1) }
        writer.put(finding.firstSeen)
        writer.put(finding.lastSeen)
        for number in [finding.answers, finding.hostsSeeing, finding.hostsCalling] { writer.put(Int64(number)) }
        writer.put(finding.samples) { $0.put($1) }
        switch what {
        case .feature(let feature, let isMissing):
            writer.put(isMissing ? 1 as UInt8 : 0)
            writer.put(feature.text)
        case .notice(let kind):
            writer.put(2 as UInt8)
            writer.put(kind.rawValue)
        case .everyAnswer:
            writer.put(3 as UInt8)
            writer.put("")
        }
        writer.put(hosts)
    }

    init(_ reader: inout StateReader) throws(StateError) {
        let (partner, route) = (try reader.text(), try reader.text())
        guard let kind = DriftFinding.Kind(rawValue: try reader.text()) else { throw .malformed("a kind of finding") }
        let subject = try reader.text()
        let (before, after) = (try reader.optionalText(), try reader.optionalText())
        let effectiveAt = try reader.optional { (reader) throws(StateError) in try reader.time() }
        finding = DriftFinding(
            partner: partner, route: route, kind: kind, subject: subject, before: before, after: after,
            firstSeen: try reader.time(), lastSeen: try reader.time())
        finding.effectiveAt = effectiveAt
        (finding.answers, finding.hostsSeeing, finding.hostsCalling) = (
            try reader.integer(), try reader.integer(), try reader.integer()
        )
        finding.samples = try reader.texts()
        let code: UInt8 = try reader.next()
        let text = try reader.text()
        switch code {
        case 0, 1:
            guard text.utf8.count > 2 else { throw .malformed("a feature") }
            what = .feature(ObservedAnswer.Feature(text: text), isMissing: code == 1)
        case 2:
            guard let kind = DriftFinding.Kind(rawValue: text) else { throw .malformed("a kind of notice") }
            what = .notice(kind)
        default: what = .everyAnswer
        }
        hosts = Set(try reader.texts())
        hasChanged = false
    }
}
