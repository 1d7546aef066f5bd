/// The network of a far end, `203.0.113.0/24` or `2001:db8:1::/48`: what partners behind one upstream share.
///
/// Few addresses make most calls, so the last ones are remembered.
struct PeerNetworks {
    private static let rememberedMax = 256
    private var known: [String: String?] = [:]

    /// Nil for what is no address.
    mutating func network(of address: String) -> String? {
        if let network = known[address] { return network }
        if known.count >= Self.rememberedMax { known.removeAll(keepingCapacity: true) }
        let network = peerNetwork(of: address)
        known[address] = .some(network)
        return network
    }
}

/// The /24 of an IPv4 address or the /48 of an IPv6 address; an IPv4 address written as an IPv6 one (`::ffff:192.0.2.1`, RFC
/// 4291, section 2.5.5.2) is an IPv4 address. Nil for anything else.
public func peerNetwork(of address: String) -> String? {
    guard address.utf8.contains(UInt8(ascii: ":")) else { return networkOfFour(address[...]) }
    var text = address[...]
    if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
    if text.utf8.contains(UInt8(ascii: ".")) {
        guard let last = text.lastIndex(of: ":"), text[..<last].lowercased() == "::ffff" else { return nil }
        return networkOfFour(text[text.index(after: last)...])
    }
    return networkOfSix(text)
}

private func networkOfFour(_ text: Substring) -> String? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // `UInt8` would take a sign.
    guard parts.count == 4, parts.allSatisfy({ $0.utf8.allSatisfy { $0 &- 48 < 10 } && UInt8($0) != nil }) else {
        return nil
    }
    return "\(UInt8(parts[0])!).\(UInt8(parts[1])!).\(UInt8(parts[2])!).0/24"
}

private func networkOfSix(_ text: Substring) -> String? {
    let halves = text.split(separator: "::", omittingEmptySubsequences: false)
    guard halves.count <= 2, !text.contains(":::") else { return nil }
    var groups: [[UInt16]] = []
    for half in halves {
        var numbers: [UInt16] = []
        for part in half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), part.first != "+", let number = UInt16(part, radix: 16) else {
                return nil
            }
            numbers.append(number)
        }
        groups.append(numbers)
    }
    let written = groups.reduce(0) { $0 + $1.count }
    guard halves.count == 2 ? written < 8 : written == 8 else { return nil }
    var all = groups[0]
    if groups.count == 2 { all += [UInt16](repeating: 0, count: 8 - written) + groups[1] }
    // RFC 5952 as far as three groups go: trailing zeros are what `::` stands for.
    var prefix = Array(all[..<3])
    while prefix.last == 0 { prefix.removeLast() }
    return prefix.map { String($0, radix: 16) }.joined(separator: ":") + "::/48"
}
