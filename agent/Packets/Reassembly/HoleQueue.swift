import CallModel

/// The streams that wait for missing bytes, in the order in which their patience ends.
///
/// Every wait is equally long, so the queue is in order by construction. A stream stands in it once at most.
struct HoleQueue {
    struct Entry {
        var index: Int
        var connection: ConnectionID
        var direction: StreamDirection
        var deadline: Instant
    }

    private var entries: [Entry] = []
    private var head = 0
    /// Entries joined since somebody looked.
    var hasGrown = false

    var count: Int { entries.count - head }
    var first: Entry? { head < entries.count ? entries[head] : nil }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
        hasGrown = true
    }

    mutating func removeFirst() {
        head += 1
        if head == entries.count {
            entries.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1_024, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }

    /// Forgets entries of connections that are no more.
    mutating func removeAll(where isGone: (Entry) -> Bool) {
        entries.removeFirst(head)
        head = 0
        entries.removeAll(where: isGone)
    }
}
