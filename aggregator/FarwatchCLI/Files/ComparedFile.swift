import CallModel
import Contrast
import Documents

/// Compares two populations of a file's calls, without a server.
///
/// One pass tells which calls belong to each and remembers where some of them lie, evenly spread over the file; these are compared,
/// at most `callsMax` of each. How many there were and how many were read is part of the answer.
struct ComparedFile {
    static let callsMax = 50_000

    /// Of one population.
    struct Reading {
        var name: String
        var matchingCount: Int
        var readCount: Int
    }

    let lines: CallLines
    private(set) var readings: [Reading] = []
    private var chosen: (a: SpreadSample<CallSelection.Place>, b: SpreadSample<CallSelection.Place>)
    private let callsMax: Int

    init(_ lines: CallLines, callsMax: Int = callsMax) {
        self.lines = lines
        self.callsMax = callsMax
        chosen = (SpreadSample(capacity: callsMax), SpreadSample(capacity: callsMax))
    }

    /// - Parameter progress: hears the share that is done.
    mutating func compare(
        _ a: CallFilter, _ b: CallFilter, progress: (Double) -> Void = { _ in }
    ) throws(CallLinesError) -> Comparison {
        try choose(a, b) { progress(0.5 * $0) }
        var comparison = CallComparison()
        let count = max(1, chosen.a.items.count + chosen.b.items.count)
        for (index, place) in chosen.a.items.enumerated() {
            if let call = lines.call(place) { comparison.add(call, to: .a) }
            progress(0.5 + 0.5 * Double(index) / Double(count))
        }
        for (index, place) in chosen.b.items.enumerated() {
            if let call = lines.call(place) { comparison.add(call, to: .b) }
            progress(0.5 + 0.5 * Double(chosen.a.items.count + index) / Double(count))
        }
        readings = [("a", chosen.a), ("b", chosen.b)].map {
            Reading(name: $0, matchingCount: $1.count, readCount: $1.items.count)
        }
        return comparison.finish()
    }

    /// Adds to a comparison's document what it rests on, as the aggregator's answers have it.
    func appendReadings(to document: inout [UInt8]) {
        var writer = JSONWriter()
        writer.object { writer in
            for reading in readings {
                writer.object(reading.name) {
                    $0.member("matching", reading.matchingCount)
                    $0.member("read", reading.readCount)
                    $0.member("read_max", callsMax)
                }
            }
            writer.member("complete", readings.allSatisfy { $0.readCount == $0.matchingCount })
        }
        document.removeLast()
        document += Array(",\"read\":".utf8) + writer.bytes + [UInt8(ascii: "}")]
    }

    private mutating func choose(
        _ a: CallFilter, _ b: CallFilter, progress: (Double) -> Void
    ) throws(CallLinesError) {
        var chosen = chosen
        try lines.forEach(progress: progress) { line in
            guard let call = lines.call(line) else { return }
            let isFailure = !CallExplainer.isSuccess(call)
            // A call that belongs to both tells nothing of a difference, and counts on both sides.
            if a.holds(for: call, isFailure: isFailure) { chosen.a.add(CallSelection.Place(line)) }
            if b.holds(for: call, isFailure: isFailure) { chosen.b.add(CallSelection.Place(line)) }
        }
        self.chosen = chosen
    }
}
