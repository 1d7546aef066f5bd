import Runtime
import Synchronization

/// Counters of one metric by what labels them: each is asked of the registry once, which costs more than counting a request's calls.
///
/// As many as the program has labels; what comes from outside is no label. Thread-safe.
final class CountersByLabel<Label: Hashable & Sendable>: Sendable {
    private let make: @Sendable (Label) -> Counter
    private let made = Mutex<[Label: Counter]>([:])

    init(_ make: @escaping @Sendable (Label) -> Counter) { self.make = make }

    subscript(label: Label) -> Counter {
        made.withLock { made in
            if let counter = made[label] { return counter }
            let counter = make(label)
            made[label] = counter
            return counter
        }
    }
}
