import Documents
import PartnerCatalog

/// Writes partners as the JSON that `PublishedCatalogue` reads.
enum CatalogueWriter {
    static func document(_ partners: [PartnerDefinition], version: String) -> [UInt8] {
        var bytes = Array("{\"format\": \(PublishedCatalogue.format), \"version\": ".utf8)
        JSONText.appendString(version, to: &bytes)
        bytes += ", \"partners\": {".utf8
        for (number, partner) in partners.enumerated() {
            bytes += (number == 0 ? "\n" : ",\n").utf8
            JSONText.appendString(partner.id, to: &bytes)
            bytes += ": {".utf8
            write(partner, to: &bytes)
            bytes += "}".utf8
        }
        bytes += "}}\n".utf8
        return bytes
    }

    private static func write(_ partner: PartnerDefinition, to bytes: inout [UInt8]) {
        bytes += "\"name\": ".utf8
        JSONText.appendString(partner.name, to: &bytes)
        write("hosts", partner.hosts.map(\.description), to: &bytes)
        write("webhook_signatures", partner.webhookSignatures.map { $0.headers.joined(separator: "+") }, to: &bytes)
        write("webhook_paths", partner.webhookPaths.map(\.text), to: &bytes)
        write("routes", partner.routes.map(\.text), to: &bytes)
        guard let rules = partner.errors?.rules, !rules.isEmpty else { return }
        bytes += ", \"errors\": [".utf8
        for (number, rule) in rules.enumerated() {
            if number > 0 { bytes += ", ".utf8 }
            write(rule, to: &bytes)
        }
        bytes += "]".utf8
    }

    private static func write(_ key: String, _ texts: [String], to bytes: inout [UInt8]) {
        guard !texts.isEmpty else { return }
        bytes += ", \"\(key)\": [".utf8
        for (number, text) in texts.enumerated() {
            if number > 0 { bytes += ", ".utf8 }
            JSONText.appendString(text, to: &bytes)
        }
        bytes += "]".utf8
    }

    private static func write(_ rule: OutcomeRule, to bytes: inout [UInt8]) {
        bytes += "{\"status\": \"\(rule.statuses.lowerBound)-\(rule.statuses.upperBound)\"".utf8
        let test: ValueTest
        switch rule.condition {
        case .status: test = .isPresent
        case .header(_, let asked):
            bytes += ", \"header\": ".utf8
            test = asked
        case .body(_, let asked):
            bytes += ", \"body\": ".utf8
            test = asked
        }
        if rule.condition != .status { JSONText.appendString(place(rule), to: &bytes) }
        if test == .isFalse { bytes += ", \"is_false\": true".utf8 }
        bytes += ", \"outcome\": ".utf8
        let name = outcomes.first { $0.value == rule.outcome }?.key
        JSONText.appendString(name ?? "", to: &bytes)  // Every rule that was read has one of them.
        bytes += "}".utf8
    }

    /// Where a rule looks: a header's name, a path into the body, or nowhere but at the status.
    static func place(_ rule: OutcomeRule) -> String {
        switch rule.condition {
        case .status: ""
        case .header(let name, _): name
        case .body(let path, _): path.text
        }
    }
}
