import Runtime

/// An installation of PostgreSQL's server programs.
struct ServerBinaries: Equatable {
    /// Holds `postgres`, `initdb` and, usually, `psql`.
    var directory: String
    /// Such as 15.
    var majorVersion: Int

    /// Looks at the explicit setting, the search path, Debian's places (newest first) and what `pg_config` says, in
    /// that order. An explicit setting stands alone. Where there is data already, an installation of its version goes
    /// before all others.
    static func find(
        explicit: String?, searchPath: String?, dataVersion: Int?
    ) throws(EmbeddedServerError) -> ServerBinaries {
        let candidates = explicit.map { [$0] } ?? candidates(searchPath: searchPath)
        var found: [ServerBinaries] = []
        for directory in candidates {
            if let version = majorVersion(in: directory) {
                found.append(ServerBinaries(directory: directory, majorVersion: version))
            }
        }
        guard let first = found.first else { throw missing(explicit: explicit, searched: candidates) }
        guard let dataVersion else {
            return first
        }
        if let match = found.first(where: { $0.majorVersion == dataVersion }) { return match }
        let others = Set(found.map(\.majorVersion)).sorted().map(String.init).joined(separator: ", ")
        throw EmbeddedServerError(
            .versionMismatch, "the data was written by PostgreSQL \(dataVersion), installed is \(others)",
            hint:
                "install postgresql-\(dataVersion) beside it; to move on, dump with the old and restore with the new"
        )
    }

    private static func candidates(searchPath: String?) -> [String] {
        let debian = "/usr/lib/postgresql"
        let versions = ((try? Files.names(in: debian)) ?? []).compactMap { Int($0) }.sorted(by: >)
        var directories = (searchPath ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
        let configured = directories.map { $0 + "/pg_config" }.first(where: ServerFiles.isExecutable)
        directories += versions.map { "\(debian)/\($0)/bin" }
        if let configured, let told = try? ServerProgram.run([configured, "--bindir"], timeout: .seconds(5)) {
            directories.append(String(told.outputText.prefix { $0 != "\n" }))
        }
        var seen: Set<String> = []
        return directories.filter { seen.insert($0).inserted }
    }

    private static func majorVersion(in directory: String) -> Int? {
        let server = directory + "/postgres"
        guard ServerFiles.isExecutable(server), ServerFiles.isExecutable(directory + "/initdb") else { return nil }
        guard let answer = try? ServerProgram.run([server, "--version"], timeout: .seconds(10)) else { return nil }
        return parseMajorVersion(answer.outputText)
    }

    /// `postgres (PostgreSQL) 15.20 (Debian …)`, `… 16beta1`.
    static func parseMajorVersion(_ text: String) -> Int? {
        let words = text.split(separator: " ")
        return words.count < 3 ? nil : Int(words[2].prefix { $0.isASCII && $0.isNumber })
    }

    private static func missing(explicit: String?, searched: [String]) -> EmbeddedServerError {
        let places = explicit ?? (searched.isEmpty ? "/usr/lib/postgresql/*/bin" : searched.joined(separator: ", "))
        return EmbeddedServerError(
            .binariesMissing, "no PostgreSQL server programs (postgres, initdb) in \(places)",
            hint:
                "install the Debian package postgresql (Debian 12: apt-get install postgresql-15), or set database.url "
                + "to a server you have")
    }
}
