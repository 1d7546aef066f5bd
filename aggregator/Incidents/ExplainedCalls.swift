import CallModel
import Detection
import Rollups

/// The failures that need no new cause: those of open incidents, and those that past ones explained while they lasted.
///
/// Asked for every failing call and for every call that a cause is looked for in, so it holds scopes and times and nothing else of
/// the incidents.
struct ExplainedCalls: Sendable {
    private struct Part: Sendable {
        var scope: Scope
        var from: Instant
        var until: Instant
    }

    private var parts: [Part] = []

    var isEmpty: Bool { parts.isEmpty }

    mutating func add(_ scope: Scope) {
        parts.append(
            Part(
                scope: scope, from: Instant(nanosecondsSinceEpoch: .min), until: Instant(nanosecondsSinceEpoch: .max)))
    }

    mutating func add(_ scope: Scope, from: Instant, until: Instant) {
        parts.append(Part(scope: scope, from: from, until: until))
    }

    /// - Parameter networks: by partner, for calls that do not tell theirs.
    @inline(__always)
    func hold(_ cell: CallCell, _ networks: [NameID]) -> Bool {
        for index in parts.indices where parts[index].from <= cell.time && cell.time <= parts[index].until {
            if parts[index].scope.holds(cell, networks) { return true }
        }
        return false
    }
}

/// What open incidents concern, as `observe` asks it of every call: made anew whenever they change.
struct OpenScopes: Sendable {
    private var scopes: [Scope] = []
    private var groups: [[SymptomGroup]] = []

    init() {}

    init(_ open: [Incident]) {
        for incident in open where incident.silence == nil {
            scopes.append(incident.scope)
            groups.append(incident.groups)
        }
    }

    /// Whether a call, good or bad, lies in one.
    @inline(__always)
    func hold(_ cell: CallCell, _ networks: [NameID]) -> Bool {
        for index in scopes.indices where scopes[index].holds(cell, networks) { return true }
        return false
    }

    /// Whether one explains a symptom.
    func explain(_ cell: CallCell, _ group: SymptomGroup, _ networks: [NameID]) -> Bool {
        for index in scopes.indices where scopes[index].holds(cell, networks) && groups[index].contains(group) {
            return true
        }
        return false
    }
}
