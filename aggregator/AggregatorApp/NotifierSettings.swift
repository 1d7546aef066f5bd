import CallModel
import Notifiers
import Runtime
import Transport

/// The section `notifiers`: ways to tell people and programs, by names that routes and owners use.
///
/// Every key that a channel's type knows is asked for, so that one of another type is an unknown key.
struct NotifierSettings {
    private static let channelsMax = 50
    private static let types = ["webhook", "slack", "pagerduty", "alertmanager", "email", "command"]

    private(set) var channels: [NotifierChannel] = []

    init(_ root: SettingsSection) {
        var sections: [SettingsSection] = []
        for (name, section) in root.namedSections("notifiers") {
            let type = section.choice("type", of: Self.types)
            guard let type else {
                if !section.isPresent("type") {
                    section.report(
                        nil, "`\(section.path)` has no type", hint: "one of \(Self.types.joined(separator: ", "))")
                }
                section.acceptAnyKey()
                continue
            }
            if !Self.isName(name) {
                section.report(nil, "a channel's name is made of letters, digits, - and _, at most 40 of them")
            }
            guard let kind = Self.kind(type, section) else {
                section.acceptAnyKey()
                continue
            }
            var channel = NotifierChannel(name: name, kind: kind)
            Self.readCommon(section, type, &channel)
            channels.append(channel)
            sections.append(section)
        }
        if channels.count > Self.channelsMax {
            root.report("notifiers", "there are more than \(Self.channelsMax) channels")
        }
        readFallbacks(sections)
    }

    /// What is valid and still unwise.
    var warnings: [String] {
        switch channels.count {
        case 0: ["there are no `notifiers`: incidents are shown and nobody is told"]
        case 1: ["there is only one channel in `notifiers`: while `\(channels[0].name)` fails nobody is told"]
        default: channels.filter(\.fallback.isEmpty).map { "nobody stands in for the channel `\($0.name)`" }
        }
    }

    /// It is part of ids, labels and headers.
    private static func isName(_ name: String) -> Bool {
        (1...40).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func readCommon(_ section: SettingsSection, _ type: String, _ channel: inout NotifierChannel) {
        channel.timeout = section.duration("timeout", in: .seconds(1)...(.seconds(60))) ?? channel.timeout
        channel.policy.standInAfter =
            section.duration("fallback_after", in: .zero...(.seconds(3_600))) ?? channel.policy.standInAfter
        channel.policy.giveUpAfter =
            section.duration("give_up_after", in: .seconds(60)...(.seconds(7 * 86_400))) ?? channel.policy.giveUpAfter
        guard type != "command" else { return }
        channel.addresses.allowsPrivate = section.bool("allow_private") ?? false
        channel.tls = ClientTLS(caFile: section.string("ca"))
        if let file = channel.tls.caFile, !Files.exists(file) { section.report("ca", "there is no file \(file)") }
    }

    /// Those named, or without a list every other one, the next in the file first. An empty list means nobody.
    private mutating func readFallbacks(_ sections: [SettingsSection]) {
        let names = channels.map(\.name)
        for (index, section) in sections.enumerated() {
            guard section.isPresent("fallback") else {
                channels[index].fallback = Array(names[(index + 1)...] + names[..<index])
                continue
            }
            let listed = section.strings("fallback")
            for name in listed where name == names[index] || !names.contains(name) {
                section.report(
                    "fallback",
                    name == names[index] ? "a channel cannot stand in for itself" : "there is no channel `\(name)`",
                    hint: "known are \(names.joined(separator: ", "))")
            }
            channels[index].fallback = listed
        }
    }

    private static func kind(_ type: String, _ section: SettingsSection) -> NotifierChannel.Kind? {
        switch type {
        case "webhook": webhook(section).map { .webhook($0) }
        case "slack": slack(section).map { .slack($0) }
        case "pagerduty": pagerDuty(section).map { .pagerDuty($0) }
        case "alertmanager": alertmanager(section).map { .alertmanager($0) }
        case "email": email(section).map { .email($0) }
        default: command(section).map { .command($0) }
        }
    }

    // MARK: One type each

    private static func webhook(_ section: SettingsSection) -> WebhookChannel? {
        let address = address(section, "url")
        let keys = section.secrets("secrets").compactMap { secret in
            let key = StandardWebhook.Key(secret.reveal)
            if key == nil {
                section.report(
                    "secrets", "a secret is 24 to 64 bytes in base64, with `whsec_` before it",
                    hint: "`echo whsec_$(openssl rand -base64 32)` makes one")
            }
            return key
        }
        let authorization = section.secret("authorization")
        return address.map { WebhookChannel($0, keys: keys, authorization: authorization) }
    }

    private static func slack(_ section: SettingsSection) -> SlackChannel? {
        guard section.isPresent("token") || section.isPresent("channel") else {
            return address(section, "url").map { SlackChannel(.webhook($0)) }
        }
        let (token, channel) = (section.secret("token"), section.string("channel"))
        let api = address(section, "api", usual: SlackChannel.usualAPI)
        if section.isPresent("url") {
            section.report("url", "either the `url` of an incoming webhook or a bot's `token`")
        }
        guard let token, let channel, let api else {
            section.report(nil, "a bot needs its `token` and the `channel` it posts to")
            return nil
        }
        return SlackChannel(.bot(token: token, channel: channel, api: api))
    }

    private static func pagerDuty(_ section: SettingsSection) -> PagerDutyChannel? {
        let key = section.secret("routing_key")
        let address = address(section, "url", usual: PagerDutyChannel.usualAddress)
        let prefix = section.string("key_prefix")
        if let prefix, !(1...100).contains(prefix.utf8.count) { section.report("key_prefix", "1 to 100 bytes") }
        guard let key, let address else {
            if key == nil { section.report(nil, "the integration's `routing_key` is missing") }
            return nil
        }
        if key.reveal.utf8.count != 32 {
            section.report(
                "routing_key", "a routing key has 32 characters", hint: "it is the integration's, of the Events API v2")
        }
        var channel = PagerDutyChannel(address, routingKey: key)
        channel.keyPrefix = prefix ?? channel.keyPrefix
        return channel
    }

    private static func alertmanager(_ section: SettingsSection) -> AlertmanagerChannel? {
        let urls = section.strings("url")
        let addresses = urls.compactMap { WebAddress($0) }
        let authorization = section.secret("authorization")
        // Alertmanager forgets an alert after five minutes where nobody says otherwise.
        let every = section.duration("renew_every", in: .seconds(5)...(.seconds(240)))
        guard !urls.isEmpty, addresses.count == urls.count else {
            section.report("url", "one or several URLs are wanted", hint: "such as http://alertmanager.example:9093")
            return nil
        }
        var channel = AlertmanagerChannel(addresses, authorization: authorization)
        channel.renewalInterval = every ?? channel.renewalInterval
        return channel
    }

    private static func email(_ section: SettingsSection) -> EmailChannel? {
        let (server, from, to) = (section.string("server"), section.string("from"), section.strings("to"))
        let word = section.choice("tls", of: SMTPEnvelope.Security.allCases.map(\.rawValue))
        let security = word.flatMap(SMTPEnvelope.Security.init) ?? .startTLS
        let (user, password) = (section.string("user"), section.secret("password"))
        let hello = section.string("hello_name") ?? "farwatch.localdomain"
        for address in [from].compactMap(\.self) + to where !isMailAddress(address) {
            section.report(address == from ? "from" : "to", "`\(address)` is no mail address")
        }
        if !isHostName(hello) { section.report("hello_name", "a host name is wanted") }
        if (user == nil) != (password == nil) { section.report(nil, "`user` and `password` belong together") }
        if user != nil, security == .none { section.report("tls", "a password is not sent without TLS") }
        let usualPort = security == .implicit ? 465 : 587
        let address = server.flatMap { ListenAddress($0) ?? ListenAddress("\($0):\(usualPort)") }
        guard let address, address.port > 0, let from, !to.isEmpty, to.count <= 50 else {
            section.report(nil, "mail needs `server`, `from` and `to`, at most 50 of them")
            return nil
        }
        var envelope = SMTPEnvelope(from: from, to: to, security: security, helloName: hello)
        if let user, let password { envelope.credentials = SMTPEnvelope.Credentials(user: user, password: password) }
        return EmailChannel(envelope, host: address.host, port: address.port)
    }

    private static func command(_ section: SettingsSection) -> CommandChannel? {
        let (program, arguments) = (section.string("program"), section.strings("arguments"))
        guard let program, program.hasPrefix("/") else {
            section.report(
                section.isPresent("program") ? "program" : nil, "a command needs `program`, an absolute path")
            return nil
        }
        if !Files.exists(program) { section.report("program", "there is no file \(program)") }
        return CommandChannel(program, arguments)
    }

    // MARK: Values

    /// A URL, which may be a secret. Reported where it is missing or none.
    static func address(_ section: SettingsSection, _ key: String, usual: String? = nil) -> WebAddress? {
        let isPresent = section.isPresent(key)
        let secret = section.secret(key)
        guard isPresent || usual == nil else { return usual.flatMap { WebAddress($0) } }
        if !isPresent { section.report(nil, "`\(key)` is missing") }
        guard let secret else { return nil }
        let address = WebAddress(secret.reveal)
        if address == nil {
            section.report(
                key, "an http or https URL is wanted, without a user in it", hint: "such as https://hooks.example/path")
        }
        return address
    }

    /// Narrower than RFC 5321: it goes into commands and headers as it is.
    private static func isMailAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && (1...64).contains(parts[0].utf8.count) && isHostName(String(parts[1]))
            && parts[0].utf8.allSatisfy { (0x21...0x7E).contains($0) && !Array("<>()[],;:\\\"".utf8).contains($0) }
    }

    private static func isHostName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
    }
}

/// The section `heartbeat`: an address outside that notices when this aggregator does not call any more.
public struct HeartbeatSettings: Sendable {
    public var address: WebAddress
    public var method: String
    public var every: Duration
    public var web = WebClient.Configuration()

    /// Nil where none is set.
    init?(_ section: SettingsSection) {
        let isSet = !section.isEmpty
        let every = section.duration("every", in: .seconds(5)...(.seconds(3_600))) ?? .seconds(60)
        let method = section.choice("method", of: ["GET", "POST"]) ?? "GET"
        let (allowsPrivate, caFile) = (section.bool("allow_private") ?? false, section.string("ca"))
        guard isSet else {
            _ = section.isPresent("url")
            return nil
        }
        guard let address = NotifierSettings.address(section, "url") else { return nil }
        self.address = address
        self.method = method
        self.every = every
        web.addresses.allowsPrivate = allowsPrivate
        web.tls = ClientTLS(caFile: caFile)
    }
}
