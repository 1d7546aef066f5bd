import CallModel

/// Gives a row its names where the sender's own words decide, or the host's last resort; other rules look at a whole call.
///
/// Where it decides, it decides as the `Attributor` does.
public struct RowAttributor {
    /// What there is to do for one field, in the order of `AttributedField.allCases`.
    private struct Field {
        var name: CallRow.Name
        /// Whether the first rule takes what the sender said.
        var takesSaid: Bool
        /// Whether nothing is asked but what the sender said, and then perhaps a constant.
        var isPlain: Bool
        var constant: String?
    }

    private let fields: [Field]

    public init(_ attributor: Attributor) {
        let names: [CallRow.Name] = [.customer, .service, .serviceVersion, .region, .environment]
        fields = zip(names, attributor.rules).map { name, rules in
            let isForAll = rules.allSatisfy { $0.partner == nil && $0.direction == nil }
            var field = Field(name: name, takesSaid: isForAll && rules.first?.source == .attribute, isPlain: false)
            if case .constant(let text)? = rules.dropFirst().first?.source { field.constant = Places.clean(text) }
            field.isPlain = field.takesSaid && (rules.count == 1 || rules.count == 2 && field.constant != nil)
            return field
        }
    }

    /// Whether it decides for every row that says nothing.
    public var isPlain: Bool { fields.allSatisfy(\.isPlain) }

    /// Which rule decided each field, for `count`.
    public struct Decision {
        fileprivate enum Source {
            case said, constant, nobody
        }

        fileprivate var customer = Source.nobody
        fileprivate var service = Source.nobody
        fileprivate var serviceVersion = Source.nobody
        fileprivate var region = Source.nobody
        fileprivate var environment = Source.nobody
    }

    /// Nil where another rule has to be asked.
    public func attribute(_ row: inout CallRow, arena: TextArena) -> Decision? {
        for field in fields {
            let said = row[field.name]
            guard said.isEmpty ? field.isPlain : field.takesSaid && Self.isClean(said) else { return nil }
        }
        var decision = Decision()
        decision.customer = decide(fields[0], &row, arena)
        decision.service = decide(fields[1], &row, arena)
        decision.serviceVersion = decide(fields[2], &row, arena)
        decision.region = decide(fields[3], &row, arena)
        decision.environment = decide(fields[4], &row, arena)
        return decision
    }

    private func decide(_ field: Field, _ row: inout CallRow, _ arena: TextArena) -> Decision.Source {
        guard row[field.name].isEmpty else { return .said }
        guard let constant = field.constant else { return .nobody }
        row[field.name] = arena.copy(constant)
        return .constant
    }

    /// As `Places.isClean`; names in a row are never too long.
    private static func isClean(_ text: CallRow.Text) -> Bool {
        text[0] > 0x20 && text[text.count - 1] > 0x20
    }
}

extension RowAttributor {
    /// What was decided of many rows.
    public struct Decisions {
        fileprivate var callCount = 0
        // By field, in the order of `AttributedField.allCases`.
        fileprivate var said = InlineArray<5, Int>(repeating: 0)
        fileprivate var constant = InlineArray<5, Int>(repeating: 0)

        public init() {}

        public mutating func add(_ decision: Decision) {
            callCount += 1
            add(decision.customer, 0)
            add(decision.service, 1)
            add(decision.serviceVersion, 2)
            add(decision.region, 3)
            add(decision.environment, 4)
        }

        private mutating func add(_ source: Decision.Source, _ field: Int) {
            switch source {
            case .said: said[field] += 1
            case .constant: constant[field] += 1
            case .nobody: break
            }
        }
    }
}

extension Attributor {
    /// Adds what was decided of rows.
    public mutating func count(_ decisions: RowAttributor.Decisions) {
        callCount += decisions.callCount
        for field in AttributedField.allCases.indices {
            let (said, constant) = (decisions.said[field], decisions.constant[field])
            if said > 0 { found[field][0] += said }
            if constant > 0 { found[field][1] += constant }
            missing[field] += decisions.callCount - said - constant
        }
    }
}
