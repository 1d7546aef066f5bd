/// How long calls of a partner's route usually take: the median of successful ones.
struct UsualDurations {
    struct Key: Hashable {
        var partner: Int32
        var route: Int32
    }

    private static let keptMax = 512
    private static let routesMax = 10_000
    private static let wanted = 20
    private var samples: [Key: [Int64]] = [:]
    private var seen: [Key: Int] = [:]

    mutating func add(_ call: ImpactCall) {
        guard !call.isInbound, call.outcome == .success else { return }
        let key = Key(partner: call.partner, route: call.route)
        guard samples[key] != nil || samples.count < Self.routesMax else { return }
        let count = seen[key, default: 0]
        seen[key] = count + 1
        // After the first ones every n-th takes the place of an older one: spread over the time, and the same on every run.
        if count < Self.keptMax {
            samples[key, default: []].append(call.microseconds)
        } else if count % (count / Self.keptMax + 1) == 0 {
            samples[key]![count % Self.keptMax] = call.microseconds
        }
    }

    /// Nil where too few were seen to say.
    func medians() -> [Key: Int64] {
        samples.compactMapValues { durations in
            guard durations.count >= Self.wanted else { return nil }
            return durations.sorted()[durations.count / 2]
        }
    }
}
