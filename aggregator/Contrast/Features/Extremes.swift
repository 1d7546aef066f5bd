import Glibc

/// The eight largest numbers of a stream, and from them how surprising a larger one is.
///
/// *Peaks over a threshold*: above a high threshold the excess of most distributions falls off exponentially, with the mean
/// excess of what was seen as its rate. So a number far beyond a cluster of equal largest ones (a hard limit) is much more
/// surprising than one a little beyond a thinly spread tail. For the smallest, the stream is negated.
struct Extremes {
    private var top: [Double] = []
    private(set) var count: UInt32 = 0
    private static let kept = 8

    mutating func add(_ number: Double) {
        count &+= 1
        if top.count == Self.kept {
            guard number > top[Self.kept - 1] else { return }
            top.removeLast()
        }
        let place = top.firstIndex { number > $0 } ?? top.count
        top.insert(number, at: place)
    }

    var largest: Double? { top.first }

    /// The negative logarithm of the probability of a number as large as this; 0 where it is within what was seen. `step` is
    /// what such numbers usually differ by at least.
    func surprise(of number: Double, step: Double = 0) -> Double {
        guard let largest = top.first, count >= 8, number > largest else { return 0 }
        let threshold = top[top.count - 1]
        let meanExcess = top.reduce(0) { $0 + ($1 - threshold) } / Double(top.count)
        let scale = max(meanExcess, abs(largest) * 0.005, step, 1e-6)
        let beyond = (number - largest) / scale
        // A limit is believed the more, the more calls kept to it.
        let belief = Double(count) / (Double(count) + 50)
        return log(Double(count) + 1) + min(beyond, 6) * belief - 1
    }
}
