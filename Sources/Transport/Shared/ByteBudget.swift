import Synchronization

/// A bound on bytes held at once by all connections together.
final class ByteBudget: Sendable {
    let byteCountMax: Int
    private let held = Atomic(0)

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    var heldByteCount: Int {
        held.load(ordering: .relaxed)
    }

    var freeByteCount: Int {
        max(0, byteCountMax - heldByteCount)
    }

    /// Takes the bytes, or nothing when they would exceed the bound.
    func reserve(_ byteCount: Int) -> Bool {
        let after = held.wrappingAdd(byteCount, ordering: .relaxed).newValue
        guard after > byteCountMax else { return true }
        held.wrappingSubtract(byteCount, ordering: .relaxed)
        return false
    }

    func release(_ byteCount: Int) {
        held.wrappingSubtract(byteCount, ordering: .relaxed)
    }
}

/// A part of a budget: grows while bytes arrive, and is given back when released or let go.
final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let held = Atomic(0)

    init(budget: ByteBudget) {
        self.budget = budget
    }

    deinit {
        release()
    }

    /// False when the budget has no room for them; nothing more is held then.
    func grow(by byteCount: Int) -> Bool {
        guard budget.reserve(byteCount) else { return false }
        held.wrappingAdd(byteCount, ordering: .relaxed)
        return true
    }

    func release() {
        budget.release(held.exchange(0, ordering: .relaxed))
    }
}
