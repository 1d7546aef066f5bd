import CallModel
import Contrast
import Documents
import Storage
import Synchronization

/// Says of failed calls that stream by what in their request made them fail, from what went by before.
///
/// It learns from a bounded part of what arrives, and looks at bodies as shapes alone, whatever was kept of them: one explanation is
/// for all readers, those included who may not see content. It forgets everything when nobody reads any more.
final class StreamExplainer: Sendable {
    /// Calls of one round that are learnt from.
    private static let learnedMax = 400
    /// Failed calls of one round that are explained; further ones are sent without.
    private static let explainedMax = 100

    private struct State {
        var explainer = StreamExplainer.fresh
        var position = 0
        /// Of this round, by id: readers share them.
        var explained: [String: [UInt8]] = [:]
    }

    private let state = Mutex(State())

    private static var fresh: CallExplainer {
        var configuration = CallExplainer.Configuration()
        configuration.isOnline = true
        configuration.routesMax = 500
        configuration.placesMax = 1_000
        (configuration.successesKept, configuration.failuresKept) = (256, 128)
        configuration.rankedMax = 3
        return CallExplainer(configuration)
    }

    func learn(_ calls: [StoredCall]) {
        let successes = calls.filter { $0.call.direction == .outbound && CallExplainer.isSuccess($0.call) }
        let parser = JSONParser()
        let step = max(1, (successes.count + Self.learnedMax - 1) / Self.learnedMax)
        state.withLock { state in
            for index in stride(from: 0, to: successes.count, by: step) {
                state.position += 1
                state.explainer.observe(successes[index].withShapes(parser).call, position: state.position)
            }
        }
    }

    /// A JSON object as `/calls/{id}/explain` has it; nil for a call that did not fail, or of which nothing can be said.
    func explain(_ stored: StoredCall) -> [UInt8]? {
        guard stored.call.direction == .outbound, !CallExplainer.isSuccess(stored.call) else { return nil }
        return state.withLock { state in
            if let known = state.explained[stored.id] { return known }
            guard state.explained.count < Self.explainedMax else { return nil }
            var call = stored.withShapes(JSONParser()).call
            call.id = stored.id
            state.position += 1
            let explanation = state.explainer.explain(call, position: state.position)
            state.explainer.observe(call, position: state.position)
            var bytes: [UInt8] = []
            ExplanationJSON.append(explanation, to: &bytes)
            state.explained[stored.id] = bytes
            return bytes
        }
    }

    func endRound() { state.withLock { $0.explained.removeAll(keepingCapacity: true) } }

    func forget() { state.withLock { $0 = State() } }
}
