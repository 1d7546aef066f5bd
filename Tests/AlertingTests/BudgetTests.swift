import CallModel
import Incidents
import Testing

@testable import Alerting

/// Whatever the names, all that must be said is within the first 300 characters.
struct BudgetTests {
    private static let link = "https://\(String(repeating: "f", count: 48))/a/1y2p0ij32e8e7-abcdefghijklmnopqrst"

    /// Of one to three scalars a character, digits, what cannot be seen.
    private static func name(_ dice: inout RandomNight.Dice) -> String {
        let count = [1, 3, 8, 13, 21, 40, 41, 90, 500][dice.roll(9)]
        let alphabet: [Character] = ["a", "é", "ß", "n\u{303}", "7", "4", "-", ".", "\u{202E}", "\n", "漢", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
        return String((0..<count).map { _ in alphabet[dice.roll(alphabet.count)] })
    }

    /// An incident of any kind and scope, at any time, told for any reason.
    private static func text(_ kind: CauseKind, _ dice: inout RandomNight.Dice) -> MessageText {
        var report = outage()
        report.kind = kind
        report.partners = (0..<[0, 1, 1, 2, 12][dice.roll(5)]).map { "p\($0)" }
        report.partnerNames = report.partners.map { _ in name(&dice) }
        report.predicate = ["route", "region", "customer", "host", "service_version", "peer_network"].filter { _ in
            dice.roll(2) == 0
        }.map { .init($0, name(&dice)) }
        report.confidence = [0, 0.34567, 0.999, 1][dice.roll(4)]
        report.customerCount = [0, 1, 2, 1_000, 9_999_999][dice.roll(5)]
        report.customers = (0..<min(report.customerCount, dice.roll(50))).map { _ in name(&dice) }
        (report.calls, report.callsFailed) = [(0, 0), (10, 3), (9_876_543_210, 1_234_567_890)][dice.roll(3)]
        report.trend = [.growing, .steady, .shrinking][dice.roll(3)]
        if dice.roll(3) > 0 {
            report.partnerPage = PartnerPage(words: name(&dice), hasTrouble: true, at: .epoch)?.words
        }
        if dice.roll(5) == 0 { report.mergedInto = .max }
        let now = report.startedAt + .seconds([1, 4_000, 90_000, 31_000_000][dice.roll(4)])
        let message = Message.Kind.allCases[dice.roll(5)]
        var text = MessageText(
            report: message == .resolved ? report.resolved(at: now) : report, kind: message, reason: name(&dice),
            now: now)
        (text.owner, text.onCall) = (dice.roll(2) == 0 ? name(&dice) : nil, dice.roll(2) == 0 ? name(&dice) : nil)
        text.acknowledgedBy = dice.roll(3) == 0 ? name(&dice) : nil
        text.runbook =
            dice.roll(3) > 0 ? "https://wiki.example/" + String(repeating: "r", count: dice.roll(2_000)) : nil
        text.partnerContact = dice.roll(2) == 0 ? name(&dice) : nil
        text.maintenance = dice.roll(4) == 0 ? (now + .seconds(90_000), name(&dice)) : nil
        if dice.roll(3) == 0 { text.partnerCase.sentAt = now - .seconds(90_000) }
        if dice.roll(3) == 0 { text.partnerCase.acknowledgedAt = now }
        text.links = dice.roll(4) > 0 ? ("https://farwatch.example/incidents/1", link) : (nil, nil)
        return text
    }

    private static func whose(_ kind: CauseKind) -> String {
        switch kind {
        case .partner, .webhookSilence: "'s fault"
        case .sharedUpstream, .network: "The path between"
        case .host, .deploy, .webhookAtRisk: "Our fault: "
        case .customer, .credentials, .rateLimit, .request, .trafficStopped: "Ours"
        case .unknown: "Whose fault is unknown"
        }
    }

    @Test(arguments: CauseKind.allCases)
    func `every part is told whole, however long the names are`(_ kind: CauseKind) {
        for seed in 1...2_000 {
            var dice = RandomNight.Dice(seed)
            let text = Self.text(kind, &dice)
            let summary = text.summary
            #expect(summary.unicodeScalars.count <= MessageText.summaryMax, "seed \(seed): \(summary)")
            #expect(text.title.unicodeScalars.count <= MessageText.titleMax, "seed \(seed)")
            let isOver = text.kind == .resolved
            // Whose fault, and how sure.
            #expect(summary.contains(Self.whose(kind)), "seed \(seed): \(summary)")
            if !kind.isTheirs { #expect(!summary.contains("'s fault"), "seed \(seed): \(summary)") }
            if kind != .unknown {
                #expect(summary.contains("\(percent(text.report.confidence)) sure."), "seed \(seed)")
            }
            // Since when; who is hurt, and how many; whether it grows.
            #expect(summary.contains("\(isOver ? "From" : "Since") \(text.report.startedAt.told(at: text.now))"))
            let count = text.report.customerCount
            if count > 0 { #expect(summary.contains(counted(count, "customer")), "seed \(seed): \(summary)") }
            if !isOver { #expect(summary.contains(", \(text.report.trend.rawValue)."), "seed \(seed): \(summary)") }
            // What their page says; what to do; the runbook; the link, whole.
            if text.report.partnerPage != nil { #expect(summary.contains("age: \""), "seed \(seed): \(summary)") }
            if !isOver {
                let isTold = ["Next: ", "Case sent", "our case"].contains { summary.contains($0) }
                #expect(isTold, "seed \(seed): \(summary)")
            }
            if text.runbook != nil { #expect(summary.contains("Runbook"), "seed \(seed): \(summary)") }
            if text.links.acknowledge != nil, !isOver {
                #expect(summary.hasSuffix("ck: \(Self.link)"), "seed \(seed): \(summary)")
            }
            #expect(!summary.contains("\u{202E}") && !summary.contains("\n"), "seed \(seed)")
        }
    }

    @Test func `room is made by joining links first, then by what is good to know, then by shorter names`() {
        var text = MessageText(report: outage(), kind: .opened, reason: "", now: Timeline.start + .seconds(240))
        (text.owner, text.runbook) = ("payments", "https://wiki.example/stripe")
        text.links.acknowledge = "https://fw.example/a/1-abcdefghijklmnopqrst"
        #expect(
            text.summary.hasSuffix(
                "Owner: payments. Runbook: https://wiki.example/stripe Ack: https://fw.example/a/1-abcdefghijklmnopqrst"
            ))
        text.runbook = "https://wiki.example/" + String(repeating: "r", count: 100)
        #expect(
            text.summary.hasSuffix("Owner: payments. Runbook, ack: https://fw.example/a/1-abcdefghijklmnopqrst"))
        text.links.acknowledge = Self.link
        text.owner = String(repeating: "o", count: 40)
        text.onCall = text.owner
        #expect(text.summary.contains("2 customers: acme and globex; 3,412 of 8,120 calls (42 %), growing. Next: "))
        #expect(!text.summary.contains("ooo"))
        #expect(text.text.contains("\nOwner: \(String(repeating: "o", count: 40)), on call: "))
    }
}
