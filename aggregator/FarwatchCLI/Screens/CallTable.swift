import Documents

/// Calls in the native form, a row each.
public struct CallTable {
    private var table = Table([
        Table.Column("TIME", widthMin: 23),
        Table.Column("PARTNER", widthMin: 8),
        Table.Column("ROUTE", widthMin: 18, rank: 1),
        Table.Column("OUTCOME"),
        Table.Column("STATUS", right: true, rank: 2),
        Table.Column("TOOK", right: true, rank: 3),
        Table.Column("HOST", widthMin: 8, rank: 4),
        Table.Column("CUSTOMER", widthMin: 8, rank: 5),
        Table.Column("SERVICE", widthMin: 8, rank: 6),
        Table.Column("ID", widthMin: 8, rank: 7),
    ])
    public private(set) var callCount = 0

    public init() {}

    public mutating func add(_ call: JSONValue) {
        callCount += 1
        let outcome = call.member("outcome")?.string
        let error = call.member("error")?.string
        table.add([
            Table.Cell(time(call.member("time")?.string)),
            Table.Cell(call.member("partner")?.string),
            Table.Cell(call.member("route")?.string ?? target(call.member("request"))),
            // The kind of a missing answer says more than that it is missing.
            Table.Cell(words(error ?? outcome), Tone(outcome: outcome)),
            Table.Cell(count(call.member("response")?.member("status"))),
            Table.Cell(milliseconds(call.member("duration_ms")?.double)),
            Table.Cell(call.member("host")?.string),
            Table.Cell(call.member("customer")?.string),
            Table.Cell(call.member("service")?.string),
            Table.Cell(call.member("id")?.string, .quiet),
        ])
    }

    public func lines(_ style: Style) -> [String] { table.lines(style) }

    /// `2026-11-23 19:34:00.123`, in UTC as every time here.
    private func time(_ text: String?) -> String? {
        guard let text, text.utf8.count == 24, text.hasSuffix("Z") else { return text }
        return text.prefix(10) + " " + text.dropFirst(11).dropLast()
    }

    private func target(_ request: JSONValue?) -> String? {
        guard let url = request?.member("url")?.string else { return nil }
        return (request?.member("method")?.string).map { "\($0) \(url)" } ?? url
    }
}
