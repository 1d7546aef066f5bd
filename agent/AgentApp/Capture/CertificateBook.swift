import CallModel
import PartnerCatalog
import Protocols

/// When the certificates end that servers showed, by whom they are shown. Nobody is asked: it is what handshakes of calls carry.
///
/// Of a server behind which several certificates are in use the one that ends first is told, as long as it is still shown: once an
/// hour went by without it, it was replaced.
struct CertificateBook: Sendable, Equatable {
    struct End: Sendable, Equatable {
        var name: String
        var partner: String
        var notAfter: Instant
    }

    private struct Sighting: Sendable, Equatable {
        var notAfter: Instant
        var at: Instant
    }

    static let namesMax = 2_048
    /// In a heartbeat: those that end first.
    static let toldMax = 200
    private static let replacedAfter: Duration = .seconds(3_600)
    private static let forgottenAfter: Duration = .seconds(86_400)

    /// By `https://name`.
    private var sightings: [String: Sighting] = [:]
    /// Of servers for which there was no room.
    private(set) var passedOverCount = 0

    mutating func saw(_ notAfter: Instant, of server: String, at now: Instant) {
        guard let known = sightings[server] else {
            guard makeRoom(at: now) else { return passedOverCount += 1 }
            return sightings[server] = Sighting(notAfter: notAfter, at: now)
        }
        guard notAfter <= known.notAfter || now - known.at > Self.replacedAfter else { return }
        sightings[server] = Sighting(notAfter: notAfter, at: now)
    }

    /// Those of partners, of the last day, the soonest first.
    func ends(_ partner: (_ server: String) -> String?, at now: Instant) -> [End] {
        let ends = sightings.compactMap { server, sighting -> End? in
            guard now - sighting.at <= Self.forgottenAfter, let partner = partner(server) else { return nil }
            let name = server.split(separator: "/").last.map(String.init) ?? server
            return End(name: name, partner: partner, notAfter: sighting.notAfter)
        }
        return Array(ends.sorted { ($0.notAfter, $0.name) < ($1.notAfter, $1.name) }.prefix(Self.toldMax))
    }

    private mutating func makeRoom(at now: Instant) -> Bool {
        if sightings.count >= Self.namesMax {
            sightings = sightings.filter { now - $0.value.at <= Self.forgottenAfter }
        }
        return sightings.count < Self.namesMax
    }
}
