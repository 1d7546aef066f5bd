import Synchronization

/// A value that a closure needs and that is made after it: set while the program is wired, and anew where settings
/// change it.
final class Later<Value: Sendable>: Sendable {
    private let held = Mutex<Value?>(nil)

    var value: Value? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}
