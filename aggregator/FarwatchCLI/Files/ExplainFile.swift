import CallModel
import Contrast
import Documents
import Runtime

/// Explains the failures of a file of calls, without a server.
struct ExplainFile {
    let path: String
    let isOnline: Bool
    let bodies: BodyForm

    /// One line for each failed call, in the order of the file.
    func perCall() throws {
        let lines = try CallLines(path, bodies: bodies)
        var configuration = CallExplainer.Configuration()
        configuration.isOnline = isOnline
        var explainer = CallExplainer(configuration)
        var output = OutputLines()
        var progress = ProgressLine("explaining")
        guard isOnline else {
            var failures: [CallSelection.Place] = []
            try lines.forEach(progress: { progress.show($0 * 0.7) }) { line in
                guard let call = lines.call(line) else { return }
                explainer.observe(call, position: line.position)
                if !CallExplainer.isSuccess(call) { failures.append(CallSelection.Place(line)) }
            }
            let refused = (lines.refusedCount, lines.firstRefusal)
            for failure in failures {
                if let call = lines.call(failure) { explainer.weigh(call, position: failure.position) }
            }
            for (index, failure) in failures.enumerated() {
                guard let call = lines.call(failure) else { continue }
                let explanation = explainer.explain(call, position: failure.position)
                output.line { ExplanationJSON.append(explanation, to: &$0) }
                progress.show(0.8 + 0.2 * Double(index) / Double(failures.count))
            }
            progress.end()
            output.flush()
            return tellRefused(refused.0, refused.1)
        }
        try lines.forEach(progress: { progress.show($0) }) { line in
            guard let call = lines.call(line) else { return }
            if !CallExplainer.isSuccess(call) {
                let explanation = explainer.explain(call, position: line.position)
                output.line { ExplanationJSON.append(explanation, to: &$0) }
            }
            explainer.observe(call, position: line.position)
        }
        progress.end()
        output.flush()
        tellRefused(lines.refusedCount, lines.firstRefusal)
    }

    /// What all failures have in common; which calls are looked at is `CallSelection`'s.
    func population() throws -> PopulationExplanation {
        let lines = try CallLines(path, bodies: bodies)
        var configuration = PopulationExplainer.Configuration()
        configuration.calls.successesKept = 512
        configuration.calls.failuresKept = 512
        var explainer = PopulationExplainer(configuration)
        let selection = try select(lines)
        for chosen in selection.successes() {
            guard let call = lines.call(chosen.place) else { continue }
            explainer.observe(
                call, position: chosen.place.position, standsFor: chosen.standsFor, learns: chosen.isLearnt)
        }
        explain(selection.failures(), lines, &explainer)
        return explainer.finish()
    }

    private func select(_ lines: CallLines) throws -> CallSelection {
        var selection = CallSelection()
        var progress = ProgressLine("reading")
        try lines.forEach(progress: { progress.show($0) }) { line in
            if let skim = lines.skim(line.value) {
                selection.add(CallSelection.Place(line), route: skim.route, isSuccess: skim.isSuccess)
            } else if let call = lines.call(line) {
                selection.add(
                    CallSelection.Place(line), route: number(of: call), isSuccess: CallExplainer.isSuccess(call))
            }
        }
        progress.end()
        tellRefused(lines.refusedCount, lines.firstRefusal)
        return selection
    }

    private func number(of call: APICall) -> UInt64 {
        var (partner, route) = (call.partner ?? "", call.route ?? call.request.method)
        return partner.withUTF8 { partner in route.withUTF8 { RouteNumber.of(partner, $0) } }
    }

    /// Failures are learnt last, when the routes are known, and explained when all of them are.
    private func explain(
        _ failures: [CallSelection.Chosen], _ lines: CallLines, _ explainer: inout PopulationExplainer
    ) {
        for chosen in failures {
            guard let call = lines.call(chosen.place) else { continue }
            explainer.observe(
                call, position: chosen.place.position, standsFor: chosen.standsFor, learns: chosen.isLearnt)
        }
        var progress = ProgressLine("explaining")
        for (index, chosen) in failures.enumerated() where chosen.isLearnt {
            guard let call = lines.call(chosen.place) else { continue }
            explainer.explain(call, position: chosen.place.position, standsFor: chosen.standsFor)
            progress.show(Double(index) / Double(failures.count))
        }
        progress.end()
    }

    private func tellRefused(_ count: Int, _ first: String?) {
        guard count > 0 else { return }
        printError(
            "farwatch: \(count) lines of \(safeText(path)) are no calls and were left out; \(safeText(first ?? ""))")
    }
}

extension CallSelection.Place {
    init(_ line: CallLines.Line) {
        self.init(position: line.position, byteOffset: line.byteOffset, byteCount: line.byteCount)
    }
}

extension CallLines {
    /// The call at a place that was remembered; nil where the file has changed.
    func call(_ place: CallSelection.Place) -> APICall? {
        call(atByte: place.byteOffset, byteCount: place.byteCount)
    }
}
