import CCapture

/// A program for the kernel's packet filter: which packets are worth copying.
///
/// Classic BPF, written by hand for the one question asked: TCP, what announces its failure (ICMP), names (UDP port 53), and
/// whatever may hide them (fragments, IPv6 extension headers, tunnels where wanted). Loads are relative to the network header, so
/// that one program serves every link layer. The kernel checks the program; a wrong jump cannot hurt it.
public struct CaptureFilter: Sendable {
    /// The instructions, in order.
    private(set) var instructions: [Instruction] = []

    struct Instruction: Sendable, Equatable {
        var code: UInt16
        var jumpTrue: UInt8
        var jumpFalse: UInt8
        var value: UInt32
    }

    /// - Parameters:
    ///   - ignoredPorts: TCP connections with one of these ports at either end are not captured, as the agent's own are not.
    ///   - onlyPorts: where there are any, only TCP connections with one of them at either end are captured.
    ///   - includesTunnels: whether IP in IP, GRE, VXLAN and GENEVE are wanted for what is inside.
    public init(ignoredPorts: [UInt16] = [], onlyPorts: [UInt16] = [], includesTunnels: Bool = false) {
        self.ignoredPorts = ignoredPorts.prefix(Self.ignoredPortsMax).map(UInt32.init)
        self.onlyPorts = onlyPorts.prefix(Self.onlyPortsMax).map(UInt32.init)
        tunnelProtocols = includesTunnels ? [4, 41, 47] : []
        datagramPorts = includesTunnels ? [53, 4789, 8472, 6081] : [53]
        build()
    }

    /// Keeps the program short: each port costs two comparisons a packet.
    public static let ignoredPortsMax = 16
    public static let onlyPortsMax = 16

    private let ignoredPorts: [UInt32]
    private let onlyPorts: [UInt32]
    private let tunnelProtocols: [UInt32]
    private let datagramPorts: [UInt32]

    // The parts of an instruction's code (linux/bpf_common.h).
    private enum Code {
        static let loadByte: UInt16 = 0x30  // BPF_LD | BPF_B | BPF_ABS
        static let loadHalf: UInt16 = 0x28  // BPF_LD | BPF_H | BPF_ABS
        static let loadHalfIndexed: UInt16 = 0x48  // BPF_LD | BPF_H | BPF_IND
        static let loadHeaderLength: UInt16 = 0xb1  // BPF_LDX | BPF_B | BPF_MSH
        static let loadImmediateX: UInt16 = 0x01  // BPF_LDX | BPF_IMM
        static let jump: UInt16 = 0x05  // BPF_JMP | BPF_JA
        static let jumpEqual: UInt16 = 0x15  // BPF_JMP | BPF_JEQ | BPF_K
        static let jumpAnySet: UInt16 = 0x45  // BPF_JMP | BPF_JSET | BPF_K
        static let finish: UInt16 = 0x06  // BPF_RET | BPF_K
    }

    /// SKF_NET_OFF: from here offsets count from the network header.
    private static let network = UInt32(bitPattern: -0x10_0000)
    /// SKF_AD_OFF + SKF_AD_PKTTYPE and SKF_AD_HATYPE: which way a packet goes, and on what kind of interface.
    private static let packetType = UInt32(bitPattern: -0x1000 + 4)
    private static let hardwareType = UInt32(bitPattern: -0x1000 + 28)
    /// SKF_AD_OFF + SKF_AD_PROTOCOL: the EtherType, also where the link header is gone.
    private static let protocolField = UInt32(bitPattern: -0x1000)
    /// More than any packet: copy all of it.
    private static let everything: UInt32 = 0x4_0000

    /// One block for each version, each ending in a verdict. Where a block may be longer than the 255 instructions that a
    /// conditional jump reaches, an unconditional one leads over it.
    private mutating func build() {
        // On loopback a packet is seen as it leaves and as it arrives; libpcap drops the first sighting too.
        add(Code.loadHalf, Self.packetType, ifTrue: 0, ifFalse: 0)
        add(Code.jumpEqual, 4, ifTrue: 0, ifFalse: 3)  // PACKET_OUTGOING
        add(Code.loadHalf, Self.hardwareType, ifTrue: 0, ifFalse: 0)
        add(Code.jumpEqual, 772, ifTrue: 0, ifFalse: 1)  // ARPHRD_LOOPBACK
        instructions.append(ret(0))
        let version6 = version6Block()
        add(Code.loadHalf, Self.protocolField, ifTrue: 0, ifFalse: 0)
        add(Code.jumpEqual, 0x86dd, ifTrue: 1, ifFalse: 0)
        add(Code.jump, UInt32(version6.count), ifTrue: 0, ifFalse: 0)
        instructions += version6
        add(Code.jumpEqual, 0x0800, ifTrue: 1, ifFalse: 0)
        // Anything that is no IP may be a tag or a session with IP inside.
        instructions.append(ret(Self.everything))
        instructions += version4Block()
    }

    private func version4Block() -> [Instruction] {
        var block = [Instruction(code: Code.loadByte, jumpTrue: 0, jumpFalse: 0, value: Self.network &+ 9)]
        block += accept([1] + tunnelProtocols)
        block += whenEqual(6, then: tcp())
        block += whenEqual(17, then: udp())
        return block + [ret(0)]
    }

    private func version6Block() -> [Instruction] {
        var block = [Instruction(code: Code.loadByte, jumpTrue: 0, jumpFalse: 0, value: Self.network &+ 6)]
        // Extension headers and fragments are not followed here: what is behind them is for the program.
        block += accept([58, 0, 43, 44, 51, 60] + tunnelProtocols)
        let fixed = Instruction(code: Code.loadImmediateX, jumpTrue: 0, jumpFalse: 0, value: 40)
        block += whenEqual(6, then: [fixed] + connection())
        block += whenEqual(17, then: [fixed] + ports(accept: datagramPorts) + [ret(0)])
        return block + [ret(0)]
    }

    private func tcp() -> [Instruction] {
        guard !ignoredPorts.isEmpty || !onlyPorts.isEmpty else { return [ret(Self.everything)] }
        // Later fragments have no ports; they are wanted all the same.
        return laterFragment(ret(Self.everything)) + [headerLength] + connection()
    }

    /// By its ports, ends with a verdict; the header's offset is in X.
    private func connection() -> [Instruction] {
        let rest = onlyPorts.isEmpty ? [ret(Self.everything)] : ports(accept: onlyPorts) + [ret(0)]
        return ports(reject: ignoredPorts) + rest
    }

    private func udp() -> [Instruction] {
        // A later fragment of UDP is of use with its first alone, which may be a name's answer.
        laterFragment(ret(Self.everything)) + [headerLength] + ports(accept: datagramPorts) + [ret(0)]
    }

    private var headerLength: Instruction {
        Instruction(code: Code.loadHeaderLength, jumpTrue: 0, jumpFalse: 0, value: Self.network)
    }

    private func laterFragment(_ verdict: Instruction) -> [Instruction] {
        [
            Instruction(code: Code.loadHalf, jumpTrue: 0, jumpFalse: 0, value: Self.network &+ 6),
            Instruction(code: Code.jumpAnySet, jumpTrue: 0, jumpFalse: 1, value: 0x1fff), verdict,
        ]
    }

    private func ports(accept: [UInt32]) -> [Instruction] { ports(accept, verdict: ret(Self.everything)) }

    private func ports(reject: [UInt32]) -> [Instruction] { ports(reject, verdict: ret(0)) }

    /// Both ports, compared with each of these; the header's offset is in X.
    private func ports(_ ports: [UInt32], verdict: Instruction) -> [Instruction] {
        guard !ports.isEmpty else { return [] }
        return [0, 2].flatMap { (offset: UInt32) in
            [Instruction(code: Code.loadHalfIndexed, jumpTrue: 0, jumpFalse: 0, value: Self.network &+ offset)]
                + ports.flatMap { [Instruction(code: Code.jumpEqual, jumpTrue: 0, jumpFalse: 1, value: $0), verdict] }
        }
    }

    private func accept(_ protocols: [UInt32]) -> [Instruction] {
        protocols.flatMap {
            [Instruction(code: Code.jumpEqual, jumpTrue: 0, jumpFalse: 1, value: $0), ret(Self.everything)]
        }
    }

    /// Blocks are below 255 instructions: sixteen ports of either kind make 140.
    private func whenEqual(_ value: UInt32, then block: [Instruction]) -> [Instruction] {
        [Instruction(code: Code.jumpEqual, jumpTrue: 0, jumpFalse: UInt8(block.count), value: value)] + block
    }

    private func ret(_ byteCount: UInt32) -> Instruction {
        Instruction(code: Code.finish, jumpTrue: 0, jumpFalse: 0, value: byteCount)
    }

    private mutating func add(_ code: UInt16, _ value: UInt32, ifTrue: UInt8, ifFalse: UInt8) {
        instructions.append(Instruction(code: code, jumpTrue: ifTrue, jumpFalse: ifFalse, value: value))
    }

    /// Puts the program before a socket.
    /// - Returns: 0, or -1 with errno.
    func attach(to descriptor: Int32) -> Int32 {
        var program = instructions.map { sock_filter(code: $0.code, jt: $0.jumpTrue, jf: $0.jumpFalse, k: $0.value) }
        // The kernel copies the program within the call.
        return program.withUnsafeMutableBufferPointer {
            farwatch_filter_set(descriptor, $0.baseAddress, UInt16($0.count))
        }
    }
}
