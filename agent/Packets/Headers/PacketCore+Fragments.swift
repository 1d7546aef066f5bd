import CallModel

/// IP fragments, put together before anything reads what they carry.
///
/// Fragments arrive in any order and more than once. Of bytes that arrive twice the first copy stays; IPv6 forbids overlaps, and a
/// datagram with one is given up (RFC 8200, section 4.5). Datagrams that stay incomplete are given up by age, number and size.
struct FragmentStore {
    fileprivate struct Assembly {
        /// In order of their offsets, without overlaps.
        var pieces: [(offset: Int, bytes: [UInt8])] = []
        var byteCount = 0
        /// Known from the last fragment on.
        var totalByteCount: Int?
        var since: Instant
        var isSpoilt = false
    }

    private var assemblies: [FragmentKey: Assembly] = [:]
    /// Oldest first.
    private var order: [FragmentKey] = []
    private var byteCount = 0

    /// - Returns: the datagram's payload, when this fragment was the last one missing.
    mutating func add(
        _ bytes: Span<UInt8>, _ fragment: Fragment, at now: Instant, _ configuration: PacketConfiguration,
        _ counters: inout PacketCounters
    ) -> [UInt8]? {
        counters.fragments += 1
        dropExpired(at: now, configuration, &counters)
        guard fragment.payload.upperBound <= bytes.count, !fragment.payload.isEmpty else {
            counters.malformedPackets += 1
            return nil
        }
        if assemblies[fragment.key] == nil {
            assemblies[fragment.key] = Assembly(since: now)
            order.append(fragment.key)
        }
        let added = assemblies[fragment.key]!.insert(bytes, fragment)
        byteCount += added
        if let whole = assemblies[fragment.key]!.whole() {
            remove(fragment.key)
            counters.fragmentedDatagrams += 1
            return whole
        }
        while order.count > configuration.fragmentedDatagramsMax || byteCount > configuration.fragmentBytesTotalMax {
            remove(order[0])
            counters.abandonedDatagrams += 1
        }
        return nil
    }

    private mutating func dropExpired(
        at now: Instant, _ configuration: PacketConfiguration, _ counters: inout PacketCounters
    ) {
        while let oldest = order.first, let assembly = assemblies[oldest],
            now - assembly.since > configuration.fragmentWaitMax
        {
            remove(oldest)
            counters.abandonedDatagrams += 1
        }
    }

    private mutating func remove(_ key: FragmentKey) {
        if let gone = assemblies.removeValue(forKey: key) { byteCount -= gone.byteCount }
        if let place = order.firstIndex(of: key) { order.remove(at: place) }
    }
}

/// What makes fragments belong together (RFC 791, section 3.2; RFC 8200, section 4.5).
struct FragmentKey: Hashable {
    var sourceHigh: UInt64
    var sourceLow: UInt64
    var destinationHigh: UInt64
    var destinationLow: UInt64
    var identification: UInt32
    var protocolNumber: UInt8
    /// The virtual network they came in.
    var scope: UInt32

    init(addresses: NetworkHeader, identification: UInt32, protocolNumber: UInt8, scope: UInt32) {
        self.scope = scope
        sourceHigh = addresses.sourceHigh
        sourceLow = addresses.sourceLow
        destinationHigh = addresses.destinationHigh
        destinationLow = addresses.destinationLow
        self.identification = identification
        self.protocolNumber = protocolNumber
    }

    var addresses: NetworkHeader {
        NetworkHeader(
            sourceHigh: sourceHigh, sourceLow: sourceLow, destinationHigh: destinationHigh,
            destinationLow: destinationLow)
    }

    var isIPv6: Bool { !(sourceHigh == 0 && sourceLow >> 32 == 0xffff) }
}

struct Fragment {
    var key: FragmentKey
    /// Where the payload belongs in the datagram.
    var offset: Int
    var isLast: Bool
    var payload: Range<Int>
}

extension FragmentStore.Assembly {
    /// - Returns: how many bytes were new.
    fileprivate mutating func insert(_ bytes: Span<UInt8>, _ fragment: Fragment) -> Int {
        let end = fragment.offset + fragment.payload.count
        // 65,535 is what the length field of IPv4 can say, and more than any fragment's offset reaches otherwise.
        guard end <= 65_535, totalByteCount.map({ end <= $0 }) ?? true else {
            isSpoilt = true
            return 0
        }
        if fragment.isLast { totalByteCount = totalByteCount ?? end }
        var added = 0
        var start = fragment.offset
        var place = 0
        while start < end {
            while place < pieces.count, pieces[place].offset + pieces[place].bytes.count <= start { place += 1 }
            let limit = place < pieces.count ? min(end, pieces[place].offset) : end
            if start < limit {
                var piece: [UInt8] = []
                let from = fragment.payload.lowerBound + start - fragment.offset
                piece.append(contentsOf: bytes, from: from, to: from + limit - start)
                pieces.insert((start, piece), at: place)
                added += limit - start
                start = limit
            } else {
                start = pieces[place].offset + pieces[place].bytes.count
            }
        }
        // A copy of the same fragment is harmless; a partial overlap is not (RFC 5722).
        if added > 0, added < end - fragment.offset, fragment.key.isIPv6 { isSpoilt = true }
        byteCount += added
        return added
    }

    /// The payload, once there is no hole left.
    fileprivate func whole() -> [UInt8]? {
        guard let totalByteCount, byteCount == totalByteCount, !isSpoilt else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(totalByteCount)
        for piece in pieces { result.append(contentsOf: piece.bytes) }
        return result
    }
}

extension PacketCore {
    mutating func fragmentArrived(_ bytes: Span<UInt8>, _ fragment: Fragment, _ view: PacketView) {
        guard view.depth < configuration.headersMax else { return counters.malformedPackets += 1 }
        guard let whole = fragments.add(bytes, fragment, at: view.now, configuration, &counters) else { return }
        isAssembled = true
        let inner = PacketView(end: whole.count, now: view.now, depth: view.depth)
        if fragment.key.isIPv6 {
            extensionHeaders(whole.span, fragment.key.protocolNumber, at: 0, fragment.key.addresses, inner)
        } else {
            transport(whole.span, fragment.key.protocolNumber, at: 0, fragment.key.addresses, inner)
        }
        // Datagrams may be fragments of fragments; the steps refer to the innermost, which is stored first.
        if assembled == nil { assembled = whole }
    }
}
