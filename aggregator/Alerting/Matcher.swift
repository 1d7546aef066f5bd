import CallModel
import Incidents

/// One test that an incident passes or fails: `partner = stripe | adyen`, `route =~ POST /v1/*`, `severity != minor`.
///
/// `=` wants one of the values, `!=` none of them, `=~` one of them as a pattern, in which `*` stands for any text and
/// everything else for itself. A pattern is matched piece by piece from the left, never going back further than one
/// `*`: at most (length of the pattern × length of the value) steps, both bounded.
public struct Matcher: Sendable, Hashable {
    public enum Test: String, Sendable, CaseIterable {
        case equal = "="
        case unequal = "!="
        case like = "=~"
    }

    /// What an incident can be asked for. Those of the cause are the conditions that it names: an outage of a partner that
    /// hurts a customer is not that customer's. Whom it hurts, `affected_…` asks.
    public enum Dimension: String, Sendable, CaseIterable {
        case partner, route, region, host, customer
        case serviceVersion = "service_version"
        case direction
        case peerNetwork = "peer_network"
        case kind, severity, owner
        case affectedRoute = "affected_route"
        case affectedRegion = "affected_region"
        case affectedHost = "affected_host"
        case affectedCustomer = "affected_customer"
    }

    public static let valuesMax = 100
    /// Bytes of one value.
    public static let valueByteCountMax = 256
    /// Of one owner, route or silence.
    public static let matchersMax = 20

    public var dimension: Dimension
    public var test: Test
    public var values: [String]

    public init(_ dimension: Dimension, _ test: Test, _ values: [String]) {
        self.dimension = dimension
        self.test = test
        self.values = values
    }

    public init(_ dimension: Dimension, _ value: String) { self.init(dimension, .equal, [value]) }

    /// - Parameter wholly: whether all that the incident concerns has to pass, and not only some of it. A silence for one partner
    ///   must not hide an outage of two.
    public func matches(_ report: IncidentReport, owner: String?, wholly: Bool = false) -> Bool {
        let asked = report.values(of: dimension, owner: owner)
        switch test {
        case .unequal: return !asked.contains { values.contains($0) }
        case .equal: return holds(asked, wholly) { values.contains($0) }
        case .like: return holds(asked, wholly) { value in values.contains { isLike(value, pattern: $0) } }
        }
    }

    private func holds(_ asked: [String], _ wholly: Bool, _ test: (String) -> Bool) -> Bool {
        wholly ? !asked.isEmpty && asked.allSatisfy(test) : asked.contains(where: test)
    }
}

extension [Matcher] {
    /// All of them; none match everything.
    public func match(_ report: IncidentReport, owner: String?, wholly: Bool = false) -> Bool {
        allSatisfy { $0.matches(report, owner: owner, wholly: wholly) }
    }
}

extension IncidentReport {
    fileprivate func values(of dimension: Matcher.Dimension, owner: String?) -> [String] {
        switch dimension {
        case .partner: partners
        case .route, .region, .host, .customer, .serviceVersion, .direction, .peerNetwork:
            predicate.filter { $0.dimension == dimension.rawValue }.map(\.value)
        case .kind: [kind.rawValue]
        case .severity: [severity.name]
        case .owner: [owner ?? "unowned"]
        case .affectedRoute: routes
        case .affectedRegion: regions
        case .affectedHost: hosts
        case .affectedCustomer: customers
        }
    }
}

/// Whether a text is what a pattern with `*` describes.
func isLike(_ text: String, pattern: String) -> Bool {
    let (text, pattern) = (Array(text.utf8), Array(pattern.utf8))
    let star = UInt8(ascii: "*")
    var (at, place) = (0, 0)
    /// The last `*`, and how much of the text it stands for so far.
    var (starPlace, starEnd) = (-1, 0)
    while at < text.count {
        if place < pattern.count, pattern[place] == star {
            (starPlace, starEnd) = (place, at)
            place += 1
        } else if place < pattern.count, pattern[place] == text[at] {
            at += 1
            place += 1
        } else if starPlace >= 0 {
            starEnd += 1
            (at, place) = (starEnd, starPlace + 1)
        } else {
            return false
        }
    }
    return pattern[place...].allSatisfy { $0 == star }
}
