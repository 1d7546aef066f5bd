import CallModel
import Documents
import Storage
import Testing

@testable import QueryAPI

private let now = RouteCaller.now
private let stripe = #""matchers":[{"dimension":"partner","op":"=","value":"stripe"}]"#

/// A table of quiet times and one of owners, in memory.
private final class World: Sendable {
    let quiets = Shared<[QuietRecord]>([])
    let owners = Shared<[OwnerRecord]>([])
    let audited = Shared<[String]>([])

    func caller(channels: [String]? = nil) -> RouteCaller {
        let world = self
        var sources = emptySources { who, what, _ in world.audited.change { $0.append("\(who) \(what)") } }
        sources.quiets.list = { kind, past, at in
            world.quiets.get().filter { $0.kind == kind && $0.isPast(at: at) == past }
        }
        sources.quiets.read = { id, kind in world.quiets.get().first { $0.id == id && $0.kind == kind } }
        sources.quiets.create = { record in
            world.quiets.change { quiets in
                guard quiets.count < 2 else { return nil }
                var made = record
                made.id = Int64(quiets.count + 1)
                quiets.append(made)
                return made
            }
        }
        sources.quiets.change = { record, at in
            world.quiets.change { quiets in
                let index = Int(record.id) - 1
                guard !quiets[index].isPast(at: at) else { return nil }
                quiets[index] = record
                return record
            }
        }
        sources.quiets.end = { id, _, who, at in
            world.quiets.change { quiets in
                let index = Int(id) - 1
                guard !quiets[index].isPast(at: at) else { return nil }
                quiets[index].endsAt = at
                quiets[index].endedBy = who
                return quiets[index]
            }
        }
        sources.owners.ofSettings = {
            [OwnerRecord(name: "core", document: #"{"contact":"core@example"}"#, updatedAt: .epoch, updatedBy: "")]
        }
        sources.owners.list = { world.owners.get() }
        sources.owners.put = { record in
            world.owners.change { owners in
                owners.removeAll { $0.name == record.name }
                owners.append(record)
                return true
            }
        }
        sources.owners.remove = { name in
            world.owners.change { owners in
                let before = owners.count
                owners.removeAll { $0.name == name }
                return owners.count < before
            }
        }
        sources.owners.channels = { channels }
        return RouteCaller(
            routes: quietRoutes(.silence, sources) + quietRoutes(.maintenance, sources) + ownerRoutes(sources))
    }
}

struct QuietRoutesTests {
    @Test func `a silence begins at once and ends by itself, or when somebody ends it`() async throws {
        let world = World()
        let caller = world.caller()
        let made = try await caller.ask(
            "POST", "/api/v1/silences", "{\(stripe),\"ends_at\":\"2h\",\"comment\":\"their upgrade\"}")
        #expect(made.status == 201 && made.headers[first: "location"] == "/api/v1/silences/1")
        #expect(try made.member("state") == #""active""#)
        #expect(try made.member("ends_at") == #""2026-11-24T14:00:00.000Z""#)
        let changed = try await caller.ask("PATCH", "/api/v1/silences/1", #"{"ends_at":"3h"}"#)
        #expect(try changed.member("ends_at") == #""2026-11-24T15:00:00.000Z""#)
        #expect(try changed.member("comment") == #""their upgrade""#, "what is not said stays")
        #expect(try await caller.ask("DELETE", "/api/v1/silences/1").status == 204)
        #expect(try await caller.ask("DELETE", "/api/v1/silences/1").status == 409, "it is over")
        #expect(try await caller.ask("PATCH", "/api/v1/silences/1", #"{"comment":"x"}"#).status == 400)
        #expect(try await caller.ask("GET", "/api/v1/silences").text == #"{"data":[],"next_cursor":null}"#)
        #expect(try await caller.ask("GET", "/api/v1/silences?past=true").text.contains(#""ended_by":"ann""#))
        #expect(world.audited.get() == ["ann made a silence", "ann changed a silence", "ann ended a silence"])
    }

    @Test(arguments: [
        (#""ends_at":"2026-11-24T13:00:00Z","starts_at":"2026-11-24T14:00:00Z""#, "/body/ends_at"),
        (#""ends_at":"2026-11-24T11:00:00Z","starts_at":"2026-11-24T10:00:00Z""#, "/body/ends_at"),
        (#""ends_at":"400d""#, "/body/ends_at"), (#""ends_at":"tomorrow""#, "/body/ends_at"),
        (#""starts_at":"1h""#, "/body/ends_at"), (#""ends_at":"1h","colour":"red""#, "/body/colour"),
        (#""ends_at":"1h","side":"ours""#, "/body/side"),
    ]) func `a time that cannot be is named`(members: String, pointer: String) async throws {
        let world = World()
        let body = "{\(stripe),\"comment\":\"x\",\(members)}"
        let answer = try await world.caller().ask("POST", "/api/v1/silences", body)
        #expect(answer.status == 400 && answer.pointers == [pointer])
        #expect(world.quiets.get().isEmpty)
    }

    @Test(arguments: [
        (#""stripe""#, "/body/matchers"), (#"[1]"#, "/body/matchers/0"),
        (#"[{"dimension":"planet","op":"=","value":"x"}]"#, "/body/matchers/0/dimension"),
        (
            #"[{"dimension":"host","op":"=","value":"x"},{"dimension":"host","op":"~","value":"x"}]"#,
            "/body/matchers/1/op"
        ),
        (#"[{"dimension":"host","op":"=","value":""}]"#, "/body/matchers/0/value"),
        (#"[{"dimension":"host","op":"=","value":["a",2]}]"#, "/body/matchers/0/value"),
        (#"[{"dimension":"host","op":"="}]"#, "/body/matchers/0/value"),
        (#"[{"dimension":"severity","op":"=","value":"bad"}]"#, "/body/matchers/0/value"),
        (#"[{"dimension":"owner","op":"=","value":"nobody"}]"#, "/body/matchers/0/value"),
        (#"[{"dimension":"host","op":"=","value":"a","valeu":"b"}]"#, "/body/matchers/0/valeu"),
    ]) func `a bad matcher is named`(matchers: String, pointer: String) async throws {
        let body = #"{"matchers":\#(matchers),"ends_at":"1h","comment":"x"}"#
        let answer = try await World().caller().ask("POST", "/api/v1/silences", body)
        #expect(answer.status == 400 && answer.pointers == [pointer], "\(answer.text)")
    }

    @Test func `a matcher takes several values, patterns, and owners there are`() async throws {
        let matchers = """
            [{"dimension":"route","op":"=~","value":"POST /v1/*"},{"dimension":"severity","op":"=~","value":"m*"},
            {"dimension":"owner","op":"=","value":["core","unowned"]},{"dimension":"kind","op":"!=","value":"deploy"}]
            """
        let answer = try await World().caller().ask(
            "POST", "/api/v1/silences", "{\"matchers\":\(matchers),\"ends_at\":\"1h\",\"comment\":\"x\"}")
        #expect(answer.status == 201, "\(answer.text)")
    }

    @Test func `a silence that silences everything has to be asked for by a matcher`() async throws {
        let answer = try await World().caller().ask(
            "POST", "/api/v1/silences", #"{"matchers":[],"ends_at":"1h","comment":"x"}"#)
        #expect(answer.status == 400 && answer.pointers == ["/body/matchers"])
    }

    @Test func `a maintenance says whose it is, and is no silence`() async throws {
        let caller = World().caller()
        let body = "{\(stripe),\"starts_at\":\"1h\",\"ends_at\":\"2h\",\"comment\":\"x\""
        #expect(try await caller.ask("POST", "/api/v1/maintenances", body + "}").pointers == ["/body/side"])
        let made = try await caller.ask("POST", "/api/v1/maintenances", body + #","side":"theirs"}"#)
        #expect(try made.status == 201 && made.member("state") == #""pending""#)
        #expect(try await caller.ask("GET", "/api/v1/silences/1").status == 404)
        #expect(try await caller.ask("GET", "/api/v1/maintenances/1").status == 200)
    }

    @Test func `at the limit a new one is refused`() async throws {
        let caller = World().caller()
        let body = "{\(stripe),\"ends_at\":\"2h\",\"comment\":\"x\"}"
        for _ in 0..<2 { #expect(try await caller.ask("POST", "/api/v1/silences", body).status == 201) }
        let answer = try await caller.ask("POST", "/api/v1/silences", body)
        #expect(answer.status == 409 && answer.text.contains("not over yet"))
    }
}

struct OwnerRoutesTests {
    private let payments = """
        {"name":"payments","matchers":[{"dimension":"partner","op":"=","value":"stripe"}],
        "channels":[{"channel":"slack"},{"channel":"on-call","after_s":900}],"contact":"#payments",
        "runbook":"https://wiki.example/stripe","schedule":{"participants":[{"name":"Ann","channel":"ann"}],
        "hand_over":"2026-11-23T09:00:00Z","every_s":604800}}
        """

    @Test func `an owner is made, replaced and removed`() async throws {
        let world = World()
        let caller = world.caller(channels: ["slack", "ann"])
        let made = try await caller.ask("POST", "/api/v1/owners", payments)
        #expect(made.status == 201 && made.headers[first: "location"] == "/api/v1/owners/payments")
        #expect(try made.member("source") == #""api""#)
        #expect(try await caller.ask("POST", "/api/v1/owners", payments).status == 409)
        let replaced = try await caller.ask("PUT", "/api/v1/owners/payments", #"{"contact":"money@example"}"#)
        #expect(try replaced.status == 200 && replaced.member("channels") == "[]")
        #expect(try await caller.ask("PUT", "/api/v1/owners/nobody", "{}").status == 404)
        #expect(try await caller.ask("GET", "/api/v1/owners/payments").text.contains("money@example"))
        #expect(try await caller.ask("DELETE", "/api/v1/owners/payments").status == 204)
        #expect(try await caller.ask("DELETE", "/api/v1/owners/payments").status == 404)
        #expect(world.audited.get() == ["ann made an owner", "ann changed an owner", "ann removed an owner"])
    }

    @Test func `those of the settings are shown, and changed there alone`() async throws {
        let caller = World().caller()
        #expect(try await caller.ask("GET", "/api/v1/owners/core").text.contains(#""source":"settings""#))
        for (method, path, body) in [
            ("PUT", "/api/v1/owners/core", "{}"), ("DELETE", "/api/v1/owners/core", ""),
            ("POST", "/api/v1/owners", #"{"name":"core"}"#),
        ] {
            let answer = try await caller.ask(method, path, body)
            #expect(answer.status == 409 && answer.text.contains("settings file"))
        }
    }

    @Test(arguments: [
        (#""channels":["slack"]"#, "/body/channels/0"), (#""channels":[{"after_s":1}]"#, "/body/channels/0"),
        (#""channels":[{"channel":"slakc"}]"#, "/body/channels/0"),
        (#""channels":[{"channel":"slack","after_s":-1}]"#, "/body/channels/0/after_s"),
        (#""channels":[{"channel":"on-call"}]"#, "/body/channels/0"),
        (#""schedule":{"participants":[],"hand_over":"2026-11-23T09:00:00Z","every_s":60}"#, "/body/schedule/every_s"),
        (#""schedule":{"every_hours":1}"#, "/body/schedule/every_hours"),
        (#""quiet_hours":{"from":"25:00","until":"07:00"}"#, "/body/quiet_hours/from"),
        (
            #""schedule":{"participants":[],"hand_over":"2026-11-23T09:00:00Z","every_s":3600}"#,
            "/body/schedule/participants"
        ),
        (
            #""schedule":{"participants":[{"name":"A","channel":"slack"}],"hand_over":"monday","every_s":3600}"#,
            "/body/schedule/hand_over"
        ),
        (
            #""schedule":{"participants":[{"name":"A","channel":"pager"}],"hand_over":"2026-11-23T09:00:00Z","every_s":3600}"#,
            "/body/schedule/participants/0/channel"
        ),
        (
            """
            "schedule":{"participants":[{"name":"A","channel":"slack"}],"hand_over":"2026-11-23T09:00:00Z","every_s":86400,
            "overrides":[{"from":"2026-12-01T00:00:00Z","until":"2026-12-03T00:00:00Z","name":"B","channel":"slack"},
            {"from":"2026-12-02T00:00:00Z","until":"2026-12-04T00:00:00Z","name":"C","channel":"slack"}]}
            """, "/body/schedule/overrides"
        ),
    ]) func `what is wrong with an owner is named`(members: String, pointer: String) async throws {
        let answer = try await World().caller(channels: ["slack", "ann"])
            .ask("POST", "/api/v1/owners", "{\"name\":\"payments\",\(members)}")
        #expect(answer.status == 400 && answer.pointers == [pointer], "\(answer.text)")
    }
}
