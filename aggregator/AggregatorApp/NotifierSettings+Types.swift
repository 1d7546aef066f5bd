import Notifiers
import Runtime
import Transport

/// What each type of channel is set by. Nil where something it cannot be without is missing, which is then reported.
extension NotifierSettings {
    static func kind(_ type: String, _ section: SettingsSection) -> NotifierChannel.Kind? {
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
