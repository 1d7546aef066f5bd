import CallModel
import Detection
import Rollups

/// Which calls a cause concerns: those that have all the given values. 0 stands for any.
public struct Scope: Hashable, Sendable {
    public var partner: NameID = 0
    public var route: NameID = 0
    public var region: NameID = 0
    public var host: NameID = 0
    public var customer: NameID = 0
    public var serviceVersion: NameID = 0
    /// Of the far end: several partners behind one network.
    public var network: NameID = 0
    /// Nil: both.
    public var direction: Direction?

    public init(partner: NameID = 0, direction: Direction? = nil) {
        self.partner = partner
        self.direction = direction
    }

    public subscript(dimension: Dimension) -> NameID {
        get {
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
        set {
            switch dimension {
            case .partner: partner = newValue
            case .route: route = newValue
            case .region: region = newValue
            case .host: host = newValue
            case .customer: customer = newValue
            case .serviceVersion: serviceVersion = newValue
            case .network: network = newValue
            }
        }
    }

    func with(_ dimension: Dimension, _ value: NameID) -> Scope {
        var scope = self
        scope[dimension] = value
        return scope
    }

    /// - Parameter networks: by partner, for calls that do not tell theirs; a partner that is not among them was never heard of.
    @inline(__always)
    func holds(_ cell: CallCell, _ networks: [NameID]) -> Bool {
        if partner != 0, partner != cell.partner { return false }
        if let direction, direction != cell.direction { return false }
        if route != 0, route != cell.route { return false }
        if region != 0, region != cell.region { return false }
        if host != 0, host != cell.host { return false }
        if customer != 0, customer != cell.customer { return false }
        if serviceVersion != 0, serviceVersion != cell.serviceVersion { return false }
        guard network != 0, cell.network == 0 else { return network == 0 || network == cell.network }
        return Int(cell.partner) < networks.count && network == networks[Int(cell.partner)]
    }

    /// Whether every call of the other is one of this.
    func contains(_ other: Scope, _ networks: [NameID]) -> Bool {
        if let direction, direction != other.direction { return false }
        for dimension in Dimension.allCases where self[dimension] != 0 && self[dimension] != other[dimension] {
            guard dimension == .network, other.partner != 0, Int(other.partner) < networks.count,
                networks[Int(other.partner)] == network
            else {
                return false
            }
        }
        return true
    }

    /// The narrowest scope that contains both.
    func common(_ other: Scope) -> Scope {
        var common = Scope(direction: direction == other.direction ? direction : nil)
        for dimension in Dimension.allCases where self[dimension] == other[dimension] {
            common[dimension] = self[dimension]
        }
        return common
    }

    /// The dimensions that narrow it beyond the partner.
    public var narrowing: [Dimension] { Dimension.allCases.filter { $0 != .partner && self[$0] != 0 } }
}
