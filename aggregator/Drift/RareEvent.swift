/// Whether something that hardly ever happened happens often now: `count` of the last `trials`, after it had happened
/// `countBefore` times in `trialsBefore`.
///
/// The two Wilson intervals (z = 3, one in a thousand) must be apart, by a factor of three and for two answers in a hundred
/// at least, so that a key that is merely rare is not taken for a new one.
struct RareEvent {
    var countBefore: Double
    var trialsBefore: Double
    var count: Double
    var trials: Double

    private static let countMin = 5.0
    private static let shareMin = 0.02
    private static let factor = 3.0

    var isCommonNow: Bool {
        guard count >= Self.countMin else { return false }
        let now = wilson(count, trials).low
        return now > Self.shareMin && now > Self.factor * wilson(countBefore, trialsBefore).high
    }
}

/// Wilson's interval of a proportion.
func wilson(_ count: Double, _ trials: Double, z: Double = 3) -> (low: Double, high: Double) {
    guard trials > 0 else { return (0, 1) }
    let share = count / trials
    let square = z * z
    let center = share + square / (2 * trials)
    let spread = z * (share * (1 - share) / trials + square / (4 * trials * trials)).squareRoot()
    return (max(0, (center - spread) / (1 + square / trials)), min(1, (center + spread) / (1 + square / trials)))
}
