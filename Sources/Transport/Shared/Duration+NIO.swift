import NIOCore

extension TimeAmount {
    /// Saturates: a duration of centuries is as good as none.
    init(_ duration: Duration) {
        let parts = duration.components
        let seconds = min(max(parts.seconds, 0), 3_000_000_000)
        self = .nanoseconds(seconds * 1_000_000_000 + max(0, parts.attoseconds / 1_000_000_000))
    }
}
