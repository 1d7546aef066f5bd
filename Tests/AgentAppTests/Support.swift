import Glibc
import Runtime
import Testing

func temporaryDirectory() throws -> String {
    var template = Array("/tmp/farwatch-agent-XXXXXX".utf8CString)
    let made = try #require(template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) })
    return String(cString: made)
}

func removeDirectory(_ path: String) {
    for name in (try? Files.names(in: path)) ?? [] {
        let inner = path + "/" + name
        if Files.isDirectory(inner) { removeDirectory(inner) } else { unlink(inner) }
    }
    rmdir(path)
}
