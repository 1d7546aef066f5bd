import Glibc
import Runtime

func temporaryDirectory() throws -> String {
    var template = Array("/tmp/farwatch-agent-XXXXXX".utf8CString)
    guard let made = template.withUnsafeMutableBufferPointer({ mkdtemp($0.baseAddress!) }) else {
        throw FileError.last("make", "/tmp")
    }
    return String(cString: made)
}

func removeDirectory(_ path: String) {
    for name in (try? Files.names(in: path)) ?? [] { unlink(path + "/" + name) }
    rmdir(path)
}
