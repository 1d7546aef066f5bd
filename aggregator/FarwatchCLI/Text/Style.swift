/// What a piece of text says by its colour.
public enum Tone: Sendable, Equatable {
    case plain
    case heading
    case good
    case warning
    case bad
    case quiet

    /// SGR parameters (ECMA-48, section 8.3.117): of the eight colours every terminal has, so that its own theme decides.
    fileprivate var parameters: String? {
        switch self {
        case .plain: nil
        case .heading: "1"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        case .quiet: "90"
        }
    }
}

/// What the output is like: how wide, and whether it shows colours.
public struct Style: Sendable, Equatable {
    /// Columns; nil where nothing has to fit, as in a file.
    public var width: Int?
    public var isColoured: Bool

    public init(width: Int? = nil, isColoured: Bool = false) {
        self.width = width
        self.isColoured = isColoured
    }

    func paint(_ text: String, _ tone: Tone) -> String {
        guard isColoured, let parameters = tone.parameters, !text.isEmpty else { return text }
        return "\u{1B}[\(parameters)m\(text)\u{1B}[0m"
    }
}

extension Tone {
    /// The tone of a partner's status.
    init(status: String?) {
        switch status {
        case "operational": self = .good
        case "degraded_performance": self = .warning
        case "partial_outage", "major_outage": self = .bad
        case "unknown", nil: self = .quiet
        default: self = .plain
        }
    }

    /// The tone of the worst of all partners, in the words of status pages.
    init(indicator: String?) {
        switch indicator {
        case "none": self = .good
        case "minor": self = .warning
        case "major", "critical": self = .bad
        default: self = .plain
        }
    }

    /// The tone of a call's outcome.
    init(outcome: String?) {
        switch outcome {
        case "success": self = .good
        case "rejected", "rate_limited": self = .warning
        case "unauthorized", "server_error", "error_in_success", "no_answer": self = .bad
        default: self = .plain
        }
    }
}
