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

func settings(
    _ yaml: String, _ environment: [String: String] = [:], allowed: Set<String> = []
) -> SettingsDocument {
    SettingsDocument(yaml: yaml, file: "agent.yaml", environment: environment, allowedVariables: allowed)
}

extension SettingsDocument {
    var messages: [String] { problems().map(\.message) }
}
