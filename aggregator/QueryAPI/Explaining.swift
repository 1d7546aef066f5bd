import CallModel
import Contrast
import Documents
import Storage

/// A document, and how many calls' bodies were looked into for it.
public struct Explained: Sendable {
    public var document: [UInt8]
    public var contentReadCount: Int

    public init(document: [UInt8], contentReadCount: Int) {
        self.document = document
        self.contentReadCount = contentReadCount
    }
}

/// One explanation or comparison: reads the samples it needs and writes its document, with what was read at the end.
///
/// Who may not read bodies gets what their shapes tell: in what is looked at here there is then no value of a body, so that
/// none can come out in a text.
struct Explaining {
    /// Calls that one question reads, bodies and all.
    static let failuresMax = 1_500
    static let successesMax = 4_000
    static let comparedMax = 5_000
    /// For one call less is enough, and it is to be quick.
    static let neighboursFailedMax = 300
    static let neighboursMax = 1_500
    /// Calls of one such time have the same neighbours: those from an hour before it to an hour after.
    private static let neighboursTime: Duration = .seconds(1_800)
    /// Successes that tell what is usual; where an hour has fewer, a day is looked at.
    private static let neighboursWanted = 100

    private(set) var contentReadCount = 0
    /// Told while calls are read: of which population, how many, of how many.
    var progress: (@Sendable (_ population: String, _ read: Int, _ of: Int) -> Void)?
    private let samples: CallSamples
    private let readsContent: Bool
    private let parser = JSONParser()
    private var read: [Reading] = []

    private struct Reading {
        var name: String
        var filter: CallFilter
        var matchingCount: Int
        var readCount: Int
        var max: Int
        var isComplete: Bool
    }

    init(_ samples: CallSamples, readsContent: Bool) {
        self.samples = samples
        self.readsContent = readsContent
    }

    // MARK: One call

    /// Nil when there is no such call.
    mutating func explain(call id: String, _ memory: RouteMemory) throws -> [UInt8]? {
        guard let stored = try samples.call(id) else { return nil }
        let call = look(at: stored)
        guard !CallExplainer.isSuccess(call) else {
            return document {
                ExplanationJSON.append(
                    CallExplanation(id: stored.id, ranked: [], note: "This call did not fail."), to: &$0)
            }
        }
        let (successes, failures) = try neighbours(of: call)
        let key = RouteMemory.Key(
            partner: call.partner, route: call.route ?? "", direction: call.direction, since: successes.filter.since,
            until: successes.filter.until, readsContent: readsContent)
        let result = try memory.explain(
            call, at: stored.cursor, among: failures.found.calls + successes.found.calls, of: key
        ) { [samples, readsContent, parser] found in
            try samples.open(found).map { Self.seen($0, readsContent, parser) }
        }
        contentReadCount += result.contentCount
        note("failures", failures, result.failureCount, Self.neighboursFailedMax)
        note("successes", successes, result.successCount, Self.neighboursMax)
        return document { ExplanationJSON.append(result.explanation, to: &$0) }
    }

    private typealias Neighbours = (filter: CallFilter, found: FoundCalls)

    /// Calls of its partner and route around its time.
    private func neighbours(of call: APICall) throws -> (successes: Neighbours, failures: Neighbours) {
        let start = call.time.floored(to: Self.neighboursTime)
        var filter = CallFilter(since: start - .seconds(3_600), until: start + Self.neighboursTime + .seconds(3_600))
        (filter.partner, filter.route, filter.direction) = (call.partner, call.route, call.direction)
        filter.succeeded = true
        var failed = filter
        failed.succeeded = false
        guard call.route != nil else { return ((filter, FoundCalls()), (failed, FoundCalls())) }
        var successes = try samples.spread(filter, Self.neighboursMax)
        if successes.matchingCount < Self.neighboursWanted {
            filter.since = start - .seconds(86_400)
            filter.until = start + Self.neighboursTime + .seconds(86_400)
            (failed.since, failed.until) = (filter.since, filter.until)
            successes = try samples.spread(filter, Self.neighboursMax)
        }
        return ((filter, successes), (failed, try samples.spread(failed, Self.neighboursFailedMax)))
    }

    private mutating func note(_ name: String, _ neighbours: Neighbours, _ readCount: Int, _ max: Int) {
        read.append(
            Reading(
                name: name, filter: neighbours.filter, matchingCount: neighbours.found.matchingCount,
                readCount: readCount, max: max,
                isComplete: neighbours.found.isComplete && readCount >= neighbours.found.calls.count))
    }

    // MARK: Populations

    mutating func explain(_ population: CallFilter) throws -> [UInt8] {
        var filter = population
        filter.succeeded = false
        let failures = try read("failures", filter, Self.failuresMax)
        filter.succeeded = true
        let successes = try read("successes", filter, Self.successesMax)
        let explanation = explanation(failures, successes)
        return document { ExplanationJSON.append(explanation, to: &$0) }
    }

    /// The same with few calls, for whoever cannot wait.
    mutating func explanation(
        of population: CallFilter, callsMax: Int, timeMax: Duration
    ) throws -> PopulationExplanation {
        var bounds = CallSample.Bounds(callsMax: callsMax)
        bounds.timeMax = timeMax
        bounds.sliceCount = 6
        var filter = population
        filter.succeeded = false
        let failures = try samples.sample(filter, bounds)
        filter.succeeded = true
        return explanation(failures, try samples.sample(filter, bounds))
    }

    private mutating func explanation(_ failures: CallSample, _ successes: CallSample) -> PopulationExplanation {
        var configuration = PopulationExplainer.Configuration()
        configuration.calls.successesKept = 512
        configuration.calls.failuresKept = 512
        var explainer = PopulationExplainer(configuration)
        let calls = ordered(successes, failures)
        for item in calls where item.isOfFirst {
            explainer.observe(item.call, position: item.position, standsFor: successes.standsFor)
        }
        // Failures are learnt when the routes are known, and explained when all of them are.
        for item in calls where !item.isOfFirst {
            explainer.observe(item.call, position: item.position, standsFor: failures.standsFor)
        }
        for item in calls where !item.isOfFirst {
            explainer.explain(item.call, position: item.position, standsFor: failures.standsFor)
        }
        return explainer.finish()
    }

    private struct Item {
        var call: APICall
        var position: Int
        var isOfFirst: Bool
    }

    private mutating func ordered(_ first: CallSample, _ second: CallSample) -> [Item] {
        var items = first.calls.map { Item(call: look(at: $0), position: 0, isOfFirst: true) }
        items += second.calls.map { Item(call: look(at: $0), position: 0, isOfFirst: false) }
        items.sort { $0.call.time < $1.call.time }
        for index in items.indices { items[index].position = index }
        return items
    }

    mutating func compare(_ a: CallFilter, _ b: CallFilter) throws -> [UInt8] {
        var comparison = CallComparison()
        for (name, side, filter) in [("a", CallComparison.Side.a, a), ("b", .b, b)] {
            for stored in try read(name, filter, Self.comparedMax).calls { comparison.add(look(at: stored), to: side) }
        }
        let result = comparison.finish()
        return document { ExplanationJSON.append(result, to: &$0) }
    }

    // MARK: What is read

    private mutating func read(_ name: String, _ filter: CallFilter, _ callsMax: Int) throws -> CallSample {
        var bounds = CallSample.Bounds(callsMax: callsMax)
        if let progress { bounds.progress = { progress(name, $0, $1) } }
        let sample = try samples.sample(filter, bounds)
        read.append(
            Reading(
                name: name, filter: filter, matchingCount: sample.matchingCount, readCount: sample.calls.count,
                max: callsMax, isComplete: sample.isComplete))
        return sample
    }

    private mutating func look(at stored: StoredCall) -> APICall {
        let seen = Self.seen(stored, readsContent, parser)
        if seen.hasContent { contentReadCount += 1 }
        return seen.call
    }

    /// The call as this reader may see it, under the id by which it is found again.
    private static func seen(_ stored: StoredCall, _ readsContent: Bool, _ parser: JSONParser) -> RouteMemory.Seen {
        var visible = stored
        if stored.hasContent, !readsContent { visible = stored.withShapes(parser) }
        visible.call.id = stored.id
        return RouteMemory.Seen(call: visible.call, hasContent: stored.hasContent && readsContent)
    }

    /// An object, and before its end a member that says what it rests on.
    private func document(_ append: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        append(&bytes)
        bytes.removeLast()
        var writer = JSONWriter()
        writer.object { writer in
            for reading in read {
                writer.object(reading.name) {
                    $0.member("since", reading.filter.since)
                    $0.member("until", reading.filter.until)
                    $0.member("matching", reading.matchingCount)
                    $0.member("read", reading.readCount)
                    $0.member("read_max", reading.max)
                }
            }
            writer.member("complete", read.allSatisfy(\.isComplete))
        }
        return bytes + Array(",\"read\":".utf8) + writer.bytes + [UInt8(ascii: "}")]
    }
}
