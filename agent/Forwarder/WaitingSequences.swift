/// The batches that wait to be sent, in order: taken from both ends, now and then put back.
///
/// An array whose front is a position: a long outage leaves tens of thousands, and each is taken once.
struct WaitingSequences: Sendable {
    private var sequences: [UInt64] = []
    private var start = 0

    var count: Int { sequences.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func removeFirst() -> UInt64? {
        guard !isEmpty else { return nil }
        defer { start += 1 }
        return sequences[start]
    }

    mutating func removeLast() -> UInt64? { isEmpty ? nil : sequences.removeLast() }

    /// Further ones come at the end; one that is put back goes where it was.
    mutating func insert(_ sequence: UInt64) {
        if start > 1_024, start * 2 > sequences.count {
            sequences.removeFirst(start)
            start = 0
        }
        guard let last = sequences.last, !isEmpty, last > sequence else { return sequences.append(sequence) }
        var (low, high) = (start, sequences.count)
        while low < high {
            let middle = (low + high) / 2
            if sequences[middle] < sequence { low = middle + 1 } else { high = middle }
        }
        sequences.insert(sequence, at: low)
    }
}
