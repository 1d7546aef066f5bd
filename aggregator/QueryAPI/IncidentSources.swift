import Alerting
import CallModel
import Documents
import Storage

/// Where the API gets incidents, and where it puts what people do about them. Each default is harmless, so that tests and tools
/// give only what they need.
public struct IncidentSources: Sendable {
    public var list: @Sendable (IncidentFilter) async throws -> [IncidentDetail] = { _ in [] }
    public var read: @Sendable (_ id: Int64) async throws -> IncidentDetail? = { _ in nil }
    /// Writes down what a person wants; nil where too much waits already.
    public var append:
        @Sendable (_ incident: Int64, _ who: String, _ what: ActionRecord.What, _ detail: String?) async throws ->
            Int64? = { _, _, _, _ in nil }
    public var action: @Sendable (_ id: Int64) async throws -> ActionRecord? = { _ in nil }
    /// Between two looks at whether the decider has come to an action.
    public var pause: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// Why the core did what it did, a JSON array, newest last: about one partner, or about all.
    public var decisions: @Sendable (_ partner: String?) -> [UInt8] = { _ in Array("[]".utf8) }
    /// Messages of all incidents, newest first.
    public var messages:
        @Sendable (_ state: String?, _ channel: String?, _ before: Int64?, _ limit: Int) async throws -> [OutboxRecord] =
            { _, _, _, _ in [] }
    public var message: @Sendable (_ id: Int64) async throws -> OutboxRecord? = { _ in nil }
    /// Puts one that was given up back among those that are due; false where it is not to be sent any more.
    public var retryMessage: @Sendable (_ id: Int64) async throws -> Bool = { _ in false }
    /// Nil: links that acknowledge are not given out, and none is valid.
    public var links: AcknowledgeLinks?

    public init() {}
}

/// Silences and maintenance windows.
public struct QuietSources: Sendable {
    public var list: @Sendable (QuietRecord.Kind, _ past: Bool, _ now: Instant) async throws -> [QuietRecord] = {
        _, _, _ in []
    }
    public var read: @Sendable (_ id: Int64, QuietRecord.Kind) async throws -> QuietRecord? = { _, _ in nil }
    /// Nil where there are too many.
    public var create: @Sendable (QuietRecord) async throws -> QuietRecord? = { _ in nil }
    /// Nil where it is over by now.
    public var change: @Sendable (QuietRecord, _ now: Instant) async throws -> QuietRecord? = { _, _ in nil }
    /// Nil where it is over by now.
    public var end:
        @Sendable (_ id: Int64, QuietRecord.Kind, _ who: String, _ now: Instant) async throws -> QuietRecord? = {
            _, _, _, _ in nil
        }

    public init() {}
}

/// Owners: those of the settings file, which the API only shows, and those it made.
public struct OwnerSources: Sendable {
    /// Of the settings file; they win over those of the same name.
    public var ofSettings: @Sendable () -> [OwnerRecord] = { [] }
    public var list: @Sendable () async throws -> [OwnerRecord] = { [] }
    /// False where there are too many.
    public var put: @Sendable (OwnerRecord) async throws -> Bool = { _ in false }
    /// False where there was none.
    public var remove: @Sendable (_ name: String) async throws -> Bool = { _ in false }
    /// The channels that the settings name; nil: not known, so that any is taken.
    public var channels: @Sendable () -> [String]? = { nil }

    public init() {}

    func names() async throws -> [String] {
        let made = try await list().map(\.name)
        return Set(ofSettings().map(\.name) + made).sorted()
    }

    /// Whom an incident can be assigned to: owners, and whoever takes turns in one's rotation.
    func assignees() async throws -> [String] {
        let records = ofSettings() + (try await list())
        let participants = records.flatMap { record -> [String] in
            // What another release wrote and this one cannot read has its name alone.
            let owner = try? JSONParser().parse(Array(record.document.utf8)) { try Owner($0) }
            return owner?.schedule?.participants.map(\.name) ?? []
        }
        return Set(records.map(\.name) + participants).sorted()
    }
}
