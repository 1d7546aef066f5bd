import Attribution
import BatchFormat
import CallJSON
import CallModel
import Deduplication
import Documents
import PartnerCatalog
import Receivers
import Redaction

/// The short way of a call from its JSON to the columns of a batch.
///
/// The general way makes an `APICall` of every call: some 25 texts and lists, each a piece of memory with a count of its references,
/// and bodies that are written out, parsed again for the outcome and once more for their shape. Here a call is a row of spans into
/// the document it arrived in (`CallRow`); bodies are looked at where they were parsed; what a name means (a partner's convention,
/// a header's class, a key's harmlessness) is worked out once and remembered by its bytes; and the row is written into columns
/// before the next is read. Nothing is allocated for a call. Calls that the agent sees by itself come as rows that whoever read the
/// wire filled.
///
/// **It must not differ.** Whatever it takes, it names, attributes, judges, redacts and encodes exactly as `CallPipeline` would: the
/// tests hold the two against each other byte for byte. What it does not know it leaves, before anything is counted: calls from
/// partners, webhooks, rules of attribution that look into a call, partners whose bodies travel as more than shape, anything the
/// `CallSkimmer` finds unusual. A call it leaves has cost a microsecond.
///
/// One thread at a time. Its settings never change; with others, another is made.
public final class ExpressLane: CallShortcut {
    /// A call in a larger document is left: what bodies may grow to when they are written out is then no question.
    static let documentByteCountMax = 64 << 10

    private let settings: ExpressSettings
    private let partners: ExpressPartners
    private let rowAttributor: RowAttributor
    private var attributor: Attributor
    private var decisions = RowAttributor.Decisions()
    private var redactor: Redactor
    private let report: (ExpressReport) -> Void
    private var skimmer = CallSkimmer()
    /// Of calls that were seen.
    private var seenRow = CallRow()
    private let bodies = BodyReader()
    private let arena = TextArena()
    private let constants = TextArena()
    private let hostName: CallRow.Text
    private var calls = EncodedCalls()
    private var tally = ExpressReport()
    private var latest = Instant.epoch
    private var replacedHostCount = 0
    private var redactionsBefore: [String: Int] = [:]
    private var isOpen = false

    /// - Parameter report: is told at the end of each request what became of its calls; it must not block.
    public init(_ settings: ExpressSettings, report: @escaping (ExpressReport) -> Void) {
        self.settings = settings
        self.report = report
        hostName = constants.copy(settings.hostName)
        partners = ExpressPartners(settings.catalogue)
        attributor = Attributor(rules: settings.attribution)
        rowAttributor = RowAttributor(attributor)
        redactor = Redactor(policy: settings.redaction, catalogue: settings.catalogue.own)
    }

    /// `ExpressSettings.revision`.
    public var revision: Int { settings.revision }

    public func begin(at now: Instant) {
        if isOpen { drop() }
        isOpen = true
        latest = now + settings.futureMax
        calls = EncodedCalls()
        tally = ExpressReport()
        replacedHostCount = 0
    }

    /// Takes a call of a structure that came before.
    public func take(_ text: UnsafeRawBufferPointer, readableAfter: Int) -> Bool {
        guard skimmer.skimKnown(text, readableAfter: readableAfter), takeSkimmed() else { return false }
        tally.knownCount += 1
        return true
    }

    public func take(_ value: JSONValue, of text: UnsafeRawBufferPointer) -> Bool {
        guard text.count <= Self.documentByteCountMax, skimmer.skim(value), takeSkimmed() else {
            tally.leftCount += 1
            return false
        }
        if skimmer.wantsToLearn {
            skimmer.learn(text) { [redactor] (scanner) throws(StructureScanner.NotPlain) in
                try redactor.planBody(&scanner)
            }
        }
        return true
    }

    private func takeSkimmed() -> Bool {
        guard skimmer.row.time <= latest else { return false }
        arena.removeAll()
        let request = skimmer.requestBody.map(BodyReader.Source.value)
        let response = skimmer.responseBody.map(BodyReader.Source.value)
        return take(&skimmer.row, request, response) { _ in true }
    }

    /// Whether calls can be taken whose sender says nothing of itself, as those that the agent sees: no rule looks into them.
    public var takesUnnamed: Bool { rowAttributor.isPlain }

    /// A call that was seen, on the wire or in a TLS library.
    ///
    /// - Parameters:
    ///   - fill: Fills the row, which is as new, with bodies as they travelled, and its texts in the arena; false for a call it leaves.
    ///   - isAlone: Asked of the row once it is named and redacted. Where it is not, because others told of the same call, it is no
    ///     row for the columns: whoever is asked keeps a copy.
    /// - Returns: whether the call was taken, by the columns or by `isAlone`.
    public func take(_ fill: (inout CallRow, TextArena) -> Bool, isAlone: (CallRow) -> Bool) -> Bool {
        arena.removeAll()
        seenRow.removeAll()
        guard fill(&seenRow, arena), seenRow.time <= latest else { return leave() }
        let (request, response) = (seenRow.request.body, seenRow.response.body)
        (seenRow.request.body, seenRow.response.body) = (nil, nil)
        guard (request?.count ?? 0) + (response?.count ?? 0) <= Self.documentByteCountMax else { return leave() }
        return take(&seenRow, request.map { .bytes($0) }, response.map { .bytes($0) }, isAlone) || leave()
    }

    /// Calls that went to columns since `begin`.
    public var keptCount: Int { calls.callCount }

    /// - Parameter row: in place, because a copy of it is half a thousand bytes and a reference to each of its lists.
    private func take(
        _ row: inout CallRow, _ request: BodyReader.Source?, _ response: BodyReader.Source?,
        _ isAlone: (CallRow) -> Bool
    ) -> Bool {
        let isReplaced = nameHost(of: &row)
        switch partners.place(of: row, &redactor) {
        case .unusual: return false
        case .notOurs(let reason):
            tally.notOurs[reason, default: 0] += 1
        case .partner(let place):
            guard encode(&row, request, response, place, isAlone) else { return false }
        }
        if isReplaced { replacedHostCount += 1 }
        return true
    }

    /// The last request was refused as a whole: nobody counts what was done with its calls.
    private func drop() {
        decisions = RowAttributor.Decisions()
        _ = partners.takeTallies()
        _ = redactionsSince()
    }

    public func finish() -> TakenCalls? {
        isOpen = false
        let notOursCount = tally.notOurs.values.reduce(0, +)
        if calls.callCount + notOursCount + tally.leftCount + tally.apartCount > 0 {
            tally.keptCount = calls.callCount
            attributor.count(decisions)
            decisions = RowAttributor.Decisions()
            tally.attribution = attributor.takeCounts()
            tally.partners = partners.takeTallies()
            tally.redactions = redactionsSince()
            report(tally)
        }
        guard calls.callCount + notOursCount > 0 else { return nil }
        var taken = TakenCalls(calls)
        taken.notOursCount = notOursCount
        taken.replacedHostCount = replacedHostCount
        calls = EncodedCalls()
        return taken
    }

    /// - Returns: false, always.
    private func leave() -> Bool {
        tally.leftCount += 1
        return false
    }

    /// In the order of the general way: attributed and judged before redaction hides where both stand.
    private func encode(
        _ row: inout CallRow, _ request: BodyReader.Source?, _ response: BodyReader.Source?,
        _ place: ExpressPartners.Place, _ isAlone: (CallRow) -> Bool
    ) -> Bool {
        guard let read = bodies.read(row, request, response, &redactor) else { return false }
        if let naming = place.naming {
            row[.partner] = arena.copy(naming.own)
            row[.route] = arena.copy(naming.route)
        }
        guard let decision = rowAttributor.attribute(&row, arena: arena),
            let outcome = partners.outcome(of: row, read.responseRoot, place)
        else { return false }
        row.outcome = outcome
        guard redactor.redact(&row, read.bodies, partners.plan(place), arena: arena) else { return false }
        if let naming = place.naming, naming.partner != naming.own { row[.partner] = arena.copy(naming.partner) }
        decisions.add(decision)
        guard isAlone(row) else {
            tally.apartCount += 1
            return true
        }
        partners.count(place, row)
        if !row.id.isEmpty { calls.idHashes.append(suppliedIDHash(row.id)) }
        calls.batch.append(row)
        return true
    }

    /// A call is of this host unless the sender may speak for others. Returns whether another host was named.
    private func nameHost(of row: inout CallRow) -> Bool {
        let named = row[.host]
        if named.hasSameBytes(as: hostName) || !named.isEmpty && settings.trustHost { return false }
        row[.host] = hostName
        return !named.isEmpty
    }

    private func redactionsSince() -> [String: Int] {
        let counts = redactor.counts
        defer { redactionsBefore = counts }
        return counts.merging(redactionsBefore) { $0 - $1 }.filter { $0.value > 0 }
    }
}
