import Synchronization

/// Lends decoding tools to whichever thread decodes: the event loops and the decoding thread.
///
/// As many exist as were ever needed at once, which the number of threads bounds.
final class ToolPool: Sendable {
    /// `@unchecked Sendable`: a box is either in the pool or with the one borrower that took it out under the lock, so
    /// no two threads ever hold it.
    private final class Box: @unchecked Sendable {
        var tools: DecodingTools

        init(_ tools: DecodingTools) {
            self.tools = tools
        }
    }

    private let configuration: ReceiverConfiguration
    private let idle = Mutex<[Box]>([])

    init(_ configuration: ReceiverConfiguration) {
        self.configuration = configuration
    }

    func lend<R>(_ body: (inout DecodingTools) -> R) -> R {
        let box = idle.withLock { $0.popLast() } ?? Box(DecodingTools(configuration))
        defer { idle.withLock { $0.append(box) } }
        return body(&box.tools)
    }
}
