import Incidents

/// What an incident is worth: the evidence's severity, and business weights on it.
extension AlertingCore {
    /// The severity that people are told, and why it is another than the evidence's.
    public func severity(of report: IncidentReport) -> (severity: Incident.Severity, reason: String?) {
        let lifting = configuration.weights.first { $0.weight > 1 && $0.matchers.match(report, owner: nil) }
        if let lifting, let higher = Incident.Severity(rawValue: report.severity.rawValue + 1) {
            return (higher, "one severer for \(lifting.subject)")
        }
        guard lifting == nil, report.severity > .minor, isWorthless(report) else { return (report.severity, nil) }
        return (.minor, "minor, because what it hurts has no weight")
    }

    /// Names that a weight lifts first: lists are cut, and who matters most should be seen.
    func favoured(_ report: IncidentReport) -> IncidentReport {
        guard !configuration.weights.isEmpty else { return report }
        var report = report
        for weight in configuration.weights where weight.weight > 1 {
            for matcher in weight.matchers where matcher.test != .unequal {
                func isFavoured(_ name: String) -> Bool {
                    matcher.values.contains { matcher.test == .like ? isLike(name, pattern: $0) : name == $0 }
                }
                switch matcher.dimension {
                case .affectedCustomer: report.customers.move(toFront: isFavoured)
                case .affectedRoute: report.routes.move(toFront: isFavoured)
                default: continue
                }
            }
        }
        return report
    }

    /// Whether everything that it hurts has a weight of nothing. What is not known by name has one.
    private func isWorthless(_ report: IncidentReport) -> Bool {
        configuration.weights.contains { weight in
            guard weight.weight == 0, weight.matchers.match(report, owner: nil, wholly: true) else { return false }
            return weight.matchers.allSatisfy { matcher in
                switch matcher.dimension {
                case .affectedRoute: report.routeCount <= report.routes.count
                case .affectedCustomer: report.customerCount <= report.customers.count
                default: true
                }
            }
        }
    }
}

extension BusinessWeight {
    fileprivate var subject: String { matchers.map { $0.values.joined(separator: " or ") }.joined(separator: ", ") }
}

extension [String] {
    fileprivate mutating func move(toFront isFirst: (String) -> Bool) {
        self = filter(isFirst) + filter { !isFirst($0) }
    }
}
