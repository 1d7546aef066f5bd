/// What will happen, in order of virtual time; of what falls on the same moment, what was scheduled first comes first.
///
/// A binary heap. Time moves only by taking events, so a run takes as long as its work and no longer, and the same events in
/// give the same events out.
public struct EventQueue<Event> {
    /// Nanoseconds since the run began.
    public private(set) var now: Int64 = 0
    public private(set) var takenCount = 0
    private var heap: [(time: Int64, order: Int, event: Event)] = []
    private var scheduledCount = 0

    public init() {}

    public var isEmpty: Bool { heap.isEmpty }
    public var nextTime: Int64? { heap.first?.time }

    /// - Parameter time: one that has passed already means now.
    public mutating func schedule(at time: Int64, _ event: Event) {
        scheduledCount += 1
        heap.append((max(time, now), scheduledCount, event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isEarlier(child, parent) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    public mutating func schedule(after delay: Duration, _ event: Event) {
        let (seconds, attoseconds) = delay.components
        schedule(at: now + seconds * 1_000_000_000 + attoseconds / 1_000_000_000, event)
    }

    /// Takes the next event and moves the time to it.
    public mutating func next() -> Event? {
        guard let first = heap.first else { return nil }
        now = first.time
        takenCount += 1
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return first.event
    }

    private mutating func sink() {
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { return }
            let right = left + 1
            let child = right < heap.count && isEarlier(right, left) ? right : left
            guard isEarlier(child, parent) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private func isEarlier(_ left: Int, _ right: Int) -> Bool {
        (heap[left].time, heap[left].order) < (heap[right].time, heap[right].order)
    }
}
