import CallModel
import Storage

/// What failed calls have in common, in a few sentences: for an incident, as it opens.
public struct ShortExplanation: Sendable, Equatable {
    /// Calls of each side that are read.
    static let callsMax = 300
    /// For each side.
    static let timeMax: Duration = .seconds(1)
    static let sentencesMax = 3
    static let confidenceMin = 0.8

    public var sentences: [String] = []
    public var samples: [String] = []

    public init() {}
}

extension ShortExplanation {
    /// Bodies are seen as their shapes, whatever was kept of them: no value can come out in a sentence.
    ///
    /// What only names a partner, a host or a customer is left out: the incident's cause says that already.
    public init(_ samples: CallSamples, of population: CallFilter) throws {
        self.init()
        var explaining = Explaining(samples, readsContent: false)
        let explanation = try explaining.explanation(of: population, callsMax: Self.callsMax, timeMax: Self.timeMax)
        let causes = explanation.causes.filter {
            $0.isChosen && $0.confidence >= Self.confidenceMin
                && $0.predicate.contains { $0.place.hasPrefix("request.") }
        }
        sentences = causes.prefix(Self.sentencesMax).map(\.text)
        self.samples = causes.first?.failingSamples ?? []
    }
}
