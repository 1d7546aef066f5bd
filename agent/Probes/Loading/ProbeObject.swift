import CLibbpf
import CProbes
import Glibc
import Runtime
import Synchronization

/// Why the kernel would not have something. `description` is for the operator: what, why, what to do.
public enum ProbeError: Error, Equatable, Sendable {
    case open(reason: String)
    case load(reason: String)
    case ring(reason: String)
    case map(name: String, reason: String)
    case attach(function: String, path: String, reason: String)
}

extension ProbeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .open(let reason): "the probe object cannot be opened: \(reason)"
        case .load(let reason):
            "the kernel refuses the probes: \(reason); root (CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN) and a kernel with BTF are needed"
        case .ring(let reason): "the ring cannot be read: \(reason)"
        case .map(let name, let reason): "the map \(name) of the probes: \(reason)"
        case .attach(let function, let path, let reason): "\(function) of \(path): \(reason)"
        }
    }
}

/// The probes, loaded into the kernel: owner of the programs and the maps. What is attached (`ProbeLink`) goes before it.
///
/// A kernel that refuses one program refuses the object. Then each program is tried by itself, and all are loaded that the kernel
/// takes: `refused` tells the others.
///
/// `@unchecked Sendable`: the pointer is libbpf's and never changes; maps are read and written through file descriptors, which
/// the kernel serialises; attaching happens on the one thread that runs the probes.
final class ProbeObject: @unchecked Sendable {
    /// Programs the kernel refused, each with its reason.
    let refused: [String: String]
    private let object: OpaquePointer

    /// One link for many functions is to be had.
    let attachesMany: Bool

    init() throws(ProbeError) {
        farwatch_silence_libbpf()
        if let object = try? Self.load(without: [], forMany: true) {
            (self.object, attachesMany, refused) = (object, true, [:])
            return
        }
        // What the kernel said to that is said again below, where it is not only for want of the newer links.
        attachesMany = false
        do {
            object = try Self.load(without: [], forMany: false)
            refused = [:]
        } catch {
            var refused: [String: String] = [:]
            let names = try Self.programNames()
            for name in names {
                do {
                    bpf_object__close(try Self.load(without: Set(names).subtracting([name]), forMany: false))
                } catch ProbeError.load(let reason) {
                    refused[name] = reason
                }
            }
            guard refused.count < names.count else { throw error }
            object = try Self.load(without: Set(refused.keys), forMany: false)
            self.refused = refused
        }
    }

    deinit { bpf_object__close(object) }

    /// A program that stands on functions, attached to some of one file, in all processes that run it, or in one.
    ///
    /// By one link for all where the kernel can (6.6): it goes in 50 ms, while single ones take 100 ms each, one after another.
    func attach(
        _ program: ProbeProgram, to probes: [PlannedProbe], of path: String, processID: Int32? = nil
    ) throws(ProbeError) -> [ProbeLink] {
        let names = probes.map(\.function).joined(separator: ", ")
        guard let found = bpf_object__find_program_by_name(object, program.rawValue) else {
            throw .attach(function: names, path: path, reason: "no such program")
        }
        let isReturn: Int32 = program.isReturn ? 1 : 0
        guard attachesMany else {
            var links: [ProbeLink] = []
            for probe in probes {
                guard
                    let link = farwatch_attach_uprobe(
                        found, isReturn, processID ?? -1, path, Int(probe.place.fileOffset), probe.cookie)
                else { throw .attach(function: probe.function, path: path, reason: systemMessage(errno)) }
                links.append(ProbeLink(link))
            }
            return links
        }
        let descriptor = farwatch_attach_uprobe_multi(
            found, isReturn, UInt32(processID ?? 0), path, probes.map(\.place.fileOffset), probes.map(\.cookie),
            UInt32(probes.count))
        guard descriptor >= 0 else { throw .attach(function: names, path: path, reason: systemMessage(errno)) }
        return [ProbeLink(descriptor: descriptor, probeCount: probes.count)]
    }

    /// A program that stands on an event of the kernel.
    func attach(_ name: String) throws(ProbeError) -> ProbeLink {
        guard let program = bpf_object__find_program_by_name(object, name), let link = bpf_program__attach(program)
        else {
            throw .attach(function: name, path: "kernel", reason: systemMessage(errno))
        }
        return ProbeLink(link)
    }

    // MARK: Maps

    func makeRing(_ receive: @escaping (UnsafeRawBufferPointer) -> Void) throws(ProbeError) -> ProbeRing {
        try ProbeRing(mapDescriptor: descriptor("ring"), receive)
    }

    func set(_ settings: fw_settings) throws(ProbeError) {
        var (key, value) = (UInt32(0), settings)
        let descriptor = try descriptor("settings")
        guard bpf_map_update_elem(descriptor, &key, &value, 0) == 0 else {
            throw .map(name: "settings", reason: systemMessage(errno))
        }
    }

    /// All counters, each summed over the processors. A map that cannot be read counts nothing.
    func counters() -> [UInt64] {
        let count = Int(FW_COUNTER_COUNT.rawValue)
        var sums = [UInt64](repeating: 0, count: count)
        guard let descriptor = try? descriptor("counters") else { return sums }  // Zeros say it.
        let processors = Int(libbpf_num_possible_cpus())
        guard processors > 0 else { return sums }
        var perProcessor = [UInt64](repeating: 0, count: processors)
        for index in 0..<count {
            var key = UInt32(index)
            guard bpf_map_lookup_elem(descriptor, &key, &perProcessor) == 0 else { continue }
            sums[index] = perProcessor.reduce(0, &+)
        }
        return sums
    }

    /// Has a process watched, where only listed ones are.
    func list(_ processID: UInt32) throws(ProbeError) {
        var (key, value) = (processID, UInt8(1))
        guard bpf_map_update_elem(try descriptor("listed"), &key, &value, 0) == 0 else {
            throw .map(name: "listed", reason: systemMessage(errno))
        }
    }

    private func descriptor(_ map: String) throws(ProbeError) -> Int32 {
        let descriptor = bpf_object__find_map_fd_by_name(object, map)
        guard descriptor >= 0 else { throw .map(name: map, reason: systemMessage(-descriptor)) }
        return descriptor
    }

    // MARK: Loading

    private static func open() throws(ProbeError) -> OpaquePointer {
        guard
            let object = bpf_object__open_mem(farwatch_probe_bytes(), Int(farwatch_probe_object_size), nil)
        else { throw .open(reason: systemMessage(errno)) }
        return object
    }

    private static func programNames() throws(ProbeError) -> [String] {
        let object = try open()
        defer { bpf_object__close(object) }
        var names: [String] = []
        var program = bpf_object__next_program(object, nil)
        while let current = program {
            if let name = bpf_program__name(current) { names.append(String(cString: name)) }
            program = bpf_object__next_program(object, current)
        }
        return names
    }

    private static func load(without left: Set<String>, forMany: Bool) throws(ProbeError) -> OpaquePointer {
        let object = try open()
        if forMany {
            for program in ProbeProgram.allCases {
                if let found = bpf_object__find_program_by_name(object, program.rawValue) {
                    farwatch_expect_uprobe_multi(found)
                }
            }
        }
        for name in left {
            if let program = bpf_object__find_program_by_name(object, name) {
                bpf_program__set_autoload(program, false)
            }
        }
        setOwnProcess(in: object)
        let result = bpf_object__load(object)
        guard result == 0 else {
            bpf_object__close(object)
            throw .load(reason: systemMessage(-result))
        }
        return object
    }

    /// The agent's own traffic is not captured: the constant the programs compare with.
    private static func setOwnProcess(in object: OpaquePointer) {
        var map = bpf_object__next_map(object, nil)
        while let current = map {
            var byteCount = 0
            // The only constant of the object. Its memory is libbpf's, and writable until the object is loaded.
            if let name = bpf_map__name(current), String(cString: name).hasSuffix(".rodata"),
                let value = bpf_map__initial_value(current, &byteCount), byteCount >= MemoryLayout<UInt32>.size
            {
                UnsafeMutableRawPointer(mutating: value).storeBytes(of: UInt32(getpid()), as: UInt32.self)
            }
            map = bpf_object__next_map(object, current)
        }
    }
}

/// An attached program: detached by `detach`, when nobody holds this any more, or when the process ends, however it ends (the
/// kernel closes its descriptors).
final class ProbeLink: Sendable {
    /// `@unchecked Sendable`: the pointer is libbpf's, used once, by whoever takes the handle out of its mutex.
    private enum Handle: @unchecked Sendable {
        case link(OpaquePointer)
        case descriptor(Int32)
    }

    /// On how many functions it stands.
    let probeCount: Int
    private let handle: Mutex<Handle?>

    init(_ link: OpaquePointer) {
        handle = Mutex(.link(link))
        probeCount = 1
    }

    init(descriptor: Int32, probeCount: Int) {
        handle = Mutex(.descriptor(descriptor))
        self.probeCount = probeCount
    }

    deinit { detach() }

    /// Returns when nobody runs the program any more.
    func detach() {
        let taken = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        switch taken {
        case .link(let link): bpf_link__destroy(link)
        case .descriptor(let descriptor): close(descriptor)
        case nil: break
        }
    }
}
