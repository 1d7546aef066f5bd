import CallModel
import Documents

// Hours as people write them: `22:00`, `+01:00`, `mon`.
extension Hours {
    public static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// - Parameter days: none stand for all.
    public init(
        from: String, until: String, offset: String = "+00:00", zone: String? = nil, days: [String] = [],
        isOutside: Bool = false, field: String = "hours"
    ) throws(AlertingFlaw) {
        let hint = "such as 22:00"
        guard let from = Self.minutes(from), from < 1_440 else {
            throw AlertingFlaw("\(field).from", "must be a time of day", hint: hint)
        }
        guard let until = Self.minutes(until), until > 0 else {
            throw AlertingFlaw("\(field).until", "must be a time of day", hint: hint)
        }
        guard let offset = Self.offset(offset) else {
            throw AlertingFlaw("\(field).offset", "must be an offset from UTC", hint: "such as +01:00")
        }
        let rules = try zone.map { (name) throws(AlertingFlaw) in try ZoneRules(name, field: "\(field).zone") }
        var numbers: Set<Int> = []
        for day in days {
            guard let index = Self.dayNames.firstIndex(of: day) else {
                throw AlertingFlaw(
                    "\(field).days", "there is no day `\(day)`", hint: Self.dayNames.joined(separator: ", "))
            }
            numbers.insert(index + 1)
        }
        self.init(
            days: numbers.isEmpty ? Set(1...7) : numbers, from: from, until: until, offset: offset,
            zone: rules, isOutside: isOutside)
    }

    init(_ json: JSONValue, field: String) throws(AlertingFlaw) {
        guard json.kind == .object, let from = json.member("from")?.string, let until = json.member("until")?.string
        else { throw AlertingFlaw(field, "must be an object with `from` and `until`") }
        try self.init(
            from: from, until: until, offset: json.member("offset")?.string ?? "+00:00",
            zone: json.member("zone")?.string, days: json.texts("days"),
            isOutside: json.member("outside")?.bool ?? false, field: field)
    }

    func write(to writer: inout JSONWriter) {
        writer.member("from", Self.text(from))
        writer.member("until", Self.text(until))
        let minutes = Int(offset.nanoseconds / 60_000_000_000)
        if let zone { writer.member("zone", zone.name) }
        writer.member("offset", (minutes < 0 ? "-" : "+") + Self.text(abs(minutes)))
        writer.member("days", texts: days.sorted().map { Self.dayNames[$0 - 1] })
        writer.member("outside", isOutside)
    }

    /// `07:30`; `24:00` is the end of a day.
    private static func minutes(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy(\.isNumber) }),
            let hours = Int(parts[0]), let minutes = Int(parts[1]), minutes < 60, hours * 60 + minutes <= 1_440
        else { return nil }
        return hours * 60 + minutes
    }

    /// `+01:00`, `-03:30`, `Z`.
    private static func offset(_ text: String) -> Duration? {
        if text == "Z" || text == "UTC" { return .zero }
        guard let sign = text.first, sign == "+" || sign == "-", let minutes = minutes(String(text.dropFirst())),
            minutes <= 14 * 60
        else { return nil }
        return .seconds((sign == "-" ? -60 : 60) * minutes)
    }

    private static func text(_ minutes: Int) -> String {
        let (hours, rest) = (minutes / 60, minutes % 60)
        return "\(hours < 10 ? "0" : "")\(hours):\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension ZoneRules {
    init(_ name: String, field: String) throws(AlertingFlaw) {
        guard let zone = ZoneRules(name) else {
            throw AlertingFlaw(
                field, "there is no time zone `\(shown(name, max: 60))`",
                hint: "such as Europe/Berlin, or its rule: CET-1CEST,M3.5.0,M10.5.0/3")
        }
        self = zone
    }
}
