import Glibc
import Runtime
import Testing

/// A directory of its own, removed with all it holds.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/farwatch-runtime-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileError.failed(operation: "make", path: "/tmp", errno: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove(path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Files.writeAtomically(Array(text.utf8), to: file(name))
    }
}

private func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
        for name in (try? Files.names(in: path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    } else {
        unlink(path)
    }
}

func text(of path: String) throws -> String {
    String(decoding: try Files.read(path, byteCountMax: 1 << 20), as: UTF8.self)
}

func mode(of path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

/// xorshift64*: the same numbers from the same seed on every machine.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed == 0 ? 0x9E37_79B9_7F4A_7C15 : seed }
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

func settings(
    _ yaml: String, _ environment: [String: String] = [:], allowed: Set<String> = []
) -> SettingsDocument {
    SettingsDocument(yaml: yaml, file: "agent.yaml", environment: environment, allowedVariables: allowed)
}

extension SettingsDocument {
    var messages: [String] { problems().map(\.message) }
}
