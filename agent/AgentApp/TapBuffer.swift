import CallJSON
import CallModel
import Synchronization

/// The last redacted calls, for `tap`: kept only while somebody looks, and sampled, so that looking never slows the pipeline.
///
/// A reader asks again and again for what came after the last number it saw. When nobody has asked for `idleAfter`, the buffer is
/// let go and calls pass by it untouched.
final class TapBuffer: Sendable {
    static let lineCountMax = 512
    /// Calls taken of one hand-over of the pipeline, of which there may be thousands a second.
    static let sampleMax = 16
    static let idleAfter: Duration = .seconds(15)

    private struct State {
        var lines: [(number: UInt64, json: [UInt8])] = []
        var nextNumber: UInt64 = 1
        var askedAt: Instant?
        var passedCount = 0
    }

    private let state = Mutex(State())

    func offer(_ calls: [APICall], at now: Instant) {
        guard isWatched(at: now), !calls.isEmpty else { return }
        // Evenly over the whole, not its first ones.
        let step = max(1, (calls.count + Self.sampleMax - 1) / Self.sampleMax)
        let lines = stride(from: 0, to: calls.count, by: step).map { index in
            var json: [UInt8] = []
            CallJSONWriter.append(calls[index], id: nil, to: &json)
            return json
        }
        state.withLock { state in
            state.passedCount += calls.count
            for json in lines {
                state.lines.append((state.nextNumber, json))
                state.nextNumber += 1
            }
            if state.lines.count > Self.lineCountMax { state.lines.removeFirst(state.lines.count - Self.lineCountMax) }
        }
    }

    /// Lines with numbers above `after`, the number to ask with next, and how many calls passed since the last question.
    func read(after: UInt64, at now: Instant) -> (lines: [[UInt8]], next: UInt64, passedCount: Int) {
        state.withLock { state in
            state.askedAt = now
            defer { state.passedCount = 0 }
            return (state.lines.filter { $0.number > after }.map(\.json), state.nextNumber - 1, state.passedCount)
        }
    }

    func isWatched(at now: Instant) -> Bool {
        state.withLock { state in
            guard let asked = state.askedAt else { return false }
            let elapsed = now - asked
            if elapsed >= .zero, elapsed < Self.idleAfter { return true }
            // A clock that was set back ends it too: the reader asks again within a second.
            state.askedAt = nil
            state.lines = []
            state.passedCount = 0
            return false
        }
    }
}
