import CallModel
import Runtime
import Storage

/// Calls written as conditions joined by `&`, all of which hold: `since=2026-03-02T12:00:00Z&customer=acme`, `status=5xx`. The
/// same text as `farwatch compare --calls` takes; there are no escapes in it, so that a value holds no `&`.
enum Population {
    /// Two of them, all outside ASCII and percent-encoded, fit into the head of a request (32 KiB).
    static let characterCountMax = 1_000
    /// How far back a population reaches that does not say since when.
    static let span: Duration = .seconds(86_400)

    static let parameters: [APIParameter] =
        [
            APIParameter(name: "since", kind: .time, summary: "From this time on; a day before `until` when absent."),
            APIParameter(name: "until", kind: .time, summary: "Before this time; now when absent."),
        ]
        + dimensionNames.map {
            APIParameter(name: $0, kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Exactly this.")
        } + [
            APIParameter(name: "direction", kind: .choice(Direction.allCases.map(\.name)), summary: "Which way."),
            APIParameter(name: "outcome", kind: .choice(outcomeNames), summary: "How the call ended."),
            APIParameter(name: "failure", kind: .choice(FailureKind.allCases.map(\.name)), summary: "Why no answer."),
            APIParameter(name: "failed", kind: .choice(["true", "false"]), summary: "Whether it is a failure."),
            APIParameter(name: "status", kind: .status, summary: "A status, or a class such as 5xx."),
        ]

    /// The same as `/openapi.json` tells it: known names, none of them twice. Times are told by the day and without leap days;
    /// more is understood.
    static let pattern: String = {
        func either(_ words: [String]) -> String { "(" + words.joined(separator: "|") + ")" }
        let time =
            "([0-9]{1,5}[smhd]|20[2-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:00Z)"
        let conditions = parameters.map { parameter in
            switch parameter.kind {
            case .time: parameter.name + "=" + time
            case .choice(let choices): parameter.name + "=" + either(choices)
            case .status: parameter.name + "=[1-9]([0-9][0-9]|[xX][xX])"
            default: parameter.name + #"=[^&\u0000]{1,"# + "\(Limits.nameByteCountMax)}"
            }
        }
        let one = either(conditions)
        return #"^(?!([^\u0000]*&)?([a-z_]+)=[^\u0000]*&\2=)"# + one + "(&" + one + ")*$"
    }()

    /// Names and values, each once and known; the complaint otherwise.
    private static func conditions(_ text: String, now: Instant) -> Result<[String: String], PopulationFault> {
        guard text.unicodeScalars.count <= characterCountMax else {
            return .failure(PopulationFault("at most \(characterCountMax) characters"))
        }
        var values: [String: String] = [:]
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            guard pair.count == 2 else {
                return .failure(PopulationFault("conditions like customer=acme, joined by &", unknown: name))
            }
            guard let parameter = parameters.first(where: { $0.name == name }) else {
                let known = parameters.map(\.name).joined(separator: ", ")
                return .failure(
                    PopulationFault("no condition on `\(name.prefix(40))`; known are \(known)", unknown: name))
            }
            guard values[name] == nil else { return .failure(PopulationFault("`\(name)` is given twice")) }
            if let complaint = parameter.kind.complaint(about: String(pair[1]), now: now) {
                return .failure(PopulationFault("`\(name)` is \(complaint)"))
            }
            values[name] = String(pair[1])
        }
        return .success(values)
    }

    static func complaint(about text: String, now: Instant) -> String? {
        guard case .failure(let fault) = conditions(text, now: now) else { return nil }
        return fault.detail
    }

    /// The known name that was most likely meant.
    static func nearest(to text: String) -> String? {
        guard case .failure(let fault) = conditions(text, now: .epoch), let unknown = fault.unknown else { return nil }
        return Spelling.nearest(to: String(unknown.prefix(40)), among: parameters.map(\.name))
    }

    /// The calls meant by a text that was checked.
    static func filter(_ text: String, now: Instant) -> CallFilter {
        guard case .success(let values) = conditions(text, now: now) else { return CallFilter(since: now, until: now) }
        return filter(values, span: span, now: now)
    }

    /// - Parameter span: how far it reaches back from its end, or from now, where it does not say.
    static func filter(_ values: [String: String], span: Duration, now: Instant) -> CallFilter {
        let until = values["until"].flatMap { parseTime($0, now: now) }
        let since = values["since"].flatMap { parseTime($0, now: now) } ?? (until ?? now) - span
        // A clock that is a little ahead does not hide the newest calls.
        return rowFilter(values, since: since, until: until ?? now + .seconds(60))
    }
}

private struct PopulationFault: Error {
    var detail: String
    var unknown: String?

    init(_ detail: String, unknown: String? = nil) {
        self.detail = detail
        self.unknown = unknown
    }
}
