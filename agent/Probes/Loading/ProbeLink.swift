import Glibc
import Synchronization

/// An attached program: detached by `detach`, when nobody holds this any more, or when the process ends, however it ends (the
/// kernel closes its descriptors).
final class ProbeLink: Sendable {
    /// On how many functions it stands.
    let probeCount: Int
    private let descriptor: Mutex<Int32?>

    init(descriptor: Int32, probeCount: Int) {
        self.descriptor = Mutex(descriptor)
        self.probeCount = probeCount
    }

    deinit { detach() }

    /// Returns when nobody runs the program any more.
    func detach() {
        let taken = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        if let taken { close(taken) }
    }
}
