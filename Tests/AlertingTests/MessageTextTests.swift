import CallModel
import Incidents
import Testing

@testable import Alerting

/// What is read at three in the morning.
struct MessageTextTests {
    private let night = Timeline.start + .seconds(240)

    private func text(_ report: IncidentReport, _ kind: Message.Kind = .opened) -> MessageText {
        var text = MessageText(report: report, kind: kind, reason: "opened: 12 of 20 calls failed", now: night)
        text.owner = "payments"
        text.runbook = "https://wiki.example/stripe"
        return text
    }

    /// A report of each kind as the core makes them.
    private func report(_ kind: CauseKind) -> IncidentReport {
        outage().with {
            $0.kind = kind
            switch kind {
            case .sharedUpstream:
                ($0.partners, $0.partnerNames) = (["stripe", "adyen", "zendesk"], ["Stripe", "Adyen", "Zendesk"])
                $0.predicate = [.init("peer_network", "203.0.113")]
            case .host:
                ($0.partners, $0.partnerNames) = ([], [])
                $0.predicate = [.init("host", "web-3")]
            case .network:
                ($0.partners, $0.partnerNames) = ([], [])
                $0.predicate = [.init("region", "eu-west-1")]
            case .deploy: $0.predicate = [.init("service_version", "4.2.0")]
            case .customer, .credentials: $0.predicate = [.init("customer", "acme")]
            case .request, .rateLimit: $0.predicate = [.init("route", "POST /v1/charges")]
            case .partner, .webhookSilence, .webhookAtRisk, .trafficStopped, .unknown: break
            }
        }
    }

    @Test func `a partner's outage, told whole`() {
        var text = text(report(.partner).with { $0.partnerPage = "All Systems Operational" })
        text.onCall = "Ann"
        text.partnerContact = "support@stripe.example"
        #expect(text.title == "Stripe fails")
        #expect(
            text.summary == """
                Stripe's fault, 96 % sure. Since 12:25 UTC (5 min). 2 customers: acme and globex; 3,412 of 8,120 calls (42 %), \
                growing. Their page: "All Systems Operational". Next: send it the evidence, support@stripe.example. Owner: \
                payments, on call: Ann. Runbook: https://wiki.example/stripe
                """)
        #expect(text.text.contains("\nUsually 0.2 % of these calls fail\n"))
        #expect(text.text.contains("\nFailures: 3,400 server_error, 12 timeout"))
        #expect(text.text.contains("Why now: opened: 12 of 20 calls failed"))
    }

    @Test(arguments: [
        (CauseKind.partner, "Stripe fails", "Stripe's fault, 96 % sure."),
        (
            .sharedUpstream, "Stripe, Adyen and 1 more fail together: shared network 203.0.113",
            "The path between: a network that Stripe, Adyen and 1 more share, 96 % sure."
        ),
        (.host, "Our host web-3 fails to reach partners", "Our fault: host web-3, 96 % sure."),
        (
            .network, "Our network fails to reach partners (eu-west-1)",
            "The path between, on our side: our network (eu-west-1), 96 % sure."
        ),
        (.deploy, "Our release 4.2.0 makes calls to Stripe fail", "Our fault: release 4.2.0, 96 % sure."),
        (
            .customer, "Calls to Stripe fail for customer acme",
            "Ours to mend: calls to Stripe for customer acme alone, 96 % sure."
        ),
        (
            .credentials, "Stripe refuses our credentials (acme)",
            "Ours to mend: Stripe refuses our credentials (acme), 96 % sure."
        ),
        (
            .rateLimit, "Stripe limits our rate (POST /v1/charges)",
            "Ours to mend: we call Stripe too often (POST /v1/charges), 96 % sure."
        ),
        (
            .request, "Stripe refuses our requests (POST /v1/charges)",
            "Ours to mend: Stripe refuses what we send (POST /v1/charges), 96 % sure."
        ),
        (.webhookSilence, "No webhooks from Stripe", "Stripe's fault: no webhooks come, 96 % sure."),
        (.webhookAtRisk, "We fail webhooks of Stripe", "Our fault: we fail webhooks of Stripe, 96 % sure."),
        (.trafficStopped, "We no longer call Stripe", "Ours: we stopped calling Stripe, 96 % sure."),
        (
            .unknown, "Calls to Stripe fail, the cause is unknown",
            "Whose fault is unknown: calls to Stripe fail."
        ),
    ])
    func `each kind says whose fault it is first`(_ kind: CauseKind, _ title: String, _ fault: String) {
        let text = text(report(kind))
        #expect(text.title == title)
        #expect(text.summary.hasPrefix(fault + " Since 12:25 UTC (5 min). 2 customers: acme and globex; "))
        #expect(text.summary.contains("growing. Next: "))
        #expect(text.summary.hasSuffix("Owner: payments. Runbook: https://wiki.example/stripe"))
        #expect(text.summary.unicodeScalars.count <= 300)
    }

    @Test func `a name is never cut inside a figure`() {
        #expect(shown("customer-12345678", max: 13) == "customer-…")
        #expect(shown("customer-12345678", max: 40) == "customer-12345678")
        #expect(shown("12345678901234567890", max: 10) == "(long)")
        #expect(shown("acme-north-europe", max: 8) == "acme-no…")
        #expect(shown("acme\nnorth\u{202E}", max: 20) == "acme north ")
    }

    @Test func `an incident that became part of another is not told as over`() {
        var merged = report(.partner).resolved(at: night)
        merged.mergedInto = 12
        let text = text(merged, .resolved)
        #expect(text.title == "Goes on as incident 12: Stripe fails")
        #expect(text.summary.hasPrefix("Goes on as incident 12. Stripe's fault, 96 % sure. From 12:25 UTC to"))
    }

    @Test func `the end says from when to when, and asks for nothing`() {
        let text = text(report(.partner).resolved(at: night), .resolved)
        #expect(text.title == "Resolved: Stripe fails")
        #expect(
            text.summary == """
                Stripe's fault, 96 % sure. From 12:25 UTC to 12:30 UTC (5 min). 2 customers: acme and globex; 3,412 of \
                8,120 calls (42 %). Owner: payments. Runbook: https://wiki.example/stripe
                """)
    }

    @Test func `a night later the day is said, and who has it`() {
        var text = MessageText(
            report: report(.partner), kind: .updated, reason: "", now: night + .seconds(90_000))
        text.owner = "payments"
        text.acknowledgedBy = "bea"
        #expect(text.summary.contains("Since Nov 18 12:25 UTC (25 h 5 min)."))
        #expect(text.summary.contains("Owner: payments, acknowledged by bea."))
    }

    @Test func `silence hurts nobody that is known`() {
        let text = text(
            report(.webhookSilence).with {
                ($0.calls, $0.callsFailed, $0.customerCount) = (0, 0, 0)
                $0.trend = .steady
            })
        #expect(text.summary.contains("(5 min). No customer is known to be hurt, steady. Next: check our registration"))
    }

    @Test func `shares are said as people say them`() {
        #expect([0.424, 0.096, 0.02, 0.0004, 0, 1].map(percent) == ["42 %", "9.6 %", "2 %", "<0.1 %", "0 %", "100 %"])
        #expect(
            [5, 119, 600, 7_300, 200_000].map { Duration.seconds($0).told } == [
                "5 s", "119 s", "10 min", "2 h 1 min", "2 d 7 h",
            ])
        #expect([0, 12, 123, 1_234, 1_234_567].map(grouped) == ["0", "12", "123", "1,234", "1,234,567"])
    }
}
