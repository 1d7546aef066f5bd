import CallModel
import Deduplication
import Runtime
import Synchronization

/// Where the calls of all sources meet, so that one seen by several is one. Thread-safe.
final class SightingDesk: Sendable {
    private let book = Mutex(SightingBook())
    private let hostName: String

    /// Nil where the agent looks at nothing by itself, or where the operator wants it so: then nothing is seen twice, or counted so.
    init?(_ settings: AgentSettings, _ metrics: MetricsRegistry) {
        guard settings.capture.seesCalls, settings.capture.joinsReports else { return nil }
        hostName = settings.hostName
        register(in: metrics)
    }

    /// Those to be kept now, some of them after a wait; and how many were told of before.
    ///
    /// - Parameter areReported: They came by a receiver, whatever they say of themselves: their sender is told that they are kept.
    func meet(_ calls: [APICall], areReported: Bool, at now: Instant) -> (calls: [APICall], repeated: Int) {
        guard !calls.isEmpty else { return ([], 0) }
        return book.withLock { book in
            // A sender waits for what becomes of its own calls and of no others.
            var kept = areReported ? [] : book.due(at: now)
            var repeated = 0
            for call in calls {
                // What a relay brings of other hosts was not seen on this one's wire.
                guard call.host == hostName else {
                    kept.append(call)
                    continue
                }
                switch book.saw(call, by: areReported ? .report : Witness(call.source), at: now) {
                case .pass(let call): kept.append(call)
                case .held: break
                case .repeated: repeated += 1
                }
            }
            return (kept, repeated)
        }
    }

    /// See `SightingBook.sawAlone`. The row is of this host.
    func meetsNobody(_ row: CallRow, at now: Instant) -> Bool {
        let sighting = RowSighting(row, by: Witness(row.source))
        return book.withLock { $0.sawAlone(sighting, at: now) }
    }

    func release(at now: Instant) -> [APICall] { book.withLock { $0.due(at: now) } }

    private static let totals: [(name: String, help: String, value: @Sendable (SightingBook.Counters) -> Int)] = [
        ("seen", "Calls that sources told of.", { $0.sightings }),
        ("joined_by_span", "Sightings found to be of one call by traceparent.", { $0.joinedBySpan }),
        (
            "joined_by_likeness", "Sightings found to be of one call by what they have in common.",
            { $0.joinedByLikeness }
        ),
        ("ambiguous", "Of these: several were alike, so none was completed by another.", { $0.ambiguous }),
        ("completed", "Calls completed by what another source saw of them.", { $0.completed }),
        ("repeats", "Sightings let go: the call had been passed on.", { $0.repeats }),
        ("held", "Calls that waited for a report of them.", { $0.held }),
        ("unreported", "Of these: none came.", { $0.unreported }),
        ("held_evictions", "Of these: let go early, too many waited.", { $0.heldEvictions }),
        ("evictions", "Sightings forgotten early, too many were remembered.", { $0.sightingEvictions }),
    ]

    private func register(in metrics: MetricsRegistry) {
        for total in Self.totals {
            metrics.counter(
                "farwatch_sightings_\(total.name)_total", help: total.help,
                read: { [self] in Double(total.value(book.withLock { $0.counters })) })
        }
        metrics.gauge(
            "farwatch_sightings_waiting_calls", help: "Calls that wait for a report of them.",
            read: { [self] in Double(book.withLock { $0.heldCount }) })
    }
}
