import CLibbpf
import CProbes
import Glibc
import Privileges
import Runtime

/// The probes, loaded into the kernel by whoever may: it hands out descriptors, of maps and of what is attached, and looks at no
/// byte that came from anywhere. What holds the descriptors reads and detaches; when they are all closed, nothing is left.
///
/// A kernel that refuses one program refuses the object. Then each program is tried by itself, and all are loaded that the kernel
/// takes: `refused` tells the others.
final class ProbeLoader {
    /// Programs the kernel refused, each with its reason.
    let refused: [String: String]
    /// One link for many functions is to be had.
    private let attachesMany: Bool
    private let object: OpaquePointer
    private let ownProcessID: Int32

    /// - Parameter ownProcessID: The agent's own traffic is not captured.
    init(ownProcessID: Int32) throws(ProbeError) {
        self.ownProcessID = ownProcessID
        farwatch_silence_libbpf()
        if let object = try? Self.load(without: [], forMany: true, ownProcessID) {
            (self.object, attachesMany, refused) = (object, true, [:])
            return
        }
        // What the kernel said to that is said again below, where it is not only for want of the newer links.
        attachesMany = false
        do {
            object = try Self.load(without: [], forMany: false, ownProcessID)
            refused = [:]
        } catch {
            var refused: [String: String] = [:]
            let names = try Self.programNames()
            for name in names {
                do {
                    let others = Set(names).subtracting([name])
                    bpf_object__close(try Self.load(without: others, forMany: false, ownProcessID))
                } catch ProbeError.load(let reason) {
                    refused[name] = reason
                }
            }
            guard refused.count < names.count else { throw error }
            object = try Self.load(without: Set(refused.keys), forMany: false, ownProcessID)
            self.refused = refused
        }
    }

    deinit { bpf_object__close(object) }

    /// In the order of `ProbeMap`; each is the taker's.
    func mapDescriptors() throws(ProbeError) -> [Int32] {
        var descriptors: [Int32] = []
        for map in ProbeMap.allCases {
            let descriptor = bpf_object__find_map_fd_by_name(object, map.rawValue)
            let copy = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            guard copy >= 0 else {
                let number = descriptor < 0 ? -descriptor : errno
                for descriptor in descriptors { close(descriptor) }
                throw .map(name: map.rawValue, reason: systemMessage(number))
            }
            descriptors.append(copy)
        }
        return descriptors
    }

    /// A program that stands on an event of the kernel.
    func attach(_ name: String) throws(ProbeError) -> Int32 {
        guard let program = bpf_object__find_program_by_name(object, name) else {
            throw .attach(function: name, path: "kernel", reason: "no such program")
        }
        let descriptor = farwatch_attach_to_kernel(program)
        guard descriptor >= 0 else { throw .attach(function: name, path: "kernel", reason: systemMessage(errno)) }
        return descriptor
    }

    /// A program that stands on functions, attached to some of one file.
    ///
    /// By one link for all where the kernel can (6.6): it goes in 50 ms, while single ones take 100 ms each, one after another.
    /// - Returns: the links' descriptors, or the errno.
    func attach(
        _ program: ProbeProgram, to places: [PrivilegedRequest.Place], of file: borrowing CheckedFile,
        onlyIn process: UInt32
    ) throws(PrivilegedError) -> [Int32] {
        guard let found = bpf_object__find_program_by_name(object, program.rawValue) else {
            throw PrivilegedError(kind: .attachToFunctions, errno: ENOENT)
        }
        let isReturn: Int32 = program.isReturn ? 1 : 0
        let path = "/proc/self/fd/\(file.descriptor)"
        guard attachesMany else { return try attachSingly(found, isReturn, places, path, process) }
        let link = farwatch_attach_uprobe_multi(
            found, isReturn, process, path, places.map(\.fileOffset), places.map(\.cookie), UInt32(places.count))
        guard link >= 0 else { throw PrivilegedError(kind: .attachToFunctions, errno: errno) }
        return [link]
    }

    private func attachSingly(
        _ program: OpaquePointer, _ isReturn: Int32, _ places: [PrivilegedRequest.Place], _ path: String,
        _ process: UInt32
    ) throws(PrivilegedError) -> [Int32] {
        var links: [Int32] = []
        for place in places {
            let link = farwatch_attach_uprobe(
                program, isReturn, process == 0 ? -1 : Int32(process), path, Int(place.fileOffset), place.cookie)
            guard link >= 0 else {
                let number = errno
                for link in links { close(link) }
                throw PrivilegedError(kind: .attachToFunctions, errno: number)
            }
            links.append(link)
        }
        return links
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

    private static func load(
        without left: Set<String>, forMany: Bool, _ ownProcessID: Int32
    ) throws(ProbeError) -> OpaquePointer {
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
        setOwnProcess(in: object, ownProcessID)
        let result = bpf_object__load(object)
        guard result == 0 else {
            bpf_object__close(object)
            throw .load(reason: systemMessage(-result))
        }
        return object
    }

    /// The constant the programs compare with.
    private static func setOwnProcess(in object: OpaquePointer, _ processID: Int32) {
        var map = bpf_object__next_map(object, nil)
        while let current = map {
            var byteCount = 0
            // The only constant of the object. Its memory is libbpf's, and writable until the object is loaded.
            if let name = bpf_map__name(current), String(cString: name).hasSuffix(".rodata"),
                let value = bpf_map__initial_value(current, &byteCount), byteCount >= MemoryLayout<UInt32>.size
            {
                UnsafeMutableRawPointer(mutating: value).storeBytes(of: UInt32(processID), as: UInt32.self)
            }
            map = bpf_object__next_map(object, current)
        }
    }
}

/// The maps whose descriptors are handed out, by their names in bpf/probes.bpf.c.
enum ProbeMap: String, CaseIterable {
    case ring, settings, counters, listed
}
