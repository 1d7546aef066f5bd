/// What an explanation could not look at, in sentences for its note: what was not kept of the call and of those it is held against, and
/// what was too much to read.
struct KnowledgeLimits {
    let flat: FlatRequest
    let profile: RouteProfile
    let unjoinedCount: Int

    init(_ flat: FlatRequest, _ profile: RouteProfile, unjoinedCount: Int) {
        self.flat = flat
        self.profile = profile
        self.unjoinedCount = unjoinedCount
    }

    /// Each with a space before it; empty where all was known.
    var sentences: String { (own + [ofSuccesses]).compactMap { $0 }.map { " " + $0 }.joined() }

    private var own: [String?] {
        [
            // A body beyond what is read at all is there, and yet nothing of it is known.
            flat.unknown.contains(.body)
                ? flat.isCut ? "This call's body is too long to be looked at." : "This call's body was not kept." : nil,
            flat.unknown.contains(.headers) ? "This call's headers were not kept." : nil,
            flat.isCut && !flat.unknown.contains(.body)
                ? "Only the first \(flat.valueCount) values of this request were looked at." : nil,
            unjoinedCount > 0
                ? "\(unjoinedCount) further missing or unknown keys were not looked at as renamed ones." : nil,
        ]
    }

    private var ofSuccesses: String? {
        let (bodies, headers) = (profile.callsWithoutBody, profile.callsWithoutHeaders)
        guard bodies > 0 || headers > 0 else { return nil }
        return "Of \(profile.calls) successful calls that it was held against \(profile.calls - bodies) had "
            + "their bodies kept and \(profile.calls - headers) their headers."
    }
}
