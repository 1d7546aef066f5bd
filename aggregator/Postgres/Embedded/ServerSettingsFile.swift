/// The settings our server runs with, as the text of `farwatch.conf`.
///
/// Durable: an acknowledged batch is on disk. The rest suits one writer that copies in bulk, and a
/// few readers.
enum ServerSettingsFile {
    /// - Parameter operatorFile: nil where there is none: the server would log its absence at each start.
    static func text(_ configuration: EmbeddedServer.Configuration, operatorFile: String?) -> String {
        let lines = settings(configuration).map { "\($0) = \(quoted($1))" }
        return """
            # Written by farwatch-aggregator at each start; changes here are lost.
            # Put your own into operator.conf beside this file: it is read last and never touched.

            \(lines.joined(separator: "\n"))

            \(operatorFile.map { "include_if_exists \(quoted($0))" } ?? "")
            """
    }

    private static func settings(_ configuration: EmbeddedServer.Configuration) -> [(String, String)] {
        func megabytes(_ byteCount: Int) -> String { "\(max(1, byteCount >> 20))MB" }
        let fixed = [
            // What is acknowledged is kept.
            ("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on"),
            // Bulk writing: fewer, longer checkpoints, and page images compressed.
            ("wal_compression", "on"), ("checkpoint_timeout", "15min"), ("checkpoint_completion_target", "0.9"),
            ("max_wal_size", megabytes(configuration.walByteCountMax)),
            ("min_wal_size", megabytes(min(configuration.walByteCountMax, 256 << 20))),
            ("shared_buffers", megabytes(configuration.sharedBuffersByteCount)),
            ("work_mem", "16MB"), ("maintenance_work_mem", "64MB"),
            ("max_connections", "\(configuration.connectionsMax)"),
            // Statements here are short or scan partitions once: compiling them costs more than it saves.
            ("jit", "off"), ("random_page_cost", "1.1"),
            // Enough for pg_basebackup.
            ("wal_level", "replica"), ("max_wal_senders", "2"),
            // A client of ours that stopped half-way must not hold back vacuum for good.
            ("idle_in_transaction_session_timeout", "5min"),
            // Text, as the rest of the program sees it.
            ("timezone", "UTC"), ("log_timezone", "UTC"), ("datestyle", "ISO"), ("lc_messages", "C"),
            // To standard error, which is our file. No parameter values: they may be data of calls.
            ("logging_collector", "off"), ("log_destination", "stderr"), ("log_line_prefix", "%m [%p] "),
            ("log_min_messages", "warning"), ("log_checkpoints", "off"), ("log_min_duration_statement", "5s"),
            ("log_parameter_max_length", "0"), ("log_parameter_max_length_on_error", "0"),
            ("cluster_name", "farwatch"),
        ]
        return fixed + configuration.extraSettings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Settings files double the quote, and know backslashes.
    static func quoted(_ value: String) -> String {
        "'"
            + value.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// What no file may change, and the places, as arguments of `postgres`: they win over all files and over ALTER
    /// SYSTEM.
    static func arguments(_ directories: ServerDirectories) -> [String] {
        // The setting is a list: in double quotes a path may hold commas and spaces.
        let quotes = directories.socketDirectory.split(separator: "\"", omittingEmptySubsequences: false)
        return [
            "-D", directories.data,
            "-c", "config_file=\(directories.settingsFile)",
            "-c", "listen_addresses=",
            "-c", "port=\(SocketDirectory.port)",
            "-c", "unix_socket_directories=\"\(quotes.joined(separator: "\"\""))\"",
            "-c", "unix_socket_permissions=0700",
        ]
    }
}
