import CallModel

/// Learns from DNS answers which name an address was asked for under, and which names could not be resolved.
///
/// A name that fails is told when it stays that way: resolvers ask for two kinds of address, ask again, and try the name with
/// every suffix of their search list, before or after the name itself. So a failure waits a little. It is dropped if the
/// name resolves meanwhile, and if it is only a longer spelling (`api.partner.com.cluster.local`) of a name that was asked for.
struct NameBook {
    struct Failure {
        var name: String
        var client: SocketEndpoint
        var resolver: SocketEndpoint
        var asked: Instant
        var answered: Instant
    }

    private struct Address: Hashable {
        var high: UInt64
        var low: UInt64
    }

    private struct Question: Hashable {
        var client: SocketEndpoint
        var id: UInt16
    }

    private let configuration: ProtocolConfiguration
    private var names: [Address: String] = [:]
    private var questions: [Question: Instant] = [:]
    private var waiting: [Failure] = []
    private var told: [String: Instant] = [:]

    /// How long a failure waits.
    private static let settlingTime: Duration = .seconds(2)

    init(_ configuration: ProtocolConfiguration) {
        self.configuration = configuration
    }

    func name(of endpoint: SocketEndpoint) -> String? {
        names[Address(high: endpoint.high, low: endpoint.low)]
    }

    mutating func datagramArrived(
        _ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant,
        _ counters: inout ProtocolCounters
    ) {
        guard from.port == Self.port || to.port == Self.port, let message = DNSMessage(bytes),
            message.questionType == DNSMessage.typeA || message.questionType == DNSMessage.typeAAAA
        else { return }
        if message.isAnswer {
            answered(message, client: to, resolver: from, at: now, &counters)
        } else {
            if questions.count >= configuration.nameCountMax { questions.removeAll() }
            // A repeated question belongs to the first one's call.
            let question = Question(client: from, id: message.id)
            if questions[question] == nil { questions[question] = now }
        }
    }

    private static let port: UInt16 = 53

    private mutating func answered(
        _ message: DNSMessage, client: SocketEndpoint, resolver: SocketEndpoint, at now: Instant,
        _ counters: inout ProtocolCounters
    ) {
        let asked = questions.removeValue(forKey: Question(client: client, id: message.id)) ?? now
        if !message.addresses.isEmpty {
            learn(message, &counters)
            return waiting.removeAll { Self.isSpelling($0.name, of: message.name) }
        }
        guard message.responseCode == 2 || message.responseCode == 3, Self.isHostName(message.name) else { return }
        waiting.removeAll { $0.name != message.name && Self.isSpelling($0.name, of: message.name) }
        let isKnown = waiting.contains { Self.isSpelling(message.name, of: $0.name) }
        let isRecent = told[message.name].map { now - $0 < configuration.failureRepeatInterval } ?? false
        guard !isKnown, !isRecent, waiting.count < configuration.recentFailureCountMax else {
            return counters.repeatedFailures &+= 1
        }
        waiting.append(Failure(name: message.name, client: client, resolver: resolver, asked: asked, answered: now))
    }

    private mutating func learn(_ message: DNSMessage, _ counters: inout ProtocolCounters) {
        for address in message.addresses {
            if names.count >= configuration.nameCountMax {
                counters.namesEvicted &+= names.count
                names.removeAll(keepingCapacity: true)
            }
            names[Address(high: address.high, low: address.low)] = message.name
        }
    }

    /// The failures that have stayed failures by now.
    mutating func settled(at now: Instant, isEnd: Bool = false) -> [Failure] {
        guard let first = waiting.first, isEnd || now - first.answered >= Self.settlingTime else { return [] }
        let count = isEnd ? waiting.count : waiting.prefix { now - $0.answered >= Self.settlingTime }.count
        let settled = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        if told.count + count > configuration.recentFailureCountMax { told.removeAll() }
        for failure in settled { told[failure.name] = failure.answered }
        return settled
    }

    /// Whether `name` is `other`, or `other` with a suffix of a search list.
    private static func isSpelling(_ name: String, of other: String) -> Bool {
        name == other || name.hasPrefix(other + ".")
    }

    /// A name an application connects to: with a dot, no reverse lookup, no service label.
    private static func isHostName(_ name: String) -> Bool {
        name.utf8.contains(UInt8(ascii: ".")) && !name.hasSuffix(".arpa") && !name.hasPrefix("_")
            && !name.contains("._")
    }
}
