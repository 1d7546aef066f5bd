import CallModel
import Documents
import Impact
import Storage

/// How far back the usual is read from, before what is asked about: as long as that, and no longer than an hour.
private let earlierMax: Duration = .seconds(3_600)
private let earlierMin: Duration = .seconds(600)
/// Routes, customers and partners that are listed, those hit hardest.
private let listedMax = 100

/// Which of our own requests failed or were slow because of a partner's call inside them, as a JSON object: the same for the API and
/// for an incident.
public func inboundImpact(_ question: ImpactQuestion, _ samples: CallSamples) throws -> [UInt8] {
    var earlier = question
    earlier.until = question.since
    earlier.since = question.since - min(earlierMax, max(earlierMin, question.until - question.since))
    earlier.windowCount = max(1, question.windowCount / 2)
    let report = ImpactReport(try samples.impactWindows(question), earlier: try samples.impactWindows(earlier))
    return try document(report, question, samples)
}

private func document(_ report: ImpactReport, _ question: ImpactQuestion, _ samples: CallSamples) throws -> [UInt8] {
    var writer = JSONWriter()
    try writer.object { writer in
        writer.member("since", question.since)
        writer.member("until", question.until)
        writer.member("known", report.tracedCalls + report.timedCalls > 0)
        writer.member("text", text(report))
        append(report.all, &writer)
        writer.object("linked") {
            $0.member("by_trace", report.tracedCalls)
            $0.member("by_timing", report.timedCalls)
            $0.member("ambiguous", report.ambiguousCalls)
            $0.member("in_no_request", report.callsAlone)
        }
        writer.member("complete", report.isWhole)
        writer.member("requests_uncounted", report.uncountedRequests, decimals: 0)
        let lists: [(String, [Int32: ImpactReport.Part], NameKind)] = [
            ("partners", report.partners, .partner), ("routes", report.routes, .route),
            ("customers", report.customers, .customer),
        ]
        for (name, parts, kind) in lists { try append(name, parts, kind, samples, &writer) }
    }
    return writer.bytes
}

private func append(
    _ name: String, _ parts: [Int32: ImpactReport.Part], _ kind: NameKind, _ samples: CallSamples,
    _ writer: inout JSONWriter
) throws {
    let hit = parts.filter { $0.value.failedBecause.count > 0 || $0.value.slowed > 0 }
    let sorted = hit.sorted {
        ($0.value.failedBecause.count, $0.value.extraMilliseconds, $1.key)
            > ($1.value.failedBecause.count, $1.value.extraMilliseconds, $0.key)
    }
    try writer.array(name) { writer in
        for (id, part) in sorted.prefix(listedMax) {
            let name = try samples.name(id, kind)
            writer.object {
                $0.member("name", name)
                append(part, &$0)
            }
        }
    }
}

private func append(_ part: ImpactReport.Part, _ writer: inout JSONWriter) {
    func ratio(_ count: Double) -> Double? { part.requests > 0 ? min(1, count / part.requests) : nil }
    writer.member("requests", part.requests, decimals: 0)
    writer.member("requests_failed", part.failed, decimals: 0)
    writer.member("requests_with_trouble_inside", part.troubled, decimals: 0)
    let because = part.failedBecause
    writer.object("failed_because") {
        $0.member("requests", because.count, decimals: 1)
        $0.member("ratio", ratio(because.count))
        $0.member("low", because.low, decimals: 1)
        $0.member("high", min(because.high, part.requests), decimals: 1)
        $0.member("confidence", because.confidence, decimals: 4)
    }
    writer.object("slowed") {
        $0.member("requests", part.slowed, decimals: 1)
        $0.member("ratio", ratio(part.slowed))
        $0.member("extra_ms", part.slowed > 0 ? part.extraMilliseconds / part.slowed : nil, decimals: 1)
        $0.member("mean_ms_with", part.millisecondsWith, decimals: 1)
        $0.member("mean_ms_without", part.millisecondsWithout, decimals: 1)
    }
}

/// One sentence for people.
private func text(_ report: ImpactReport) -> String {
    let all = report.all
    guard all.requests > 0 else { return "None of our own requests were seen, so that nothing is known of them." }
    guard report.tracedCalls + report.timedCalls > 0 else {
        return "No partner's call lies inside a request of ours that was seen."
    }
    func percent(_ count: Double) -> String {
        let tenths = (min(1, count / all.requests) * 1_000).rounded()
        return "\(Int(tenths) / 10).\(Int(tenths) % 10)%"
    }
    let because = all.failedBecause
    var text =
        because.count >= 0.5
        ? "\(percent(because.count)) of our own requests failed because of a partner's call inside them (\(percent(because.low)) to "
            + "\(percent(because.high)); \(Int(because.confidence * 100))% sure)"
        : "None of our own requests failed because of a partner's call inside them"
    if all.slowed >= 0.5 {
        text +=
            "; \(percent(all.slowed)) were slowed, by \(Int((all.extraMilliseconds / all.slowed).rounded())) ms on average"
    }
    return text + "."
}
