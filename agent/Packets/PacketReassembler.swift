import CallModel

/// Packets in, streams out: the ordered bytes of each direction of each TCP connection, and UDP datagrams.
///
///     var reassembler = PacketReassembler(consumer: protocols)
///     reassembler.packet(bytes.span, originalByteCount: 1500, linkType: .ethernet, at: now)   // As often as there are packets.
///     reassembler.timePassed(to: now)                                                         // Live, about once a second.
///     reassembler.finish()
///
/// It is a `CaptureFileSink`, so a `CaptureFileReader` can be pointed at it. Promises to the consumer, for one connection:
/// `opened` comes first and once; chunks and gaps of a direction in order, each byte once (of two copies the first); `closed`
/// comes last and once. Checksums are not verified: offloading leaves them wrong on the sender's own host. Nothing is papered
/// over: bytes not seen are gaps, and a connection whose beginning was not seen has `isClientKnown == false`.
///
/// Time is the packets' own. Everything kept is bounded by `PacketConfiguration`, and what the bounds cost is in `counters`.
public struct PacketReassembler<Consumer: StreamConsumer> {
    public var consumer: Consumer
    @usableFromInline var core: PacketCore

    public init(consumer: Consumer, configuration: PacketConfiguration = PacketConfiguration()) {
        self.consumer = consumer
        core = PacketCore(configuration: configuration)
    }

    public var counters: PacketCounters {
        var counters = core.counters
        counters.streamBytes = core.output.streamByteCount
        counters.duplicateBytes = core.output.duplicateByteCount
        counters.heldSegments = core.output.heldSegments
        counters.gaps = core.output.gaps
        counters.gapBytes = core.output.gapByteCount
        return counters
    }

    /// - Parameters:
    ///   - originalByteCount: the packet's length on the wire, where it is longer than what was captured of it.
    ///   - now: when it was seen.
    @inlinable
    public mutating func packet(
        _ bytes: Span<UInt8>, originalByteCount: Int = 0, linkType: LinkType, at now: Instant
    ) {
        core.packetArrived(bytes, originalByteCount: originalByteCount, linkType, at: now)
        if core.output.stepCount > 0 { takeSteps(of: bytes) }
    }

    /// Closes what has been silent for too long. Packets do the same; this is for when none come.
    public mutating func timePassed(to now: Instant) {
        core.timePassed(to: now)
        takeSteps(of: Span())
    }

    /// The end of the capture: everything still open is handed out and closed.
    public mutating func finish() {
        core.finish()
        takeSteps(of: Span())
    }

    @inlinable
    mutating func takeSteps(of packet: Span<UInt8>) {
        for index in 0..<core.output.stepCount {
            let step = core.output.steps[index]
            let connection = step.connection
            switch step.kind {
            case .chunk where core.isAssembled:
                guard let assembled = core.assembled else { break }
                consumer.chunk(
                    assembled.span.extracting(step.start..<step.start + step.byteCount), of: connection,
                    step.direction, at: step.time)
            case .chunk:
                consumer.chunk(
                    packet.extracting(step.start..<step.start + step.byteCount), of: connection, step.direction,
                    at: step.time)
            case .releasedChunk:
                let released = core.output.released[step.place]
                consumer.chunk(released.span, of: connection, step.direction, at: step.time)
            case .gap: consumer.gap(byteCount: step.byteCount, of: connection, step.direction, at: step.time)
            case .halfClosed: consumer.halfClosed(connection, step.direction, at: step.time)
            case .opened: open(step)
            case .datagram: handOnDatagram(step, of: packet)
            case .finished: consumer.closed(connection, .finished, at: step.time)
            case .reset: consumer.closed(connection, .reset(by: step.direction), at: step.time)
            case .refused: consumer.closed(connection, .refused, at: step.time)
            case .connectTimeout: consumer.closed(connection, .connectTimeout, at: step.time)
            case .unreachable: consumer.closed(connection, .unreachable, at: step.time)
            case .evicted: consumer.closed(connection, .evicted, at: step.time)
            case .endOfCapture: consumer.closed(connection, .endOfCapture, at: step.time)
            }
        }
        core.stepsTaken()
    }

    @inlinable
    mutating func open(_ step: PacketStep) {
        let ends = core.output.ends[step.place]
        consumer.opened(
            step.connection,
            ConnectionOrigin(
                client: ends.client, server: ends.server, isClientKnown: ends.isClientKnown, source: .packets),
            at: step.time)
    }

    @inlinable
    mutating func handOnDatagram(_ step: PacketStep, of packet: Span<UInt8>) {
        let ends = core.output.ends[step.place]
        let range = step.start..<step.start + step.byteCount
        if let assembled = core.assembled {
            consumer.datagram(assembled.span.extracting(range), from: ends.client, to: ends.server, at: step.time)
        } else {
            consumer.datagram(packet.extracting(range), from: ends.client, to: ends.server, at: step.time)
        }
    }
}

extension PacketReassembler: CaptureFileSink {
    /// Secrets found in the file. Each block is whole, so its last line ends here even where its end is not written.
    @inlinable
    public mutating func keyLog(_ text: Span<UInt8>) {
        consumer.keyLog(text)
        let end: [UInt8] = [UInt8(ascii: "\n")]
        consumer.keyLog(end.span)
    }
}
