import CallModel
import Documents
import Incidents

/// Everything that must survive a restart, as text: a line with version and checksum, and JSON.
///
/// Not in it, because they have a home of their own: settings, and silences, maintenances and owners of the API; hand them
/// in by `replace(quiets:)` and `replace(owners:at:)` before the first `advance`, or silenced incidents speak up. What the
/// limits refuse after a change of settings is left as it is: it goes when the incidents do.
///
///     farwatch-alerting 1 9f86d081884c7d65
///     {"tokens":…,"refilled_at":…,"counts":{…},"threads":[…]}
///
/// Times are nanoseconds since the epoch: rounding one would move a message.
extension AlertingCore {
    private static let magic = "farwatch-alerting"
    private static let version = 1
    private static let stateByteCountMax = 1 << 30

    public func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("tokens", Int64(bitPattern: bucket.tokens.bitPattern))
            writer.member("refilled_at", bucket.refilledAt)
            writer.member("gathered", gatheredCount)
            writer.member("held", heldCount)
            writer.member("refused", refusedCount)
            writer.member("sent", sentCount)
            writer.array("threads") { writer in
                for id in threads.keys.sorted() {
                    guard let thread = threads[id] else { continue }
                    writer.object { writer in
                        writer.member("wake", wakes[id]?.at)
                        writer.member("waits", wakes[id]?.waits ?? false)
                        thread.write(to: &writer)
                    }
                }
            }
        }
        return Array("\(Self.magic) \(Self.version) \(checksum(writer.bytes))\n".utf8) + writer.bytes
    }

    /// Nil for what is damaged, or of another version.
    public init?(encoded: [UInt8], configuration: Configuration) {
        guard let end = encoded.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let content = Array(encoded[(end + 1)...])
        let header = "\(Self.magic) \(Self.version) \(checksum(content))"
        guard String(decoding: encoded[..<end], as: UTF8.self) == header else { return nil }
        self.init(configuration: configuration)
        // The checksum was right: an error says that another program wrote it.
        let isRead = try? JSONParser(byteCountMax: Self.stateByteCountMax).parse(content) { read($0) }
        guard isRead == true else { return nil }
    }

    private mutating func read(_ json: JSONValue) -> Bool {
        guard let tokens = json.member("tokens")?.int64 else { return false }
        bucket = TokenBucket(
            burstMax: configuration.burstMax, perHourMax: configuration.perHourMax,
            tokens: Double(bitPattern: UInt64(bitPattern: tokens)), refilledAt: json.instant("refilled_at"))
        gatheredCount = json.integer("gathered") ?? 0
        heldCount = json.integer("held") ?? 0
        refusedCount = json.integer("refused") ?? 0
        sentCount = json.integer("sent") ?? 0
        var isWhole = json.member("threads")?.kind == .array
        json.member("threads")?.forEachElement { element in
            guard let thread = AlertThread(element), let wake = element.instant("wake") else { return isWhole = false }
            threads[thread.report.id] = thread
            wakes[thread.report.id] = Wake(
                at: wake, severity: thread.report.severity, waits: element.member("waits")?.bool ?? false)
        }
        restoreGroups()
        return isWhole
    }
}

/// FNV-1a, 64 bits: against damage, not against malice.
private func checksum(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return String(hash, radix: 16)
}

extension JSONWriter {
    mutating func member(_ name: String, _ instant: Instant?) { member(name, instant?.nanosecondsSinceEpoch) }

    mutating func member(_ name: String, texts: some Sequence<String>) {
        array(name) { for text in texts { $0.string(text) } }
    }
}

extension JSONValue {
    func instant(_ key: StaticString) -> Instant? {
        member(key)?.int64.map { Instant(nanosecondsSinceEpoch: $0) }
    }

    func integer(_ key: StaticString) -> Int? { member(key)?.int64.map { Int($0) } }

    func texts(_ key: StaticString) -> [String] {
        var texts: [String] = []
        member(key)?.forEachElement { if let text = $0.string { texts.append(text) } }
        return texts
    }
}
