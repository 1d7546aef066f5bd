import CallModel
import Documents
import Storage
import Testing

@testable import QueryAPI

private let now = RouteCaller.now

private func record(_ id: Int64, state: String = "open") -> IncidentRecord {
    let document = """
        {"id":"\(id)","state":"open","started_at":"2026-11-24T11:59:00.000Z","title":"Stripe <answers> 500",
        "cause":{"kind":"partner","partners":["stripe"],"predicate":[{"dimension":"region","value":"eu"}],"confidence":0.9},
        "explains":{"calls_failed":7},
        "timeline":[{"at":"2026-11-24T11:59:09.000Z","what":"opened"},{"at":"2026-11-24T12:05:00.000Z","what":"grew"}]}
        """
    return IncidentRecord(
        id: id, state: state, severity: "major", kind: "partner", partners: ["stripe"], isQuiet: false,
        startedAt: now - .seconds(60), openedAt: now - .seconds(51), updatedAt: now, document: Array(document.utf8))
}

/// Two incidents, and a decider that comes to an action after so many looks; nil: never.
private final class World: Sendable {
    let details = Shared<[Int64: IncidentDetail]>([
        7: IncidentDetail(record: record(7)), 8: IncidentDetail(record: record(8)),
    ])
    let actions = Shared<[ActionRecord]>([])
    let audited = Shared<[String]>([])
    let pauses = Shared(0)
    let filters = Shared<[IncidentFilter]>([])
    let links = AcknowledgeLinks(key: Array(repeating: 7, count: 32), publicURL: "https://farwatch.example/")

    func caller(appliedAfter: Int?, refused: String? = nil, runbook: String? = nil) -> RouteCaller {
        let world = self
        var sources = emptySources { who, what, detail in world.audited.change { $0.append("\(who) \(what) \(detail)") }
        }
        sources.incidents.list = { filter in
            world.filters.change { $0.append(filter) }
            return world.details.get().values.sorted { $0.record.id > $1.record.id }
        }
        sources.incidents.read = { id in world.details.get()[id] }
        sources.incidents.append = { incident, who, what, detail in
            world.actions.change { actions in
                let id = Int64(actions.count + 1)
                actions.append(ActionRecord(id: id, incident: incident, at: now, who: who, what: what, detail: detail))
                return id
            }
        }
        sources.incidents.pause = { _ in world.pauses.change { $0 += 1 } }
        sources.incidents.action = { id in
            guard var action = world.actions.get().first(where: { $0.id == id }) else { return nil }
            if let appliedAfter, world.pauses.get() >= appliedAfter {
                action.appliedAt = now
                action.refused = refused
                if refused == nil { world.apply(action) }
            }
            return action
        }
        sources.incidents.decisions = { partner in
            Array(#"[{"at":"2026-11-24T11:59:09.000Z","reason":"about \#(partner ?? "all")"}]"#.utf8)
        }
        sources.incidents.links = links
        sources.owners.ofSettings = {
            let document = runbook.map { #"{"name":"payments",\#($0)}"# } ?? "{}"
            return [OwnerRecord(name: "payments", document: document, updatedAt: .epoch, updatedBy: "")]
        }
        return RouteCaller(routes: incidentRoutes(sources) + acknowledgeRoutes(sources))
    }

    private func apply(_ action: ActionRecord) {
        details.change { details in
            if action.what == .acknowledge {
                details[action.incident]?.record.state = "acknowledged"
                details[action.incident]?.record.acknowledgedAt = action.at
                details[action.incident]?.record.acknowledgedBy = action.who
            }
            details[action.incident]?.actions = [action]
        }
    }
}

struct IncidentRoutesTests {
    @Test func `an action waits for the decider and answers with the incident as it then is`() async throws {
        let world = World()
        let answer = try await world.caller(appliedAfter: 3).ask("POST", "/api/v1/incidents/7/acknowledge")
        #expect(answer.status == 200)
        #expect(try answer.member("state") == #""acknowledged""#)
        #expect(try answer.member("acknowledged") == #"{"at":"2026-11-24T12:00:00.000Z","by":"ann"}"#)
        #expect(world.pauses.get() == 3)
        #expect(world.audited.get() == [#"ann acknowledged an incident {"incident":"7","action":1}"#])
    }

    @Test func `what people did stands in the timeline where it happened`() async throws {
        let world = World()
        let answer = try await world.caller(appliedAfter: 0)
            .ask("POST", "/api/v1/incidents/7/note", #"{"text":"called them"}"#)
        #expect(
            try answer.member("timeline") == """
                [{"at":"2026-11-24T11:59:09.000Z","what":"opened"},\
                {"at":"2026-11-24T12:00:00.000Z","what":"noted: called them","who":"ann"},\
                {"at":"2026-11-24T12:05:00.000Z","what":"grew"}]
                """)
    }

    @Test func `without a decider the wish is kept, and 202 says so after three seconds`() async throws {
        let world = World()
        let answer = try await world.caller(appliedAfter: nil)
            .ask("POST", "/api/v1/incidents/7/resolve", #"{"note":"switched over"}"#)
        #expect(answer.status == 202)
        #expect(world.pauses.get() == 30)
        #expect(world.actions.get().map(\.what) == [.resolve])
        #expect(world.actions.get().map(\.detail) == ["switched over"])
    }

    @Test func `a refusal says why`() async throws {
        let answer = try await World().caller(appliedAfter: 0, refused: "it is resolved already")
            .ask("POST", "/api/v1/incidents/7/resolve")
        #expect(answer.status == 409 && answer.text.contains("it is resolved already"))
    }

    @Test func `an incident is assigned to owners there are`() async throws {
        let caller = World().caller(appliedAfter: 0)
        #expect(try await caller.ask("POST", "/api/v1/incidents/7/assign", #"{"to":"payments"}"#).status == 200)
        let answer = try await caller.ask("POST", "/api/v1/incidents/7/assign", #"{"to":"paymens"}"#)
        #expect(answer.status == 400 && answer.pointers == ["/body/to"])
        #expect(answer.text.contains("did you mean `payments`?"))
    }

    @Test(arguments: [
        ("/api/v1/incidents/9/acknowledge", 404), ("/api/v1/incidents/0/acknowledge", 404),
        ("/api/v1/incidents/x/acknowledge", 404), ("/api/v1/incidents/7/note", 400),
    ]) func `what cannot be acted on is told from what is asked wrongly`(path: String, status: Int) async throws {
        let world = World()
        #expect(try await world.caller(appliedAfter: 0).ask("POST", path).status == status)
        #expect(world.actions.get().isEmpty && world.audited.get().isEmpty)
    }

    @Test func `a list filters and goes on where it ended`() async throws {
        let world = World()
        let caller = world.caller(appliedAfter: nil)
        let answer = try await caller.ask("GET", "/api/v1/incidents?state=unresolved&partner=stripe&since=1h&limit=2")
        let cursor = try #require(try answer.member("next_cursor")).dropFirst().dropLast()
        _ = try await caller.ask("GET", "/api/v1/incidents?cursor=\(cursor)")
        let filters = world.filters.get()
        #expect(filters[0].states == ["open", "acknowledged"] && filters[0].partner == "stripe")
        #expect(filters[0].since == now - .seconds(3_600) && filters[0].limit == 2)
        #expect(
            filters[1].cursor
                == IncidentCursor(openedAtMicroseconds: record(7).openedAt.microsecondsSinceEpoch, id: 7))
        #expect(try await caller.ask("GET", "/api/v1/incidents?state=closed").status == 400)
    }

    @Test func `why tells what was decided about its partners`() async throws {
        let caller = World().caller(appliedAfter: nil)
        let answer = try await caller.ask("GET", "/api/v1/incidents/7/why")
        #expect(try answer.member("decisions")?.contains("about stripe") == true)
        #expect(try await caller.ask("GET", "/api/v1/why").text.contains("about all"))
        #expect(try await caller.ask("GET", "/api/v1/incidents/9/why").status == 404)
    }
}

struct AcknowledgeLinksTests {
    private func target(_ world: World, _ incident: Int64) -> String { "/a/" + world.links.token(of: incident) }

    @Test func `a link shows a page, and only its button acknowledges`() async throws {
        let world = World()
        let caller = world.caller(appliedAfter: 0)
        let page = try await caller.ask("GET", target(world, 7))
        #expect(page.status == 200 && page.text.contains(#"<form method="post">"#))
        #expect(page.text.contains("Stripe &lt;answers&gt; 500"))
        #expect(world.actions.get().isEmpty && world.audited.get().isEmpty, "programs that look into mail follow links")
        let done = try await caller.ask("POST", target(world, 7))
        #expect(done.status == 200 && done.text.contains("Acknowledged."))
        #expect(world.actions.get().map(\.who) == ["link"])
        #expect(world.audited.get().count == 1)
        let again = try await caller.ask("GET", target(world, 7))
        #expect(again.text.contains("link acknowledged it") && !again.text.contains("<form"))
    }

    @Test func `a link is good for its incident alone, to its last character`() async throws {
        let world = World()
        let caller = world.caller(appliedAfter: 0)
        let right = world.links.token(of: 7)
        let code = right.dropFirst(2)
        let wrong = [
            String(right.dropLast()), right + "a", "8-\(code)", "07-\(code)", "+7-\(code)", "-7-\(code)",
            right.uppercased(),
            "7", "7-", "-", String(code), "7-" + String(repeating: "a", count: 20),
            String(repeating: "9", count: 3_000),
        ]
        for method in ["GET", "POST"] {
            for token in wrong { #expect(try await caller.ask(method, "/a/\(token)").status == 403, "\(token)") }
            #expect(try await caller.ask(method, target(world, 9)).status == 404, "a right link of no incident")
        }
        #expect(world.actions.get().isEmpty)
    }

    @Test func `its page leads to the owner's runbook, for which a message had no room`() async throws {
        let world = World()
        var record = record(7)
        record.owner = "payments"
        world.details.change { [record] in $0[7] = IncidentDetail(record: record) }
        let runbook = #""runbook":"https://wiki.example/?a=1&b=\"2\"""#
        let page = try await world.caller(appliedAfter: 0, runbook: runbook).ask("GET", target(world, 7))
        #expect(page.text.contains(#"<a href="https://wiki.example/?a=1&amp;b=&quot;2&quot;">"#))
        let script = try await world.caller(appliedAfter: 0, runbook: #""runbook":"javascript:alert(1)""#)
            .ask("GET", target(world, 7))
        #expect(script.status == 200 && !script.text.contains("<a href"))
    }

    @Test func `addresses are given out where a public one is set`() {
        let links = World().links
        #expect(links.incidentURL(7) == "https://farwatch.example/incidents/7")
        #expect(links.acknowledgeURL(7) == "https://farwatch.example/a/\(links.token(of: 7))")
        #expect(
            links.token(of: 7).count == 22 && links.token(of: .max).count == 34,
            "short enough for a message's beginning")
        #expect(links.incident(of: links.token(of: .max)) == .max)
        let silent = AcknowledgeLinks(key: [1], publicURL: nil)
        #expect(silent.incidentURL(7) == nil && silent.acknowledgeURL(7) == nil)
        #expect(silent.token(of: 7) != links.token(of: 7))
    }
}
