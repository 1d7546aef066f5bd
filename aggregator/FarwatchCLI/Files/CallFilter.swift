import CallModel

/// Which calls of a file belong to a population: conditions joined by `&`, all of which must hold, written as in the API's
/// `compare`: `since=2026-03-02T12:00:00Z&customer=acme`, `status=5xx`, `failed=true`, `host=app-1`.
struct CallFilter {
    private enum Condition {
        case since(Instant), until(Instant)
        case status(ClosedRange<Int>)
        case failed(Bool)
        case field(KeyPath<APICall, String?>, String)
        case outcome(String)
        case direction(Direction)
    }

    private var conditions: [Condition] = []

    private static let fields: [String: KeyPath<APICall, String?> & Sendable] = [
        "partner": \.partner, "route": \.route, "customer": \.customer, "host": \.host, "region": \.region,
        "service": \.service, "service_version": \.serviceVersion, "environment": \.environment,
    ]

    init(_ text: String) throws(CallFilterError) {
        for part in text.split(separator: "&", omittingEmptySubsequences: true) {
            guard let equals = part.firstIndex(of: "=") else {
                throw CallFilterError(part: String(part), hint: "write it as name=value")
            }
            let name = String(part[..<equals])
            conditions.append(try Self.condition(name, String(part[part.index(after: equals)...])))
        }
        guard !conditions.isEmpty else { throw CallFilterError(part: text, hint: "name at least one condition") }
    }

    private static func condition(_ name: String, _ value: String) throws(CallFilterError) -> Condition {
        if let field = fields[name] { return .field(field, value) }
        let problem = CallFilterError(part: "\(name)=\(value)", hint: hint(name))
        switch name {
        case "since", "until":
            guard let instant = Instant(rfc3339: value, assumingUTC: true) else { throw problem }
            return name == "since" ? .since(instant) : .until(instant)
        case "status":
            if value.count == 3, value.hasSuffix("xx"), let hundreds = value.first?.wholeNumberValue {
                return .status((hundreds * 100)...(hundreds * 100 + 99))
            }
            guard let status = Int(value) else { throw problem }
            return .status(status...status)
        case "failed":
            guard value == "true" || value == "false" else { throw problem }
            return .failed(value == "true")
        case "outcome": return .outcome(value)
        case "direction":
            guard let direction = Direction(name: value) else { throw problem }
            return .direction(direction)
        default: throw problem
        }
    }

    private static func hint(_ name: String) -> String {
        switch name {
        case "since", "until": return "a time is RFC 3339, such as 2026-03-02T12:00:00Z"
        case "status": return "a status such as 404, or a class such as 5xx"
        case "failed": return "true or false"
        case "direction": return "inbound or outbound"
        default:
            let known = fields.keys.sorted() + ["since", "until", "status", "failed", "outcome", "direction"]
            return "known are " + known.joined(separator: ", ")
        }
    }

    func holds(for call: APICall, isFailure: Bool) -> Bool {
        conditions.allSatisfy { condition in
            switch condition {
            case .since(let instant): call.time >= instant
            case .until(let instant): call.time < instant
            case .status(let range): range.contains(call.response?.status ?? 0)
            case .failed(let wanted): isFailure == wanted
            case .field(let field, let value): call[keyPath: field] == value
            case .outcome(let name): call.outcome.name == name || call.error?.name == name
            case .direction(let direction): call.direction == direction
            }
        }
    }
}

struct CallFilterError: Error, CustomStringConvertible {
    var part: String
    var hint: String

    var description: String { "\(part) is no condition: \(hint)" }
}
