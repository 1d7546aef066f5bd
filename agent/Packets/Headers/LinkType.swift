/// What the first bytes of a packet are: the numbers of the registry at tcpdump.org/linktypes.html.
public struct LinkType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// BSD loopback: the address family in the byte order of the host that captured.
    public static let null = LinkType(rawValue: 0)
    public static let ethernet = LinkType(rawValue: 1)
    public static let ppp = LinkType(rawValue: 9)
    public static let pppWithHDLC = LinkType(rawValue: 50)
    public static let pppOverEthernet = LinkType(rawValue: 51)
    /// Raw IP, version in the first four bits; 12 and 14 are the same as platforms' own numbers.
    public static let rawIP = LinkType(rawValue: 101)
    public static let ciscoHDLC = LinkType(rawValue: 104)
    public static let wireless = LinkType(rawValue: 105)
    /// OpenBSD loopback: the address family in network byte order.
    public static let loop = LinkType(rawValue: 108)
    /// Linux "cooked" capture, as from the interface `any`.
    public static let linuxCooked = LinkType(rawValue: 113)
    public static let openBSDEncapsulation = LinkType(rawValue: 109)
    /// OpenBSD's log of its packet filter.
    public static let packetFilterLog = LinkType(rawValue: 117)
    /// IEEE 802.11 behind a header of the radio's: Prism, radiotap, PPI.
    public static let prism = LinkType(rawValue: 119)
    public static let radiotap = LinkType(rawValue: 127)
    public static let perPacketInformation = LinkType(rawValue: 192)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    /// Linux netfilter log messages.
    public static let netfilterLog = LinkType(rawValue: 239)
    public static let linuxCookedV2 = LinkType(rawValue: 276)
}
