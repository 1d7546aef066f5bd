import Alerting
import CallModel
import NIOCore
import Runtime
import Transport

/// Delivers messages through channels by their names: one attempt each, without a memory.
public final class Courier: Sendable {
    private struct Route: Sendable {
        var channel: NotifierChannel
        var web: WebClient
        var mail: DialogueClient
    }

    private let routes: [String: Route]
    /// In the order of the settings.
    public let channels: [NotifierChannel]

    /// - Parameter proxy: through which an endpoint outside is reached; nil for the direct way.
    public init(
        _ channels: [NotifierChannel], proxy: @escaping @Sendable (Endpoint) -> Proxy? = { _ in nil },
        group: any EventLoopGroup
    ) {
        self.channels = channels
        routes = Dictionary(
            channels.map { channel in
                var configuration = channel.webConfiguration
                configuration.proxy = proxy
                return (
                    channel.name,
                    Route(
                        channel: channel, web: WebClient(configuration, group: group),
                        mail: DialogueClient(configuration, group: group))
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter reference: what the channel's earlier delivery for this incident returned.
    public func deliver(_ message: Message, through name: String, reference: String?) async -> Delivery {
        guard let route = routes[name] else {
            return .failed(DeliveryFailure(.setting, "there is no channel \(name) in the settings"))
        }
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        let send: WebSend = { request throws(TransportError) in try await route.web.send(request) }
        return switch route.channel.kind {
        case .webhook(let channel): await channel.deliver(message, at: now, send)
        case .slack(let channel): await channel.deliver(message, reference: reference, at: now, send)
        case .pagerDuty(let channel): await channel.deliver(message, at: now, send)
        case .alertmanager(let channel): await channel.deliver(message, reference: reference, at: now, send)
        case .email(let channel): await channel.deliver(message, at: now, route.mail)
        case .command(let channel): await channel.deliver(message, timeout: route.channel.timeout)
        }
    }

    /// Those who stand in for a channel, in their order: its own list, or for a channel that is not in the settings any
    /// more, all.
    public func standIns(for name: String) -> [String] {
        guard let route = routes[name] else { return channels.map(\.name) }
        return route.channel.fallback
    }

    public func policy(of name: String) -> DeliveryPolicy {
        DeliveryPolicy(routes[name]?.channel.policy ?? DeliveryPolicy.Configuration())
    }

    /// How long one delivery with all who may stand in can take.
    public func timeMax(of name: String) -> Duration {
        ([name] + standIns(for: name)).compactMap { routes[$0]?.channel.timeout }.reduce(.zero, +)
    }
}
