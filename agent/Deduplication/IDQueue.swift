/// Ids in the order they came.
struct IDQueue {
    private var ids: [UInt64] = []
    private var head = 0

    var first: UInt64? { head < ids.count ? ids[head] : nil }

    mutating func append(_ id: UInt64) { ids.append(id) }

    @discardableResult
    mutating func removeFirst() -> UInt64? {
        guard head < ids.count else { return nil }
        defer {
            head += 1
            if head > 64, head * 2 > ids.count {
                ids.removeFirst(head)
                head = 0
            }
        }
        return ids[head]
    }
}

func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
}
