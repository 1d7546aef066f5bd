import CallModel
import Glibc

extension SocketEndpoint {
    /// The address as text: dotted quad, or IPv6 in the form of RFC 5952.
    public var addressText: String {
        var text: [UInt8] = []
        if isIPv4 {
            for shift: UInt64 in [24, 16, 8, 0] {
                if shift != 24 { text.append(UInt8(ascii: ".")) }
                appendDecimal(Int(low >> shift & 0xff), to: &text)
            }
        } else {
            appendIPv6(to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for what is no address: a dotted quad, or IPv6 as RFC 4291 writes it.
    init?(addressText: some StringProtocol, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, String(addressText), &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr), port: port)
        } else if inet_pton(AF_INET6, String(addressText), &six) == 1 {
            // Sixteen bytes, read as two numbers of eight.
            let (high, low) = withUnsafeBytes(of: six) {
                ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low), port: port)
        } else {
            return nil
        }
    }

    private func appendIPv6(to text: inout [UInt8]) {
        func group(_ index: Int) -> UInt64 { (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)) & 0xffff }
        let zeros = longestZeroRun(group)
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, zeros.count > 1 {
                text.append(contentsOf: "::".utf8)
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound || zeros.count < 2 { text.append(UInt8(ascii: ":")) }
            appendHex(group(index), to: &text)
            index += 1
        }
    }

    /// The first of the longest runs of zero groups (RFC 5952, section 4.2.3).
    private func longestZeroRun(_ group: (Int) -> UInt64) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || group(index) != 0 {
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}

private func appendHex(_ value: UInt64, to text: inout [UInt8]) {
    var started = false
    for shift: UInt64 in [12, 8, 4, 0] {
        let digit = UInt8(truncatingIfNeeded: value >> shift & 15)
        if digit == 0, !started, shift > 0 { continue }
        started = true
        text.append(digit < 10 ? 48 + digit : 87 + digit)
    }
}

func appendDecimal(_ value: Int, to text: inout [UInt8]) {
    guard value >= 10 else { return text.append(48 + UInt8(truncatingIfNeeded: max(0, value))) }
    appendDecimal(value / 10, to: &text)
    text.append(48 + UInt8(truncatingIfNeeded: value % 10))
}
