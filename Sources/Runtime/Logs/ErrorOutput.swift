import Glibc

/// Writes a line to standard error, whole, past every buffer: for what a command tells its operator.
public func printError(_ text: String) {
    var line = text.hasSuffix("\n") ? text : text + "\n"
    line.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let written = write(STDERR_FILENO, rest.baseAddress, rest.count)
            guard written > 0 else {
                if errno == EINTR { continue }
                return  // Nobody listens; there is nobody to tell, either.
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
