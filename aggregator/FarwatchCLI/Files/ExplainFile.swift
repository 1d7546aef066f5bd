import CallModel
import Contrast
import Documents
import Runtime

/// Explains the failures of a file of calls, without a server.
struct ExplainFile {
    let path: String
    let isOnline: Bool
    let reducesToShape: Bool

    /// Failures that the whole file is explained by, and of one route.
    private static let failuresExplainedMax = 3_000
    private static let failuresPerRouteMax = 500

    /// A failure's place in the file.
    fileprivate struct Failure: Sendable {
        var position: Int
        var byteOffset: Int
        var byteCount: Int
    }

    /// One line for each failed call, in the order of the file.
    func perCall() throws {
        let lines = try CallLines(path, reducesToShape: reducesToShape)
        var configuration = CallExplainer.Configuration()
        configuration.isOnline = isOnline
        var explainer = CallExplainer(configuration)
        var output = OutputLines()
        var progress = ProgressLine("explaining")
        guard isOnline else {
            var failures: [Failure] = []
            try lines.forEach(progress: { progress.show($0 * 0.7) }) { line in
                guard let call = lines.call(line) else { return }
                explainer.observe(call, position: line.position)
                if !CallExplainer.isSuccess(call) { failures.append(Failure(line)) }
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

    /// What all failures have in common.
    func population() throws -> PopulationExplanation {
        let lines = try CallLines(path, reducesToShape: reducesToShape)
        var configuration = PopulationExplainer.Configuration()
        configuration.calls.successesKept = 512
        configuration.calls.failuresKept = 512
        var explainer = PopulationExplainer(configuration)
        var sampling = CallSampling(fully: 300, stride: 32)
        var failures: [UInt64: SpreadSample<Failure>] = [:]
        var progress = ProgressLine("reading")
        try lines.forEach(progress: { progress.show($0) }) { line in
            if let skim = lines.skim(line.value), skim.isSuccess {
                let standsFor = sampling.next(of: skim.route)
                if standsFor > 0, let call = lines.call(line) {
                    explainer.observe(call, position: line.position, standsFor: Double(standsFor))
                }
                return
            } else if let skim = lines.skim(line.value), let known = failures[skim.route],
                known.count >= Self.failuresPerRouteMax
            {
                failures[skim.route]?.add(Failure(line))
                return
            }
            guard let call = lines.call(line) else { return }
            guard !CallExplainer.isSuccess(call) else {
                return explainer.observe(call, position: line.position)
            }
            var (partner, route) = (call.partner ?? "", call.route ?? call.request.method)
            let number = partner.withUTF8 { partner in route.withUTF8 { CallSampling.number(partner, $0) } }
            failures[number, default: SpreadSample(capacity: Self.failuresPerRouteMax)].add(Failure(line))
            explainer.observe(call, position: line.position)
        }
        progress.end()
        tellRefused(lines.refusedCount, lines.firstRefusal)
        explain(failures, lines, &explainer)
        return explainer.finish()
    }

    private func explain(
        _ failures: [UInt64: SpreadSample<Failure>], _ lines: CallLines, _ explainer: inout PopulationExplainer
    ) {
        let ordered = failures.sorted { $0.key < $1.key }.map(\.value)
        let each = max(4, Self.failuresExplainedMax / max(1, ordered.count))
        var chosen: [(failure: Failure, standsFor: Double)] = []
        for sample in ordered {
            let stride = max(1, (sample.items.count + each - 1) / each)
            let items = sample.items.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
            let standsFor = Double(sample.count) / Double(max(1, items.count))
            chosen += items.map { ($0, standsFor) }
        }
        var progress = ProgressLine("explaining")
        for (failure, _) in chosen {
            if let call = lines.call(failure) { explainer.weigh(call, position: failure.position) }
        }
        for (index, (failure, standsFor)) in chosen.enumerated() {
            guard let call = lines.call(failure) else { continue }
            explainer.explain(call, position: failure.position, standsFor: standsFor)
            progress.show(Double(index) / Double(chosen.count))
        }
        progress.end()
    }

    private func tellRefused(_ count: Int, _ first: String?) {
        guard count > 0 else { return }
        printError(
            "farwatch: \(count) lines of \(safeText(path)) are no calls and were left out; \(safeText(first ?? ""))")
    }
}

extension ExplainFile.Failure {
    init(_ line: CallLines.Line) {
        self.init(position: line.position, byteOffset: line.byteOffset, byteCount: line.byteCount)
    }
}

extension CallLines {
    fileprivate func call(_ failure: ExplainFile.Failure) -> APICall? {
        call(atByte: failure.byteOffset, byteCount: failure.byteCount)
    }
}
