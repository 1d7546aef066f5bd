import CallModel
import Documents
import Storage
import Transport

/// Sums over the lasting counts: how many calls there were.
func volumeRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/volume", summary: "Calls by partner, route, region, host, customer, version, or time.",
            access: .read, parameters: volumeParameters, schema: "Volume"
        ) { request in
            let filter = try volumeFilter(request)
            return .json(volumeDocument(filter, try await sources.volume(filter)))
        }
    ]
}

let partnerParameter = APIParameter(
    name: "partner", kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Of this partner alone.")

private let volumeParameters = [
    APIParameter(
        name: "by", kind: .choice(VolumeFilter.Key.allCases.map(\.rawValue)), summary: "`partner` when absent."),
    partnerParameter,
    APIParameter(
        name: "direction", kind: .choice(Direction.allCases.map(\.name)), summary: "Which way the calls went."),
    APIParameter(name: "since", kind: .time, summary: "From this time on; a day ago when absent."),
    APIParameter(name: "until", kind: .time, summary: "Before this time; now when absent."),
    APIParameter(
        name: "step_minutes", kind: .integer(1...44_640),
        summary: "Of `by=time`: 60 when absent. Beyond two days whole hours are counted."),
]

private func volumeFilter(_ request: APIRequest) throws(APIProblem) -> VolumeFilter {
    let query = request.query
    let since = query["since"].flatMap { parseTime($0, now: request.now) } ?? request.now - .seconds(86_400)
    let until = query["until"].flatMap { parseTime($0, now: request.now) } ?? request.now + .seconds(60)
    let key = query["by"].flatMap { VolumeFilter.Key(rawValue: $0) } ?? .partner
    var filter = VolumeFilter(since: since, until: until, key: key)
    filter.partner = query["partner"]
    filter.direction = query["direction"].flatMap { Direction(name: $0) }
    var minutes = query["step_minutes"].flatMap { Int64($0) } ?? 60
    if until - since > VolumeFilter.minutesMax { minutes = max(60, minutes - minutes % 60) }
    // Never more steps than may be shown.
    let seconds = max(1, (until - since).components.seconds)
    let steps = seconds / (minutes * 60) + 1
    if steps > Int64(VolumeStore.rowCountMax) {
        let factor = (steps + Int64(VolumeStore.rowCountMax) - 1) / Int64(VolumeStore.rowCountMax)
        minutes *= factor
    }
    filter.step = .seconds(minutes * 60)
    return filter
}

private func volumeDocument(_ filter: VolumeFilter, _ counts: [VolumeCount]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("since", filter.since)
        writer.member("until", filter.until)
        writer.member("by", filter.key.rawValue)
        if filter.key == .time { writer.member("step_s", Int64(filter.step.inSeconds)) }
        writer.array("data") { writer in
            for count in counts {
                writer.object { writer in
                    if let start = count.start {
                        writer.member("time", start)
                    } else {
                        writer.member("name", count.name)
                    }
                    figures(count.calls, count.failures, &writer)
                }
            }
        }
    }
    return writer.bytes
}

func figures(_ calls: Int64, _ failures: Int64, _ writer: inout JSONWriter) {
    writer.member("calls", calls)
    writer.member("calls_failed", failures)
    writer.member("failure_ratio", calls > 0 ? Double(failures) / Double(calls) : nil)
}
