import Probes
import SimulationKit
import Testing

/// A small ELF file: two names with code, as a linker would lay them out.
struct SyntheticELF {
    static let codeAddress: UInt64 = 0x40_1000
    static let codeOffset: UInt64 = 0x400
    private var code: [UInt8] = []
    private var symbols: [(name: String, address: UInt64)] = []

    /// Appends a function on a boundary of 64 bytes and returns its address.
    @discardableResult
    mutating func add(_ name: String?, _ bytes: [UInt8]) -> UInt64 {
        code += [UInt8](repeating: 0x90, count: (64 - code.count % 64) % 64)
        let address = Self.codeAddress + UInt64(code.count)
        if let name { symbols.append((name, address)) }
        code += bytes
        return address
    }

    /// `call` from the end of what `add` would write next, `before` bytes into it.
    func call(_ target: UInt64, before: Int) -> [UInt8] {
        let start = Self.codeAddress + UInt64((code.count + 63) / 64 * 64)
        let relative = Int64(target) - Int64(start) - Int64(before) - 5
        return [0xe8] + RecordBuilder.little(Int32(relative))
    }

    var bytes: [UInt8] {
        var strings: [UInt8] = [0]
        var table = [UInt8](repeating: 0, count: 24)
        for (name, address) in symbols {
            table += RecordBuilder.little(UInt32(strings.count)) + [0x12, 0] + RecordBuilder.little(UInt16(1))
            table += RecordBuilder.little(address) + RecordBuilder.little(UInt64(16))
            strings += Array(name.utf8) + [0]
        }
        let padded = code + [UInt8](repeating: 0x90, count: 256)
        let stringsAt = Self.codeOffset + UInt64(padded.count)
        let tableAt = stringsAt + UInt64(strings.count)
        let sectionNames = Array("\0.gopclntab\0".utf8)
        let namesAt = tableAt + UInt64(table.count)
        let sectionsAt = namesAt + UInt64(sectionNames.count)
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        file += RecordBuilder.little(UInt16(3)) + RecordBuilder.little(UInt16(62)) + RecordBuilder.little(UInt32(1))
        file += RecordBuilder.little(UInt64(0)) + RecordBuilder.little(UInt64(64)) + RecordBuilder.little(sectionsAt)
        file += RecordBuilder.little(UInt32(0))
        for number: UInt16 in [64, 56, 1, 64, 4, 3] { file += RecordBuilder.little(number) }
        // PT_LOAD, readable and executable.
        file += RecordBuilder.little(UInt32(1)) + RecordBuilder.little(UInt32(5))
        let size = UInt64(padded.count)
        for number: UInt64 in [Self.codeOffset, Self.codeAddress, 0, size, size, 4_096] {
            file += RecordBuilder.little(number)
        }
        file += [UInt8](repeating: 0, count: Int(Self.codeOffset) - file.count)
        file += padded + strings + table + sectionNames
        file += section(0, 0, 0, 0, 0) + section(0, 11, tableAt, UInt64(table.count), 2)
        return file + section(0, 3, stringsAt, UInt64(strings.count), 0)
            + section(1, 3, namesAt, UInt64(sectionNames.count), 0)
    }

    private func section(_ name: UInt32, _ type: UInt32, _ offset: UInt64, _ size: UInt64, _ link: UInt32) -> [UInt8] {
        RecordBuilder.little(name) + RecordBuilder.little(type) + [UInt8](repeating: 0, count: 16)
            + RecordBuilder.little(offset) + RecordBuilder.little(size) + RecordBuilder.little(link)
            + [UInt8](repeating: 0, count: 20)
    }

    static func file(_ bytes: [UInt8]) -> ELFFile? {
        ELFFile(read: { offset, count in
            guard let start = Int(exactly: offset), count >= 0, start <= bytes.count, bytes.count - start >= count
            else {
                return nil
            }
            return Array(bytes[start..<start + count])
        })
    }
}

struct DiscoveryTests {
    private static let push: [UInt8] = [0x41, 0x57, 0x41, 0x56]
    private static let subtract: [UInt8] = [0x48, 0x83, 0xec, 0x18]
    private static let mark: [UInt8] = [0xf3, 0x0f, 0x1e, 0xfa]
    private static let reserve: [UInt8] = [0x48, 0x83, 0xec, 0x08]

    /// OpenSSL as Debian builds it: both variants call one internal function.
    private static func openSSL(
        core: [UInt8] = push, between: [UInt8] = [], plainCallsIt: Bool = true
    ) -> SyntheticELF {
        var elf = SyntheticELF()
        for name in ["SSL_read", "SSL_write"] {
            let target = elf.add(nil, core)
            let other = elf.add(nil, push)
            elf.add(name + "_ex", reserve + between + elf.call(target, before: 4 + between.count))
            elf.add(name, subtract + elf.call(plainCallsIt ? target : other, before: 4))
        }
        elf.add("SSL_free", [0x48, 0x85, 0xff])
        return elf
    }

    @Test func `functions are found by name, with the place of their code`() throws {
        let elf = try #require(SyntheticELF.file(Self.openSSL().bytes))
        let found = elf.functions(named: ["SSL_free", "SSL_read", "SSL_accept"])
        #expect(Set(found.keys) == ["SSL_free", "SSL_read"])
        let free = try #require(found["SSL_free"])
        #expect(free.fileOffset - SyntheticELF.codeOffset == free.address - SyntheticELF.codeAddress)
        #expect(elf.code(at: free.address, byteCount: 3) == [0x48, 0x85, 0xff])
        #expect(elf.hasSection(named: ".gopclntab") && !elf.hasSection(named: ".rodata"))
        // The section lies over the names of the sections themselves.
        #expect(elf.hasText("gopcln", in: ".gopclntab") && !elf.hasText("gopcln", in: ".rodata"))
        #expect(!elf.hasText("/rustls-", in: ".gopclntab"))
    }

    @Test func `one pair of probes on the internal function stands for both variants, where that is proved`() throws {
        let plan = try #require(SyntheticELF.file(Self.openSSL().bytes).flatMap { ProbePlan($0) })
        #expect(plan.library == .openSSL && plan.isCheap)
        #expect(
            plan.probes.filter(\.isEssential).map(\.function)
                == ["SSL_read (internal)", "SSL_read (internal)", "SSL_write (internal)", "SSL_write (internal)"])
        #expect(plan.probes[0].program == .callReturned, "the return is set before the entry")
    }

    @Test(arguments: [
        openSSL(core: subtract), openSSL(between: [0x89, 0xd2]), openSSL(plainCallsIt: false),
    ])
    func `without proof the exported functions are probed, each`(_ elf: SyntheticELF) throws {
        let plan = try #require(SyntheticELF.file(elf.bytes).flatMap { ProbePlan($0) })
        #expect(!plan.isCheap)
        let names = ["SSL_read", "SSL_read", "SSL_read_ex", "SSL_read_ex"]
        #expect(plan.probes.filter(\.isEssential).map(\.function).prefix(4).elementsEqual(names))
        #expect(plan.probes[0].cookie & 128 == 128, "its cost is known to be dear")
    }

    @Test func `a function that begins with a mark and a push is probed at the push`() throws {
        var elf = SyntheticELF()
        elf.add("SSL_read", Self.mark + Self.push)
        elf.add("SSL_write", Self.mark + Self.subtract)
        let file = try #require(SyntheticELF.file(elf.bytes))
        let found = file.functions(named: ["SSL_read", "SSL_write"])
        let read = try #require(found["SSL_read"])
        let write = try #require(found["SSL_write"])
        #expect(ProbePlace.entry(of: read, in: file).fileOffset == read.fileOffset + 4)
        #expect(ProbePlace.entry(of: read, in: file).isCheap)
        #expect(ProbePlace.entry(of: write, in: file).fileOffset == write.fileOffset)
        #expect(!ProbePlace.entry(of: write, in: file).isCheap)
    }

    @Test func `GnuTLS is known by its own names, and what exports neither has no plan`() throws {
        var gnuTLS = SyntheticELF()
        for name in ["gnutls_record_send", "gnutls_record_recv", "gnutls_deinit"] { gnuTLS.add(name, Self.push) }
        let plan = try #require(SyntheticELF.file(gnuTLS.bytes).flatMap { ProbePlan($0) })
        #expect(plan.library == .gnuTLS && plan.probes.count == 5)
        var other = SyntheticELF()
        other.add("main", Self.push)
        #expect(SyntheticELF.file(other.bytes).flatMap { ProbePlan($0) } == nil)
    }

    @Test func `a file cut at any byte, or with any byte changed, is survived`() {
        let whole = Self.openSSL().bytes
        for count in stride(from: 0, to: whole.count, by: 7) {
            _ = SyntheticELF.file(Array(whole[..<count])).flatMap { ProbePlan($0) }
        }
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var planned = 0
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<4 {
                bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: .min ... .max, using: &random)
            }
            if SyntheticELF.file(bytes).flatMap({ ProbePlan($0) }) != nil { planned += 1 }
        }
        #expect(planned > 0, "seed \(seed)")
    }

    @Test func `maps tell each file of code once, with its identity`() {
        let text = """
            55d0-55d1 r--p 00000000 08:01 12 /usr/bin/curl
            55d1-55d2 r-xp 00001000 08:01 12                         /usr/bin/curl
            7f00-7f01 r-xp 00001000 00:2f 99                         /usr/lib/lib ssl.so.3 (deleted)
            7f02-7f03 r-xp 00001000 08:01 12                         /usr/bin/curl
            7f04-7f05 rw-p 00000000 00:00 0                          [heap]
            7f06-7f07 r-xp 00000000 00:00 0                          [vdso]
            nonsense
            """
        let files = ProcessMaps(Array(text.utf8)).executableFiles
        #expect(files.map(\.path) == ["/usr/bin/curl", "/usr/lib/lib ssl.so.3 (deleted)"])
        #expect(files[1].identity.inode == 99 && files[1].identity.device == 0x2f)
    }

    @Test func `units are found in both versions of control groups`() {
        let second = Array("0::/system.slice/shop.service\n".utf8)
        let first = Array("12:memory:/user.slice\n1:name=systemd:/system.slice/shop.service/worker\n".utf8)
        #expect(ControlGroups.belong(second, to: ["shop"]) && ControlGroups.belong(first, to: ["shop.service"]))
        #expect(!ControlGroups.belong(second, to: ["sho", "system"]) && !ControlGroups.belong([], to: ["shop"]))
    }
}
