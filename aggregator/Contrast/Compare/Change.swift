/// One difference between two populations of calls.
public struct Change: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case appeared, vanished, type, distribution, latency, status, volume
    }

    public var predicate: [CallCondition]
    public var kind: Kind
    /// Calls of each side for which the predicate holds, of how many.
    public var aWith: Double
    public var aTotal: Double
    public var bWith: Double
    public var bTotal: Double
    public var confidence: Double
    public var text: String
    public var aSamples: [String]
    public var bSamples: [String]
    /// How much it matters: the share of calls that it moves, weighed by the route's part of all calls. 0...1.
    public var weight: Double
}

/// What changed from population `a` to population `b`, what matters most first.
public struct Comparison: Sendable, Equatable {
    public var a = 0.0
    public var b = 0.0
    public var changes: [Change] = []
    /// Calls of routes beyond the bound, which were counted and not compared place by place.
    public var routesLeftOut = 0
    /// Values of dimensions beyond the bound, each time a call had one: their shares were not compared.
    public var valuesLeftOut = 0
    /// Changes that matter less than those told.
    public var changesLeftOut = 0
}

/// Two shares, and whether they differ by more than chance.
struct ShareTest {
    let a: Double
    let b: Double
    let aTotal: Double
    let bTotal: Double

    var shareA: Double { aTotal > 0 ? a / aTotal : 0 }
    var shareB: Double { bTotal > 0 ? b / bTotal : 0 }
    var difference: Double { shareB - shareA }

    /// The difference in units of its standard error, half a call drawn in on either side.
    var deviation: Double {
        let pooled = (a + b + 0.5) / (aTotal + bTotal + 1)
        let variance = pooled * (1 - pooled) * (1 / max(aTotal, 1) + 1 / max(bTotal, 1))
        return variance > 0 ? difference / variance.squareRoot() : 0
    }
}
