import Alerting
import CallModel
import Documents
import Runtime
import Storage
import Transport

/// Owners: who looks after what, and through which channels they hear of it. Those of the settings file are only shown.
func ownerRoutes(_ sources: QuerySources) -> [APIRoute] {
    let owners = sources.owners
    return [
        APIRoute(
            pattern: "/api/v1/owners", summary: "Every owner: those of the settings file, then those made here.",
            access: .read, schema: "OwnerList"
        ) { _ in .json(list(owners.ofSettings(), try await owners.list())) },
        APIRoute(
            pattern: "/api/v1/owners", method: "POST", summary: "Makes an owner.", access: .operate,
            body: [name] + ownerFields, successStatus: 201, schema: "Owner", mayConflict: true
        ) { request in
            let name = request.fields["name"]!
            try refuseOfSettings(name, owners)
            guard try await !owners.list().contains(where: { $0.name == name }) else {
                throw APIProblem(
                    status: 409, title: "There is one already", detail: "the owner `\(name)` exists",
                    hint: "PUT /api/v1/owners/\(pathSegment(name)) replaces it")
            }
            var response = Response.json(try await put(name, "made an owner", request, sources), status: 201)
            response.headers.add("location", "/api/v1/owners/\(pathSegment(name))")
            return response
        },
        APIRoute(
            pattern: "/api/v1/owners/{name}", summary: "One owner.", access: .read, schema: "Owner", mayBeMissing: true
        ) { request in
            let name = request.path["name"]!
            if let owner = owners.ofSettings().first(where: { $0.name == name }) {
                return .json(document(owner, isOfSettings: true))
            }
            guard let owner = try await owners.list().first(where: { $0.name == name }) else {
                throw APIProblem.notFound(name)
            }
            return .json(document(owner, isOfSettings: false))
        },
        APIRoute(
            pattern: "/api/v1/owners/{name}", method: "PUT", summary: "Replaces an owner that was made here.",
            access: .operate, body: ownerFields, schema: "Owner", mayBeMissing: true, mayConflict: true
        ) { request in
            let name = request.path["name"]!
            try refuseOfSettings(name, owners)
            guard try await owners.list().contains(where: { $0.name == name }) else { throw APIProblem.notFound(name) }
            return .json(try await put(name, "changed an owner", request, sources))
        },
        APIRoute(
            pattern: "/api/v1/owners/{name}", method: "DELETE", summary: "Removes an owner that was made here.",
            access: .operate, successStatus: 204, mayBeMissing: true, mayConflict: true
        ) { request in
            let name = request.path["name"]!
            try refuseOfSettings(name, owners)
            guard try await owners.remove(name) else { throw APIProblem.notFound(name) }
            sources.audit("removed an owner", "owner", name, request)
            return Response(status: 204)
        },
    ]
}

private let name = APIField(
    name: "name", kind: .text(characterCountMax: Owner.nameByteCountMax), summary: "By which it is known.",
    isRequired: true)

private let ownerFields = [
    APIField(
        name: "matchers", kind: .nested(.matchers(countMin: 0)),
        summary: "What is theirs: incidents that pass all of them. None: only what is assigned to them."),
    APIField(
        name: "channels", kind: .nested(.channels),
        summary: "In the order of escalation: names of notifiers, or `on-call`, each after a delay."),
    APIField(name: "schedule", kind: .nested(.schedule), summary: "Who is on call, in turns."),
    APIField(name: "quiet_hours", kind: .nested(.quietHours), summary: "In which what is minor waits."),
    APIField(name: "contact", kind: .text(characterCountMax: 500), summary: "How people reach them."),
    APIField(name: "runbook", kind: .text(characterCountMax: 2_000), summary: "The address of what to do."),
]

private func put(_ name: String, _ what: String, _ request: APIRequest, _ sources: QuerySources) async throws -> [UInt8]
{
    let owner = try owner(name, request.fields, channels: sources.owners.channels())
    let record = OwnerRecord(
        name: name, document: String(decoding: owner.document(), as: UTF8.self), updatedAt: request.now,
        updatedBy: request.who)
    guard try await sources.owners.put(record) else {
        throw APIProblem(
            status: 409, title: "Too many owners", detail: "\(OwnerStore.countMax) were made already",
            hint: "DELETE what is no longer needed")
    }
    sources.audit(what, "owner", name, request)
    return document(record, isOfSettings: false)
}

/// The owner that a body describes.
private func owner(_ name: String, _ fields: [String: String], channels: [String]?) throws -> Owner {
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("name", name)
        for field in ownerFields {
            guard let value = fields[field.name] else { continue }
            if case .nested = field.kind {
                writer.member(field.name, json: Array(value.utf8))
            } else {
                writer.member(field.name, value)
            }
        }
    }
    do {
        return try JSONParser().parse(writer.bytes) { try Owner($0, channels: channels.map { Set($0) }) }
    } catch let flaw as AlertingFlaw {
        let flaw = NestedField.Flaw(flaw)
        throw APIProblem.badBody([Problem.Item(pointer: "/body" + flaw.pointer, detail: flaw.detail)], hint: flaw.hint)
    }
}

private func refuseOfSettings(_ name: String, _ owners: OwnerSources) throws {
    guard owners.ofSettings().contains(where: { $0.name == name }) else { return }
    throw APIProblem(
        status: 409, title: "It stands in the settings", detail: "the owner `\(name)` is one of the settings file",
        hint: "change it there, under `owners`")
}

// MARK: JSON

private func list(_ ofSettings: [OwnerRecord], _ made: [OwnerRecord]) -> [UInt8] {
    let names = Set(ofSettings.map(\.name))
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for owner in ofSettings { writer.raw(document(owner, isOfSettings: true)) }
            for owner in made where !names.contains(owner.name) { writer.raw(document(owner, isOfSettings: false)) }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}

/// Every member, those that were left out as null or empty.
private func document(_ owner: OwnerRecord, isOfSettings: Bool) -> [UInt8] {
    var members: [String: [UInt8]] = [:]
    // Our own document; were it damaged the owner would have a name alone.
    _ = try? JSONParser().parse(Array(owner.document.utf8)) { document in
        document.forEachMember { key, value in
            var bytes: [UInt8] = []
            value.serialize(into: &bytes)
            members[String(decoding: key, as: UTF8.self)] = bytes
        }
    }
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("name", owner.name)
        writer.member("source", isOfSettings ? "settings" : "api")
        for (name, usual) in [
            ("matchers", "[]"), ("channels", "[]"), ("schedule", "null"), ("quiet_hours", "null"),
            ("contact", "null"), ("runbook", "null"),
        ] { writer.member(name, json: members[name] ?? Array(usual.utf8)) }
        writer.member("updated_at", isOfSettings ? nil : owner.updatedAt)
        writer.member("updated_by", isOfSettings ? nil : owner.updatedBy)
    }
    return writer.bytes
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%41`.
func pathSegment(_ text: String) -> String {
    text.utf8.map { byte in
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            String(Unicode.Scalar(byte))
        default: "%" + hexText(UInt64(byte)).suffix(2).uppercased()
        }
    }.joined()
}
