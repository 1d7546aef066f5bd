import CallModel

/// One route of one partner: what its answers are like, and what they tell of its end.
struct RouteDrift: Sendable, Equatable {
    private static let hostsMax = 2_000
    /// Texts of notices that are remembered, of each kind: one that is made anew for each answer is told so many times.
    private static let noticesMax = 5

    var lastSeen: Instant
    var families: [String: FeatureFamily] = [:]
    var latency = LatencyStep()
    var hosts: [String: Instant] = [:]
    var notices: [String] = []

    init(at now: Instant) { lastSeen = now }

    var featureCount: Int { families.values.reduce(0) { $0 + $1.stats.count } }

    mutating func observe(_ answer: ObservedAnswer, at now: Instant) -> [(finding: DriftFinding, what: Watched)] {
        lastSeen = now
        if hosts[answer.host] != nil || hosts.count < Self.hostsMax { hosts[answer.host] = now }
        var found: [(DriftFinding, Watched)] = []
        for family in answer.families {
            let present = answer.features.filter { $0.family == family }
            let changes = families[family, default: FeatureFamily(since: now)].observe(present, answer, at: now)
            let features = Set(changes.map { Held(feature: $0.feature, isMissing: $0.candidate.isMissing) })
            for change in changes where !isPartOfAnother(change, features, family) {
                let finding = finding(change, family, answer, at: now)
                // A version where none was is told by its header, and a first answer of another class by nothing.
                guard finding.kind != .versionChanged || finding.before != nil else { continue }
                found.append((finding, .feature(change.feature, isMissing: change.candidate.isMissing)))
            }
        }
        found += noticed(answer, at: now)
        if let duration = answer.duration, let step = latency.add(duration, at: now) {
            var finding = DriftFinding(
                partner: answer.partner, route: answer.route, kind: .latencyStep, subject: "latency",
                before: Self.text(step.before), after: Self.text(step.after), firstSeen: step.since, lastSeen: now)
            finding.samples = [answer.callID]
            found.append((finding, .everyAnswer))
        }
        return found
    }

    /// Hosts that called since.
    func hostsCalling(since: Instant) -> Int { hosts.values.count { $0 >= since } }

    private struct Held: Hashable {
        var feature: ObservedAnswer.Feature
        var isMissing: Bool
    }

    /// A key inside an object that came or went with it says nothing of its own.
    private func isPartOfAnother(
        _ change: FeatureFamily.Change, _ changes: Set<Held>, _ family: String
    ) -> Bool {
        guard let holder = change.feature.holder else { return false }
        if changes.contains(Held(feature: holder, isMissing: change.candidate.isMissing)) { return true }
        guard let stat = families[family]?.stats[holder] else { return change.candidate.isMissing }
        return change.candidate.isMissing
            ? stat.candidate?.isMissing == true || stat.count == 0 : stat.first >= change.candidate.firstAnswer
    }

    private func finding(
        _ change: FeatureFamily.Change, _ family: String, _ answer: ObservedAnswer, at now: Instant
    ) -> DriftFinding {
        let feature = change.feature
        let others = (families[family]?.stats ?? [:]).filter {
            $0.key != feature && $0.key.kind != .header && $0.key.subject == feature.subject
                && $0.value.candidate == nil
        }
        // The one that was there most, or all of a key's types.
        let before =
            feature.kind == .version
            ? others.max { ($0.value.count, $1.key.text) < ($1.value.count, $0.key.text) }?.key.value
            : others.map(\.key.value).sorted().joined(separator: " or ")
        let kind: DriftFinding.Kind =
            switch (feature.kind, change.candidate.isMissing) {
            case (.header, true): .headerVanished
            case (.header, false): .headerAppeared
            case (.version, _): .versionChanged
            case (.key, true): others.isEmpty ? .keyVanished : .typeChanged
            case (.key, false): others.isEmpty ? .keyAppeared : .typeChanged
            }
        var finding = DriftFinding(
            partner: answer.partner, route: answer.route, kind: kind, subject: feature.subject,
            firstSeen: change.candidate.firstTime, lastSeen: now)
        let value = feature.value.isEmpty ? nil : feature.value
        (finding.before, finding.after) = change.candidate.isMissing ? (value, before) : (before, value)
        if finding.before == "" { finding.before = nil }
        if finding.after == "" { finding.after = nil }
        finding.answers = change.candidate.count
        finding.hostsSeeing = change.candidate.hosts.count
        finding.hostsCalling = max(finding.hostsSeeing, hostsCalling(since: change.candidate.firstTime))
        finding.samples = change.candidate.samples
        return finding
    }

    private mutating func noticed(_ answer: ObservedAnswer, at now: Instant) -> [(DriftFinding, Watched)] {
        answer.notices.compactMap { notice in
            let text = notice.kind.rawValue + " " + notice.text
            let earlier = notices.filter { $0.hasPrefix(notice.kind.rawValue + " ") }
            guard !notices.contains(text), earlier.count < Self.noticesMax else { return nil }
            notices.append(text)
            var finding = DriftFinding(
                partner: answer.partner, route: answer.route, kind: notice.kind, subject: notice.kind.rawValue,
                before: earlier.last.map { String($0.dropFirst(notice.kind.rawValue.count + 1)) }, after: notice.text,
                firstSeen: now, lastSeen: now)
            finding.effectiveAt = notice.at
            (finding.answers, finding.hostsSeeing, finding.hostsCalling) = (1, 1, 1)
            finding.samples = [answer.callID]
            return (finding, .notice(notice.kind))
        }
    }

    private static func text(_ milliseconds: Double) -> String { "\(Int(milliseconds.rounded())) ms" }
}

/// By what a further answer is known to show a finding.
enum Watched: Sendable, Equatable {
    case feature(ObservedAnswer.Feature, isMissing: Bool)
    case notice(DriftFinding.Kind)
    case everyAnswer

    func isShown(by answer: ObservedAnswer) -> Bool {
        switch self {
        case .feature(let feature, let isMissing):
            answer.families.contains(feature.family) && answer.features.contains(feature) != isMissing
        case .notice(let kind): answer.notices.contains { $0.kind == kind }
        case .everyAnswer: true
        }
    }
}
