/// Where exactly to put a probe on a function, so that it costs the application least.
///
/// A probe replaces an instruction by a trap. Instructions the kernel can emulate (a push, a jump, a nop) then cost one trap, 0.7
/// microseconds on a virtual machine; all others are executed out of line behind a second trap, 12 microseconds. Two things help,
/// both proved by reading the code and not done otherwise:
///
/// - A function that begins with ENDBR64 (Intel CET) and then a push is probed at the push: nothing has moved yet.
/// - OpenSSL's `SSL_read_ex` and `SSL_write_ex` reserve stack (`sub $8,%rsp`, not emulated) and call one internal function, which
///   `SSL_read` and `SSL_write` call too, with the very arguments: nothing between entry and call touches a register. Where all
///   that is so, and the internal function begins with a push, one pair of probes there stands for both.
public struct ProbePlace: Equatable, Sendable {
    public var fileOffset: UInt64
    /// The first instruction is emulated.
    public var isCheap: Bool

    /// The best place on the function itself.
    public static func entry(of function: ELFFile.Function, in file: ELFFile) -> ProbePlace {
        let plain = ProbePlace(fileOffset: function.fileOffset, isCheap: false)
        guard file.machine == ELFFile.machineX86_64, let code = file.code(at: function.address, byteCount: 6) else {
            return plain
        }
        let start = hasBranchMark(code[...]) ? 4 : 0
        guard isPush(code[start...]) else { return plain }
        return ProbePlace(fileOffset: function.fileOffset + UInt64(start), isCheap: true)
    }

    /// The internal function both exported variants call; nil unless that is proved.
    /// - Parameters:
    ///   - extended: `SSL_read_ex` or `SSL_write_ex`.
    ///   - plain: `SSL_read` or `SSL_write`.
    public static func shared(by extended: ELFFile.Function, and plain: ELFFile.Function, in file: ELFFile)
        -> ProbePlace?
    {
        guard file.machine == ELFFile.machineX86_64, let target = wrapped(extended, file),
            calls(plain, target, file), let offset = file.fileOffset(of: target)
        else { return nil }
        let place = entry(of: ELFFile.Function(address: target, fileOffset: offset), in: file)
        return place.isCheap ? place : nil
    }

    /// The function that another merely wraps: `[endbr64] sub $8,%rsp; call target`.
    private static func wrapped(_ function: ELFFile.Function, _ file: ELFFile) -> UInt64? {
        guard let code = file.code(at: function.address, byteCount: 16) else { return nil }
        let start = hasBranchMark(code[...]) ? 4 : 0
        guard code[start..<start + 5].elementsEqual([0x48, 0x83, 0xec, 0x08, 0xe8]) else { return nil }
        return callTarget(code, at: start + 4, from: function.address)
    }

    /// Whether a call to the target stands in the beginning of the function.
    private static func calls(_ function: ELFFile.Function, _ target: UInt64, _ file: ELFFile) -> Bool {
        guard let code = file.code(at: function.address, byteCount: 96) else { return false }
        return (0...code.count - 5).contains { at in
            code[at] == 0xe8 && callTarget(code, at: at, from: function.address) == target
        }
    }

    /// Where `e8 rel32` at an index goes.
    private static func callTarget(_ code: [UInt8], at index: Int, from address: UInt64) -> UInt64 {
        let relative = Int32(bitPattern: code.span.integer(at: index + 1))
        return address &+ UInt64(index + 5) &+ UInt64(bitPattern: Int64(relative))
    }

    private static func hasBranchMark(_ code: ArraySlice<UInt8>) -> Bool {
        code.starts(with: [0xf3, 0x0f, 0x1e, 0xfa])
    }

    /// `push %rax` … `push %rdi`, and with a prefix `push %r8` … `push %r15`.
    private static func isPush(_ code: ArraySlice<UInt8>) -> Bool {
        guard let first = code.first, let second = code.dropFirst().first else { return false }
        return first & 0xf8 == 0x50 || (first == 0x41 && second & 0xf8 == 0x50)
    }
}
