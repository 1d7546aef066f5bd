import CallModel
import Contrast
import Documents
import Runtime

/// Explains the failures of a file of calls, without a server.
struct ExplainFile {
    let path: String
    let isOnline: Bool
    let bodies: BodyForm

    /// Failures that the whole file is explained by, and of one route.
    private static let failuresExplainedMax = 1_500
    private static let failuresPerRouteMax = 500

    /// A failure's place in the file.
    fileprivate struct Failure: Sendable {
        var position: Int
        var byteOffset: Int
        var byteCount: Int
    }

    /// One line for each failed call, in the order of the file.
    func perCall() throws {
        let lines = try CallLines(path, bodies: bodies)
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
        let lines = try CallLines(path, bodies: bodies)
        var configuration = PopulationExplainer.Configuration()
        configuration.calls.successesKept = 512
        configuration.calls.failuresKept = 512
        var explainer = PopulationExplainer(configuration)
        var sampling = CallSampling(fully: 100, stride: 64)
        var failures: [UInt64: SpreadSample<Failure>] = [:]
        var progress = ProgressLine("reading")
        try lines.forEach(progress: { progress.show($0) }) { line in
            if let skim = lines.skim(line.value) {
                guard skim.isSuccess else {
                    failures[skim.route, default: SpreadSample(capacity: Self.failuresPerRouteMax)].add(Failure(line))
                    return
                }
                let standsFor = sampling.next(of: skim.route)
                if standsFor > 0, let call = lines.call(line) {
                    explainer.observe(call, position: line.position, standsFor: Double(standsFor))
                }
            } else if let call = lines.call(line) {
                if CallExplainer.isSuccess(call) {
                    explainer.observe(call, position: line.position)
                } else {
                    failures[number(of: call), default: SpreadSample(capacity: Self.failuresPerRouteMax)].add(
                        Failure(line))
                }
            }
        }
        progress.end()
        tellRefused(lines.refusedCount, lines.firstRefusal)
        explain(chosen(from: failures), lines, &explainer)
        return explainer.finish()
    }

    private func number(of call: APICall) -> UInt64 {
        var (partner, route) = (call.partner ?? "", call.route ?? call.request.method)
        return partner.withUTF8 { partner in route.withUTF8 { CallSampling.number(partner, $0) } }
    }

    /// Some of each route, evenly spread over the file, and how many each stands for; in the order of the file.
    private func chosen(from failures: [UInt64: SpreadSample<Failure>]) -> [(failure: Failure, standsFor: Double)] {
        let each = max(1, Self.failuresExplainedMax / max(1, failures.count))
        var chosen: [(failure: Failure, standsFor: Double)] = []
        for sample in failures.values {
            let stride = max(1, (sample.items.count + each - 1) / each)
            let items = sample.items.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
            chosen += items.map { ($0, Double(sample.count) / Double(max(1, items.count))) }
        }
        return chosen.sorted { $0.failure.position < $1.failure.position }
    }

    /// Failures are learnt last, when the routes are known, and explained when all of them are.
    private func explain(
        _ chosen: [(failure: Failure, standsFor: Double)], _ lines: CallLines, _ explainer: inout PopulationExplainer
    ) {
        for (failure, standsFor) in chosen {
            guard let call = lines.call(failure) else { continue }
            explainer.observe(call, position: failure.position, standsFor: standsFor)
        }
        var progress = ProgressLine("explaining")
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
