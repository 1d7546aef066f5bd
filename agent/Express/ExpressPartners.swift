import CallModel
import Documents
import PartnerCatalog
import Redaction

/// Finds the partner of a row, and what was worked out for it: the convention of its errors and how it is redacted.
///
/// Calls whose sender names partner and route, as most do, are found by the partner's bytes. Others are resolved by the catalogue,
/// which takes a call that has only what it looks at: its names, method and URL.
final class ExpressPartners {
    /// Partners remembered; when a request begins with more than half of them, all are forgotten.
    static let countMax = 4_096

    struct Place {
        fileprivate var index: Int
        /// Where the catalogue named the call.
        var naming: LayeredCatalogue.Naming?
    }

    enum Found {
        case partner(Place)
        case notOurs(Catalogue.NotOurs)
        case unusual
    }

    private struct Partner {
        var judge: RowJudge
        var plan: Redactor.RowPlan
        var tally: ExpressReport.Partner
    }

    private struct Key: Hashable {
        var own: String
        var partner: String
    }

    private let catalogue: LayeredCatalogue
    private var partners: [Partner] = []
    private var places: [Key: Int] = [:]
    /// By the name a sender gave; -1 for one that is not for rows.
    private var named = RememberedBytes<Int32>(placeCount: 1_024)
    private let signs = RememberedBytes<Bool>(placeCount: 256)

    init(_ catalogue: LayeredCatalogue) {
        self.catalogue = catalogue
    }

    func place(of row: CallRow, _ redactor: inout Redactor) -> Found {
        guard !row[.partner].isEmpty, !row[.route].isEmpty else { return resolved(row, &redactor) }
        let index = named.value(of: row[.partner]) { bytes in
            let name = String(decoding: bytes, as: UTF8.self)
            return Int32(self.index(of: Key(own: name, partner: name), &redactor) ?? -1)
        }
        return index < 0 ? .unusual : .partner(Place(index: Int(index)))
    }

    /// Nil where what lies in a body that was not parsed decides.
    ///
    /// - Parameter body: the response's, where that is JSON.
    func outcome(of row: CallRow, _ body: BodyValue?, _ place: Place) -> Outcome? {
        switch body {
        case .parsed(let value): partners[place.index].judge.outcome(of: row, root: value)
        case .known(let body): partners[place.index].judge.outcome(of: row, keys: body.plan.keys)
        case nil: partners[place.index].judge.outcome(of: row, root: nil)
        }
    }

    func plan(_ place: Place) -> Redactor.RowPlan { partners[place.index].plan }

    func count(_ place: Place, _ row: CallRow) {
        partners[place.index].tally.callCount += 1
        if row.outcome.isFailure { partners[place.index].tally.failureCount += 1 }
        partners[place.index].tally.lastCallAt = max(partners[place.index].tally.lastCallAt, row.time)
    }

    /// Of those with calls since the last time.
    func takeTallies() -> [ExpressReport.Partner] {
        var taken: [ExpressReport.Partner] = []
        for index in partners.indices where partners[index].tally.callCount > 0 {
            taken.append(partners[index].tally)
            partners[index].tally = ExpressReport.Partner(id: partners[index].tally.id)
        }
        if partners.count > Self.countMax / 2 {
            partners = []
            places = [:]
            named = RememberedBytes(placeCount: 1_024)
        }
        return taken
    }

    private func resolved(_ row: CallRow, _ redactor: inout Redactor) -> Found {
        // What is asked of headers is whether the call is a webhook we send, and its host where the URL has none.
        if row[.partner].isEmpty, row.request.headers.contains(where: { maySign($0.name) }) { return .unusual }
        var call = APICall(
            time: row.time,
            request: APICall.Request(
                method: String(decoding: row.method, as: UTF8.self), url: String(decoding: row.url, as: UTF8.self)),
            source: row.source)
        if !row[.partner].isEmpty { call.partner = String(decoding: row[.partner], as: UTF8.self) }
        if !row[.route].isEmpty { call.route = String(decoding: row[.route], as: UTF8.self) }
        switch catalogue.resolve(call) {
        case .notOurs(.noHost): return .unusual
        case .notOurs(let reason): return .notOurs(reason)
        case .partner(let naming):
            guard !naming.isWebhook,
                let index = index(of: Key(own: naming.own, partner: naming.partner), &redactor)
            else { return .unusual }
            return .partner(Place(index: index, naming: naming))
        }
    }

    private func maySign(_ name: CallRow.Text) -> Bool {
        signs.value(of: name) { catalogue.maySignSentWebhook(String(decoding: $0, as: UTF8.self)) }
    }

    private func index(of key: Key, _ redactor: inout Redactor) -> Int? {
        if let known = places[key] { return known }
        guard partners.count < Self.countMax, let plan = redactor.rowPlan(for: key.own) else { return nil }
        partners.append(
            Partner(
                judge: catalogue.judge(own: key.own, partner: key.partner), plan: plan,
                tally: ExpressReport.Partner(id: key.partner)))
        places[key] = partners.count - 1
        return partners.count - 1
    }
}
