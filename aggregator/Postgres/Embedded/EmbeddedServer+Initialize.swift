import Glibc
import Runtime

/// Making the data, once.
extension EmbeddedServer {
    /// Fills a directory aside and then gives it its name, so that a crash half-way leaves no half a database.
    func initialize(_ binaries: ServerBinaries) throws(EmbeddedServerError) {
        if let free = try? Files.availableByteCount(at: directories.root), free < configuration.freeByteCountMin {
            throw EmbeddedServerError(
                .diskFull,
                "\(directories.root): \(free >> 20) MiB free, a database needs \(configuration.freeByteCountMin >> 20)",
                hint: "free space, or choose a state_directory on another file system")
        }
        logger.info(
            "making a new database with PostgreSQL \(binaries.majorVersion)", metadata: ["path": "\(directories.data)"])
        try ServerFiles.removeTree(directories.dataAside)
        try ServerFiles.makeDirectory(directories.dataAside, mode: 0o700, owner: directories.user)
        let command = [
            binaries.directory + "/initdb", "--pgdata", directories.dataAside, "--username", configuration.user,
            "--encoding", "UTF8", "--locale", "C", "--data-checksums", "--no-instructions",
            // The socket's directory keeps everybody else out; were a TCP port opened by mistake, it would let nobody
            // in.
            "--auth-local", "trust", "--auth-host", "reject",
        ]
        let result = try ServerProgram.run(command, as: directories.user, timeout: configuration.startTimeout)
        guard result.succeeded else { throw initializationFailure(result) }
        guard rename(directories.dataAside, directories.data) == 0 else {
            throw .system("rename", directories.dataAside)
        }
        do throws(FileError) {
            try Files.syncDirectory(directories.root)
        } catch {
            throw EmbeddedServerError(error)
        }
    }

    private func initializationFailure(_ result: ProcessResult) -> EmbeddedServerError {
        let text = result.errorText.isEmpty ? result.outputText : result.errorText
        let lines = text.split(separator: "\n").suffix(4).joined(separator: " / ")
        if text.contains("No space left on device") { return EmbeddedServerError(.diskFull, "initdb: \(lines)") }
        return EmbeddedServerError(.initializationFailed, "initdb \(result.ending): \(lines)")
    }
}
