/// One thing `doctor` looked at. Whatever is not in order has exactly one remedy: what to do first.
enum Finding: Equatable {
    case good(String, String)
    case warning(String, String, remedy: String)
    case bad(String, String, remedy: String)

    var mark: String {
        switch self {
        case .good: "✓"
        case .warning: "!"
        case .bad: "✗"
        }
    }

    var level: String {
        switch self {
        case .good: "good"
        case .warning: "warning"
        case .bad: "bad"
        }
    }

    var isBad: Bool { if case .bad = self { true } else { false } }

    var subject: String {
        switch self {
        case .good(let subject, _), .warning(let subject, _, _), .bad(let subject, _, _): subject
        }
    }

    var detail: String {
        switch self {
        case .good(_, let detail), .warning(_, let detail, _), .bad(_, let detail, _): detail
        }
    }

    var remedy: String? {
        switch self {
        case .good: nil
        case .warning(_, _, let remedy), .bad(_, _, let remedy): remedy
        }
    }

    var lines: [String] {
        let first = "\(mark) \(subject): \(detail)"
        return remedy.map { [first, "    → \($0)"] } ?? [first]
    }

    static func json(_ findings: [Finding]) -> [UInt8] {
        var writer = StatusWriter()
        writer.open(nil)
        writer.openList("findings")
        for finding in findings {
            writer.open(nil)
            writer.text("level", finding.level)
            writer.text("subject", finding.subject)
            writer.text("detail", finding.detail)
            if let remedy = finding.remedy { writer.text("remedy", remedy) }
            writer.close()
        }
        writer.closeList()
        writer.close()
        return writer.bytes
    }
}
