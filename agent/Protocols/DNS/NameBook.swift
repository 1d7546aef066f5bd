import CallModel

/// Learns from DNS answers which name an address was asked for under, and which names could not be resolved.
///
/// Failed is a name that the server says it cannot resolve, one that it says has no address of either family, and one that nobody said
/// anything of for as long as clients ask; the last only where answers are seen at all, and not for a client that had one from elsewhere.
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

    private struct Asked {
        var name: String
        var resolver: SocketEndpoint
        var at: Instant
    }

    private struct Asker: Hashable {
        var high: UInt64
        var low: UInt64
        var name: String

        init(_ client: SocketEndpoint, _ name: String) {
            (high, low) = (client.high, client.low)
            self.name = name
        }
    }

    private let configuration: ProtocolConfiguration
    private var names: [Address: String] = [:]
    private var questions: [Question: Asked] = [:]
    /// When the first of the questions was asked, or one before it.
    private var oldestQuestion: Instant?
    private var hasSeenAnswer = false
    /// Names without an address of one family, by who asked.
    private var withoutAddress: [Asker: (type: UInt16, at: Instant)] = [:]
    private var waiting: [Failure] = []
    private var told: [String: Instant] = [:]

    /// How long a failure waits.
    private static let settlingTime: Duration = .seconds(2)
    /// C libraries ask twice and wait five seconds each time (resolv.conf(5): timeout, attempts).
    private static let unansweredWait: Duration = .seconds(10)

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
            guard questions[question]?.name != message.name else { return }
            questions[question] = Asked(name: message.name, resolver: to, at: now)
            oldestQuestion = oldestQuestion ?? now
        }
    }

    static let port: UInt16 = 53

    private mutating func answered(
        _ message: DNSMessage, client: SocketEndpoint, resolver: SocketEndpoint, at now: Instant,
        _ counters: inout ProtocolCounters
    ) {
        hasSeenAnswer = true
        let asked = questions.removeValue(forKey: Question(client: client, id: message.id))?.at ?? now
        dropQuestions(message.name, of: client, toOthersThan: resolver)
        if !message.addresses.isEmpty {
            learn(message, &counters)
            withoutAddress[Asker(client, message.name)] = nil
            return waiting.removeAll { Self.isSpelling($0.name, of: message.name) }
        }
        guard isFailure(message, client, at: now), Self.isHostName(message.name) else { return }
        failed(
            Failure(name: message.name, client: client, resolver: resolver, asked: asked, answered: now), &counters)
    }

    /// Another server has answered.
    private mutating func dropQuestions(
        _ name: String, of client: SocketEndpoint, toOthersThan resolver: SocketEndpoint
    ) {
        guard !questions.isEmpty else { return }
        func isMoot(_ entry: (key: Question, value: Asked)) -> Bool {
            let asker = entry.key.client
            return entry.value.name == name && entry.value.resolver != resolver && asker.high == client.high
                && asker.low == client.low
        }
        guard questions.contains(where: isMoot) else { return }
        questions = questions.filter { !isMoot($0) }
    }

    private mutating func isFailure(_ message: DNSMessage, _ client: SocketEndpoint, at now: Instant) -> Bool {
        switch message.responseCode {
        case 2, 3, 5: return true
        case 0 where !message.isTruncated: break
        default: return false
        }
        // No address of this family; of the other there may be one.
        let asker = Asker(client, message.name)
        if let other = withoutAddress[asker], other.type != message.questionType,
            now - other.at <= configuration.failureRepeatInterval
        {
            withoutAddress[asker] = nil
            return true
        }
        if withoutAddress.count >= configuration.nameCountMax { withoutAddress.removeAll() }
        withoutAddress[asker] = (message.questionType, now)
        return false
    }

    private mutating func failed(_ failure: Failure, _ counters: inout ProtocolCounters) {
        let name = failure.name
        waiting.removeAll { $0.name != name && Self.isSpelling($0.name, of: name) }
        let isKnown = waiting.contains { Self.isSpelling(name, of: $0.name) }
        let isRecent = told[name].map { failure.answered - $0 < configuration.failureRepeatInterval } ?? false
        guard !isKnown, !isRecent, waiting.count < configuration.recentFailureCountMax else {
            return counters.repeatedFailures &+= 1
        }
        waiting.append(failure)
    }

    /// Questions that nobody has answered by now.
    private mutating func giveUpQuestions(at now: Instant, _ counters: inout ProtocolCounters) {
        guard let oldestQuestion, now - oldestQuestion >= Self.unansweredWait else { return }
        let over = questions.filter { now - $0.value.at >= Self.unansweredWait }.sorted { $0.value.at < $1.value.at }
        for (question, asked) in over {
            questions[question] = nil
            let isResolved = names.values.contains(asked.name)
            guard hasSeenAnswer, !isResolved, Self.isHostName(asked.name) else { continue }
            failed(
                Failure(
                    name: asked.name, client: question.client, resolver: asked.resolver, asked: asked.at,
                    answered: asked.at + Self.unansweredWait), &counters)
        }
        self.oldestQuestion = questions.values.map(\.at).min()
    }

    private mutating func learn(_ message: DNSMessage, _ counters: inout ProtocolCounters) {
        // One family of addresses is enough: of the other nobody need hear.
        if !message.addresses.isEmpty { questions = questions.filter { $0.value.name != message.name } }
        for address in message.addresses {
            if names.count >= configuration.nameCountMax {
                counters.namesEvicted &+= names.count
                names.removeAll(keepingCapacity: true)
            }
            names[Address(high: address.high, low: address.low)] = message.name
        }
    }

    /// The failures that have stayed failures by now.
    mutating func settled(at now: Instant, isEnd: Bool = false, _ counters: inout ProtocolCounters) -> [Failure] {
        giveUpQuestions(at: now, &counters)
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
