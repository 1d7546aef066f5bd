import CallModel
import PartnerCatalog
import Probes
import Synchronization

/// Of each partner: connections seen and read in the last half to full hour, so that nobody takes what is not seen for what does
/// not happen.
///
/// Sources only count up; this keeps their sums of half an hour ago and of the hour's first half, and tells the difference. Packets
/// see every connection; probes see connects to TLS's usual ports, and the sessions they read. One connection may be seen by both, so
/// the larger figure is the number of connections, and what either read, up to that number, is what was read.
final class PartnerCoverage: Sendable {
    /// What sources have counted so far.
    struct Sources {
        var packets = ConnectionCounts()
        var probes = ConnectionCounts()
        /// By name, for connects that no packet showed.
        var connects: [String: Int] = [:]
        /// Calls by partner, from whatever source.
        var calls: [String: Int] = [:]
    }

    struct Figures: Sendable, Equatable {
        struct Partner: Sendable, Equatable {
            var seen = 0
            var read = 0
            var calls = 0

            /// Calls go there, and none of them is known here, from any source.
            var isBlind: Bool { seen > 0 && read == 0 && calls == 0 }
        }

        var partners: [String: Partner] = [:]
        /// Connections to public addresses of which no name is known.
        var unnamed = 0
    }

    private struct Totals {
        var packetsSeen = 0
        var packetsRead = 0
        var probesRead = 0
        var connects = 0
        var calls = 0

        func since(_ before: Totals?) -> Figures.Partner {
            guard let before else { return figures }
            // A partner whose name changed meanwhile seems to count down.
            return Totals(
                packetsSeen: max(0, packetsSeen - before.packetsSeen),
                packetsRead: max(0, packetsRead - before.packetsRead),
                probesRead: max(0, probesRead - before.probesRead),
                connects: max(0, connects - before.connects), calls: max(0, calls - before.calls)
            ).figures
        }

        private var figures: Figures.Partner {
            let seen = max(packetsSeen, connects, probesRead)
            return Figures.Partner(seen: seen, read: min(seen, packetsRead + probesRead), calls: calls)
        }
    }

    private struct State {
        var base: [String: Totals] = [:]
        var next: [String: Totals] = [:]
        var rotatesAt: Instant?
    }

    static let halfWindow = Duration.seconds(1_800)
    /// As many as `PipelineTally` tells apart; the rest is not told.
    static let partnersMax = PipelineTally.partnersMax
    /// Where no partner is concerned, but an address without a name.
    private static let unnamed = ""

    private let state = Mutex(State())

    func figures(_ sources: Sources, _ naming: LayeredCatalogue, at now: Instant) -> Figures {
        let totals = Self.totals(sources, naming)
        return state.withLock { state in
            if let due = state.rotatesAt, now >= due { (state.base, state.next) = (state.next, totals) }
            if state.rotatesAt.map({ now >= $0 }) ?? true { state.rotatesAt = now + Self.halfWindow }
            var figures = Figures()
            for (partner, total) in totals {
                let recent = total.since(state.base[partner])
                guard recent.seen > 0 else { continue }
                if partner == Self.unnamed { figures.unnamed = recent.seen } else { figures.partners[partner] = recent }
            }
            return figures
        }
    }

    private static func totals(_ sources: Sources, _ naming: LayeredCatalogue) -> [String: Totals] {
        var totals: [String: Totals] = [:]
        func add(_ server: String, _ change: (inout Totals) -> Void) {
            guard let partner = partner(at: server, naming) else { return }
            guard totals[partner] != nil || totals.count < partnersMax else { return }
            change(&totals[partner, default: Totals()])
        }
        for (server, count) in sources.packets.byServer {
            add(server) {
                $0.packetsSeen += count.seen
                $0.packetsRead += count.read
            }
        }
        for (server, count) in sources.probes.byServer { add(server) { $0.probesRead += count.read } }
        for (name, count) in sources.connects { add("https://" + name) { $0.connects += count } }
        for (partner, count) in sources.calls { totals[partner]?.calls += count }
        return totals
    }

    /// When certificates of partners end, as packets showed.
    static func certificateEnds(
        _ packets: ConnectionCounts, _ naming: LayeredCatalogue, at now: Instant
    ) -> [CertificateBook.End] {
        packets.certificates.ends({ partner(at: $0, naming).flatMap { $0 == unnamed ? nil : $0 } }, at: now)
    }

    /// Nil where it concerns no partner.
    private static func partner(at server: String, _ naming: LayeredCatalogue) -> String? {
        let request = APICall.Request(method: "GET", url: server + "/")
        switch naming.resolve(APICall(time: .epoch, direction: .outbound, request: request, source: .packets)) {
        case .partner(let naming): return naming.partner
        case .notOurs(.bareAddress): return unnamed
        case .notOurs: return nil
        }
    }
}
