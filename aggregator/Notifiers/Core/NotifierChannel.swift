import Transport

/// A way to tell people or programs, as the settings describe it.
public struct NotifierChannel: Sendable {
    /// A closed set: each has a file of its own that turns a message into what its receiver understands.
    public enum Kind: Sendable {
        case webhook(WebhookChannel)
        case slack(SlackChannel)
        case pagerDuty(PagerDutyChannel)
        case alertmanager(AlertmanagerChannel)
        case email(EmailChannel)
        case command(CommandChannel)
    }

    public var name: String
    public var kind: Kind
    /// Channels that stand in while this one fails, in their order.
    public var fallback: [String] = []
    /// Of one attempt.
    public var timeout: Duration = .seconds(15)
    /// When others stand in, and when a message is given up.
    public var policy = DeliveryPolicy.Configuration()
    public var addresses = AddressPolicy()
    public var tls = ClientTLS()

    public init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// Deliveries at once. Slack takes about one message a second into a channel.
    public var concurrency: Int {
        switch kind {
        case .slack: 1
        case .command, .email: 2
        case .webhook, .pagerDuty, .alertmanager: 4
        }
    }

    public var spacing: Duration {
        switch kind {
        case .slack: .seconds(1)
        case .webhook, .pagerDuty, .alertmanager, .email, .command: .zero
        }
    }

    /// How often the receiver wants to hear that an incident is still open; nil: never.
    public var renewalInterval: Duration? {
        switch kind {
        case .alertmanager(let channel): channel.renewalInterval
        case .webhook, .slack, .pagerDuty, .email, .command: nil
        }
    }

    var webConfiguration: WebClient.Configuration {
        var configuration = WebClient.Configuration()
        configuration.timeout = timeout
        configuration.addresses = addresses
        configuration.tls = tls
        return configuration
    }
}
