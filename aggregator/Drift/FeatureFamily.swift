import CallModel

/// What answers of one kind have: how often each feature is there, and what began or ceased to be.
///
/// The first answers are learnt from. A feature that comes up afterwards is a candidate, and becomes a change when it is common
/// (`RareEvent`); one that was always there and is missing likewise, so that a change that only a part of the fleet sees is found
/// as well. A feature that was often there and stays away altogether is a change, too. Whatever was told is the normal from then on.
struct FeatureFamily: Sendable, Equatable {
    typealias Feature = ObservedAnswer.Feature

    /// On its way to be a change.
    struct Candidate: Sendable, Equatable {
        var isMissing: Bool
        var firstAnswer: Int
        var firstTime: Instant
        var countBefore = 0
        var trialsBefore: Int
        var count = 0
        var hosts: Set<String> = []
        var samples: [String] = []
    }

    struct Stat: Sendable, Equatable {
        /// Numbers of answers: since when it is counted, and the last that had it.
        var first: Int
        var last: Int
        var lastTime: Instant
        var count: Int
        var candidate: Candidate?
    }

    struct Change {
        var feature: Feature
        var candidate: Candidate
    }

    static let learningAnswers = 200
    static let learningTime: Duration = .seconds(1_800)
    static let featuresMax = 600
    private static let hostsMax = 2_000
    private static let samplesMax = 3
    /// A burst of one kind of calls is no change.
    private static let candidateTime: Duration = .seconds(60)
    private static let absentTime: Duration = .seconds(1_800)
    /// A candidate that is none after so many answers is merely rare.
    private static let candidateAnswers = 2_000
    private static let requiredShare = 0.99
    /// e to this power: the odds that a feature stays away by chance.
    private static let absenceEvidence = 14.0

    var answers = 0
    var since: Instant
    var stats: [Feature: Stat] = [:]
    /// Features that found no place: more of them are data than names.
    var refusedCount = 0

    init(since: Instant) { self.since = since }

    mutating func observe(_ present: Set<Feature>, _ answer: ObservedAnswer, at now: Instant) -> [Change] {
        answers += 1
        let hasLearned = answers > Self.learningAnswers && now - since >= Self.learningTime
        var changes: [Change] = []
        for feature in present {
            if stats[feature] != nil {
                if let change = sawAgain(feature, answer, at: now) { changes.append(change) }
            } else if stats.count < Self.featuresMax {
                var stat = Stat(first: answers, last: answers, lastTime: now, count: 1)
                if hasLearned {
                    stat.candidate = candidate(isMissing: false, answer, at: now, trialsBefore: answers - 1)
                }
                stats[feature] = stat
            } else {
                refusedCount += 1
            }
        }
        guard hasLearned else { return changes }
        for (feature, stat) in stats where stat.last != answers && feature.kind != .version {
            if let change = missed(feature, stat, answer, at: now) { changes.append(change) }
        }
        return changes
    }

    private func candidate(
        isMissing: Bool, _ answer: ObservedAnswer, at now: Instant, countBefore: Int = 0, trialsBefore: Int
    ) -> Candidate {
        var candidate = Candidate(
            isMissing: isMissing, firstAnswer: answers, firstTime: now, countBefore: countBefore,
            trialsBefore: trialsBefore)
        Self.count(answer, &candidate)
        return candidate
    }

    private static func count(_ answer: ObservedAnswer, _ candidate: inout Candidate) {
        candidate.count += 1
        if candidate.hosts.count < hostsMax { candidate.hosts.insert(answer.host) }
        if candidate.samples.count < samplesMax { candidate.samples.append(answer.callID) }
    }

    private func isChange(_ candidate: Candidate, at now: Instant) -> Bool {
        now - candidate.firstTime >= Self.candidateTime
            && RareEvent(
                countBefore: Double(candidate.countBefore), trialsBefore: Double(candidate.trialsBefore),
                count: Double(candidate.count), trials: Double(answers - candidate.firstAnswer + 1)
            ).isCommonNow
    }

    private mutating func sawAgain(_ feature: Feature, _ answer: ObservedAnswer, at now: Instant) -> Change? {
        stats[feature]!.count += 1
        stats[feature]!.last = answers
        stats[feature]!.lastTime = now
        guard var candidate = stats[feature]!.candidate else { return nil }
        if !candidate.isMissing {
            Self.count(answer, &candidate)
            stats[feature]!.candidate = candidate
            if isChange(candidate, at: now) {
                stats[feature]!.candidate = nil
                return Change(feature: feature, candidate: candidate)
            }
        }
        if answers - candidate.firstAnswer > Self.candidateAnswers { stats[feature]!.candidate = nil }
        return nil
    }

    private mutating func missed(_ feature: Feature, _ stat: Stat, _ answer: ObservedAnswer, at now: Instant) -> Change?
    {
        let trials = answers - stat.first
        if var candidate = stat.candidate {
            guard candidate.isMissing else { return nil }
            Self.count(answer, &candidate)
            stats[feature]!.candidate = candidate
            guard isChange(candidate, at: now) else { return nil }
            // From here on it is optional, until it has proved otherwise.
            stats[feature] = Stat(first: answers, last: stat.last, lastTime: stat.lastTime, count: 0)
            return Change(feature: feature, candidate: candidate)
        }
        if stat.count == 0, trials >= 5 * Self.learningAnswers {
            stats.removeValue(forKey: feature)
            return nil
        }
        guard trials >= Self.learningAnswers else { return nil }
        if Double(stat.count) >= Self.requiredShare * Double(trials) {
            stats[feature]!.candidate = candidate(
                isMissing: true, answer, at: now, countBefore: trials - stat.count, trialsBefore: trials)
            return nil
        }
        let seen = wilson(Double(stat.count), Double(max(1, stat.last - stat.first + 1)))
        let absent = Double(answers - stat.last)
        guard seen.low >= 0.5, absent * seen.low >= Self.absenceEvidence, now - stat.lastTime >= Self.absentTime else {
            return nil
        }
        var gone = candidate(isMissing: true, answer, at: now, trialsBefore: trials)
        (gone.firstTime, gone.count) = (stat.lastTime, Int(absent))
        stats.removeValue(forKey: feature)
        return Change(feature: feature, candidate: gone)
    }
}
