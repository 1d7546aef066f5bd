import Alerting
import CallModel
import Notifiers
import Postgres
import Storage

/// One message: the attempt, who stands in, and what is written down of it.
extension OutboxKeeper {
    private static var finishAttemptsMax: Int { 3 }

    func handle(_ entry: OutboxEntry) async {
        let (name, courier) = (entry.message.channel, courier)
        let delivery = await courier.deliver(entry.message, through: name, reference: entry.reference)
        let now = currentInstant()
        let failingSince = lanes.failingSince(name)
        switch delivery {
        case .delivered(_, let reference):
            metrics.count(.delivered, name)
            await finish(entry, .delivered(note: nil)) { connection in
                if let reference {
                    try OutboxStore.store(
                        reference: reference, incident: entry.message.incident, channel: name, connection)
                }
                try Self.tellStandIns(of: entry.message, connection)
            }
        case .failed(let failure):
            metrics.count(.failed, name)
            var standIn: DeliveryFailure?
            if !Task.isCancelled,
                courier.policy(of: name).wantsStandIn(
                    failure, writtenAt: entry.writtenAt, failingSince: failingSince, at: now)
            {
                let (isDone, last) = await standInFor(entry, failure, courier)
                if isDone { break }
                standIn = last
            }
            await giveBack(entry, failure, standIn, courier.policy(of: name), at: now)
        }
        ended(name, delivery)
    }

    /// Whoever told of an incident in another's place hears of its end: in its own row, so that it is tried until it is
    /// told.
    private static func tellStandIns(of message: Message, _ connection: PostgresConnection) throws {
        guard message.kind == .resolved, message.sequence > 0 else { return }
        let names = try OutboxStore.standIns(for: message.channel, incident: message.incident, connection)
        let copies = names.map { name in
            var copy = message
            copy.id = "\(message.incident)-\(name)-for-\(message.channel)-\(message.sequence)"
            copy.channel = name
            // Numbers below zero are no decider's.
            copy.sequence = -message.sequence
            copy.reason += "; told here because `\(message.channel)` had failed"
            return copy
        }
        try OutboxStore.append(copies, connection)
    }

    /// Through the channels that stand in, until one takes it.
    private func standInFor(
        _ entry: OutboxEntry, _ failure: DeliveryFailure, _ courier: Courier
    ) async -> (isDone: Bool, failure: DeliveryFailure?) {
        let (message, name) = (entry.message, entry.message.channel)
        var last: DeliveryFailure?
        for standIn in courier.standIns(for: name) where standIn != name {
            var copy = message
            copy.channel = standIn
            copy.reason += "; told here because `\(name)` fails: \(failure.text)"
            let reference = try? await database.queries.run {  // Without one the channel begins anew.
                try OutboxStore.reference(incident: message.incident, channel: standIn, $0)
            }
            switch await courier.deliver(copy, through: standIn, reference: reference ?? nil) {
            case .failed(let failure): last = failure
            case .delivered(_, let reference):
                metrics.count(.standIn, name)
                await finish(entry, .delivered(note: "told through \(standIn): \(failure.text)")) { connection in
                    if let reference {
                        try OutboxStore.store(
                            reference: reference, incident: message.incident, channel: standIn, connection)
                    }
                    try OutboxStore.store(standIn: standIn, for: name, incident: message.incident, connection)
                }
                return (true, nil)
            }
        }
        return (false, last)
    }

    private func giveBack(
        _ entry: OutboxEntry, _ failure: DeliveryFailure, _ standIn: DeliveryFailure?, _ policy: DeliveryPolicy,
        at now: Instant
    ) async {
        let verdict = policy.verdict(
            failure, standIn: standIn, attempts: entry.attempts, writtenAt: entry.writtenAt, at: now,
            random: Double.random(in: 0..<1))
        switch verdict {
        // Broken off because this aggregator stops: whoever comes next begins at once.
        case .retry where Task.isCancelled: await finish(entry, .retry(after: .zero, error: failure.text))
        case .retry(let wait): await finish(entry, .retry(after: wait, error: failure.text))
        case .giveUp:
            metrics.count(.dead, entry.message.channel)
            logger.error(
                "a message was given up",
                metadata: [
                    "channel": "\(entry.message.channel)", "message": "\(entry.message.id)",
                    "attempts": "\(entry.attempts)", "error": "\(failure.text)",
                ])
            await finish(entry, .dead(error: failure.text))
        }
    }

    /// Writes it down with what belongs to it. Where the database does not answer the message is told again later.
    private func finish(
        _ entry: OutboxEntry, _ result: OutboxResult,
        and more: @escaping @Sendable (PostgresConnection) throws -> Void = { _ in }
    ) async {
        for attempt in 1...Self.finishAttemptsMax {
            do {
                // In a task of its own: what was delivered is written down also when this one is cancelled.
                return try await Task { [database] in
                    try await database.queries.run { connection in
                        try connection.transaction {
                            _ = try OutboxStore.finish(entry.id, attempts: entry.attempts, result, connection)
                            try more(connection)
                        }
                    }
                }.value
            } catch {
                tell("\(error)")
                guard attempt < Self.finishAttemptsMax else { return }
                try? await Task.sleep(for: .seconds(1))  // Cancelled: the next attempt is the sooner.
            }
        }
    }

    private func ended(_ name: String, _ delivery: Delivery) {
        let change = lanes.ended(name, delivery, at: currentInstant())
        // Broken off by our own end: that says nothing about the channel.
        guard !Task.isCancelled else { return }
        switch change {
        case nil: break
        case .startedFailing(let error)?:
            logger.warning("a channel fails", metadata: ["channel": "\(name)", "error": "\(error)"])
        case .recovered(let time)?:
            logger.notice(
                "a channel works again", metadata: ["channel": "\(name)", "after_s": "\(Int(time.inSeconds))"])
        }
        wake()
    }
}
