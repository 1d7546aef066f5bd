import Attribution
import BatchFormat
import CallJSON
import CallModel
import Documents
import Express
import PartnerCatalog
import Redaction

/// The general way, put together as the agent's pipeline does it: what the short one must not differ from.
struct GeneralWay {
    let settings: ExpressSettings
    let now: Instant
    private(set) var redactor: Redactor
    private(set) var attributor: Attributor
    private let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
    private(set) var notOurs: [Catalogue.NotOurs: Int] = [:]

    init(_ settings: ExpressSettings, at now: Instant) {
        self.settings = settings
        self.now = now
        redactor = Redactor(policy: settings.redaction, catalogue: settings.catalogue.own)
        attributor = Attributor(rules: settings.attribution)
    }

    /// Named, attributed, judged and redacted; nil for what is not ours.
    mutating func processed(_ call: APICall) -> APICall? {
        var call = call
        if call.host == nil || !settings.trustHost { call.host = settings.hostName }
        guard call.time <= now + settings.futureMax else { return nil }
        let name: LayeredCatalogue.Naming
        switch settings.catalogue.resolve(call) {
        case .notOurs(let reason):
            notOurs[reason, default: 0] += 1
            return nil
        case .partner(let naming): name = naming
        }
        call.partner = name.own
        call.route = name.route
        if name.isWebhook, call.webhook == nil || name.own == Catalogue.sentWebhooksPartner {
            call.webhook = settings.catalogue.own.webhookDetails(of: call, partner: name.own)
        }
        attributor.attribute(&call, parser: parser)
        call.outcome = settings.catalogue.outcome(of: call, name, parser: parser)
        redactor.redact(&call, now: now)
        if name.partner != name.own { call.partner = name.partner }
        return call
    }
}

/// Both ways side by side over the same documents.
struct BothWays {
    var general: GeneralWay
    let lane: ExpressLane
    let reports: Reports
    private let now: Instant

    final class Reports {
        var last = ExpressReport()
    }

    init(_ settings: ExpressSettings, at now: Instant = Instant(secondsSinceEpoch: 1_795_100_000)) {
        self.now = now
        general = GeneralWay(settings, at: now)
        let reports = Reports()
        self.reports = reports
        lane = ExpressLane(settings) { reports.last = $0 }
    }

    struct Compared {
        /// What the short way wrote, and what the general one made of the same calls.
        var short: [UInt8] = []
        var general: [UInt8] = []
        var takenCount = 0
        var leftCount = 0
        /// Of those taken, how many were not parsed.
        var knownCount = 0
        var isSameCounts = true
    }

    /// One call a line. Calls that the short way leaves are left out of both.
    mutating func compare(_ lines: [UInt8]) throws -> Compared {
        var compared = Compared()
        var reader = CallJSONReader()
        let parser = JSONParser()
        var takenIndices: Set<Int> = []
        var index = 0
        lane.begin(at: now)
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let isTaken = Array(line).withUnsafeBytes { text in
                if lane.take(text, readableAfter: 0) { return true }
                guard let root = try? parser.root(of: text) else { return false }
                return lane.take(root, of: text)
            }
            if isTaken { takenIndices.insert(index) }
            index += 1
        }
        let taken = lane.finish()
        let before = general
        var batch = BatchBuilder(catalogueVersion: "")
        index = 0
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            defer { index += 1 }
            guard takenIndices.contains(index) else { continue }
            let call = try parser.parse(Array(line)) { try reader.read($0) }
            if let call = general.processed(call) { batch.append(call) }
        }
        compared.short = taken?.encoded.batch.journalRecord() ?? BatchBuilder(catalogueVersion: "").journalRecord()
        compared.general = batch.journalRecord()
        compared.takenCount = takenIndices.count
        compared.leftCount = index - takenIndices.count
        compared.knownCount = reports.last.knownCount
        compared.isSameCounts = isSame(before)
        return compared
    }

    /// Whether both counted the same.
    private func isSame(_ before: GeneralWay) -> Bool {
        var attributed = general.attributor
        var attributedBefore = before.attributor
        let redactions = general.redactor.counts.merging(before.redactor.counts) { $0 - $1 }.filter { $0.value > 0 }
        let notOurs = general.notOurs.merging(before.notOurs) { $0 - $1 }.filter { $0.value > 0 }
        let counts = attributed.takeCounts()
        let countsBefore = attributedBefore.takeCounts()
        return redactions == reports.last.redactions && notOurs == reports.last.notOurs
            && counts.callCount - countsBefore.callCount == reports.last.attribution.callCount
    }
}
