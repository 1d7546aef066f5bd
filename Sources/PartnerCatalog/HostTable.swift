/// Finds what is known of a host in one pass over its bytes.
///
/// Patterns and public suffixes are suffixes of the host at label boundaries. So the table's hash runs over the *reversed* name:
/// walking a host from its end, the running hash at each dot is the key of that suffix, and no substring is ever made. Open
/// addressing with linear probing, at most half full; a hit is confirmed by comparing bytes.
struct HostTable: Sendable {
    struct Entry: Sendable {
        var host: String
        /// What an exact pattern and a wildcard pattern of this name lead to; indices of `targets`, or -1.
        var exact: Int32 = -1
        var wildcard: Int32 = -1
        var suffix: SuffixKind = .none
        /// A rule `*.ck` stands for every label before this name, and `!www.ck` takes one of them back.
        var wildcardSuffix: SuffixKind = .none
        var isException = false
    }

    enum SuffixKind: UInt8, Sendable {
        case none = 0
        /// Delegated by a registry, such as `co.uk`.
        case registry = 1
        /// Given out by a company, such as `herokuapp.com`.
        case company = 2
    }

    /// Partners by port; `anyPort` is -1 when only listed ports match.
    struct Target: Sendable {
        var anyPort: Int32 = -1
        var ports: [(port: Int, partner: Int32)] = []

        func partner(at port: Int?) -> Int32? {
            if let port, let match = ports.first(where: { $0.port == port }) { return match.partner }
            return anyPort >= 0 ? anyPort : nil
        }
    }

    /// What one walk over a host found. Byte offsets are where the suffix begins within the host.
    struct Match {
        var exact: Int32 = -1
        var wildcard: Int32 = -1
        var wildcardStart = 0
        /// The start of the longest public suffix, and of the longest that a registry delegates.
        var suffixStart: Int?
        var registrySuffixStart: Int?
        /// The start of the last label: a public suffix even where the table knows none.
        var topStart = 0
    }

    private var slots: [Int32]
    private var hashes: [UInt64]
    private var entries: [Entry]
    private(set) var targets: [Target] = []

    init() {
        slots = Array(repeating: -1, count: 64)
        hashes = []
        entries = []
    }

    mutating func addPattern(_ pattern: HostPattern, partner: Int32) {
        guard !pattern.host.isEmpty else { return }
        let index = entryIndex(for: pattern.host)
        var target = pattern.isWildcard ? entries[index].wildcard : entries[index].exact
        if target < 0 {
            target = Int32(targets.count)
            targets.append(Target())
            if pattern.isWildcard { entries[index].wildcard = target } else { entries[index].exact = target }
        }
        // The later definition wins: an operator's comes after the built-in ones.
        if let port = pattern.port {
            targets[Int(target)].ports.removeAll { $0.port == port }
            targets[Int(target)].ports.append((port, partner))
        } else {
            targets[Int(target)].anyPort = partner
        }
    }

    /// A rule of the public-suffix list: a name, `*.name` or `!name`.
    mutating func addSuffix(_ rule: String, kind: SuffixKind) {
        if rule.hasPrefix("*.") {
            let index = entryIndex(for: String(rule.dropFirst(2)))
            entries[index].wildcardSuffix = kind
        } else if rule.hasPrefix("!") {
            let index = entryIndex(for: String(rule.dropFirst()))
            entries[index].isException = true
        } else {
            let index = entryIndex(for: rule)
            entries[index].suffix = kind
        }
    }

    func match(_ host: UnsafeBufferPointer<UInt8>) -> Match {
        var match = Match()
        var hash = HostTable.seed
        var position = host.count
        var isFirstLabel = true
        while position > 0 {
            position -= 1
            let byte = host[position]
            if byte == UInt8(ascii: ".") {
                if isFirstLabel {
                    match.topStart = position + 1
                    isFirstLabel = false
                }
                if let entry = find(hash, UnsafeBufferPointer(rebasing: host[(position + 1)...])) {
                    note(entry, at: position + 1, host, in: &match)
                    if entries[entry].wildcard >= 0 {
                        match.wildcard = entries[entry].wildcard
                        match.wildcardStart = position + 1
                    }
                }
            }
            hash = HostTable.step(hash, byte)
        }
        if let entry = find(hash, host) {
            note(entry, at: 0, host, in: &match)
            match.exact = entries[entry].exact
        }
        return match
    }

    /// Later calls come with longer suffixes, so the last one noted is the longest.
    private func note(_ entry: Int, at start: Int, _ host: UnsafeBufferPointer<UInt8>, in match: inout Match) {
        let entry = entries[entry]
        switch entry.suffix {
        case .none: break
        case .company: match.suffixStart = start
        case .registry:
            match.suffixStart = start
            match.registrySuffixStart = start
        }
        if entry.isException {
            // The suffix is what follows its first label.
            let dot = host[start...].firstIndex(of: UInt8(ascii: "."))
            match.suffixStart = dot.map { $0 + 1 }
            match.registrySuffixStart = match.suffixStart
        } else if entry.wildcardSuffix != .none, start > 0 {
            match.suffixStart = PublicSuffixes.labelStart(before: start, in: host)
            if entry.wildcardSuffix == .registry { match.registrySuffixStart = match.suffixStart }
        }
    }

    // FNV-1a, 64 bits.
    private static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

    @inline(__always)
    private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 { (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }

    private func find(_ hash: UInt64, _ host: UnsafeBufferPointer<UInt8>) -> Int? {
        var slot = Int(truncatingIfNeeded: hash &>> 20) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if hashes[index] == hash, entries[index].host.utf8.elementsEqual(host) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func entryIndex(for host: String) -> Int {
        var host = host
        let hash = host.utf8.reversed().reduce(HostTable.seed, HostTable.step)
        let known = host.withUTF8 { find(hash, $0) }
        if let known { return known }
        entries.append(Entry(host: host))
        hashes.append(hash)
        if entries.count * 2 > slots.count { grow() } else { place(entries.count - 1) }
        return entries.count - 1
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for index in entries.indices { place(index) }
    }

    private mutating func place(_ index: Int) {
        var slot = Int(truncatingIfNeeded: hashes[index] &>> 20) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index)
    }
}
