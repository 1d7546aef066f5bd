/// One place in a request that may have made it fail.
public struct RankedPlace: Sendable, Equatable {
    public enum Where: String, Sendable, CaseIterable {
        case body = "request.body"
        case header = "request.header"
        case query = "request.query"
        case dimension
    }

    /// `$.items[2].sku`, `/Envelope/Body/Order/Item[3]/Sku`, or the name of a header, query parameter or dimension.
    public var path: String
    /// The same without numbers: `$.items[].sku`.
    public var generalPath: String
    public var `where`: Where
    public var test: ExplainTest
    /// What stands there, where it is known and short.
    public var value: String?
    /// 0...1; those of one call add up to at most 1.
    public var confidence: Double
    /// For a developer to act on.
    public var text: String
    /// The same as conditions: one, or two where only a combination fails.
    public var conditions: [CallCondition]
    /// Successful calls of the route that were seen to meet them.
    public var successesWith: Double
}

/// What in one failed call's request made it fail, best first; empty where the request is not the reason.
public struct CallExplanation: Sendable, Equatable {
    public var id: String
    public var ranked: [RankedPlace]
    /// Why nothing is ranked, or why something is; then what it rests on, where that is not all there was.
    public var note: String
    /// Values of the request that were looked at, and whether it has more than these.
    public var valuesRead: Int
    public var isCut: Bool

    public init(id: String, ranked: [RankedPlace], note: String, valuesRead: Int = 0, isCut: Bool = false) {
        self.id = id
        self.ranked = ranked
        self.note = note
        self.valuesRead = valuesRead
        self.isCut = isCut
    }
}
