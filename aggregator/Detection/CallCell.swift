import CallModel
import Rollups

/// Calls that have everything in common that detection compares: what it takes in, one call or thousands at a time.
public struct CallCell: Sendable, Hashable {
    /// When they started, corrected for the host's clock.
    public var time: Instant
    public var partner: NameID
    public var route: NameID
    public var host: NameID
    public var region: NameID
    public var customer: NameID
    public var serviceVersion: NameID
    /// The far end's network, a /24 or /48; 0 when unknown.
    public var network: NameID
    public var direction: Direction
    public var symptom: Symptom
    /// `LatencyBucket` of those answered; `CallCell.noLatency` when unknown.
    public var latency: Int16
    /// Calls they stand for.
    public var count: Int32

    public static let noLatency = Int16.min

    public init(
        time: Instant, partner: NameID, route: NameID = 0, host: NameID = 0, region: NameID = 0, customer: NameID = 0,
        serviceVersion: NameID = 0, network: NameID = 0, direction: Direction = .outbound, symptom: Symptom = .none,
        latency: Int16 = CallCell.noLatency, count: Int32 = 1
    ) {
        self.time = time
        self.partner = partner
        self.route = route
        self.host = host
        self.region = region
        self.customer = customer
        self.serviceVersion = serviceVersion
        self.network = network
        self.direction = direction
        self.symptom = symptom
        self.latency = latency
        self.count = count
    }
}

/// What calls can have in common.
public enum Dimension: UInt8, Sendable, CaseIterable {
    case partner = 0
    case route = 1
    case region = 2
    case host = 3
    case customer = 4
    case serviceVersion = 5
    case network = 6

    /// The name in predicates.
    public var name: String {
        switch self {
        case .partner: "partner"
        case .route: "route"
        case .region: "region"
        case .host: "host"
        case .customer: "customer"
        case .serviceVersion: "service_version"
        case .network: "peer_network"
        }
    }
}

extension CallCell {
    @inlinable
    public subscript(dimension: Dimension) -> NameID {
        switch dimension {
        case .partner: partner
        case .route: route
        case .region: region
        case .host: host
        case .customer: customer
        case .serviceVersion: serviceVersion
        case .network: network
        }
    }
}
