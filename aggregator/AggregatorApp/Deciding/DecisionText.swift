import CallModel
import Documents

/// Why something was, or was not, done.
struct DecisionText: Sendable, Equatable {
    var at: Instant
    /// Nil: about the whole fleet.
    var partner: String?
    var reason: String
}

/// As the API shows them, newest last; and as the aggregator that decides publishes them for those that do not.
extension [DecisionText] {
    private static var byteCountMax: Int { 4 << 20 }

    func encoded(of partner: String? = nil) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { writer in
            for decision in self where partner == nil || decision.partner == partner {
                writer.object {
                    $0.member("at", decision.at.rfc3339)
                    $0.member("partner", decision.partner)
                    $0.member("reason", decision.reason)
                }
            }
        }
        return writer.bytes
    }

    /// Nil for anything else.
    init?(encoded bytes: [UInt8]) {
        var decisions: [DecisionText] = []
        // An error says that it is no JSON.
        let isList = try? JSONParser(byteCountMax: Self.byteCountMax).parse(bytes) { root in
            root.forEachElement { element in
                guard let at = element.member("at")?.string.flatMap({ Instant(rfc3339: $0) }),
                    let reason = element.member("reason")?.string
                else { return }
                decisions.append(DecisionText(at: at, partner: element.member("partner")?.string, reason: reason))
            }
            return root.kind == .array
        }
        guard isList == true else { return nil }
        self = decisions
    }
}
