import Runtime

/// How to reach a PostgreSQL server, and how patient to be with it. Never prints the address: it may hold a password.
public struct PostgresSettings: Sendable {
    /// A URI (`postgresql://user@host/database?sslmode=verify-full`) or libpq's `keyword=value` form. What it says wins
    /// over the fields below.
    public var address: String
    /// Kept out of `address` where it comes from a file or the environment.
    public var password: Secret?
    /// Shown in `pg_stat_activity`.
    public var applicationName: String
    /// Bound on making a connection, for each address the host name stands for; libpq takes no less than 2 s.
    public var connectTimeout: Duration = .seconds(10)
    /// How long sent bytes may stay unacknowledged by the peer's TCP before the connection is given up. Without it a
    /// peer that vanished is noticed after a quarter of an hour.
    public var tcpUserTimeout: Duration = .seconds(30)
    /// The server gives up a statement after this long; nil leaves the server's own setting.
    public var statementTimeout: Duration?
    /// Prepared statements kept a connection; 0 prepares none, as poolers in transaction mode need it.
    public var preparedStatementsMax = 256

    public init(address: String, password: Secret? = nil, applicationName: String = "farwatch") {
        self.address = address
        self.password = password
        self.applicationName = applicationName
    }

    /// A server on this machine, by the directory of its Unix socket.
    public init(socketDirectory: String, database: String, user: String, applicationName: String = "farwatch") {
        let fields = [("host", socketDirectory), ("dbname", database), ("user", user)]
        let address = fields.map { "\($0)=\(quotedForConnectionString($1))" }.joined(separator: " ")
        self.init(address: address, applicationName: applicationName)
    }

    /// The pairs handed to libpq. A later one wins over an earlier one, also over those inside `dbname`.
    var keywords: [(name: String, value: String)] {
        var pairs = [
            ("fallback_application_name", applicationName),
            ("connect_timeout", String(max(2, connectTimeout.components.seconds))),
            ("tcp_user_timeout", String(tcpUserTimeout.milliseconds)),
            // A quiet connection whose peer has vanished is noticed after 30 + 3 × 10 s.
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ]
        if let password { pairs.append(("password", password.reveal)) }
        return pairs + [("dbname", address), ("client_encoding", "UTF8")]
    }
}

extension PostgresSettings: CustomStringConvertible, CustomReflectable {
    public var description: String { "PostgreSQL for \(applicationName)" }
    public var customMirror: Mirror { Mirror(self, children: ["applicationName": applicationName]) }
}

/// Single quotes around, backslashes before what would end them (PostgreSQL manual, "Connection Strings").
func quotedForConnectionString(_ value: String) -> String {
    var quoted = "'"
    for scalar in value.unicodeScalars {
        if scalar == "'" || scalar == "\\" { quoted.append("\\") }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "'"
}

extension Duration {
    /// Whole milliseconds, rounded up, so that no positive duration becomes "no limit".
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
