/// All that is kept of one route to explain its failures.
struct RouteState {
    var profile: RouteProfile
    var names = PlaceNames()
    var successes: CallHistory
    var failures: CallHistory
    /// Of the failure that was explained last: it is observed after that where calls are judged by those before them.
    var explained: (position: Int, account: FailureAccount)?
    /// How often each (place, test) was the reason lately: causes come in clusters.
    var causes: [UInt64: Double] = [:]
    /// Which tests answers with a code or signature went with: a code names a kind of mistake.
    var testsOfSignature: [UInt64: [ExplainTest: Double]] = [:]

    init(_ configuration: CallExplainer.Configuration, policy: CallHistory.Policy) {
        profile = RouteProfile(placesMax: configuration.placesMax)
        successes = CallHistory(policy: policy, capacity: configuration.successesKept)
        failures = CallHistory(policy: policy, capacity: configuration.failuresKept)
    }
}
