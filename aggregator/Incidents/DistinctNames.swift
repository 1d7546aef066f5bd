import CallModel
import Rollups

/// How many different names were met, in bounded memory: exact up to `keptMax`, beyond it estimated.
///
/// Kept are the names with the smallest hashes, so that they are a fair sample of all, and the largest hash among them tells how many
/// there are: of n hashes spread evenly over 0..<1 the k-th smallest lies near k / n (Bar-Yossef et al., *Counting Distinct Elements in
/// a Data Stream*, 2002; Beyer et al., *On Synopses for Distinct-Value Estimation*, 2007). The standard error is 1 / √(k - 2), 3 %.
public struct DistinctNames: Sendable, Equatable {
    /// Names that are kept.
    public static let keptMax = 1_000

    public private(set) var names: Set<NameID>
    /// The largest hash of the names kept; nil while there is room for any.
    private var bound: UInt64?

    /// - Parameter names: those kept before; of more than `keptMax` those with the smallest hashes stay.
    public init(_ names: Set<NameID> = []) {
        self.names = []
        for name in names { insert(name) }
    }

    public mutating func insert(_ name: NameID) {
        guard let bound else {
            names.insert(name)
            if names.count == Self.keptMax { self.bound = names.lazy.map(Self.hash).max() }
            return
        }
        guard Self.hash(name) < bound, names.insert(name).inserted else { return }
        names.remove(names.max { Self.hash($0) < Self.hash($1) }!)
        self.bound = names.lazy.map(Self.hash).max()
    }

    /// How many there were: exact below `keptMax`, from there on to two digits.
    public var count: Int {
        guard let bound else { return names.count }
        let estimate = Double(Self.keptMax - 1) / (Double(bound) * 0x1p-64)
        var step = 1.0
        while estimate / step >= 100 { step *= 10 }
        return max(Self.keptMax, Int((estimate / step).rounded() * step))
    }

    /// Spreads the numbers of names, which follow each other, evenly (the finalizer of MurmurHash3 as varied by Stafford, Mix13).
    private static func hash(_ name: NameID) -> UInt64 {
        var bits = UInt64(truncatingIfNeeded: name) &+ 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
